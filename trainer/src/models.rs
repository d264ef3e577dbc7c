//! Models in files, and the ones that ship.

use std::path::{Path, PathBuf};

use mien_engine::card::ModelCard;
use mien_engine::expression::Expression;
use mien_engine::plan::{FormatError, MAX_FILE_BYTES, Plan};
use thiserror::Error;

use crate::files::read_up_to;

/// The page's default classifier.
pub const DEFAULT_CLASSIFIER: &str = "student-ferplus";

/// The face detector.
pub const DETECTOR: &str = "centerface";

/// The models that ship, in the program itself: it needs no files.
const SHIPPED: &[Shipped] = &[
    Shipped {
        name: DEFAULT_CLASSIFIER,
        bytes: include_bytes!("../../public/models/student-ferplus.mien"),
        card: Some(include_bytes!("../../public/models/student-ferplus.json")),
    },
    Shipped {
        name: "student-fer2013",
        bytes: include_bytes!("../../public/models/student-fer2013.mien"),
        card: Some(include_bytes!("../../public/models/student-fer2013.json")),
    },
    Shipped {
        name: DETECTOR,
        bytes: include_bytes!("../../public/models/centerface.mien"),
        card: None,
    },
];

/// A model that ships.
struct Shipped {
    name: &'static str,
    bytes: &'static [u8],
    card: Option<&'static [u8]>,
}

/// A model with what lies beside it.
#[derive(Clone, Debug)]
pub struct Model {
    /// The file as it is.
    pub bytes: Vec<u8>,
    /// The network.
    pub plan: Plan,
    /// Its card, if there is one.
    pub card: Option<ModelCard>,
}

/// Why a model cannot be loaded.
#[derive(Debug, Error)]
pub enum ModelError {
    /// Neither a file nor the name of a shipped model.
    #[error("there is no model {name:?}; give the path of a .mien file or one of: {shipped}")]
    NotFound {
        /// What was asked for.
        name: String,
        /// The names of the shipped ones.
        shipped: String,
    },
    /// The file cannot be read.
    #[error("cannot read {}; check its permissions", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The file is not a model.
    #[error("{name} is not a usable model; fetch or export it again")]
    Format {
        /// The file or name.
        name: String,
        /// Why not.
        source: FormatError,
    },
    /// The card beside the model is damaged.
    #[error("the model card beside {name} is damaged; remove it or export the model again")]
    Card {
        /// The model's file or name.
        name: String,
        /// Where and why.
        source: serde_json::Error,
    },
}

impl Model {
    /// Loads a model by path, with the card beside it, or by the name of a shipped one.
    pub fn load(name: &str) -> Result<Self, ModelError> {
        let path = Path::new(name);
        if path.is_file() {
            let card = path.with_extension("json");
            let card = card.is_file().then(|| read(&card)).transpose()?;
            return Self::parse(name, read(path)?, card.as_deref());
        }
        match SHIPPED.iter().find(|shipped| shipped.name == name) {
            Some(shipped) => Self::parse(name, shipped.bytes.to_vec(), shipped.card),
            None => Err(ModelError::NotFound {
                name: name.to_owned(),
                shipped: SHIPPED
                    .iter()
                    .map(|shipped| shipped.name)
                    .collect::<Vec<_>>()
                    .join(", "),
            }),
        }
    }

    fn parse(name: &str, bytes: Vec<u8>, card: Option<&[u8]>) -> Result<Self, ModelError> {
        let plan = Plan::from_bytes(&bytes).map_err(|source| ModelError::Format {
            name: name.to_owned(),
            source,
        })?;
        let card = card
            .map(serde_json::from_slice)
            .transpose()
            .map_err(|source| ModelError::Card {
                name: name.to_owned(),
                source,
            })?;
        Ok(Self { bytes, plan, card })
    }

    /// Names of the classes: the card's, else those of FER+, of which FER2013's come first.
    #[must_use]
    pub fn labels(&self) -> Vec<String> {
        match &self.card {
            Some(card) => card.labels.clone(),
            None => class_names(Expression::FERPLUS.len()),
        }
    }
}

/// Names of the first `count` classes, in label order.
#[must_use]
pub fn class_names(count: usize) -> Vec<String> {
    let names = Expression::FERPLUS.iter().take(count);
    names.map(|class| class.name().to_owned()).collect()
}

fn read(path: &Path) -> Result<Vec<u8>, ModelError> {
    read_up_to(path, MAX_FILE_BYTES).map_err(|source| ModelError::Read {
        path: path.to_owned(),
        source,
    })
}
