//! What models said about labelled faces, face by face: figures, examples and files come from it.

use std::fmt::{self, Write};
use std::sync::Arc;

use mien_engine::classify::Probabilities;
use mien_engine::expression::Expression;
use mien_engine::metrics::{Evaluation, McNemar, Predictions, PredictionsError};
use serde::Serialize;

use crate::judging::{Cropping, JudgedFace};

/// Examples that are kept for each cell of a confusion matrix: those of which the model was most
/// sure. They bound the memory that pictures take.
pub const EXAMPLES: usize = 12;

/// What a face is called by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaceName {
    /// A line of a file.
    Line(usize),
    /// A picture's path, or words for where a face came from.
    Picture(Arc<str>),
}

impl fmt::Display for FaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Picture(path) => f.write_str(path),
        }
    }
}

/// A face with its label and what each model says.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// What it is called by.
    pub name: FaceName,
    /// Its label.
    pub truth: Expression,
    /// How it became a crop.
    pub cropping: Cropping,
    /// Of each model.
    pub probabilities: Vec<Probabilities>,
}

impl Sample {
    /// The class that a model takes it for, and its probability; the first of equal ones, as in
    /// the confusion matrix.
    #[must_use]
    pub fn prediction(&self, model: usize) -> (Expression, f32) {
        let first = |best: (Expression, f32), next: (Expression, f32)| {
            if next.1 > best.1 { next } else { best }
        };
        let best = self.probabilities[model].by_class().reduce(first);
        // A network has classes.
        best.unwrap_or((Expression::Neutral, 0.0))
    }
}

/// A face behind a cell of a confusion matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// What it is called by.
    pub name: FaceName,
    /// What the networks saw: gray, `[48, 48]`.
    pub pixels: Arc<[u8]>,
    /// How sure the model was.
    pub confidence: f32,
}

/// The examples of one model: truth, then prediction. FER+ has the most classes.
type Cells = [[Vec<Example>; Expression::FERPLUS.len()]; Expression::FERPLUS.len()];

/// What models said about labelled faces.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    models: Vec<String>,
    samples: Vec<Sample>,
    examples: Vec<Cells>,
}

/// What the JSON file says.
#[derive(Serialize)]
struct Report<'a> {
    data: &'a str,
    croppings: Vec<(Cropping, usize)>,
    models: Vec<ModelReport<'a>>,
    /// There where two models were compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    mcnemar: Option<McNemar>,
    /// What was left out, and why.
    problems: &'a [String],
}

#[derive(Serialize)]
struct ModelReport<'a> {
    model: &'a str,
    evaluation: Evaluation,
}

impl Tally {
    /// Nothing yet, for models of these names.
    #[must_use]
    pub fn new(models: Vec<String>) -> Self {
        Self {
            examples: models.iter().map(|_| Cells::default()).collect(),
            models,
            samples: Vec::new(),
        }
    }

    /// Counts a face.
    ///
    /// # Panics
    /// If there are not as many probabilities as models.
    pub fn add(&mut self, name: FaceName, truth: Expression, cropping: Cropping, face: JudgedFace) {
        assert_eq!(face.probabilities.len(), self.models.len());
        let sample = Sample {
            name,
            truth,
            cropping,
            probabilities: face.probabilities,
        };
        let pixels: Arc<[u8]> = face.pixels.into();
        for (model, cells) in self.examples.iter_mut().enumerate() {
            let (predicted, confidence) = sample.prediction(model);
            let cell = &mut cells[truth.index()][predicted.index()];
            let place = cell.partition_point(|example| example.confidence >= confidence);
            if place < EXAMPLES {
                cell.truncate(EXAMPLES - 1);
                cell.insert(
                    place,
                    Example {
                        name: sample.name.clone(),
                        pixels: pixels.clone(),
                        confidence,
                    },
                );
            }
        }
        self.samples.push(sample);
    }

    /// The models' names.
    #[must_use]
    pub fn models(&self) -> &[String] {
        &self.models
    }

    /// Every face, in the order in which they came.
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The faces behind a cell of a model's confusion matrix of which it was most sure.
    #[must_use]
    pub fn examples(&self, model: usize, truth: usize, predicted: usize) -> &[Example] {
        &self.examples[model][truth][predicted]
    }

    /// How many faces became a crop in each way.
    #[must_use]
    pub fn croppings(&self) -> Vec<(Cropping, usize)> {
        let all = [
            Cropping::Given,
            Cropping::Found,
            Cropping::Largest,
            Cropping::Small,
        ];
        all.into_iter()
            .map(|way| {
                let same = self.samples.iter().filter(|sample| sample.cropping == way);
                (way, same.count())
            })
            .filter(|(_, count)| *count > 0)
            .collect()
    }

    /// All figures of a model.
    pub fn evaluation(&self, model: usize) -> Result<Evaluation, PredictionsError> {
        let labels = Expression::FERPLUS.map(|class| class.name().to_owned());
        Ok(Evaluation::new(&self.predictions(model)?, &labels))
    }

    /// Whether the first two models differ; `None` with fewer.
    #[must_use]
    pub fn mcnemar(&self) -> Option<McNemar> {
        let is_right = |sample: &Sample, model| sample.prediction(model).0 == sample.truth;
        let pairs = |sample: &Sample| (is_right(sample, 0), is_right(sample, 1));
        (self.models.len() >= 2).then(|| McNemar::new(self.samples.iter().map(pairs)))
    }

    fn predictions(&self, model: usize) -> Result<Predictions, PredictionsError> {
        let probabilities: Vec<_> = (self.samples.iter())
            .map(|sample| sample.probabilities[model])
            .collect();
        let labels: Vec<_> = self.samples.iter().map(|sample| sample.truth).collect();
        Predictions::from_probabilities(&probabilities, &labels)
    }

    /// The figures as JSON; `data` says what was judged, `problems` what was left out.
    #[must_use]
    pub fn to_json(&self, data: &str, problems: &[String]) -> String {
        let models = self.models.iter().enumerate();
        let report = Report {
            data,
            croppings: self.croppings(),
            models: models
                .filter_map(|(index, model)| {
                    let evaluation = self.evaluation(index).ok()?;
                    Some(ModelReport { model, evaluation })
                })
                .collect(),
            mcnemar: self.mcnemar(),
            problems,
        };
        // Numbers, names and words: nothing that JSON could not say.
        serde_json::to_string_pretty(&report).unwrap_or_default()
    }

    /// Every face as CSV: a header, then name, label, the way it became a crop, and for each model
    /// its prediction and all probabilities.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut csv = String::from("face,label,cropping");
        for (index, model) in self.models.iter().enumerate() {
            let _ = write!(csv, ",{}", field(&format!("{model}: prediction")));
            let first = self.samples.first();
            for class in first.map_or(&[][..], |first| first.probabilities[index].classes()) {
                let _ = write!(csv, ",{}", field(&format!("{model}: {}", class.name())));
            }
        }
        csv.push('\n');
        for sample in &self.samples {
            let cropping = match sample.cropping {
                Cropping::Given => "given",
                Cropping::Found => "found",
                Cropping::Largest => "largest",
                Cropping::Small => "small",
            };
            let name = field(&sample.name.to_string());
            let _ = write!(csv, "{name},{},{cropping}", sample.truth.name());
            for (model, probabilities) in sample.probabilities.iter().enumerate() {
                let _ = write!(csv, ",{}", sample.prediction(model).0.name());
                for probability in probabilities.iter() {
                    let _ = write!(csv, ",{probability:.6}");
                }
            }
            csv.push('\n');
        }
        csv
    }
}

/// A field of a CSV file, quoted where it has to be (RFC 4180).
fn field(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// The class of a picture in a folder with one subfolder per class: that of the nearest folder
/// around it that is named after one. Otherwise the name of the folder that it lies in.
pub fn class_of(path: &str) -> Result<Expression, &str> {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    folders
        .rsplit('/')
        .find_map(Expression::from_folder_name)
        .ok_or_else(|| folders.rsplit('/').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sure of `class` by `confidence`; the rest is shared.
    fn probabilities(class: Expression, confidence: f32) -> Probabilities {
        Probabilities::from_fn(&Expression::FER2013, |index| {
            if index == class.index() {
                confidence
            } else {
                (1.0 - confidence) / 6.0
            }
        })
    }

    fn tally(models: usize, faces: &[(Expression, &[(Expression, f32)])]) -> Tally {
        let names = ["one", "two, the other"].map(str::to_owned);
        let mut tally = Tally::new(names[..models].to_vec());
        for (index, (truth, says)) in faces.iter().enumerate() {
            let face = JudgedFace {
                pixels: vec![index as u8; 4],
                probabilities: (says.iter())
                    .map(|(class, confidence)| probabilities(*class, *confidence))
                    .collect(),
            };
            tally.add(FaceName::Line(index + 2), *truth, Cropping::Given, face);
        }
        tally
    }

    #[test]
    fn figures_follow_from_the_faces() {
        use Expression::{Happy, Sad};
        let tally = tally(
            2,
            &[
                (Happy, &[(Happy, 0.9), (Sad, 0.5)]),
                (Happy, &[(Sad, 0.6), (Happy, 0.5)]),
                (Sad, &[(Sad, 0.7), (Happy, 0.5)]),
            ],
        );
        let figures = tally.evaluation(0).expect("labels for all");
        assert_eq!(figures.samples, 3);
        assert!((figures.accuracy - 2.0 / 3.0).abs() < 1e-9);
        assert_eq!(figures.confusion.counts()[Happy.index()][Sad.index()], 1);
        let test = tally.mcnemar().expect("two models");
        assert_eq!((test.only_first, test.only_second), (2, 1));
        assert_eq!(tally.croppings(), [(Cropping::Given, 3)]);
    }

    #[test]
    fn a_cell_keeps_the_surest_examples() {
        let sure = |index: usize| 0.3 + 0.01 * (index * 7 % 40) as f32;
        let faces: Vec<_> = (0..40)
            .map(|index| [(Expression::Fear, sure(index))])
            .collect();
        let faces: Vec<_> = (faces.iter())
            .map(|says| (Expression::Angry, &says[..]))
            .collect();
        let tally = tally(1, &faces);
        let examples = tally.examples(0, Expression::Angry.index(), Expression::Fear.index());
        assert_eq!(examples.len(), EXAMPLES);
        let confidence: Vec<_> = examples.iter().map(|example| example.confidence).collect();
        let mut expected: Vec<_> = (0..40).map(sure).collect();
        expected.sort_by(|one, other| other.total_cmp(one));
        assert_eq!(confidence, expected[..EXAMPLES]);
        assert!(tally.examples(0, 0, 0).is_empty());
    }

    #[test]
    fn files_hold_everything() {
        use Expression::{Happy, Sad};
        let tally = tally(2, &[(Happy, &[(Happy, 0.94), (Sad, 0.4)])]);
        let json = tally.to_json("some.csv", &["line 3: far too long".to_owned()]);
        let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(json["data"], "some.csv");
        assert_eq!(json["models"][1]["model"], "two, the other");
        assert_eq!(json["models"][0]["evaluation"]["accuracy"], 1.0);
        assert_eq!(json["mcnemar"]["only_first"], 1);
        assert_eq!(json["problems"][0], "line 3: far too long");

        let csv = tally.to_csv();
        let lines: Vec<_> = csv.lines().collect();
        assert!(lines[0].starts_with("face,label,cropping,one: prediction,one: angry,"));
        assert!(lines[0].contains(",\"two, the other: prediction\","));
        assert!(lines[1].starts_with("line 2,happy,given,happy,0.010000,"));
        assert!(lines[1].contains(",sad,"));
    }

    #[test]
    fn a_picture_belongs_to_the_nearest_class() {
        for (path, class) in [
            ("faces/Anger/a.png", Ok(Expression::Angry)),
            ("faces/happy/day 1/a.png", Ok(Expression::Happy)),
            ("sad/a.png", Ok(Expression::Sad)),
            ("faces/contempt/a.png", Err("contempt")),
            ("a.png", Err("")),
        ] {
            assert_eq!(class_of(path), class, "{path}");
        }
    }
}
