//! Accuracy against size: a point a system.

use std::sync::Arc;

use leptos::prelude::*;
use mien_engine::axis::{ends, ticks};
use mien_engine::study_report::{StudyReport, StudyRow};

use super::report::title;
use crate::i18n::t;
use crate::words;

/// Size of the drawing in its own units.
const SIZE: [f64; 2] = [720.0, 380.0];
/// Room on the left, above, on the right and below.
const LEFT: f64 = 52.0;
const TOP: f64 = 14.0;
const RIGHT: f64 = 40.0;
const BOTTOM: f64 = 46.0;
/// From line to line.
const STEP: f64 = 0.1;
/// Labels nearer to each other than this are moved apart, downwards.
const LINE: f64 = 13.0;

/// Where figures lie on the drawing.
struct Frame {
    /// Decimal logarithms of bytes, from where to where.
    sizes: [f64; 2],
    shares: [f64; 2],
}

impl Frame {
    /// Holds all rows, its ends on whole powers of ten and multiples of the step.
    fn around(rows: &[StudyRow]) -> Self {
        Self {
            sizes: ends(rows.iter().map(magnitude), 1.0),
            shares: ends(rows.iter().map(share), STEP),
        }
    }

    fn across(&self, size: f64) -> f64 {
        let [low, high] = self.sizes;
        LEFT + (SIZE[0] - LEFT - RIGHT) * (size - low) / (high - low)
    }

    fn down(&self, share: f64) -> f64 {
        let [low, high] = self.shares;
        SIZE[1] - BOTTOM - (SIZE[1] - TOP - BOTTOM) * (share - low) / (high - low)
    }
}

fn magnitude(row: &StudyRow) -> f64 {
    (row.bytes.max(1) as f64).log10()
}

fn share(row: &StudyRow) -> f64 {
    row.private_test.top1
}

/// The diagram. Each point can be focused and says what it is.
#[component]
pub fn Plot(report: Arc<StudyReport>) -> impl IntoView {
    let rows = &report.rows;
    if rows.is_empty() {
        return ().into_any();
    }
    let frame = Frame::around(rows);
    let lines = ticks(frame.shares, STEP).map(|value| {
        let at = frame.down(value);
        view! {
            <path class="grid" d=format!("M{LEFT} {at:.1}H{:.1}", SIZE[0] - RIGHT) />
            <text class="tick" x=(LEFT - 6.0).to_string() y=format!("{:.1}", at + 4.0) text-anchor="end">
                {words::percent(value as f32)}
            </text>
        }
    });
    let sizes = ticks(frame.sizes, 1.0).map(|power| {
        let at = format!("{:.1}", frame.across(power));
        view! {
            <text class="tick" x=at y=(SIZE[1] - BOTTOM + 18.0).to_string() text-anchor="middle">
                {words::bytes(10_f64.powf(power) as usize)}
            </text>
        }
    });
    let unbeaten: Vec<bool> = rows.iter().map(|row| is_unbeaten(row, rows)).collect();
    let labels = spread(rows, &unbeaten, &frame);
    let labelled = rows.iter().zip(unbeaten).zip(labels);
    let points = labelled.map(|((row, is_unbeaten), label)| {
        let [x, y] = [frame.across(magnitude(row)), frame.down(share(row))];
        // A long name would leave the drawing on the right.
        let leans_left = x > SIZE[0] / 2.0;
        let words = format!(
            "{} ({}): {}, {}",
            title(row),
            row.study,
            words::bytes(row.bytes as usize),
            words::percent_exactly(share(row))
        );
        let name = words.clone();
        view! {
            <g
                class="point"
                class:unbeaten=is_unbeaten
                class:fewer-classes=!row.has_all_classes()
                tabindex="0"
                role="img"
                aria-label=name
                data-testid="study-point"
                data-name=row.name.clone()
            >
                <title>{words}</title>
                <circle cx=format!("{x:.1}") cy=format!("{y:.1}") r="6" />
                <text
                    class="tick"
                    x=format!("{:.1}", if leans_left { x - 10.0 } else { x + 10.0 })
                    y=format!("{label:.1}")
                    text-anchor=if leans_left { "end" } else { "start" }
                >
                    {title(row)}
                </text>
            </g>
        }
    });
    view! {
        <figure class="chart compare-plot">
            <figcaption>
                <h3 class="part-title">{t!("compare.plot.title")}</h3>
                <p class="small soft">{t!("compare.plot.words")}</p>
            </figcaption>
            <div class="scroll" tabindex="0" role="region" aria-label=t!("compare.plot.title")>
                <svg
                    viewBox=format!("0 0 {} {}", SIZE[0], SIZE[1])
                    role="group"
                    aria-label=t!("compare.plot.title")
                    data-testid="study-plot"
                >
                    {lines.collect_view()}
                    {sizes.collect_view()}
                    {points.collect_view()}
                    <text class="tick" x=(SIZE[0] / 2.0).to_string() y=(SIZE[1] - 6.0).to_string() text-anchor="middle">
                        {t!("compare.plot.size")}
                    </text>
                </svg>
            </div>
        </figure>
    }
    .into_any()
}

/// Whether no system of the same task is as good and smaller, or better and no larger.
fn is_unbeaten(row: &StudyRow, rows: &[StudyRow]) -> bool {
    !rows.iter().any(|other| {
        other.has_all_classes() == row.has_all_classes()
            && (other.bytes < row.bytes && share(other) >= share(row)
                || other.bytes <= row.bytes && share(other) > share(row))
    })
}

/// How far down each row's label lies: beside its point, or, where it is always shown because the row
/// is unbeaten, below a label that is in the way.
fn spread(rows: &[StudyRow], unbeaten: &[bool], frame: &Frame) -> Vec<f64> {
    const WIDTH: f64 = 130.0;
    let beside = |row: &StudyRow| frame.down(share(row)) + 4.0;
    let mut places: Vec<f64> = rows.iter().map(beside).collect();
    let mut order: Vec<_> = (0..rows.len()).filter(|&index| unbeaten[index]).collect();
    order.sort_by(|&one, &other| share(&rows[other]).total_cmp(&share(&rows[one])));
    let mut laid = Vec::<[f64; 2]>::new();
    for index in order {
        let x = frame.across(magnitude(&rows[index]));
        let mut y = places[index];
        let in_the_way = |laid: &[[f64; 2]], y: f64| {
            laid.iter()
                .filter(|at| (at[0] - x).abs() < WIDTH && (at[1] - y).abs() < LINE)
                .map(|at| at[1])
                .reduce(f64::max)
        };
        while let Some(other) = in_the_way(&laid, y) {
            y = other + LINE;
        }
        laid.push([x, y]);
        places[index] = y;
    }
    places
}
