use leptos::prelude::*;
use mien_app::gallery::{Entry, Filter, Order, arrange};
use mien_engine::expression::Expression;

use crate::i18n::{expression, t, tn};
use crate::photo::{Photo, PhotoState};
use crate::settings;
use crate::store::{Store, use_store};
use crate::words;

/// The setting under which the order is kept and shared.
const ORDER: &str = "order";

/// All photos, small: each can be chosen; they can be filtered and sorted by what their faces
/// resemble.
#[component]
pub fn Gallery() -> impl IntoView {
    let store = use_store();
    let filter = RwSignal::new(Filter::default());
    let order = RwSignal::new(
        settings::setting(ORDER)
            .and_then(|name| Order::from_name(&name))
            .unwrap_or_default(),
    );
    let shown = Memo::new(move |_| arrange(&entries(store), &filter.get(), order.get()));
    let photos = move || {
        let photos = store.photos.get();
        let find = |id| photos.iter().find(|photo: &&Photo| photo.id == id);
        shown.with(|ids| {
            ids.iter()
                .filter_map(|&id| find(id).cloned())
                .collect::<Vec<_>>()
        })
    };
    let count = move || {
        let [some, all] = [shown.with(Vec::len), store.photos.with(Vec::len)];
        if some == all {
            tn!("photos.count", all)
        } else {
            t!("photos.shown", shown = some, count = all)
        }
    };
    view! {
        <section class="panel gallery" aria-labelledby="gallery-title">
            <h2 id="gallery-title" class="panel-title">
                {t!("photos.title")}
            </h2>
            <Controls filter order />
            <p class="small soft number" data-testid="photo-count">
                {count}
            </p>
            <ul class="tiles">
                <For each=photos key=|photo| photo.id let:photo>
                    <Tile photo />
                </For>
            </ul>
        </section>
    }
}

fn entries(store: Store) -> Vec<Entry> {
    let entry = |photo: &Photo| Entry {
        id: photo.id,
        faces: match photo.state.get() {
            PhotoState::Done(reading) => {
                let faces = reading.faces.iter();
                faces
                    .map(|face| (face.label(), face.confidence()))
                    .collect()
            }
            PhotoState::Working | PhotoState::Failed(_) => Vec::new(),
        },
    };
    store
        .photos
        .with(|photos| photos.iter().map(entry).collect())
}

/// The classes of the network that read the photos; where it read none, FER2013's.
fn classes(store: Store) -> &'static [Expression] {
    let of = |photo: &Photo| match photo.state.get() {
        PhotoState::Done(reading) => {
            let face = reading.faces.first();
            face.map(|face| face.probabilities.classes())
        }
        PhotoState::Working | PhotoState::Failed(_) => None,
    };
    let found = store.photos.with(|photos| photos.iter().find_map(of));
    found.unwrap_or(&Expression::FER2013)
}

/// Which photos are shown, and in which order.
#[component]
fn Controls(filter: RwSignal<Filter>, order: RwSignal<Order>) -> impl IntoView {
    let store = use_store();
    let classes = Memo::new(move |_| classes(store));
    let classes = move || {
        let options = classes.get().iter().map(|&class| {
            view! { <option value=class.name()>{expression(class)}</option> }
        });
        options.collect_view()
    };
    let orders = Order::ALL.map(|option| {
        let words = match option {
            Order::Added => t!("photos.order_added"),
            Order::Surest => t!("photos.order_surest"),
            Order::LeastSure => t!("photos.order_least_sure"),
            Order::Class => t!("photos.order_class"),
        };
        view! {
            <option value=option.name() selected=option == order.get_untracked()>
                {words}
            </option>
        }
    });
    let least = move || words::percent(filter.with(|filter| filter.least));
    view! {
        <div class="gallery-controls">
            <label class="field">
                <span>{t!("photos.filter")}</span>
                <select
                    data-testid="filter-class"
                    on:change=move |event| {
                        let class = Expression::from_name(&event_target_value(&event));
                        filter.update(|filter| filter.class = class);
                    }
                >
                    <option value="">{t!("photos.any_class")}</option>
                    {classes}
                </select>
            </label>
            <label class="field">
                <span>{move || t!("photos.at_least", share = least())}</span>
                <input
                    type="range"
                    min="0"
                    max="0.95"
                    step="0.05"
                    value="0"
                    data-testid="filter-least"
                    on:input=move |event| {
                        if let Ok(least) = event_target_value(&event).parse() {
                            filter.update(|filter| filter.least = least);
                        }
                    }
                />
            </label>
            <label class="field">
                <span>{t!("photos.order")}</span>
                <select
                    data-testid="order"
                    on:change=move |event| {
                        if let Some(chosen) = Order::from_name(&event_target_value(&event)) {
                            settings::choose(ORDER, chosen.name());
                            order.set(chosen);
                        }
                    }
                >
                    {orders.collect_view()}
                </select>
            </label>
        </div>
    }
}

/// One photo, small.
#[component]
fn Tile(photo: Photo) -> impl IntoView {
    let store = use_store();
    let id = photo.id;
    let name = photo.name.to_string();
    let state = RwSignal::from(photo.state.clone());
    let picture = {
        let photo = photo.clone();
        move || {
            state.track();
            let url = photo.thumbnail();
            url.map(|url| view! { <img src=url alt="" loading="lazy" decoding="async" /> })
        }
    };
    let is_failed = move || matches!(state.get(), PhotoState::Failed(_));
    let words = move || match state.get() {
        PhotoState::Working => t!("photos.waiting"),
        PhotoState::Failed(_) => t!("photos.not_read"),
        PhotoState::Done(reading) => match reading.faces.as_slice() {
            [face] => format!(
                "{} ({})",
                expression(face.label()),
                words::percent(face.confidence())
            ),
            faces => words::faces(faces.len()),
        },
    };
    view! {
        <li>
            <button
                class="tile"
                aria-pressed=move || (store.selected.get() == Some(id)).to_string()
                data-testid="tile"
                data-name=name.clone()
                on:click=move |_| store.selected.set(Some(id))
            >
                <span class="tile-picture" class:failed=is_failed aria-hidden="true">
                    {picture}
                    {move || is_failed().then_some("!")}
                </span>
                <span class="tile-name">{name.clone()}</span>
                <span class="small soft">{words}</span>
            </button>
        </li>
    }
}
