//! The last half minute of a face: a row for each class, values under pointer or cursor, and the
//! same as a table.

use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::html::Div;
use leptos::prelude::*;
use mien_app::live::{SPAN_S, Timeline};
use mien_engine::expression::Expression;

use crate::i18n::{expression, language, t};
use crate::words;

/// The probabilities of one face over time.
#[component]
pub fn TimelineChart(
    track: u32,
    /// Those of the network.
    classes: &'static [Expression],
    timeline: RwSignal<Timeline>,
) -> impl IntoView {
    // The time that is looked at, in seconds; it wanders to the left with its reading.
    let looked_at_s = RwSignal::new(None::<f64>);
    let plot = NodeRef::<Div>::new();
    let reading = move || {
        timeline.with(|timeline| {
            let position = timeline.nearest(looked_at_s.get()?)?;
            timeline.get(position)
        })
    };
    let place = move || {
        let (time_s, _) = reading()?;
        let age_s = timeline.with(Timeline::end_s) - time_s;
        Some(format!("{:.2}%", 100.0 * (1.0 - age_s / SPAN_S)))
    };
    let readout = move || {
        reading().map_or_else(
            || t!("live.timeline_help"),
            |(time_s, probabilities)| {
                let ago = timeline.with(Timeline::end_s) - time_s;
                let mut ranking = classes.to_vec();
                let probability = |class: &Expression| probabilities[class.index()];
                ranking.sort_by(|one, other| probability(other).total_cmp(&probability(one)));
                let best = ranking[..3].iter().map(|class| {
                    format!(
                        "{} {}",
                        expression(*class),
                        words::percent(probability(class))
                    )
                });
                format!(
                    "{}: {}",
                    seconds_ago(ago, 1),
                    best.collect::<Vec<_>>().join(", ")
                )
            },
        )
    };
    let point = move |event: PointerEvent| {
        if let Some(plot) = plot.get_untracked() {
            let bounds = plot.get_bounding_client_rect();
            let share = (f64::from(event.client_x()) - bounds.left()) / bounds.width();
            let end_s = timeline.with_untracked(Timeline::end_s);
            looked_at_s.set(Some(end_s - SPAN_S * (1.0 - share)));
        }
    };
    let rows = classes.iter().map(|&class| {
        let is_best = move || {
            timeline.with(|timeline| {
                let newest = timeline.get(timeline.len().checked_sub(1)?)?.1;
                Some(newest.iter().all(|&other| other <= newest[class.index()]))
            }) == Some(true)
        };
        view! {
            <div class="timeline-row" class:first=is_best>
                <span aria-hidden="true">{expression(class)}</span>
                <svg
                    viewBox=format!("0 0 {SPAN_S} 1")
                    preserveAspectRatio="none"
                    aria-hidden="true"
                >
                    <path d=move || timeline.with(|timeline| timeline.area(class))></path>
                </svg>
            </div>
        }
    });
    view! {
        <div class="timeline" data-testid="timeline" data-readings=move || timeline.with(Timeline::len)>
            <div
                class="timeline-plot"
                tabindex="0"
                role="img"
                aria-label=t!("live.timeline", track = track)
                on:pointermove=point
                on:pointerleave=move |_| looked_at_s.set(None)
                on:keydown=move |event| step(&event, timeline, looked_at_s)
                on:blur=move |_| looked_at_s.set(None)
            >
                {rows.collect_view()}
                <div class="timeline-cursors" node_ref=plot aria-hidden="true">
                    {move || place().map(|left| view! { <span style:left=left></span> })}
                </div>
            </div>
            <div class="timeline-axis small soft number" aria-hidden="true">
                <span>{seconds_ago(SPAN_S, 0)}</span>
                <span>{t!("live.now")}</span>
            </div>
            <output class="small" data-testid="timeline-value">{readout}</output>
            <Table classes timeline />
        </div>
    }
}

/// "1.2 s ago".
fn seconds_ago(seconds: f64, digits: usize) -> String {
    t!("live.ago", seconds = language().decimal(seconds, digits))
}

/// The same as numbers.
#[component]
fn Table(classes: &'static [Expression], timeline: RwSignal<Timeline>) -> impl IntoView {
    let is_open = RwSignal::new(false);
    let rows = move || {
        let rows = classes.iter().map(|&class| {
            let spread = move || timeline.with(|timeline| timeline.spread(class));
            let cell = move |value: fn(mien_app::live::Spread) -> f32| {
                move || spread().map(|spread| words::percent(value(spread)))
            };
            view! {
                <tr>
                    <th scope="row">{expression(class)}</th>
                    <td>{cell(|spread| spread.now)}</td>
                    <td>{cell(|spread| spread.mean)}</td>
                    <td>{cell(|spread| spread.lowest)}</td>
                    <td>{cell(|spread| spread.highest)}</td>
                </tr>
            }
        });
        rows.collect_view()
    };
    view! {
        <details
            class="small"
            data-testid="timeline-table"
            on:toggle=move |_| is_open.update(|open| *open = !*open)
        >
            <summary>{t!("live.as_table")}</summary>
            <Show when=move || is_open.get()>
                <table class="number">
                    <thead>
                        <tr>
                            <th scope="col">{t!("live.expression")}</th>
                            <th scope="col">{t!("live.now")}</th>
                            <th scope="col">{t!("live.mean")}</th>
                            <th scope="col">{t!("live.lowest")}</th>
                            <th scope="col">{t!("live.highest")}</th>
                        </tr>
                    </thead>
                    <tbody>{rows()}</tbody>
                </table>
            </Show>
        </details>
    }
}

/// The arrow keys go from reading to reading, Home and End to the oldest and the newest.
fn step(event: &KeyboardEvent, timeline: RwSignal<Timeline>, looked_at_s: RwSignal<Option<f64>>) {
    timeline.with_untracked(|timeline| {
        let Some(last) = timeline.len().checked_sub(1) else {
            return;
        };
        let here = looked_at_s.get_untracked();
        let here = here
            .and_then(|time_s| timeline.nearest(time_s))
            .unwrap_or(last);
        let there = match event.key().as_str() {
            "ArrowLeft" => here.saturating_sub(1),
            "ArrowRight" => (here + 1).min(last),
            "PageUp" => here.saturating_sub(10),
            "PageDown" => (here + 10).min(last),
            "Home" => 0,
            "End" => last,
            _ => return,
        };
        event.prevent_default();
        looked_at_s.set(timeline.get(there).map(|(time_s, _)| time_s));
    });
}
