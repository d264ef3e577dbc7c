//! All systems with their figures, in the order of any column.

use std::cmp::Ordering;
use std::sync::Arc;

use leptos::prelude::*;
use mien_engine::study_report::{StudyReport, StudyRow};

use super::report::title;
use crate::i18n::{language, t};
use crate::words;

/// A column of the table.
#[derive(Clone, Copy)]
struct Figure {
    /// Its name for tests and in the page's memory.
    name: &'static str,
    title: fn() -> String,
    /// What rows are sorted by.
    key: fn(&StudyRow) -> Key,
    /// What is written; nothing where the figure does not exist.
    write: fn(&StudyRow) -> String,
}

/// What rows are sorted by.
enum Key {
    Text(String),
    Number(Option<f64>),
}

const FIGURES: [Figure; 16] = [
    Figure {
        name: "study",
        title: || t!("compare.table.study"),
        key: |row| Key::Text(row.study.clone()),
        write: |row| row.study.clone(),
    },
    Figure {
        name: "parameters",
        title: || t!("compare.table.parameters"),
        key: |row| Key::Number(Some(row.parameters as f64)),
        write: |row| thousands(row.parameters as f64),
    },
    Figure {
        name: "macs",
        title: || t!("compare.table.macs"),
        key: |row| Key::Number(Some(row.macs as f64)),
        write: |row| language().decimal(row.macs as f64 / 1e6, 1),
    },
    Figure {
        name: "bytes",
        title: || t!("compare.table.size"),
        key: |row| Key::Number(Some(row.bytes as f64)),
        write: |row| thousands(row.bytes as f64 / 1e3),
    },
    Figure {
        name: "epochs",
        title: || t!("compare.table.epochs"),
        key: |row| Key::Number(Some(row.epochs)),
        write: |row| language().decimal(row.epochs, 1),
    },
    Figure {
        name: "minutes",
        title: || t!("compare.table.minutes"),
        key: |row| Key::Number(Some(row.cpu_minutes)),
        write: |row| language().decimal(row.cpu_minutes, 1),
    },
    Figure {
        name: "milliseconds",
        title: || t!("compare.table.milliseconds"),
        key: |row| Key::Number(Some(row.milliseconds)),
        write: |row| language().decimal(row.milliseconds, 2),
    },
    Figure {
        name: "public",
        title: || t!("compare.table.public"),
        key: |row| Key::Number(Some(row.public_test.top1)),
        write: |row| words::percent_exactly(row.public_test.top1),
    },
    Figure {
        name: "private",
        title: || t!("compare.table.private"),
        key: |row| Key::Number(Some(row.private_test.top1)),
        write: |row| words::percent_exactly(row.private_test.top1),
    },
    Figure {
        name: "interval",
        title: || t!("compare.table.interval"),
        key: |row| Key::Number(Some(row.private_test.interval[0])),
        write: |row| {
            let [low, high] = row.private_test.interval.map(words::percent_exactly);
            t!("compare.table.range", low = low, high = high)
        },
    },
    Figure {
        name: "top2",
        title: || t!("compare.table.top2"),
        key: |row| Key::Number(Some(row.private_test.top2)),
        write: |row| words::percent_exactly(row.private_test.top2),
    },
    Figure {
        name: "balanced",
        title: || t!("judge.figures.balanced"),
        key: |row| Key::Number(Some(row.private_test.balanced_accuracy)),
        write: |row| words::percent_exactly(row.private_test.balanced_accuracy),
    },
    Figure {
        name: "f1",
        title: || t!("judge.figures.macro_f1"),
        key: |row| Key::Number(Some(row.private_test.macro_f1)),
        write: |row| words::percent_exactly(row.private_test.macro_f1),
    },
    Figure {
        name: "calibration",
        title: || t!("judge.figures.calibration"),
        key: |row| Key::Number(Some(row.private_test.calibration_error)),
        write: |row| words::percent_exactly(row.private_test.calibration_error),
    },
    Figure {
        name: "classes",
        title: || t!("compare.table.classes"),
        key: |row| Key::Number(Some(row.labels.len() as f64)),
        write: |row| row.labels.len().to_string(),
    },
    Figure {
        name: "reported",
        title: || t!("compare.table.reported"),
        key: |row| Key::Number(row.reported.as_ref().map(|reported| reported.top1)),
        write: |row| {
            let reported = row.reported.as_ref();
            reported.map_or_else(String::new, |reported| {
                format!(
                    "{} ({})",
                    words::percent_exactly(reported.top1),
                    reported.data
                )
            })
        },
    },
];

/// The column of the systems' names, which stays in sight.
const SYSTEM: Figure = Figure {
    name: "system",
    title: || t!("compare.table.system"),
    key: |row| Key::Text(title(row).to_lowercase()),
    write: title,
};

/// A whole number, its thousands set apart.
fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// How the rows are sorted.
#[derive(Clone, Copy, PartialEq)]
struct Order {
    /// The column's name.
    by: &'static str,
    is_descending: bool,
}

impl Order {
    /// Smaller comes first where it descends; what does not exist comes last either way.
    fn compare(self, figure: &Figure, one: &StudyRow, other: &StudyRow) -> Ordering {
        let turned = |order: Ordering| {
            if self.is_descending {
                order.reverse()
            } else {
                order
            }
        };
        match ((figure.key)(one), (figure.key)(other)) {
            (Key::Text(one), Key::Text(other)) => turned(one.cmp(&other)),
            (Key::Number(Some(one)), Key::Number(Some(other))) => turned(one.total_cmp(&other)),
            (Key::Number(one), Key::Number(other)) => one.is_none().cmp(&other.is_none()),
            // A column has one kind of keys.
            (Key::Text(_), Key::Number(_)) | (Key::Number(_), Key::Text(_)) => Ordering::Equal,
        }
    }
}

/// The table. A click on a column's name sorts by it, another one the other way round.
#[component]
pub fn Table(report: Arc<StudyReport>) -> impl IntoView {
    let order = RwSignal::new(Order {
        by: "private",
        is_descending: true,
    });
    let rows = move || {
        let order = order.get();
        let mut rows: Vec<_> = report.rows.iter().collect();
        let figure = FIGURES
            .iter()
            .chain([&SYSTEM])
            .find(|figure| figure.name == order.by);
        if let Some(figure) = figure {
            rows.sort_by(|one, other| order.compare(figure, one, other));
        }
        let rows = rows.into_iter().map(|row| {
            let cells = FIGURES
                .iter()
                .map(|figure| view! { <td>{(figure.write)(row)}</td> });
            view! {
                <tr data-testid="study-row" data-name=row.name.clone()>
                    <th scope="row">{(SYSTEM.write)(row)}</th>
                    {cells.collect_view()}
                </tr>
            }
        });
        rows.collect_view()
    };
    let heads = FIGURES
        .iter()
        .map(|&figure| view! { <Head figure order /> });
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label=t!("compare.table.label")>
            <table class="numbers number studies" data-testid="studies">
                <caption class="small soft">{t!("compare.table.caption")}</caption>
                <thead>
                    <tr>
                        <Head figure=SYSTEM order />
                        {heads.collect_view()}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

/// A column's name, which sorts by it.
#[component]
fn Head(figure: Figure, order: RwSignal<Order>) -> impl IntoView {
    let sorted = move || {
        let order = order.get();
        (order.by == figure.name).then_some(if order.is_descending {
            "descending"
        } else {
            "ascending"
        })
    };
    let mark = move || match sorted() {
        Some("descending") => " \u{25bc}",
        Some(_) => " \u{25b2}",
        None => "",
    };
    let sort = move |_| {
        order.update(|order| {
            let is_descending = order.by == figure.name && !order.is_descending;
            *order = Order {
                by: figure.name,
                is_descending,
            };
        });
    };
    view! {
        <th scope="col" aria-sort=sorted>
            <button class="sort" data-testid="sort" data-by=figure.name on:click=sort>
                {(figure.title)()}
                <span aria-hidden="true">{mark}</span>
            </button>
        </th>
    }
}
