//! Training curves as an SVG picture.

use std::fmt::Write;

use crate::train::EpochRecord;

const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 260.0;
const MARGIN: f64 = 48.0;
/// Horizontal lines of a panel's grid.
const LINES: usize = 5;

/// A line of a panel.
struct Curve {
    label: &'static str,
    colour: &'static str,
    values: Vec<f64>,
}

/// Accuracy and loss against epochs, over training and validation faces, side by side.
/// Training figures are of augmented faces while the weights moved.
#[must_use]
pub fn curves(title: &str, history: &[EpochRecord]) -> String {
    let pair = |training: fn(&EpochRecord) -> f64, validation: fn(&EpochRecord) -> f64| {
        [
            Curve {
                label: "training (augmented)",
                colour: "#b3570b",
                values: history.iter().map(training).collect(),
            },
            Curve {
                label: "validation",
                colour: "#1b5fa8",
                values: history.iter().map(validation).collect(),
            },
        ]
    };
    let accuracy = pair(|r| 100.0 * r.train_accuracy, |r| 100.0 * r.valid_accuracy);
    let loss = pair(|r| r.train_loss, |r| r.valid_loss);
    let (width, height) = (
        2.0 * (WIDTH + MARGIN) + MARGIN,
        HEIGHT + 2.0 * MARGIN + 24.0,
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\" role=\"img\">\n\
         <title>{title}: accuracy and loss against epochs</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    panel(&mut svg, MARGIN, "accuracy, %", &accuracy);
    panel(&mut svg, WIDTH + 2.0 * MARGIN, "loss", &loss);
    svg += "</svg>\n";
    svg
}

fn panel(svg: &mut String, left: f64, title: &str, curves: &[Curve]) {
    let values = || curves.iter().flat_map(|curve| curve.values.iter().copied());
    let (low, high, step) = nice_range(
        values().fold(f64::INFINITY, f64::min),
        values().fold(f64::NEG_INFINITY, f64::max),
    );
    let epochs = curves.iter().map(|curve| curve.values.len()).max();
    let epochs = epochs.unwrap_or(0).max(2);
    let x = |epoch: usize| left + WIDTH * (epoch - 1) as f64 / (epochs - 1) as f64;
    let y = |value: f64| MARGIN + HEIGHT * (high - value) / (high - low);
    let mut draw = |text: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        svg.write_fmt(text).ok();
    };
    draw(format_args!(
        "<text x=\"{left}\" y=\"{}\" font-weight=\"600\">{title}</text>\n",
        MARGIN - 14.0
    ));
    let mut value = low;
    while value <= high + step / 2.0 {
        let at = y(value);
        draw(format_args!(
            "<path d=\"M{left} {at:.1}h{WIDTH}\" stroke=\"#ddd\"/>\n\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#444\">{value:.*}</text>\n",
            left - 6.0,
            at + 4.0,
            if step < 1.0 { 2 } else { 0 },
        ));
        value += step;
    }
    for epoch in (1..=epochs).filter(|epoch| *epoch == 1 || epoch % epochs.div_ceil(8) == 0) {
        draw(format_args!(
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#444\">{epoch}</text>\n",
            x(epoch),
            MARGIN + HEIGHT + 18.0
        ));
    }
    draw(format_args!(
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"#444\">epoch</text>\n",
        left + WIDTH / 2.0,
        MARGIN + HEIGHT + 36.0
    ));
    for (row, curve) in curves.iter().enumerate() {
        let points: Vec<String> = (curve.values.iter().enumerate())
            .map(|(index, value)| format!("{:.1},{:.1}", x(index + 1), y(*value)))
            .collect();
        draw(format_args!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n\
             <text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"{colour}\">{}</text>\n",
            points.join(" "),
            left + WIDTH,
            MARGIN - 14.0 - 15.0 * (curves.len() - 1 - row) as f64,
            curve.label,
            colour = curve.colour,
        ));
    }
}

/// A range around the values whose ends are multiples of a round step, about [`LINES`] steps long.
fn nice_range(low: f64, high: f64) -> (f64, f64, f64) {
    if !(low.is_finite() && high.is_finite()) {
        return (0.0, 1.0, 0.2);
    }
    let rough = ((high - low) / LINES as f64).max(1e-3);
    let power = 10.0_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * power)
        .into_iter()
        .find(|step| *step >= rough)
        .unwrap_or(10.0 * power);
    let low = (low / step).floor() * step;
    let high = ((high / step).ceil() * step).max(low + step);
    (low, high, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_its_values_between_round_ends() {
        for (low, high) in [(31.2, 66.4), (0.93, 1.87), (5.0, 5.0), (0.0, 1e6)] {
            let (start, end, step) = nice_range(low, high);
            assert!(start <= low && end >= high && end > start);
            assert!((start / step - (start / step).round()).abs() < 1e-6);
            assert!((end - start) / step <= 7.0);
        }
    }

    #[test]
    fn every_epoch_is_a_point_of_each_curve() {
        let record = |epoch| EpochRecord {
            epoch,
            learning_rate: 0.1,
            train_loss: 1.5,
            train_accuracy: 0.4,
            valid_loss: 1.4,
            valid_accuracy: 0.45,
            seconds: 1.0,
            cpu_seconds: 1.0,
            loading_seconds: 0.0,
        };
        let svg = curves("tiny", &[record(1), record(2), record(3)]);
        assert_eq!(svg.matches("<polyline").count(), 4);
        let points = svg
            .split("points=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next());
        assert_eq!(points.map(|points| points.split(' ').count()), Some(3));
        assert!(!svg.contains("NaN"));
    }
}
