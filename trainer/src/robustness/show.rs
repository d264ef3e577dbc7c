//! The report for people: a table in Markdown, a graph in SVG.

use std::fmt::Write;

use mien_engine::explain::faithfulness::Interval;
use serde::Deserialize;

use super::{EndToEnd, Figures, Line, Robustness};
use crate::report::percent;

const PANEL: [f64; 2] = [170.0, 110.0];
const GAP: [f64; 2] = [46.0, 58.0];
const COLUMNS: usize = 4;

/// The tables.
#[must_use]
pub fn markdown(report: &Robustness) -> String {
    let mut text = format!(
        "# Robustness of {}\n\n{} faces of {}. Accuracy in per cent, expected calibration error in \
         brackets. Written by `mien robustness`.\n\n\
         | what goes wrong | amounts | as it is | 1 | 2 | 3 | 4 | 5 |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |\n",
        report.model, report.faces, report.split
    );
    let percent = |share: f64| format!("{:.1}", 100.0 * share);
    let cell = |figures: &Figures| {
        let error = percent(figures.calibration_error);
        format!("{} ({error})", percent(figures.accuracy))
    };
    for line in &report.corruptions {
        let amounts = line.amounts.map(|amount| amount.to_string()).join(", ");
        let cells: Vec<_> = line.figures.iter().map(cell).collect();
        // Writing to a string cannot fail.
        writeln!(
            text,
            "| {} | {amounts} ({}) | {} | {} |",
            line.corruption.name(),
            line.unit,
            cell(&report.clean),
            cells.join(" | ")
        )
        .ok();
    }
    let end = &report.end_to_end;
    write!(
        text,
        "\n## From scene to label\n\n\
         {} faces were pasted into larger scenes at random size, place and rotation, then found, \
         cut out and classified.\n\n\
         | | all faces | faces that were found ({} %) |\n| --- | --- | --- |\n\
         | as the data set has them | {} % | {} % |\n\
         | in the scenes (not found counts as wrong) | {} % | {} % |\n\
         | loss in points, 95 % interval | {} | {} |\n",
        end.faces,
        percent(end.found),
        percent(end.accuracy_of_originals),
        percent(end.accuracy_of_their_originals),
        percent(end.accuracy),
        percent(end.accuracy_of_found),
        points(end.loss),
        points(end.loss_of_found),
    )
    .ok();
    text
}

/// A loss in points of a hundred, with its interval.
fn points(loss: Interval) -> String {
    let [mean, low, high] = [loss.mean, loss.low, loss.high].map(|share| 100.0 * share);
    format!("{mean:.1} ({low:.1} to {high:.1})")
}

/// What a committed report says about faces in scenes.
#[derive(Clone, Debug, Deserialize)]
pub struct InScenes {
    /// The network's name.
    pub model: String,
    /// The split.
    pub split: String,
    /// The figures.
    pub end_to_end: EndToEnd,
}

impl InScenes {
    /// A Markdown table: a row for each network.
    #[must_use]
    pub fn table(reports: &[Self]) -> String {
        let mut table =
            "| model | split | faces | found | as the data set has them | in the scenes | \
                         loss in points, 95 % interval |\n\
                         | --- | --- | --- | --- | --- | --- | --- |\n"
                .to_owned();
        for report in reports {
            let end = &report.end_to_end;
            let shares = [end.found, end.accuracy_of_originals, end.accuracy];
            let shares = shares.map(|share| percent(Some(share))).join(" | ");
            let (model, split, faces) = (&report.model, &report.split, end.faces);
            let loss = points(end.loss);
            // Writing to a string cannot fail.
            writeln!(table, "| {model} | {split} | {faces} | {shares} | {loss} |").ok();
        }
        table
    }
}

/// Accuracy against strength, one panel a corruption, all on one scale.
#[must_use]
pub fn graph(report: &Robustness) -> String {
    let rows = report.corruptions.len().div_ceil(COLUMNS);
    let width = COLUMNS as f64 * (PANEL[0] + GAP[0]) + 16.0;
    let height = rows as f64 * (PANEL[1] + GAP[1]) + 16.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"11\" role=\"img\">\n\
         <title>{}: accuracy against the strength of what goes wrong</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
        report.model
    );
    for (index, line) in report.corruptions.iter().enumerate() {
        let left = GAP[0] - 6.0 + (index % COLUMNS) as f64 * (PANEL[0] + GAP[0]);
        let top = 30.0 + (index / COLUMNS) as f64 * (PANEL[1] + GAP[1]);
        panel(&mut svg, [left, top], line, &report.clean);
    }
    svg += "</svg>\n";
    svg
}

fn panel(svg: &mut String, [left, top]: [f64; 2], line: &Line, clean: &Figures) {
    let steps = line.figures.len() as f64;
    let x = |step: usize| left + PANEL[0] * step as f64 / steps;
    let y = |accuracy: f64| top + PANEL[1] * (1.0 - accuracy);
    let mut draw = |text: std::fmt::Arguments<'_>| {
        svg.write_fmt(text).ok();
    };
    draw(format_args!(
        "<text x=\"{left}\" y=\"{}\" font-weight=\"600\">{}</text>\n",
        top - 10.0,
        line.corruption.name()
    ));
    for percent in [0, 25, 50, 75, 100] {
        let at = y(f64::from(percent) / 100.0);
        draw(format_args!(
            "<path d=\"M{left} {at:.1}h{}\" stroke=\"#ddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#444\">{percent}</text>\n",
            PANEL[0],
            left - 5.0,
            at + 4.0
        ));
    }
    let amounts = line.amounts.iter().map(ToString::to_string);
    for (step, amount) in std::iter::once("0".to_owned()).chain(amounts).enumerate() {
        let amount = if step == 0 { "-" } else { amount.as_str() };
        draw(format_args!(
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#444\">{amount}</text>\n",
            x(step),
            top + PANEL[1] + 15.0
        ));
    }
    let all = std::iter::once(clean).chain(&line.figures);
    let points: Vec<String> = all
        .enumerate()
        .map(|(step, figures)| format!("{:.1},{:.1}", x(step), y(figures.accuracy)))
        .collect();
    draw(format_args!(
        "<polyline points=\"{}\" fill=\"none\" stroke=\"#1b5fa8\" stroke-width=\"2\"/>\n",
        points.join(" ")
    ));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::robustness::{Corruption, EndToEnd};

    fn report() -> Robustness {
        let figures = |accuracy| Figures {
            accuracy,
            calibration_error: 0.021,
        };
        let line = |corruption: Corruption| Line {
            corruption,
            unit: corruption.unit(),
            amounts: corruption.amounts(),
            figures: [0.6, 0.5, 0.4, 0.3, 0.2].map(figures).to_vec(),
        };
        let loss = Interval {
            mean: 0.012,
            low: -0.003,
            high: 0.027,
        };
        Robustness {
            model: "tiny".to_owned(),
            split: "public-test".to_owned(),
            faces: 10,
            seed: 1,
            clean: figures(0.65),
            corruptions: Corruption::ALL.map(line).to_vec(),
            end_to_end: EndToEnd {
                faces: 10,
                found: 0.9,
                accuracy_of_originals: 0.65,
                accuracy: 0.6,
                accuracy_of_found: 0.64,
                accuracy_of_their_originals: 0.66,
                loss,
                loss_of_found: loss,
            },
        }
    }

    #[test]
    fn the_table_has_every_figure() {
        let text = markdown(&report());
        for corruption in Corruption::ALL {
            let line = text.lines().find(|line| line.contains(corruption.name()));
            let line = line.expect("a line for each corruption");
            assert_eq!(line.matches("(2.1)").count(), 6, "{line}");
            assert!(line.contains("| 65.0 (2.1) | 60.0 (2.1) |"), "{line}");
        }
        assert!(text.contains("1.2 (-0.3 to 2.7)"), "{text}");
    }

    #[test]
    fn faces_in_scenes_have_a_row_for_each_network() {
        let json = serde_json::to_string(&report()).expect("plain figures");
        let read: InScenes = serde_json::from_str(&json).expect("a part of the report");
        let table = InScenes::table(&[read.clone(), read]);
        let row = "| tiny | public-test | 10 | 90.0 % | 65.0 % | 60.0 % | 1.2 (-0.3 to 2.7) |";
        assert_eq!(table.matches(row).count(), 2, "{table}");
    }

    #[test]
    fn the_graph_has_a_point_for_each_strength() {
        let svg = graph(&report());
        assert_eq!(svg.matches("<polyline").count(), Corruption::ALL.len());
        for points in svg.split("points=\"").skip(1) {
            let points = points.split('"').next().expect("a list of points");
            assert_eq!(points.split(' ').count(), 6);
        }
        assert!(!svg.contains("NaN"));
    }
}
