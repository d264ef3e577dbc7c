//! The confusion matrix: a table whose cells the arrow keys reach.

use leptos::prelude::*;
use mien_engine::expression::Expression;
use mien_engine::metrics::ConfusionMatrix;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

use super::chooser::Chooser;
use crate::i18n::{expression, t};
use crate::words;

/// Shades of the colour scale beyond no colour.
const SHADES: f64 = 10.0;

/// What the shares in the cells are shares of.
#[derive(Clone, Copy, PartialEq)]
enum Share {
    /// The faces of the class: the diagonal is recall.
    Truth,
    /// The predictions of the class: the diagonal is precision.
    Prediction,
    /// All faces.
    All,
}

/// The order of the classes, in rows and columns alike, so that the diagonal stays one.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    Label,
    Faces,
    Recall,
    Precision,
}

/// The matrix with its settings.
#[component]
pub fn Matrix(
    confusion: ConfusionMatrix,
    /// The cell that is chosen, truth and prediction.
    chosen: RwSignal<Option<[usize; 2]>>,
) -> impl IntoView {
    let share = RwSignal::new(Share::Truth);
    let order = RwSignal::new(Order::Label);
    let confusion = StoredValue::new(confusion);
    view! {
        <section class="matrix-part">
            <div class="section-head">
                <h3 class="part-title">{t!("judge.matrix.title")}</h3>
                <div class="section-actions">
                    <Chooser
                        label=t!("judge.matrix.shares_of")
                        hook="matrix-share"
                        value=share
                        options=vec![
                            (Share::Truth, "truth", t!("judge.matrix.of_truth")),
                            (Share::Prediction, "prediction", t!("judge.matrix.of_prediction")),
                            (Share::All, "all", t!("judge.matrix.of_all")),
                        ]
                    />
                    <Chooser
                        label=t!("judge.matrix.sorted_by")
                        hook="matrix-order"
                        value=order
                        options=vec![
                            (Order::Label, "label", t!("judge.matrix.by_label")),
                            (Order::Faces, "faces", t!("judge.matrix.by_faces")),
                            (Order::Recall, "recall", t!("judge.matrix.recall")),
                            (Order::Precision, "precision", t!("judge.matrix.precision")),
                        ]
                    />
                </div>
            </div>
            <p class="small soft">{t!("judge.matrix.caption")}</p>
            <div class="scroll">
                {move || {
                    confusion
                        .with_value(|confusion| {
                            table(confusion, share.get(), &sorted(confusion, order.get()), chosen)
                        })
                }}
            </div>
            <Shades />
        </section>
    }
}

/// The classes in an order; what has no figure comes last.
fn sorted(confusion: &ConfusionMatrix, order: Order) -> Vec<usize> {
    let mut classes: Vec<usize> = (0..confusion.counts().len()).collect();
    let figure = |class: usize| match order {
        Order::Label => 0.0,
        Order::Faces => f64::from(confusion.counts()[class].iter().sum::<u32>()),
        Order::Recall => confusion.recall(class).unwrap_or(-1.0),
        Order::Precision => confusion.precision(class).unwrap_or(-1.0),
    };
    classes.sort_by(|&one, &other| figure(other).total_cmp(&figure(one)));
    classes
}

fn table(
    confusion: &ConfusionMatrix,
    share: Share,
    classes: &[usize],
    chosen: RwSignal<Option<[usize; 2]>>,
) -> impl IntoView + use<> {
    let counts = confusion.counts();
    let last = counts.len();
    let faces = |class: usize| counts[class].iter().sum::<u32>();
    let answers = |class: usize| counts.iter().map(|row| row[class]).sum::<u32>();
    let all: u32 = counts.iter().flatten().sum();
    // The cell that the Tab key reaches; the arrow keys move it.
    let cursor = RwSignal::new([0, 0]);

    let head = classes.iter().map(|&class| {
        view! {
            <th scope="col">
                <span class="class-name">{expression(Expression::FERPLUS[class])}</span>
                <span class="small soft number">{answers(class)}</span>
            </th>
        }
    });
    let rows = classes.iter().enumerate().map(|(row, &truth)| {
        let cells = classes.iter().enumerate().map(|(column, &predicted)| {
            let count = counts[truth][predicted];
            let of = match share {
                Share::Truth => faces(truth),
                Share::Prediction => answers(predicted),
                Share::All => all,
            };
            let part = f64::from(count) / f64::from(of.max(1));
            view! {
                <Cell
                    place=[truth, predicted]
                    shown_at=[row, column]
                    count
                    part
                    words=in_words(confusion, [truth, predicted])
                    last
                    cursor
                    chosen
                />
            }
        });
        let recall = margin(confusion.recall(truth), [row, last], cursor, last);
        view! {
            <tr>
                <th scope="row">
                    <span class="class-name">{expression(Expression::FERPLUS[truth])}</span>
                    <span class="small soft number">{faces(truth)}</span>
                </th>
                {cells.collect_view()}
                {recall}
            </tr>
        }
    });
    let precisions = classes.iter().enumerate();
    let precisions = precisions
        .map(|(column, &class)| margin(confusion.precision(class), [last, column], cursor, last));
    view! {
        <table class="matrix number" role="grid" data-testid="confusion-matrix">
            <caption class="visually-hidden">{t!("judge.matrix.title")}</caption>
            <thead>
                <tr>
                    <th scope="col" class="corner">
                        {t!("judge.matrix.label")}
                    </th>
                    {head.collect_view()}
                    <th scope="col">{t!("judge.matrix.recall")}</th>
                </tr>
            </thead>
            <tbody>{rows.collect_view()}</tbody>
            <tfoot>
                <tr>
                    <th scope="row">{t!("judge.matrix.precision")}</th>
                    {precisions.collect_view()}
                    {margin(Some(confusion.accuracy()), [last, last], cursor, last)}
                </tr>
            </tfoot>
        </table>
    }
}

/// A cell of the matrix.
#[component]
fn Cell(
    /// Truth and prediction.
    place: [usize; 2],
    /// Row and column.
    shown_at: [usize; 2],
    count: u32,
    /// What part of the row, the column or all it is, 0 to 1.
    part: f64,
    words: String,
    /// The last row and column.
    last: usize,
    cursor: RwSignal<[usize; 2]>,
    chosen: RwSignal<Option<[usize; 2]>>,
) -> impl IntoView {
    let [truth, predicted] = place.map(|class| Expression::FERPLUS[class].name());
    view! {
        <td
            class="cell"
            class:right=truth == predicted
            data-place=place_name(shown_at)
            tabindex=move || if cursor.get() == shown_at { "0" } else { "-1" }
            aria-selected=move || (chosen.get() == Some(place)).to_string()
            data-testid="matrix-cell"
            data-truth=truth
            data-predicted=predicted
            data-count=count.to_string()
            data-shade=format!("{:.0}", (part * SHADES).round())
            on:click=move |_| {
                cursor.set(shown_at);
                chosen.set(Some(place));
            }
            on:focus=move |_| cursor.set(shown_at)
            on:keydown=move |event| on_key(&event, cursor, last, || chosen.set(Some(place)))
        >
            <span class="visually-hidden">{words}</span>
            <span class="count" aria-hidden="true">
                {count}
            </span>
            <span class="part" aria-hidden="true">
                {words::percent(part as f32)}
            </span>
        </td>
    }
}

/// A cell beside the matrix.
fn margin(
    figure: Option<f64>,
    [row, column]: [usize; 2],
    cursor: RwSignal<[usize; 2]>,
    last: usize,
) -> impl IntoView + use<> {
    let words = figure.map_or_else(|| "–".to_owned(), words::percent_exactly);
    view! {
        <td
            class="margin"
            data-place=place_name([row, column])
            tabindex=move || if cursor.get() == [row, column] { "0" } else { "-1" }
            data-testid="matrix-margin"
            on:focus=move |_| cursor.set([row, column])
            on:keydown=move |event| on_key(&event, cursor, last, || ())
        >
            {words}
        </td>
    }
}

fn place_name([row, column]: [usize; 2]) -> String {
    format!("{row}-{column}")
}

/// Arrow keys, Home and End move the cursor, to `last` at most; Enter and Space choose.
fn on_key(event: &KeyboardEvent, cursor: RwSignal<[usize; 2]>, last: usize, choose: impl FnOnce()) {
    let [row, column] = cursor.get_untracked();
    let to = match event.key().as_str() {
        "ArrowUp" => [row.saturating_sub(1), column],
        "ArrowDown" => [(row + 1).min(last), column],
        "ArrowLeft" => [row, column.saturating_sub(1)],
        "ArrowRight" => [row, (column + 1).min(last)],
        "Home" => [row, 0],
        "End" => [row, last],
        "Enter" | " " => {
            event.prevent_default();
            return choose();
        }
        _ => return,
    };
    event.prevent_default();
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<HtmlElement>().ok());
    let table = target.and_then(|cell| cell.closest("table").ok().flatten());
    let cell = table.and_then(|table| {
        table
            .query_selector(&format!("[data-place=\"{}\"]", place_name(to)))
            .ok()
            .flatten()
    });
    if let Some(cell) = cell.and_then(|cell| cell.dyn_into::<HtmlElement>().ok()) {
        // Refused for elements out of the page only.
        let _ = cell.focus();
    }
}

/// "angry taken for sad: 53 of 467 (11.3 %)".
pub fn in_words(confusion: &ConfusionMatrix, [truth, predicted]: [usize; 2]) -> String {
    let [truth_name, predicted_name] =
        [truth, predicted].map(|class| expression(Expression::FERPLUS[class]));
    let count = confusion.counts()[truth][predicted];
    let all: u32 = confusion.counts()[truth].iter().sum();
    let share = words::percent_exactly(f64::from(count) / f64::from(all.max(1)));
    if truth == predicted {
        t!(
            "judge.matrix.recognised",
            truth = truth_name,
            count = count,
            all = all,
            share = share
        )
    } else {
        t!(
            "judge.matrix.taken_for",
            truth = truth_name,
            predicted = predicted_name,
            count = count,
            all = all,
            share = share
        )
    }
}

/// What the colours mean.
#[component]
fn Shades() -> impl IntoView {
    let shades = (0..=SHADES as usize).map(|shade| {
        view! { <span class="cell" data-shade=shade.to_string()></span> }
    });
    view! {
        <p class="shades small soft">
            <span>{words::percent(0.0)}</span>
            <span class="shade-row" aria-hidden="true">
                {shades.collect_view()}
            </span>
            <span>{words::percent(1.0)}</span>
        </p>
    }
}
