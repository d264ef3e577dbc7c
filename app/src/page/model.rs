//! Which expression network reads the faces.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::assets::{Assets, fetch_json};
use crate::model_card::CardFacts;
use crate::settings;
use crate::store::Store;

/// The setting's name, in the address too.
const SETTING: &str = "model";
/// What reads faces until the visitor chooses: the network whose answers most people share, as the
/// cards say.
const USUAL: &str = "student-ferplus";

/// The plain names of the site's expression networks: those that have a card.
pub fn names(assets: &Assets) -> Vec<Arc<str>> {
    let cards = assets.names("models/");
    cards
        .filter_map(|path| path.strip_prefix("models/")?.strip_suffix(".json"))
        .map(Arc::from)
        .collect()
}

/// The network that the address asks for, or that was chosen last.
pub fn at_start(assets: &Assets) -> Arc<str> {
    let asked = settings::setting(SETTING);
    let names = names(assets);
    let known = names
        .into_iter()
        .find(|name| asked.as_deref() == Some(name));
    known.unwrap_or_else(|| USUAL.into())
}

/// Where a network's weights lie.
pub fn weights(name: &str) -> String {
    format!("models/{name}.mien")
}

/// Where it is said what a network is and is worth.
pub fn card(name: &str) -> String {
    format!("models/{name}.json")
}

/// Where it is reported how good a network is, and how it was trained.
pub fn report(name: &str) -> String {
    format!("reports/{name}.json")
}

/// Where it is said which methods of explanation have passed their checks with a network.
pub fn faithfulness(name: &str) -> String {
    format!("faithfulness/{name}.json")
}

impl Store {
    /// Has all faces read by another network, those that are shown too. Where it cannot be loaded,
    /// the last one stays.
    pub fn choose_model(self, name: Arc<str>) {
        let classifier = (self.assets).with_value(|assets| assets.source(&weights(&name)));
        let client = self.client();
        spawn_local(async move {
            if client.use_classifier(classifier).await.is_ok() {
                settings::choose(SETTING, &name);
                self.model.set(name);
                self.learn_uncertainty().await;
                self.read_all();
            } else {
                // Shows again what is in use.
                self.model.notify();
            }
        });
    }

    /// Reads in the network's card below which probability readings are uncertain.
    pub async fn learn_uncertainty(self) {
        let path = card(&self.model.get_untracked());
        let url = self.assets.with_value(|assets| assets.url(&path));
        let card = fetch_json::<CardFacts>(&url).await;
        let uncertainty = card.and_then(|card| card.uncertainty);
        let below = uncertainty.map_or(0.0, |uncertainty| uncertainty.below);
        self.uncertain_below.set(below);
        self.client().set_uncertain_below(below);
    }
}
