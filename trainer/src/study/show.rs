//! The comparison as Markdown: a table a study, one over all.

use std::fmt::Write;

use mien_engine::study_report::{StudyFigures, StudyReport, StudyRow};

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
         study found on its own data. The weights learned elsewhere that two studies start from are not to be had: \
         every network here starts fresh.\n",
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
    let title = if row.labels.len() == 7 {
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
