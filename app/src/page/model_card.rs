//! What the page shows of the expression network's card.

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Deserialize;

use crate::assets::fetch_json;
use crate::model;
use crate::store::use_store;

/// The part of a [`ModelCard`](mien_engine::card::ModelCard) that the page shows. Reading the
/// whole card would take more code than all the rest of this file.
#[derive(Clone, Deserialize)]
pub struct CardFacts {
    /// The model's name.
    pub name: String,
    /// Number of weights and biases.
    pub parameters: usize,
    /// Multiply-accumulate operations for one face.
    pub macs: u64,
    /// The weights' file.
    pub file: FileFacts,
    /// What it learned from.
    pub training: TrainingFacts,
    /// How good it is, by split.
    pub evaluations: Vec<SplitFacts>,
    /// When a reading is called uncertain.
    #[serde(default)]
    pub uncertainty: Option<UncertaintyFacts>,
    /// How many people see what it says.
    #[serde(default)]
    pub agreement: Option<AgreementFacts>,
    /// The day when the card was written.
    pub date: String,
    /// Licence of the weights.
    pub licence: String,
    /// What it is meant for.
    pub intended_uses: Vec<String>,
    /// What it must not be used for.
    pub prohibited_uses: Vec<String>,
    /// What it cannot do.
    pub limits: Vec<String>,
}

/// When a reading is called uncertain.
#[derive(Clone, Deserialize)]
pub struct UncertaintyFacts {
    /// Below this probability of the most probable class.
    pub below: f32,
}

/// What voters on the same faces say to a network's answers.
#[derive(Clone, Deserialize)]
pub struct AgreementFacts {
    /// Number of faces.
    pub faces: usize,
    /// Mean share of a face's votes that go to the answer.
    pub share_of_votes: f64,
    /// Share of the faces whose answer got one vote or none.
    pub strange: f64,
}

/// The weights' file.
#[derive(Clone, Deserialize)]
pub struct FileFacts {
    /// Its length.
    pub bytes: usize,
}

/// What a network learned from.
#[derive(Clone, Deserialize)]
pub struct TrainingFacts {
    /// The data set.
    pub data: String,
    /// Number of faces learned from.
    pub faces: usize,
}

/// How good a network is on one split of a data set.
#[derive(Clone, Deserialize)]
pub struct SplitFacts {
    /// The split.
    pub split: String,
    /// Number of samples.
    pub samples: usize,
    /// Share whose class is the most probable one.
    pub accuracy: f64,
    /// Mean of the classes' recalls.
    pub balanced_accuracy: f64,
    /// Mean distance between probability and share that is right.
    pub expected_calibration_error: f64,
    /// How good it is on each class.
    pub classes: Vec<ClassFacts>,
}

/// How good a network is on one class.
#[derive(Clone, Deserialize)]
pub struct ClassFacts {
    /// The class.
    pub label: String,
    /// Number of its samples.
    pub samples: usize,
    /// Share of its samples that are read as it; absent without samples.
    pub recall: Option<f64>,
    /// Share of the samples read as it that are of it; absent where none are read as it.
    pub precision: Option<f64>,
}

/// How far a card is.
#[derive(Clone)]
pub enum CardState {
    /// It is on its way.
    Loading,
    /// There is none, or it cannot be read.
    Absent,
    /// It has come.
    There(CardFacts),
}

/// The card of the network in use, from inside a component.
pub fn load() -> RwSignal<CardState> {
    let store = use_store();
    let card = RwSignal::new(CardState::Loading);
    Effect::new(move |_| {
        let path = model::card(&store.model.get());
        let url = store.assets.with_value(|assets| assets.url(&path));
        spawn_local(async move {
            // The view may be gone, and the card with it.
            card.try_set(
                fetch_json(&url)
                    .await
                    .map_or(CardState::Absent, CardState::There),
            );
        });
    });
    card
}
