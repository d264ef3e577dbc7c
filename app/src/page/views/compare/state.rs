//! What the Compare view knows. It lives in the store, so that choices and the worker outlast it.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use leptos::prelude::*;
use mien_engine::backend::Backend;

use super::client::Client;
use crate::assets::Assets;
use crate::settings;
use crate::store::{EngineState, Store};

/// The setting's name, in the address too: the chosen networks.
const SETTING: &str = "networks";
/// Where the networks lie.
const FOLDER: &str = "studies/";
const ENDING: &str = ".safetensors";

/// A face on the page: its photo and its position there.
pub type FaceId = (u32, usize);

/// How the worker is.
#[derive(Clone, Default)]
pub struct Worker {
    /// How far it has come.
    pub progress: Progress,
    /// Why it has left the GPU, if it has.
    pub left_gpu: Option<Arc<str>>,
}

/// How far the worker has come.
#[derive(Clone, Copy, Default, PartialEq)]
pub enum Progress {
    /// It has not been needed.
    #[default]
    Absent,
    /// Its program is arriving.
    Loading,
    /// Its networks run there.
    Ready(Backend),
}

/// The view's state. A handle: copies show the same.
#[derive(Clone, Copy)]
pub struct CompareState {
    /// Names of the networks that are chosen.
    pub chosen: RwSignal<BTreeSet<Arc<str>>>,
    /// The face that they read.
    pub face: RwSignal<Option<FaceId>>,
    /// Whether their maps are shown.
    pub shows_maps: RwSignal<bool>,
    /// How the worker is.
    pub worker: RwSignal<Worker>,
    client: StoredValue<Rc<Client>, LocalStorage>,
}

impl CompareState {
    /// With the networks that the address asks for, or that were chosen last.
    pub fn new(assets: &Assets) -> Self {
        let asked = settings::setting(SETTING).unwrap_or_default();
        let asked: Vec<_> = asked.split(',').collect();
        let chosen = networks(assets)
            .into_iter()
            .filter(|name| asked.contains(&&**name));
        let worker = RwSignal::new(Worker::default());
        Self {
            chosen: RwSignal::new(chosen.collect()),
            face: RwSignal::new(None),
            shows_maps: RwSignal::new(false),
            worker,
            client: StoredValue::new_local(Client::new(worker)),
        }
    }

    /// Changes which networks are chosen, and has that kept.
    pub fn choose(self, change: impl FnOnce(&mut BTreeSet<Arc<str>>)) {
        self.chosen.update(change);
        let names: Vec<_> = self.chosen.get_untracked().into_iter().collect();
        settings::choose(SETTING, &names.join(","));
    }

    /// The worker.
    pub fn client(self) -> Rc<Client> {
        self.client.get_value()
    }
}

/// Names of the networks that the site has.
pub fn networks(assets: &Assets) -> Vec<Arc<str>> {
    let paths = assets.names(FOLDER);
    paths
        .filter_map(|path| path.strip_prefix(FOLDER)?.strip_suffix(ENDING))
        .map(Arc::from)
        .collect()
}

/// Where a network's file is.
pub fn path(name: &str) -> String {
    format!("{FOLDER}{name}{ENDING}")
}

/// Where the page's other networks run: these follow them.
pub fn backend(store: Store) -> Backend {
    store.engine.with_untracked(|engine| match engine {
        EngineState::Ready(report) => report.choice.backend,
        EngineState::Loading { .. } | EngineState::Stopped(_) => Backend::Cpu,
    })
}
