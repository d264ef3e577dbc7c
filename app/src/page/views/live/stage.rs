//! The picture with what lies over it: the boxes, and the map of the current face.

use leptos::html::Canvas;
use leptos::prelude::*;

use super::state::Source;
use super::watch::{Frame, Watch};
use crate::components::picture::Place;
use crate::i18n::expression;
use crate::paint;
use crate::words;

/// How strongly the map covers the face.
const OPACITY: f64 = 0.55;

/// The picture, mirrored where the source is.
#[component]
pub fn Stage(watch: Watch, source: Source, children: Children) -> impl IntoView {
    let is_mirrored = source.is_mirrored();
    view! {
        <div class="picture" data-testid="camera-view">
            {children()}
            <LaidOver watch is_mirrored />
            // The cards say the same, and not at every frame.
            <div aria-hidden="true">
                <Boxes watch is_mirrored />
            </div>
        </div>
    }
}

/// The map of the current face, where the face is now.
#[component]
fn LaidOver(watch: Watch, is_mirrored: bool) -> impl IntoView {
    let canvas = NodeRef::<Canvas>::new();
    let size = Memo::new(move |_| watch.frame.with(|frame| frame.as_ref().map(|f| f.size)));
    Effect::new(move |_| {
        let Some(canvas) = canvas.get() else { return };
        // Sets the canvas's size first, which blanks it.
        size.track();
        paint::clear(&canvas);
        watch.frame.with(|frame| {
            watch.map.with(|map| {
                let (Some(frame), Some(map)) = (frame, map) else {
                    return;
                };
                if let Some(face) = frame.faces.iter().find(|face| face.track == map.track) {
                    let place = &face.reading.crop.transform;
                    paint::lay(&canvas, &map.colours, OPACITY, place, 1.0);
                }
            });
        });
    });
    let side = move |index: usize| size.get().map_or(1, |size| size[index]).to_string();
    view! {
        <canvas
            node_ref=canvas
            class="laid-over"
            class:mirrored=is_mirrored
            width=move || side(0)
            height=move || side(1)
            aria-hidden="true"
            data-testid="live-saliency"
            data-track=move || watch.map.with(|map| map.as_ref().map(|map| map.track))
            data-class=move || watch.map.with(|map| map.as_ref().map(|map| map.class.name()))
        ></canvas>
    }
}

/// A box around each face. Pressing one has it explained, as the button on its card does.
#[component]
fn Boxes(watch: Watch, is_mirrored: bool) -> impl IntoView {
    let boxes = move |frame: &Frame| {
        let boxes = frame.faces.iter().map(|face| {
            let place = Place::of(&face.reading.face.bounds, frame.size);
            let place = if is_mirrored { place.mirrored() } else { place };
            let [left, top, width, height] = place.lengths();
            let share = words::percent(face.reading.confidence());
            let track = face.track;
            view! {
                <div
                    class="box"
                    data-testid="camera-box"
                    data-track=track
                    style:left=left
                    style:top=top
                    style:width=width
                    style:height=height
                    on:click=move |_| watch.chosen.set(Some(track))
                >
                    <span
                        class="tag"
                        class:inside=place.has_no_room_above()
                        class:leftward=place.is_on_the_right()
                    >
                        {format!("{track} {} {share}", expression(face.reading.label()))}
                    </span>
                </div>
            }
        });
        boxes.collect_view()
    };
    move || watch.frame.with(|frame| frame.as_ref().map(boxes))
}
