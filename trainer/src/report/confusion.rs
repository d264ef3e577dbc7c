//! The confusion matrix as an SVG picture, and the table of each class's errors.

use std::fmt::Write;

use mien_engine::explain::cividis;
use mien_engine::metrics::Evaluation;

/// Side of a cell.
const CELL: f64 = 62.0;
/// Left of the cells and above them, for names.
const MARGIN: [f64; 2] = [96.0, 92.0];
/// Right of the cells, for recall, and below them, for precision and the scale.
const FAR: [f64; 2] = [76.0, 84.0];
/// Steps of the scale.
const STEPS: usize = 32;

/// The confusion matrix: truth in rows, prediction in columns; in each cell the share of its row and
/// the count. Colours are cividis from 0 to 100 % of a row.
#[must_use]
pub fn confusion(title: &str, evaluation: &Evaluation) -> String {
    let counts = evaluation.confusion.counts();
    let size = CELL * counts.len() as f64;
    let [width, height] = [size + MARGIN[0] + FAR[0], size + MARGIN[1] + FAR[1]];
    let mut svg = Svg(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\" role=\"img\">\n\
         <title>{title}: confusion matrix</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    ));
    let x = |column: usize| MARGIN[0] + CELL * column as f64;
    let y = |row: usize| MARGIN[1] + CELL * row as f64;
    svg.text(
        [MARGIN[0], 20.0],
        "start",
        "#222",
        &format!("{title}, {} faces", evaluation.samples),
    );
    svg.text(
        [MARGIN[0] + size / 2.0, 44.0],
        "middle",
        "#444",
        "predicted",
    );
    svg.text([12.0, MARGIN[1] - 12.0], "start", "#444", "true");
    svg.text(
        [x(counts.len()) + 10.0, MARGIN[1] - 12.0],
        "start",
        "#444",
        "recall",
    );
    svg.text([12.0, y(counts.len()) + 20.0], "start", "#444", "precision");
    for (class, (figures, row)) in evaluation.classes.iter().zip(counts).enumerate() {
        let middle = CELL / 2.0;
        svg.text(
            [x(class) + middle, MARGIN[1] - 12.0],
            "middle",
            "#222",
            &figures.label,
        );
        svg.text(
            [MARGIN[0] - 10.0, y(class) + middle + 4.0],
            "end",
            "#222",
            &figures.label,
        );
        let recall = percent(figures.recall);
        svg.text(
            [x(counts.len()) + 10.0, y(class) + middle + 4.0],
            "start",
            "#222",
            &recall,
        );
        let precision = percent(figures.precision);
        svg.text(
            [x(class) + middle, y(counts.len()) + 20.0],
            "middle",
            "#222",
            &precision,
        );
        for (column, &count) in row.iter().enumerate() {
            let share = f64::from(count) / f64::from(figures.samples.max(1));
            svg.cell([x(column), y(class)], [CELL, CELL], share);
            // Dark on the yellow half of the scale, light on the blue one.
            let ink = if share > 0.5 { "#111" } else { "#fff" };
            let at = [x(column) + middle, y(class) + middle];
            svg.text(
                [at[0], at[1] - 2.0],
                "middle",
                ink,
                &format!("{:.0} %", 100.0 * share),
            );
            svg.text([at[0], at[1] + 15.0], "middle", ink, &count.to_string());
        }
    }
    let top = y(counts.len()) + 42.0;
    let step = size / STEPS as f64;
    for index in 0..STEPS {
        let left = MARGIN[0] + step * index as f64;
        svg.cell([left, top], [step, 12.0], index as f64 / (STEPS - 1) as f64);
    }
    svg.text([MARGIN[0], top + 28.0], "start", "#444", "0 %");
    svg.text(
        [MARGIN[0] + size / 2.0, top + 28.0],
        "middle",
        "#444",
        "share of the true class",
    );
    svg.text([MARGIN[0] + size, top + 28.0], "end", "#444", "100 %");
    svg.0 + "</svg>\n"
}

/// The error rate of each class as a Markdown table, the worst first.
#[must_use]
pub fn class_table(evaluation: &Evaluation) -> String {
    let mut classes: Vec<_> = evaluation.classes.iter().collect();
    classes.sort_by(|one, other| {
        let recall = |recall: Option<f64>| recall.unwrap_or(1.0);
        recall(one.recall).total_cmp(&recall(other.recall))
    });
    let mut table =
        "| class | faces | error rate | precision | F1 |\n| --- | --- | --- | --- | --- |\n"
            .to_owned();
    for class in classes {
        // Writing to a string cannot fail.
        writeln!(
            table,
            "| {} | {} | {} | {} | {} |",
            class.label,
            class.samples,
            percent(class.recall.map(|recall| 1.0 - recall)),
            percent(class.precision),
            percent(class.f1),
        )
        .ok();
    }
    table
}

/// A share as per cent, with one digit behind the point.
pub(crate) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", 100.0 * share))
}

struct Svg(String);

impl Svg {
    fn text(&mut self, [x, y]: [f64; 2], anchor: &str, fill: &str, text: &str) {
        // Writing to a string cannot fail.
        writeln!(
            self.0,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{fill}\">{text}</text>"
        )
        .ok();
    }

    fn cell(&mut self, [x, y]: [f64; 2], [width, height]: [f64; 2], share: f64) {
        let [red, green, blue] = cividis(share as f32);
        writeln!(
            self.0,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
             fill=\"rgb({red} {green} {blue})\"/>"
        )
        .ok();
    }
}

#[cfg(test)]
mod tests {
    use mien_engine::metrics::Predictions;

    use super::*;

    fn evaluation() -> Evaluation {
        let logits = vec![2.0, 1.0, 2.0, 1.0, 0.0, 1.0];
        let predictions = Predictions::new(logits, vec![0, 1, 1], 2).expect("three rows");
        Evaluation::new(&predictions, &["happy".to_owned(), "sad".to_owned()])
    }

    #[test]
    fn a_cell_has_the_colour_of_its_share() {
        let svg = confusion("tiny", &evaluation());
        let colour = |share: f32| {
            let [red, green, blue] = cividis(share);
            format!("height=\"62.0\" fill=\"rgb({red} {green} {blue})\"")
        };
        assert_eq!(svg.matches(&colour(1.0)).count(), 1);
        assert_eq!(svg.matches(&colour(0.0)).count(), 1);
        assert_eq!(svg.matches(&colour(0.5)).count(), 2);
        assert!(svg.contains(">50.0 %<"));
    }

    #[test]
    fn the_worst_class_comes_first() {
        let table = class_table(&evaluation());
        let rows: Vec<&str> = table.lines().skip(2).collect();
        assert!(
            rows[0].starts_with("| sad | 2 | 50.0 % | 100.0 % |"),
            "{table}"
        );
        assert!(
            rows[1].starts_with("| happy | 1 | 0.0 % | 50.0 % |"),
            "{table}"
        );
    }
}
