//! What a model is worth on one set of faces: figures, matrix, diagrams.

use std::sync::Arc;

use leptos::prelude::*;
use mien_engine::metrics::{ConfusionMatrix, Evaluation, ReliabilityBin, ThresholdFigures};
use serde::Deserialize;

use super::chart::{Axis, Chart, Mark, Numbers, Series};
use super::matrix::{Matrix, in_words};
use crate::i18n::t;
use crate::words;

/// Most-confused pairs that are told in words.
const PAIRS: usize = 5;

/// Figures of a model on one set of faces, from a report or from the page's own evaluation.
/// Shares are from 0 to 1.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Figures {
    /// The split of a report.
    #[serde(default)]
    pub split: String,
    /// Number of faces.
    pub samples: usize,
    /// Share whose class is the most probable one.
    pub accuracy: f64,
    /// Share whose class is one of the two most probable ones.
    pub top2_accuracy: f64,
    /// Mean recall of the classes.
    pub balanced_accuracy: f64,
    /// Mean F1 of the classes.
    pub macro_f1: f64,
    /// Expected calibration error.
    pub expected_calibration_error: f64,
    /// Truth in rows, prediction in columns.
    pub confusion: ConfusionMatrix,
    /// The reliability diagram.
    #[serde(default)]
    pub reliability: Vec<ReliabilityBin>,
    /// Accuracy by threshold.
    #[serde(default)]
    pub thresholds: Vec<ThresholdFigures>,
}

impl From<Evaluation> for Figures {
    fn from(evaluation: Evaluation) -> Self {
        Self {
            split: String::new(),
            samples: evaluation.samples,
            accuracy: evaluation.accuracy,
            top2_accuracy: evaluation.top2_accuracy,
            balanced_accuracy: evaluation.balanced_accuracy,
            macro_f1: evaluation.macro_f1,
            expected_calibration_error: evaluation.expected_calibration_error,
            confusion: evaluation.confusion,
            reliability: evaluation.reliability,
            thresholds: evaluation.thresholds,
        }
    }
}

/// All of it. `cell` builds what is shown beside the matrix for the cell that was chosen, truth and
/// prediction.
#[component]
pub fn FiguresPart(figures: Arc<Figures>, cell: Callback<[usize; 2], AnyView>) -> impl IntoView {
    let tiles = [
        (t!("judge.figures.faces"), figures.samples.to_string()),
        (
            t!("judge.figures.accuracy"),
            words::percent_exactly(figures.accuracy),
        ),
        (
            t!("judge.figures.top2"),
            words::percent_exactly(figures.top2_accuracy),
        ),
        (
            t!("judge.figures.balanced"),
            words::percent_exactly(figures.balanced_accuracy),
        ),
        (
            t!("judge.figures.macro_f1"),
            words::percent_exactly(figures.macro_f1),
        ),
        (
            t!("judge.figures.calibration"),
            words::percent_exactly(figures.expected_calibration_error),
        ),
    ];
    let tiles = tiles.map(|(name, value)| {
        view! {
            <div class="figure-tile">
                <dt>{name}</dt>
                <dd class="number">{value}</dd>
            </div>
        }
    });
    let pairs = most_confused(&figures.confusion);
    let chosen = RwSignal::new(None::<[usize; 2]>);
    let confusion = figures.confusion.clone();
    let detail = move || {
        let place = chosen.get()?;
        Some(view! {
            <p>
                <strong>{in_words(&confusion, place)}</strong>
            </p>
            {cell.run(place)}
        })
    };
    view! {
        <dl class="figure-tiles" data-testid="judge-figures" data-accuracy=figures.accuracy.to_string() data-samples=figures.samples.to_string()>
            {tiles.collect_view()}
        </dl>
        <div class="matrix-row">
            <Matrix confusion=figures.confusion.clone() chosen />
            <div class="matrix-side">
                <div data-testid="matrix-cell-detail" class="cell-detail">
                    {detail}
                </div>
                <section class="confused-part">
                    <h3 class="part-title">{t!("judge.figures.most_confused")}</h3>
                    <ol class="confused" data-testid="judge-confused">
                        {pairs.into_iter().map(|pair| view! { <li>{pair}</li> }).collect_view()}
                    </ol>
                </section>
            </div>
        </div>
        <div class="charts">
            {(!figures.reliability.is_empty()).then(|| reliability(&figures.reliability))}
            {(!figures.thresholds.is_empty()).then(|| thresholds(&figures.thresholds))}
        </div>
    }
}

fn most_confused(confusion: &ConfusionMatrix) -> Vec<String> {
    let pairs = confusion.confused_pairs().into_iter().take(PAIRS);
    let pairs: Vec<_> = pairs
        .map(|pair| in_words(confusion, [pair.truth, pair.predicted]))
        .collect();
    if pairs.is_empty() {
        vec![t!("judge.figures.none_confused")]
    } else {
        pairs
    }
}

/// Confidence against accuracy.
fn reliability(bins: &[ReliabilityBin]) -> impl IntoView + use<> {
    let full = || bins.iter().filter(|bin| bin.samples > 0);
    let width = bins.first().map_or(1.0, |bin| bin.to - bin.from);
    let middle = |bin: &ReliabilityBin| f64::midpoint(bin.from, bin.to);
    let accuracy = full().map(|bin| [middle(bin), bin.accuracy.unwrap_or_default()]);
    let series = vec![
        Series {
            label: t!("judge.calibration.right"),
            colour: "first",
            mark: Mark::Bars(width),
            points: accuracy.collect(),
        },
        Series {
            label: t!("judge.calibration.ideal"),
            colour: "rest",
            mark: Mark::Dashes,
            points: vec![[0.0, 0.0], [1.0, 1.0]],
        },
    ];
    let exactly = |share: Option<f64>| share.map(words::percent_exactly).unwrap_or_default();
    let rows = full().map(|bin| {
        vec![
            t!(
                "judge.calibration.range",
                from = words::percent(bin.from as f32),
                to = words::percent(bin.to as f32)
            ),
            bin.samples.to_string(),
            exactly(bin.confidence),
            exactly(bin.accuracy),
        ]
    });
    let numbers = Numbers {
        head: vec![
            t!("judge.calibration.confidence"),
            t!("judge.figures.faces"),
            t!("judge.calibration.mean"),
            t!("judge.calibration.share_right"),
        ],
        rows: rows.collect(),
    };
    view! {
        <Chart
            title=t!("judge.calibration.title")
            words=t!("judge.calibration.words")
            x=Axis::share(t!("judge.calibration.confidence"))
            y=Axis::share(t!("judge.calibration.share_right"))
            series
            numbers
        />
    }
}

/// What is gained by not answering below a threshold.
fn thresholds(figures: &[ThresholdFigures]) -> impl IntoView + use<> {
    let right = (figures.iter()).filter_map(|at| Some([at.threshold, at.accuracy?]));
    let answered = figures.iter().map(|at| [at.threshold, at.coverage]);
    let series = vec![
        Series {
            label: t!("judge.threshold.right"),
            colour: "first",
            mark: Mark::Line,
            points: right.collect(),
        },
        Series {
            label: t!("judge.threshold.answered"),
            colour: "second",
            mark: Mark::Dashes,
            points: answered.collect(),
        },
    ];
    let rows = figures.iter().map(|at| {
        vec![
            words::percent(at.threshold as f32),
            words::percent_exactly(at.coverage),
            at.accuracy.map(words::percent_exactly).unwrap_or_default(),
        ]
    });
    let numbers = Numbers {
        head: vec![
            t!("judge.threshold.threshold"),
            t!("judge.threshold.answered"),
            t!("judge.threshold.right"),
        ],
        rows: rows.collect(),
    };
    view! {
        <Chart
            title=t!("judge.threshold.title")
            words=t!("judge.threshold.words")
            x=Axis::share(t!("judge.threshold.threshold"))
            y=Axis::share(t!("judge.threshold.share"))
            series
            numbers
        />
    }
}
