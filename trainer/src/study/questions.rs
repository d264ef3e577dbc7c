//! What the comparison teaches: pairs of systems, face by face.

use std::fmt::Write;

use mien_engine::metrics::McNemar;
use mien_engine::study_report::{StudyReport, StudyRow};

/// A question, and the two systems whose difference answers it.
struct Question {
    asked: &'static str,
    first: &'static str,
    second: Second,
}

/// What the first system is compared with.
enum Second {
    System(&'static str),
    /// The first one's member that is best on `PublicTest`.
    BestMember,
}

const fn ask(asked: &'static str, first: &'static str, second: &'static str) -> Question {
    Question {
        asked,
        first,
        second: Second::System(second),
    }
}

const fn ask_of_members(asked: &'static str, first: &'static str) -> Question {
    Question {
        asked,
        first,
        second: Second::BestMember,
    }
}

const QUESTIONS: [Question; 21] = [
    ask("Does depth pay?", "deep", "shallow"),
    ask_of_members("Does an ensemble beat its best member (S0)?", "ensemble"),
    ask("What does distillation lose?", "dark-knowledge", "ensemble"),
    ask("Do class weights help VGG16?", "vgg16-weighted", "vgg16"),
    ask(
        "Do class weights help ResNet50?",
        "res-net50-weighted",
        "res-net50",
    ),
    ask(
        "Does training on faces before help MobileNetV1?",
        "mobile-net-of-faces",
        "mobile-net",
    ),
    ask(
        "The same with class weights?",
        "mobile-net-of-faces-weighted",
        "mobile-net-weighted",
    ),
    ask(
        "Do class weights help it from scratch?",
        "mobile-net-weighted",
        "mobile-net",
    ),
    ask(
        "Do they help it after faces?",
        "mobile-net-of-faces-weighted",
        "mobile-net-of-faces",
    ),
    ask_of_members("Do nine networks beat the best of them?", "nine-mean"),
    ask(
        "Does weighting by accuracy help?",
        "nine-accuracy",
        "nine-mean",
    ),
    ask(
        "Does weighting by class help?",
        "nine-class-confidence",
        "nine-mean",
    ),
    ask(
        "Does attention pay, at about equal cost?",
        "attention",
        "res-net",
    ),
    ask(
        "Does Inception_v3 teach MicroExpNet M?",
        "micro-exp-net-m-of-inception",
        "micro-exp-net-m",
    ),
    ask(
        "Does it teach MicroExpNet XXS?",
        "micro-exp-net-xxs-of-inception",
        "micro-exp-net-xxs",
    ),
    ask(
        "Does attention teach MicroExpNet M?",
        "micro-exp-net-m-of-attention",
        "micro-exp-net-m",
    ),
    ask(
        "Does it teach MicroExpNet XXS?",
        "micro-exp-net-xxs-of-attention",
        "micro-exp-net-xxs",
    ),
    ask(
        "What do 93 % fewer parameters lose?",
        "micro-exp-net-xxs",
        "micro-exp-net-m",
    ),
    ask(
        "Do three equal channels help (final model, seven classes)?",
        "final-model-rgb",
        "final-model",
    ),
    ask(
        "The same with four classes?",
        "final-model-four-rgb",
        "final-model-four",
    ),
    ask(
        "Does looking for a region first help (four classes)?",
        "two-stage-four",
        "final-model-four",
    ),
];

/// A table of the questions whose systems have been measured; empty where there is none.
#[must_use]
pub fn answers(report: &StudyReport) -> String {
    let row = |name: &str| report.rows.iter().find(|row| row.name == name);
    let mut lines = String::new();
    for question in &QUESTIONS {
        let Some(first) = row(question.first) else {
            continue;
        };
        let second = match question.second {
            Second::System(name) => row(name),
            Second::BestMember => best(first.members.iter().filter_map(|name| row(name))),
        };
        let Some(second) = second else {
            continue;
        };
        let (points, [low, high], p_value) = difference(first, second);
        // Writing to a string cannot fail.
        writeln!(
            lines,
            "| {} | {} | {} | {points:+.1} | {low:+.1} to {high:+.1} | {} |",
            question.asked,
            first.title,
            second.title,
            probability(p_value),
        )
        .ok();
    }
    if lines.is_empty() {
        return lines;
    }
    format!(
        "\n## What the comparison teaches\n\n\
         Points of PrivateTest accuracy by which the first system is ahead of the second, with the \
         95 % interval of the paired difference and McNemar's exact test (two-sided) on the same \
         faces. One run each: what another seed would change is not in the interval.\n\n\
         | question | first | second | points | 95 % | p |\n| --- | --- | --- | --- | --- | --- |\n{lines}"
    )
}

/// The best on the split that chooses; the first of equals.
fn best<'a>(rows: impl Iterator<Item = &'a StudyRow>) -> Option<&'a StudyRow> {
    let top1 = |row: &StudyRow| row.public_test.top1;
    rows.reduce(|best, row| if top1(row) > top1(best) { row } else { best })
}

/// The first system's lead in points, its 95 % interval (Agresti 2013, "Categorical data analysis",
/// section 11.1.1) and McNemar's p.
fn difference(first: &StudyRow, second: &StudyRow) -> (f64, [f64; 2], f64) {
    let pairs = first.face_hits().into_iter().zip(second.face_hits());
    let test = McNemar::new(pairs);
    let (a, b) = (test.only_first as f64, test.only_second as f64);
    let faces = first.private_test.faces.max(1) as f64;
    let lead = (a - b) / faces;
    let error = ((a + b) / faces - lead * lead).max(0.0).sqrt() / faces.sqrt();
    let bound = |sign: f64| 100.0 * (lead + sign * 1.96 * error);
    (100.0 * lead, [bound(-1.0), bound(1.0)], test.p_value)
}

fn probability(p: f64) -> String {
    if p < 0.001 {
        "< 0.001".to_owned()
    } else {
        format!("{p:.3}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::show::tests::row;
    use super::*;

    #[test]
    fn a_question_is_answered_once_both_systems_are_measured() {
        let hits = |good: usize| (0..100).map(|face| face < good).collect::<Vec<_>>();
        let mut report = StudyReport {
            budget_minutes: 1.0,
            rows: vec![row("deep", &hits(60))],
        };
        assert!(answers(&report).is_empty());
        report.rows.push(row("shallow", &hits(50)));
        let text = answers(&report);
        let line = text.lines().find(|line| line.contains("depth"));
        // Ten faces that only the deep one knows: p = 2 / 2^10.
        let expected = "| Does depth pay? | deep | shallow | +10.0 | +4.1 to +15.9 | 0.002 |";
        assert_eq!(line, Some(expected));
    }

    #[test]
    fn an_ensemble_is_compared_with_its_best_member() {
        let hits = |good: usize| (0..100).map(|face| face < good).collect::<Vec<_>>();
        let mut ensemble = row("ensemble", &hits(70));
        ensemble.members = vec!["poor".into(), "good".into(), "not measured".into()];
        let rows = vec![row("poor", &hits(50)), row("good", &hits(60)), ensemble];
        let report = StudyReport {
            budget_minutes: 1.0,
            rows,
        };
        let text = answers(&report);
        let line = text.lines().find(|line| line.contains("best member"));
        assert!(line.is_some_and(|line| line.contains("| ensemble | good | +10.0 |")));
    }
}
