//! The comparison as Markdown: a table a study, one over all.

use std::fmt::Write;

use mien_engine::study_report::{StudyFigures, StudyReport, StudyRow};

use super::questions::answers;

const HEAD: &str = "| system | parameters | MMACs | kB | epochs | CPU-minutes | ms a face | PublicTest | PrivateTest \
     | 95 % | top-2 | balanced | macro F1 | calibration error | reported |\n\
     | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";

/// All tables, and what stands above them.
#[must_use]
pub fn markdown(report: &StudyReport) -> String {
    let mut text = format!(
        "# The systems of five studies on FER2013\n\n\
         Written by `mien study` from its measurements in `studies.json`. One protocol for all \
         (`trainer/runs/studies.toml`): each network learns from FER2013's Training faces for {} \
         CPU-minutes on one core, the epoch is chosen on PublicTest, PrivateTest is scored once, one \
         run, one seed. Figures are shares of PrivateTest in percent unless said otherwise. MMACs \
         count convolutions and dense layers for one face; kB are those of the weights in 16 bits; a \
         face is timed alone on one core through Burn; the 95 % interval comes from 2,000 resamples \
         of the faces. An ensemble's costs are the sums over its members. \"Reported\" is what the \
         study found on its own data. Of the weights learned elsewhere that two studies \
         start from, only MobileNetV1's are to be had: every other network starts fresh. VGG16, \
         ResNet50, ResNetV2, Inception_v3 and EfficientNet have a quarter of their channels, or they \
         would hardly see every face once. Networks that had not begun to learn within the budget, by \
         PublicTest, were trained anew by Adam or with fewer channels: the figures are those of the \
         second run.\n",
        report.budget_minutes
    );
    let mut studies: Vec<&str> = report.rows.iter().map(|row| row.study.as_str()).collect();
    studies.dedup();
    for study in studies {
        let rows: Vec<&StudyRow> = report
            .rows
            .iter()
            .filter(|row| row.study == study)
            .collect();
        // Writing to a string cannot fail.
        write!(text, "\n## {study}\n\n{HEAD}").ok();
        for row in &rows {
            text += &line(row);
        }
        write!(text, "\n{}", class_errors(&rows)).ok();
        for row in rows {
            text += &small_sample(row).unwrap_or_default();
        }
    }
    write!(
        text,
        "\n## All systems, by accuracy on PrivateTest\n\n{HEAD}"
    )
    .ok();
    let mut all: Vec<&StudyRow> = report.rows.iter().collect();
    all.sort_by(|a, b| b.private_test.top1.total_cmp(&a.private_test.top1));
    for row in all {
        text += &line(row);
    }
    text += "\n![Accuracy on PrivateTest against multiply-adds and size](studies.svg)\n";
    text += &answers(report);
    text
}

fn line(row: &StudyRow) -> String {
    let test = &row.private_test;
    let reported = row.reported.as_ref().map_or_else(String::new, |reported| {
        let top2 = reported
            .top2
            .map_or_else(String::new, |top2| format!(" / {}", percent(top2)));
        format!("{}{top2} ({})", percent(reported.top1), reported.data)
    });
    let title = if row.has_all_classes() {
        row.title.clone()
    } else {
        format!("{}, {} classes", row.title, row.labels.len())
    };
    format!(
        "| {title} | {} | {:.1} | {} | {:.1} | {:.1} | {:.2} | {} | {} | {} | {} | {} | {} | {} | {reported} |\n",
        row.parameters,
        row.macs as f64 / 1e6,
        row.bytes / 1000,
        row.epochs,
        row.cpu_minutes,
        row.milliseconds,
        percent(row.public_test.top1),
        percent(test.top1),
        range(test),
        percent(test.top2),
        percent(test.balanced_accuracy),
        percent(test.macro_f1),
        percent(test.calibration_error),
    )
}

/// The share of each class that is not recognised.
fn class_errors(rows: &[&StudyRow]) -> String {
    // Systems that tell apart most classes give the columns.
    let labels = rows
        .iter()
        .map(|row| &row.labels)
        .max_by_key(|labels| labels.len());
    let labels = labels.map_or(&[][..], Vec::as_slice);
    let mut text = format!(
        "Errors by class, % of PrivateTest's faces of the class:\n\n| system | {} |\n| --- |{}\n",
        labels.join(" | "),
        " --- |".repeat(labels.len())
    );
    for row in rows {
        let error = |label: &String| {
            let place = row.labels.iter().position(|own| own == label);
            let error = place.and_then(|place| row.private_test.class_errors.get(place));
            error.map_or_else(String::new, |&error| percent(error))
        };
        let cells: Vec<String> = labels.iter().map(error).collect();
        writeln!(text, "| {} | {} |", row.title, cells.join(" | ")).ok();
    }
    text
}

fn small_sample(row: &StudyRow) -> Option<String> {
    let sample = row.small_sample.as_ref()?;
    Some(format!(
        "\n{}: {} % of {} balanced faces, 95 % from {}; of all {} faces {} %, from {}.\n",
        row.title,
        percent(sample.top1),
        sample.faces,
        range(sample),
        row.private_test.faces,
        percent(row.private_test.top1),
        range(&row.private_test),
    ))
}

fn range(figures: &StudyFigures) -> String {
    let [low, high] = figures.interval.map(percent);
    format!("{low} to {high}")
}

fn percent(share: f64) -> String {
    format!("{:.1}", 100.0 * share)
}

#[cfg(test)]
pub(super) mod tests {
    use mien_engine::expression::Expression;
    use mien_engine::metrics::{Evaluation, Predictions};

    use super::*;

    /// A row of a system that knows some faces, all of the first class, and calls the others the
    /// second.
    pub fn row(name: &str, hits: &[bool]) -> StudyRow {
        let labels: Vec<String> = Expression::FER2013
            .map(|class| class.name().to_owned())
            .to_vec();
        let logits = hits.iter().flat_map(|&hit| {
            let mut row = [0.0; 7];
            row[usize::from(!hit)] = 1.0;
            row
        });
        let predictions = Predictions::new(logits.collect(), vec![0; hits.len()], 7);
        let predictions = predictions.expect("rows of seven");
        let figures = StudyFigures::new(&Evaluation::new(&predictions, &labels), [0.4, 0.6]);
        StudyRow {
            study: "S2".to_owned(),
            name: name.to_owned(),
            title: name.to_owned(),
            labels,
            members: Vec::new(),
            parameters: 1234,
            macs: 5_600_000,
            bytes: 2468,
            epochs: 2.5,
            cpu_minutes: 1.0,
            milliseconds: 0.5,
            public_test: figures.clone(),
            private_test: figures.clone(),
            hits: StudyRow::pack_hits(hits),
            small_sample: Some(figures),
            reported: None,
            file: None,
        }
    }

    #[test]
    fn faces_are_kept_one_by_one() {
        let hits: Vec<bool> = (0..10).map(|face| face % 3 == 0).collect();
        assert_eq!(row("x", &hits).face_hits(), hits);
    }

    #[test]
    fn every_system_stands_in_the_table_of_its_study_and_in_that_of_all() {
        let report = StudyReport {
            budget_minutes: 6.0,
            rows: vec![row("poor", &[false, true]), row("good", &[true, true])],
        };
        let text = markdown(&report);
        let lines: Vec<&str> = text.lines().collect();
        let places = |name: &str| {
            let start = format!("| {name} | 1234 | 5.6 | 2 |");
            let is_it = |line: &&str| line.starts_with(&start);
            lines.iter().filter(|line| is_it(line)).count()
        };
        assert_eq!([places("poor"), places("good")], [2, 2]);
        let last = text.rfind("| good").expect("a row");
        assert!(
            last < text.rfind("| poor").expect("a row"),
            "sorted by accuracy"
        );
        assert!(text.contains("| poor | 50.0 | 0.0 |"), "errors by class");
        assert!(text.contains("50.0 % of 2 balanced faces"));
    }
}
