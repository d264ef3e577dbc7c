//! What the Judge view knows. It lives in the store, so that an evaluation goes on while another
//! view is shown.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use gloo::file::Blob;
use leptos::prelude::*;
use mien_app::judging::{ModelId, Refusal};
use mien_app::problems::Problems;
use mien_app::protocol::Failure;
use mien_app::tally::Tally;
use mien_engine::crop::FaceCrop;
use mien_engine::expression::Expression;
use mien_engine::fer2013::Usage;
use send_wrapper::SendWrapper;

use crate::assets::Assets;
use crate::i18n::t;
use crate::model;
use crate::photo::PhotoState;
use crate::store::Store;
use crate::words;

/// A model that can be judged.
#[derive(Clone)]
pub struct JudgeModel {
    /// How the worker knows it.
    pub id: ModelId,
    /// Its name.
    pub name: Arc<str>,
    /// Where its weights are.
    pub source: ModelSource,
}

/// Where a model's weights are.
#[derive(Clone)]
pub enum ModelSource {
    /// A file of the site, by plain name.
    Site(Arc<str>),
    /// A file of the visitor's.
    File(SendWrapper<Blob>),
}

/// Labelled faces to judge with.
#[derive(Clone)]
pub enum Data {
    /// FER2013's CSV.
    Csv {
        /// The file's name.
        name: Arc<str>,
        /// The file.
        file: SendWrapper<Blob>,
    },
    /// A folder with one subfolder per class.
    Folder(Folder),
    /// Faces of the Photos view that were labelled by hand.
    Cards(Arc<Vec<LabelledCard>>),
}

impl Data {
    /// What it is called by.
    pub fn name(&self) -> String {
        match self {
            Self::Csv { name, .. } => name.to_string(),
            Self::Folder(folder) => folder.name.to_string(),
            Self::Cards(_) => t!("judge.own.labelled"),
        }
    }
}

/// Pictures of a folder, sorted into classes.
#[derive(Clone)]
pub struct Folder {
    /// Its name.
    pub name: Arc<str>,
    /// Its pictures.
    pub pictures: Arc<Vec<LabelledPicture>>,
    /// What in it is no picture of a class.
    pub problems: Arc<Problems>,
}

/// A picture in a folder of its class.
pub struct LabelledPicture {
    /// Its path in the folder.
    pub path: Arc<str>,
    /// Its class.
    pub label: Expression,
    /// The file.
    pub file: SendWrapper<Blob>,
}

/// A face of the Photos view with a label given by hand.
pub struct LabelledCard {
    /// The photo's name and the face's number.
    pub name: Arc<str>,
    /// The label.
    pub label: Expression,
    /// The face.
    pub crop: FaceCrop,
}

/// How an evaluation is.
#[derive(Clone)]
pub enum Run {
    /// There is none.
    Idle,
    /// It is under way.
    Working(Progress),
    /// It is over.
    Done(Arc<Outcome>),
    /// It could not begin.
    Failed(RunFault),
}

/// How far an evaluation has come.
#[derive(Clone, Copy, Default, PartialEq)]
pub struct Progress {
    /// Part of the data that has been read, 0 to 1.
    pub share: f64,
    /// Faces judged.
    pub judged: usize,
    /// Those of them that the first model got right.
    pub right: usize,
    /// Things left out.
    pub problems: usize,
}

/// What came of an evaluation.
pub struct Outcome {
    /// What was judged.
    pub data: String,
    /// What the models said.
    pub tally: Tally,
    /// What was left out.
    pub problems: Problems,
    /// Rows of other splits.
    pub passed_over: usize,
    /// Whether faces were judged that the shipped models learned from.
    pub has_training: bool,
    /// How it ended.
    pub end: End,
    /// How long it took.
    pub seconds: f64,
}

/// How an evaluation ended.
#[derive(Clone, PartialEq)]
pub enum End {
    /// With the last face.
    Complete,
    /// The visitor ended it.
    Cancelled,
    /// The engine or the file failed; what came before counts.
    Broken(Fault),
}

/// Why something was not judged.
#[derive(Clone, PartialEq)]
pub enum Fault {
    /// It cannot be.
    Refused(Refusal),
    /// The engine failed.
    Failed(Failure),
}

/// Why an evaluation could not begin.
#[derive(Clone, PartialEq)]
pub enum RunFault {
    /// The data cannot be read.
    Data(Refusal),
    /// A model cannot be used.
    Model {
        /// Its name.
        name: Arc<str>,
        /// Why.
        why: Refusal,
    },
    /// The engine failed.
    Engine(Failure),
}

/// The view's state. A handle: copies show the same.
#[derive(Clone, Copy)]
pub struct JudgeState {
    /// The models that can be judged, the page's own first.
    pub models: RwSignal<Vec<JudgeModel>>,
    /// The model that is judged.
    pub first: RwSignal<ModelId>,
    /// The model that it is compared with.
    pub second: RwSignal<Option<ModelId>>,
    /// What is judged.
    pub data: RwSignal<Option<Data>>,
    /// The rows of FER2013 that are judged; all where there is none.
    pub usage: RwSignal<Option<Usage>>,
    /// Whether pictures are faces already.
    pub is_cropped: RwSignal<bool>,
    /// Labels that were given by hand to faces of the Photos view: photo and face.
    pub labels: RwSignal<BTreeMap<(u32, usize), Expression>>,
    /// The evaluation.
    pub run: RwSignal<Run>,
    /// Whether the evaluation shall end.
    pub is_cancelled: StoredValue<Rc<Cell<bool>>, LocalStorage>,
}

impl JudgeState {
    /// Offers the classifiers of the site: those that have a card.
    pub fn new(assets: &Assets) -> Self {
        let models: Vec<_> = (0..)
            .zip(model::names(assets))
            .map(|(id, name)| JudgeModel {
                id: ModelId(id),
                source: ModelSource::Site(model::weights(&name).into()),
                name,
            })
            .collect();
        Self {
            first: RwSignal::new(ModelId(0)),
            models: RwSignal::new(models),
            second: RwSignal::new(None),
            data: RwSignal::new(None),
            usage: RwSignal::new(None),
            is_cropped: RwSignal::new(false),
            labels: RwSignal::new(BTreeMap::new()),
            run: RwSignal::new(Run::Idle),
            is_cancelled: StoredValue::new_local(Rc::default()),
        }
    }

    /// Offers a model of the visitor's, and compares the first with it.
    pub fn add_model(self, file_name: &str, file: Blob) {
        let name = file_name.strip_suffix(".mien").unwrap_or(file_name);
        let id = self
            .models
            .with_untracked(|models| ModelId(models.len() as u32));
        self.models.update(|models| {
            models.push(JudgeModel {
                id,
                name: name.into(),
                source: ModelSource::File(SendWrapper::new(file)),
            });
        });
        self.second.set(Some(id));
    }

    /// Takes other data, or none; the last result goes.
    pub fn choose(self, data: Option<Data>) {
        self.begin();
        self.run.set(Run::Idle);
        self.data.set(data);
    }

    /// Ends what is under way for good, and gives the flag that ends what comes next.
    pub fn begin(self) -> Rc<Cell<bool>> {
        self.cancel();
        self.is_cancelled.set_value(Rc::default());
        self.is_cancelled.get_value()
    }

    /// Whether the evaluation with this flag is the last that was begun.
    pub fn is_current(self, flag: &Rc<Cell<bool>>) -> bool {
        self.is_cancelled
            .with_value(|current| Rc::ptr_eq(current, flag))
    }

    /// Ends the evaluation after the piece it is at. What has been judged stays.
    pub fn cancel(self) {
        self.is_cancelled.with_value(|flag| flag.set(true));
    }

    /// The model of an id.
    pub fn model(self, id: ModelId) -> Option<JudgeModel> {
        self.models
            .with_untracked(|models| models.iter().find(|model| model.id == id).cloned())
    }

    /// The models that are chosen, the first one first.
    pub fn chosen(self) -> Vec<JudgeModel> {
        let first = self.first.get_untracked();
        let second = self
            .second
            .get_untracked()
            .filter(|second| *second != first);
        [Some(first), second]
            .into_iter()
            .flatten()
            .filter_map(|id| self.model(id))
            .collect()
    }
}

/// The faces of the Photos view that were labelled by hand and are still there.
pub fn labelled_cards(store: Store) -> Vec<LabelledCard> {
    let labels = store.judge.labels.get();
    let photos = store.photos.get();
    let card = |(&(id, index), &label): (&(u32, usize), &Expression)| {
        let photo = photos.iter().find(|photo| photo.id == id)?;
        let PhotoState::Done(reading) = photo.state.get() else {
            return None;
        };
        let face = reading.faces.get(index)?;
        Some(LabelledCard {
            name: format!("{}, {}", photo.name, words::face(index + 1)).into(),
            label,
            crop: face.crop.clone(),
        })
    };
    labels.iter().filter_map(card).collect()
}
