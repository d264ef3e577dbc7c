//! Diagrams of shares and curves, as SVG that takes its colours from the style sheet, with their
//! numbers in a table below.

use leptos::either::Either;
use leptos::prelude::*;

use crate::i18n::t;
use crate::words;

/// Size of the drawing in its own units, which are CSS pixels on a phone.
const SIZE: [f64; 2] = [340.0, 240.0];
/// Room for the numbers on the left and below.
const MARGINS: [f64; 2] = [44.0, 40.0];
/// Room above and on the right, so that the outermost numbers fit.
const EDGES: [f64; 2] = [22.0, 10.0];
/// What is left for the values.
const ROOM: [f64; 2] = [
    SIZE[0] - MARGINS[0] - EDGES[0],
    SIZE[1] - MARGINS[1] - EDGES[1],
];

/// What stands along a side of a diagram.
#[derive(Clone)]
pub struct Axis {
    /// What it counts.
    pub label: String,
    /// From where to where.
    pub range: [f64; 2],
    /// From line to line.
    pub step: f64,
    /// How its numbers are written.
    pub write: fn(f64) -> String,
}

impl Axis {
    /// Shares from 0 to 1, written as per cent.
    pub fn share(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            range: [0.0, 1.0],
            step: 0.2,
            write: |share| words::percent(share as f32),
        }
    }

    /// Around values, its ends on multiples of the step.
    pub fn around(
        label: impl Into<String>,
        values: impl Iterator<Item = f64> + Clone,
        step: f64,
        write: fn(f64) -> String,
    ) -> Self {
        let low = values.clone().fold(f64::INFINITY, f64::min);
        let high = values.fold(f64::NEG_INFINITY, f64::max);
        let [low, high] = if low <= high {
            [low, high]
        } else {
            [0.0, step]
        };
        let low = (low / step).floor() * step;
        Self {
            label: label.into(),
            range: [low, ((high / step).ceil() * step).max(low + step)],
            step,
            write,
        }
    }

    /// Where a value stands between the ends, 0 to 1.
    fn place(&self, value: f64) -> f64 {
        let [low, high] = self.range;
        ((value - low) / (high - low)).clamp(0.0, 1.0)
    }

    /// Where a value lies on the drawing, from its left.
    fn across(&self, value: f64) -> f64 {
        MARGINS[0] + ROOM[0] * self.place(value)
    }

    /// Where a value lies on the drawing, from its top.
    fn down(&self, value: f64) -> f64 {
        EDGES[1] + ROOM[1] * (1.0 - self.place(value))
    }

    fn ticks(&self) -> Vec<f64> {
        let [low, high] = self.range;
        let count = ((high - low) / self.step + 1e-9) as usize;
        (0..=count)
            .map(|tick| low + tick as f64 * self.step)
            .collect()
    }
}

/// How values are drawn.
#[derive(Clone, Copy, PartialEq)]
pub enum Mark {
    /// A line from point to point.
    Line,
    /// A broken line.
    Dashes,
    /// Bars of this width, each in the middle of its value.
    Bars(f64),
}

/// Values that belong together.
#[derive(Clone)]
pub struct Series {
    /// What they are.
    pub label: String,
    /// The class of the style sheet that colours them: `first`, `second` or `rest`.
    pub colour: &'static str,
    /// How they are drawn.
    pub mark: Mark,
    /// Along both axes.
    pub points: Vec<[f64; 2]>,
}

/// The numbers behind a diagram.
#[derive(Clone)]
pub struct Numbers {
    /// Names of the columns.
    pub head: Vec<String>,
    /// One line each.
    pub rows: Vec<Vec<String>>,
}

/// A diagram with its title, what it says in words, and its numbers.
#[component]
pub fn Chart(
    #[prop(into)] title: String,
    #[prop(into)] words: String,
    x: Axis,
    y: Axis,
    series: Vec<Series>,
    numbers: Numbers,
) -> impl IntoView {
    let [width, height] = ROOM;
    let lines = y.ticks().into_iter().map(|value| {
        let (at, text) = (y.down(value), (y.write)(value));
        view! {
            <path class="grid" d=format!("M{} {at:.1}h{width}", MARGINS[0]) />
            <text class="tick" x=(MARGINS[0] - 6.0).to_string() y=format!("{:.1}", at + 4.0) text-anchor="end">
                {text}
            </text>
        }
    });
    let ticks = x.ticks().into_iter().map(|value| {
        let (at, text) = (x.across(value), (x.write)(value));
        view! {
            <text class="tick" x=format!("{at:.1}") y=(EDGES[1] + height + 17.0).to_string() text-anchor="middle">
                {text}
            </text>
        }
    });
    let drawn = series.iter().map(|series| draw(series, &x, &y));
    let drawing = view! {
        <svg
            viewBox=format!("0 0 {} {}", SIZE[0], SIZE[1])
            role="img"
            aria-label=format!("{title}. {words}")
        >
            {lines.collect_view()}
            {ticks.collect_view()}
            {drawn.collect_view()}
            <text class="tick" x=(MARGINS[0] + width / 2.0).to_string() y=(SIZE[1] - 4.0).to_string() text-anchor="middle">
                {x.label.clone()}
            </text>
        </svg>
    };
    view! {
        <figure class="chart">
            <figcaption>
                <h3 class="part-title">{title}</h3>
                <p class="small soft">{words}</p>
            </figcaption>
            <ul class="legend">{series.iter().map(legend).collect_view()}</ul>
            {drawing}
            <NumbersTable numbers />
        </figure>
    }
}

/// The values of a series, as bars or as a line.
fn draw(series: &Series, x: &Axis, y: &Axis) -> impl IntoView + use<> {
    let colour = series.colour;
    match series.mark {
        Mark::Bars(width) => {
            let width = ROOM[0] * width / (x.range[1] - x.range[0]);
            let bars = series.points.iter().map(|&[at, value]| {
                let top = y.down(value);
                view! {
                    <rect
                        class=format!("bars-{colour}")
                        x=format!("{:.1}", x.across(at) - width / 2.0 + 0.5)
                        y=format!("{top:.1}")
                        width=format!("{:.1}", width - 1.0)
                        height=format!("{:.1}", (EDGES[1] + ROOM[1] - top).max(0.5))
                    />
                }
            });
            Either::Left(bars.collect_view())
        }
        mark => {
            let points: Vec<_> = (series.points.iter())
                .map(|&[at, value]| format!("{:.1},{:.1}", x.across(at), y.down(value)))
                .collect();
            Either::Right(view! {
                <polyline
                    class=format!("line line-{colour}")
                    class:dashes=mark == Mark::Dashes
                    points=points.join(" ")
                />
            })
        }
    }
}

/// What a series looks like, and what it is.
fn legend(series: &Series) -> impl IntoView + use<> {
    let shape = match series.mark {
        Mark::Bars(_) => "square",
        Mark::Line => "stroke",
        Mark::Dashes => "stroke dashes",
    };
    view! {
        <li>
            <span class=format!("key {shape} key-{}", series.colour) aria-hidden="true"></span>
            {series.label.clone()}
        </li>
    }
}

/// The numbers of a diagram, folded away.
#[component]
fn NumbersTable(numbers: Numbers) -> impl IntoView {
    let cells = |row: Vec<String>| {
        let mut cells = row.into_iter();
        let first = cells.next();
        let rest = cells.map(|cell| view! { <td>{cell}</td> }).collect_view();
        view! {
            <tr>
                <th scope="row">{first}</th>
                {rest}
            </tr>
        }
    };
    let head = (numbers.head.into_iter()).map(|name| view! { <th scope="col">{name}</th> });
    view! {
        <details>
            <summary class="small">{t!("judge.numbers")}</summary>
            <table class="numbers number">
                <thead>
                    <tr>{head.collect_view()}</tr>
                </thead>
                <tbody>{numbers.rows.into_iter().map(cells).collect_view()}</tbody>
            </table>
        </details>
    }
}
