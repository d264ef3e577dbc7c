//! The comparison as a picture: accuracy on `PrivateTest` against what a system costs.

use std::fmt::Write;

use mien_engine::axis;
use mien_engine::study_report::{StudyReport, StudyRow};

const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 340.0;
const MARGIN: f64 = 52.0;
/// Percent from line to line.
const STEP: f64 = 5.0;
/// A colour a study, told apart also by those who see fewer colours (Okabe and Ito).
const COLOURS: [&str; 6] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#444444",
];

/// A panel's horizontal axis, whose scale is logarithmic.
struct Axis {
    title: &'static str,
    value: fn(&StudyRow) -> f64,
}

const AXES: [Axis; 2] = [
    Axis {
        title: "multiply-adds a face, millions",
        value: |row| row.macs as f64 / 1e6,
    },
    Axis {
        title: "weights in 16 bits, kB",
        value: |row| row.bytes as f64 / 1e3,
    },
];

/// A point a system with its 95 % interval, in two panels; SVG. Systems of four classes are left
/// out: their figures are of other faces.
#[must_use]
pub fn graph(report: &StudyReport) -> String {
    let rows: Vec<&StudyRow> = report
        .rows
        .iter()
        .filter(|row| row.has_all_classes())
        .collect();
    let mut studies: Vec<&str> = rows.iter().map(|row| row.study.as_str()).collect();
    studies.dedup();
    let (width, height) = (2.0 * (WIDTH + MARGIN) + MARGIN, HEIGHT + 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\" role=\"img\">\n\
         <title>Accuracy on PrivateTest against cost, a point a system</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    for (place, study) in studies.iter().enumerate() {
        let x = MARGIN + 60.0 * place as f64;
        // Writing to a string cannot fail.
        writeln!(
            svg,
            "<circle cx=\"{x}\" cy=\"18\" r=\"4\" fill=\"{}\"/>\
             <text x=\"{}\" y=\"22\">{study}</text>",
            colour(place),
            x + 9.0
        )
        .ok();
    }
    for (place, scale) in AXES.iter().enumerate() {
        let left = MARGIN + (WIDTH + MARGIN) * place as f64;
        panel(&mut svg, left, scale, &rows, &studies);
    }
    svg += "</svg>\n";
    svg
}

fn colour(study: usize) -> &'static str {
    COLOURS[study.min(COLOURS.len() - 1)]
}

fn panel(svg: &mut String, left: f64, scale: &Axis, rows: &[&StudyRow], studies: &[&str]) {
    if rows.is_empty() {
        return;
    }
    // Less than a thousandth would have no logarithm to speak of.
    let magnitude = |row: &StudyRow| (scale.value)(row).max(1e-3).log10();
    let percents = |row: &StudyRow| row.private_test.interval.map(|share| 100.0 * share);
    let [first, last] = axis::ends(rows.iter().map(|row| magnitude(row)), 1.0);
    let [low, high] = axis::ends(rows.iter().flat_map(|row| percents(row)), STEP);
    let x = |magnitude: f64| left + WIDTH * (magnitude - first) / (last - first);
    let y = |percent: f64| MARGIN + HEIGHT * (high - percent) / (high - low);
    let mut draw = |text: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        svg.write_fmt(text).ok();
    };
    for value in axis::ticks([low, high], STEP) {
        draw(format_args!(
            "<path d=\"M{left} {at:.1}h{WIDTH}\" stroke=\"#ddd\"/>\n\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#444\">{value:.0} %</text>\n",
            left - 6.0,
            y(value) + 4.0,
            at = y(value),
        ));
    }
    for power in axis::ticks([first, last], 1.0) {
        draw(format_args!(
            "<path d=\"M{at:.1} {MARGIN}v{HEIGHT}\" stroke=\"#eee\"/>\n\
             <text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#444\">{}</text>\n",
            MARGIN + HEIGHT + 18.0,
            10.0_f64.powf(power),
            at = x(power),
        ));
    }
    draw(format_args!(
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"#444\">{}</text>\n",
        left + WIDTH / 2.0,
        MARGIN + HEIGHT + 38.0,
        scale.title
    ));
    for row in rows {
        let study = studies.iter().position(|study| *study == row.study);
        let (at, percent) = (x(magnitude(row)), 100.0 * row.private_test.top1);
        let [worst, best] = percents(row);
        draw(format_args!(
            "<g><title>{}: {percent:.1} %</title><path d=\"M{at:.1} {:.1}V{:.1}\" stroke=\"{colour}\"/>\
             <circle cx=\"{at:.1}\" cy=\"{:.1}\" r=\"4\" fill=\"{colour}\"/></g>\n",
            row.title,
            y(best),
            y(worst),
            y(percent),
            colour = colour(study.unwrap_or(COLOURS.len())),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::show::tests::row;
    use super::*;

    #[test]
    fn every_system_is_a_point_of_each_panel() {
        let mut report = StudyReport {
            budget_minutes: 6.0,
            rows: vec![row("poor", &[false, true]), row("good", &[true, true])],
        };
        let svg = graph(&report);
        // One more for the study's name.
        assert_eq!(svg.matches("<circle").count(), 2 * 2 + 1);
        assert_eq!(svg.matches("good: 100.0 %").count(), 2);
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
        report.rows.clear();
        assert_eq!(graph(&report).matches("<circle").count(), 0);
    }
}
