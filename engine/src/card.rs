//! The model card: what ships beside a model's weights and says what it is worth.
//!
//! After Mitchell et al. 2019, "Model cards for model reporting". Every number in a card was
//! computed by the command that wrote it.

use serde::{Deserialize, Serialize};

use crate::metrics::Evaluation;
use crate::plan::{InputSpec, Plan, ShapeError};

/// A model card; its JSON form lies beside the weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    /// The model's name, also that of its files.
    pub name: String,
    /// What it does, in one sentence.
    pub description: String,
    /// Names of the classes, in the order of the outputs.
    pub labels: Vec<String>,
    /// What goes in.
    pub input: InputCard,
    /// Number of weights and biases, batch norms folded.
    pub parameters: usize,
    /// Multiply-accumulate operations for one face.
    pub macs: u64,
    /// The weights' file.
    pub file: FileCard,
    /// How it was trained.
    pub training: TrainingCard,
    /// How good it is, by split.
    pub evaluations: Vec<SplitEvaluation>,
    /// The temperature that was fitted on the validation split; the last layer is already divided
    /// by it.
    pub temperature: f64,
    /// Below which probability a reading is called uncertain; absent in cards of before it was kept,
    /// and where no threshold was good enough.
    #[serde(default)]
    pub uncertainty: Option<UncertaintyCard>,
    /// How many people see what it says; absent where nobody's votes were to be had.
    #[serde(default)]
    pub agreement: Option<AgreementCard>,
    /// The day when the card was written, UTC, as `YYYY-MM-DD`.
    pub date: String,
    /// Licence of the weights.
    pub licence: String,
    /// What it is for.
    pub intended_uses: Vec<String>,
    /// What it must not be used for.
    pub prohibited_uses: Vec<String>,
    /// What it cannot do.
    pub limits: Vec<String>,
}

/// What goes into the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputCard {
    /// Size, channels and normalisation.
    #[serde(flatten)]
    pub spec: InputSpec,
    /// How pixels become the input, in words.
    pub preprocessing: String,
}

/// The file that holds the weights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileCard {
    /// Its length.
    pub bytes: usize,
    /// How the weights are stored: `f16` or `i8`.
    pub storage: String,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
}

/// When a reading is called uncertain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UncertaintyCard {
    /// A reading whose most probable class is below this probability is uncertain.
    pub below: f32,
    /// The share of the other readings that was to be right on the validation split.
    pub target_accuracy: f64,
    /// What came of it, by split.
    pub splits: Vec<SplitAnswers>,
}

/// What came of a threshold on one split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SplitAnswers {
    /// The split.
    pub split: String,
    /// Share of the faces whose reading is not uncertain.
    pub answered: f64,
    /// Share of these readings that is right; absent without any.
    pub accuracy: Option<f64>,
}

/// What ten people who voted on the same faces for FER+ say to a model's answers, whatever labels it
/// learned from. The page reads with the network whose answers most of them share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgreementCard {
    /// The split.
    pub split: String,
    /// Number of its faces on which somebody voted for an expression.
    pub faces: usize,
    /// Mean share of a face's votes for an expression that go to the answer.
    pub share_of_votes: f64,
    /// Share of the faces whose answer got one vote or none: a mistake that people find strange.
    pub strange: f64,
}

/// How a model was trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingCard {
    /// The data set and where it stands.
    pub data: String,
    /// SHA-256 of the training and validation faces with their labels.
    pub data_sha256: String,
    /// Number of faces learned from.
    pub faces: usize,
    /// Epochs made.
    pub epochs: usize,
    /// The epoch whose weights these are, chosen on the validation split.
    pub best_epoch: usize,
    /// Wall-clock time of all epochs, in hours.
    pub hours: f64,
    /// Every setting of the run.
    pub settings: serde_json::Value,
}

/// An evaluation with its origin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SplitEvaluation {
    /// The split: `public-test` is what everything was chosen on, `private-test` was scored once.
    pub split: String,
    /// The figures.
    #[serde(flatten)]
    pub evaluation: Evaluation,
}

impl ModelCard {
    /// The card of a classifier of expressions; the words stand here, the numbers come from the
    /// arguments. The plan must have a fixed input size.
    pub fn new(
        name: &str,
        labels: Vec<String>,
        plan: &Plan,
        file: FileCard,
        training: TrainingCard,
        temperature: f64,
        date: String,
    ) -> Result<Self, ShapeError> {
        let [height, width] = plan.input.size.unwrap_or_default();
        let macs = plan.macs(height, width)?;
        let list = |lines: &[&str]| lines.iter().map(ToString::to_string).collect();
        Ok(Self {
            name: name.to_owned(),
            description: "Says which of the posed or shown expressions of a data set a face \
                          resembles. It does not read feelings."
                .to_owned(),
            labels,
            input: InputCard {
                spec: plan.input.clone(),
                preprocessing: "The face, turned upright by its eyes and scaled so that it fills \
                                the frame as in FER2013; gray by Rec. 601 (0.299 R + 0.587 G + \
                                0.114 B) from 0 to 255; then value * scale + offset."
                    .to_owned(),
            },
            parameters: plan.parameters(),
            macs,
            file,
            training,
            evaluations: Vec::new(),
            temperature,
            uncertainty: None,
            agreement: None,
            date,
            licence: "MIT OR Apache-2.0; the training data are for research and development"
                .to_owned(),
            intended_uses: list(&[
                "Learning how such networks work, and where they fail",
                "Playful and artistic use with consent of the people shown",
                "Research on expression recognition and its explanation",
            ]),
            prohibited_uses: list(&[
                "At work and in schools: inferring emotions there is forbidden in the European \
                 Union (Regulation 2024/1689, Article 5(1)(f))",
                "Hiring, admission, grading, credit, insurance, policing, border control, justice",
                "Judging a person's feelings, intent, honesty, health or character",
                "Watching people without their knowledge and consent",
            ]),
            limits: list(&[
                "Faces in the training data come from an image search; labels are often disputed, \
                 and people agree with them in about two of three cases",
                "Expressions vary with person, culture and situation, and do not show feelings",
                "FER2013 does not say who is in its pictures: whether the model serves ages, \
                 genders, skin tones and cultures alike is not known and cannot be measured on it; \
                 studies of other models found that they do not. `mien fairness` measures it on \
                 data that name groups",
                "Unreliable on turned, covered, small, blurred or dark faces",
                "Disgust is rare in the training data",
            ]),
        })
    }
}
