//! What the page knows, each field a signal of its own.

use std::rc::Rc;
use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use mien_app::protocol::{EngineReport, Failure, StopReason};

use crate::assets::Assets;
use crate::client::{Client, News, StartUp};
use crate::model;
use crate::offline::Offline;
use crate::photo::Photo;
use crate::settings;
use crate::views::compare::CompareState;
use crate::views::judge::JudgeState;
use crate::views::live::LiveState;
use crate::worker_program;

/// Plain name of the face detector.
const DETECTOR: &str = "models/centerface.mien";

/// How the engine is.
#[derive(Clone, PartialEq)]
pub enum EngineState {
    /// Models are arriving.
    Loading {
        /// Bytes so far.
        loaded: usize,
        /// Bytes in the end.
        total: usize,
    },
    /// It works.
    Ready(EngineReport),
    /// It does not.
    Stopped(StopReason),
}

/// The page's state. A handle: copies show the same.
#[derive(Clone, Copy)]
pub struct Store {
    /// Where the site's files are.
    pub assets: StoredValue<Rc<Assets>, LocalStorage>,
    /// How the engine is.
    pub engine: RwSignal<EngineState>,
    /// Photos in the order in which they came.
    pub photos: RwSignal<Vec<Photo>>,
    /// How the site is kept on the device.
    pub offline: RwSignal<Offline>,
    /// Below which probability readings are called uncertain, as the model's card says.
    pub uncertain_below: RwSignal<f32>,
    /// The plain name of the expression network in use.
    pub model: RwSignal<Arc<str>>,
    /// The photo that is shown at its full size.
    pub selected: RwSignal<Option<u32>>,
    /// What the live view knows.
    pub live: LiveState,
    /// The evaluation on the visitor's own data.
    pub judge: JudgeState,
    /// The comparison of networks.
    pub compare: CompareState,
    client: StoredValue<Rc<Client>, LocalStorage>,
    next_photo: StoredValue<u32>,
}

impl Store {
    /// Starts the engine.
    pub fn new() -> Self {
        let assets = Assets::read();
        let model = model::at_start(&assets);
        let start_up = StartUp {
            script: worker_program::script(&assets),
            detector: assets.source(DETECTOR),
            classifier: assets.source(&model::weights(&model)),
            backend: settings::asked_backend(),
        };
        let engine = RwSignal::new(EngineState::Loading {
            loaded: 0,
            total: 0,
        });
        let client = Client::new(start_up, move |news| {
            engine.set(match news {
                News::Loading { loaded, total } => EngineState::Loading { loaded, total },
                News::Ready(report) => EngineState::Ready(report),
                News::Stopped(reason) => EngineState::Stopped(reason),
            });
        });
        let store = Self {
            judge: JudgeState::new(&assets),
            compare: CompareState::new(&assets),
            assets: StoredValue::new_local(Rc::new(assets)),
            engine,
            photos: RwSignal::new(Vec::new()),
            offline: RwSignal::new(Offline::No),
            uncertain_below: RwSignal::new(0.0),
            model: RwSignal::new(model),
            selected: RwSignal::new(None),
            live: LiveState::new(),
            client: StoredValue::new_local(client),
            next_photo: StoredValue::new(0),
        };
        spawn_local(store.learn_uncertainty());
        store
    }

    /// The worker.
    pub fn client(self) -> Rc<Client> {
        self.client.get_value()
    }

    /// Starts the engine anew and reads again what failed because it had stopped.
    pub fn restart(self) {
        self.client().start();
        self.read_failed(|failure| *failure == Failure::Stopped);
    }

    /// A number that no photo has had on this page.
    pub fn new_photo_id(self) -> u32 {
        let id = self.next_photo.get_value();
        self.next_photo.set_value(id + 1);
        id
    }
}

/// The store, from inside a component.
pub fn use_store() -> Store {
    expect_context::<Store>()
}
