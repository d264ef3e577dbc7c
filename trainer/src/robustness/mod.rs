//! How a classifier bears pictures that are worse than those it learned from, and faces that have
//! to be found first.

mod corrupt;
mod scene;
mod show;

pub use corrupt::{Corruption, STRENGTHS};
pub use scene::Scene;
pub use show::{InScenes, graph, markdown};

use image::ImageError;
use mien_engine::classify::{Classifier, ClassifyError};
use mien_engine::crop::FaceCrop;
use mien_engine::detect::{DetectError, DetectOptions, Detector};
use mien_engine::explain::FaceParts;
use mien_engine::explain::faithfulness::Interval;
use mien_engine::metrics::{Predictions, PredictionsError};
use mien_engine::photo::Photo;
use mien_engine::random::Random;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::crop_fit::CropFitError;
use crate::data::DataSet;
use crate::landmarks;

/// Decides everything random.
pub const SEED: u64 = 1;
/// Faces that are classified together.
const TOGETHER: usize = 64;

/// Why robustness could not be measured.
#[derive(Debug, Error)]
pub enum RobustnessError {
    /// The model does not classify faces.
    #[error(transparent)]
    Classify(#[from] ClassifyError),
    /// The model's classes are not the data's.
    #[error("the model's classes are not those of the data; choose another with --model")]
    Classes(#[from] PredictionsError),
    /// The detector failed.
    #[error(transparent)]
    Detect(#[from] DetectError),
    /// The landmarks could not be looked for.
    #[error(transparent)]
    Landmarks(#[from] CropFitError),
    /// A face could not be stored as JPEG.
    #[error("a face could not be stored as JPEG")]
    Jpeg(#[from] ImageError),
    /// A background leaves no room for a face; choose a larger one.
    #[error("a background is too small for a face; choose a larger one with --scene")]
    Background,
}

/// Accuracy and calibration of one setting.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Share that was recognised.
    pub accuracy: f64,
    /// Expected calibration error.
    pub calibration_error: f64,
}

/// A corruption at each strength.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// What goes wrong.
    pub corruption: Corruption,
    /// What the amounts mean.
    pub unit: &'static str,
    /// The amount at each strength.
    pub amounts: [f32; STRENGTHS],
    /// The figures at each strength.
    pub figures: Vec<Figures>,
}

/// Faces pasted into scenes, found, cut out and classified.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndToEnd {
    /// Faces pasted.
    pub faces: usize,
    /// Share that was found.
    pub found: f64,
    /// Accuracy of the crops as the data set has them.
    pub accuracy_of_originals: f64,
    /// Accuracy in the scenes; a face that is not found counts as not recognised.
    pub accuracy: f64,
    /// Accuracy of the faces that were found.
    pub accuracy_of_found: f64,
    /// Accuracy of the same faces as the data set has them.
    pub accuracy_of_their_originals: f64,
    /// What is lost, face by face: original minus scene, faces not found counted.
    pub loss: Interval,
    /// What is lost on the faces that were found.
    pub loss_of_found: Interval,
}

/// The report.
#[derive(Clone, Debug, Serialize)]
pub struct Robustness {
    /// The network's name.
    pub model: String,
    /// The split.
    pub split: String,
    /// Faces, evenly spread over the split.
    pub faces: usize,
    /// What decides everything random.
    pub seed: u64,
    /// The figures of the faces as they are.
    pub clean: Figures,
    /// The corruptions.
    pub corruptions: Vec<Line>,
    /// The whole way.
    pub end_to_end: EndToEnd,
}

/// What is measured on what.
pub struct Subject<'a> {
    /// The classifier.
    pub classifier: &'a mut Classifier,
    /// The detector.
    pub detector: &'a mut Detector,
    /// The faces.
    pub data: &'a DataSet,
    /// How many of them, evenly spread.
    pub limit: usize,
}

/// Faces with their parts.
struct Face {
    pixels: Vec<f32>,
    parts: FaceParts,
}

impl Subject<'_> {
    fn indices(&self) -> Vec<usize> {
        let count = self.limit.min(self.data.len());
        (0..count)
            .map(|it| it * self.data.len() / count.max(1))
            .collect()
    }

    fn labels(&self) -> Vec<usize> {
        let labels = self.data.labels();
        let indices = self.indices().into_iter();
        indices.map(|index| labels[index].index()).collect()
    }

    /// Measures everything. `tell` hears of each thing that is done, of [`work`](Self::work).
    pub fn measure(
        &mut self,
        model: String,
        split: String,
        backgrounds: &[Photo],
        mut tell: impl FnMut(),
    ) -> Result<Robustness, RobustnessError> {
        let mut faces = Vec::new();
        for index in self.indices() {
            faces.push(Face {
                pixels: self.data.pixels(index),
                parts: landmarks::parts(self.detector, self.data.face(index))?,
            });
            tell();
        }
        let originals: Vec<_> = faces.iter().map(|face| face.pixels.clone()).collect();
        let clean = self.predict(&originals, self.labels())?;
        let mut corruptions = Vec::new();
        for corruption in Corruption::ALL {
            let mut figures = Vec::new();
            for (strength, amount) in corruption.amounts().into_iter().enumerate() {
                let changed = (faces.iter().enumerate()).map(|(number, face)| {
                    // The same signs and directions at every strength.
                    let mut random = seeded(number, corruption as u64);
                    corruption.apply(amount, &face.pixels, &face.parts, &mut random)
                });
                let changed = changed.collect::<Result<Vec<_>, _>>()?;
                let predictions = self.predict(&changed, self.labels())?;
                figures.push(Figures::of(&predictions));
                debug_assert_eq!(figures.len(), strength + 1);
                tell();
            }
            corruptions.push(Line {
                corruption,
                unit: corruption.unit(),
                amounts: corruption.amounts(),
                figures,
            });
        }
        let end_to_end = self.end_to_end(&faces, &clean, backgrounds, tell)?;
        Ok(Robustness {
            model,
            split,
            faces: faces.len(),
            seed: SEED,
            clean: Figures::of(&clean),
            corruptions,
            end_to_end,
        })
    }

    /// How often [`measure`](Self::measure) tells of progress.
    #[must_use]
    pub fn work(&self) -> usize {
        2 * self.indices().len() + Corruption::ALL.len() * STRENGTHS
    }

    fn predict(
        &mut self,
        faces: &[Vec<f32>],
        labels: Vec<usize>,
    ) -> Result<Predictions, RobustnessError> {
        let classes = self.classifier.classes().len();
        let mut logits = Vec::with_capacity(faces.len() * classes);
        for faces in faces.chunks(TOGETHER) {
            let pixels = faces.concat();
            let rows = self.classifier.logits(&pixels, faces.len());
            for row in pollster::block_on(rows)? {
                logits.extend_from_slice(&row);
            }
        }
        Ok(Predictions::new(logits, labels, classes)?)
    }

    fn end_to_end(
        &mut self,
        faces: &[Face],
        clean: &Predictions,
        backgrounds: &[Photo],
        mut tell: impl FnMut(),
    ) -> Result<EndToEnd, RobustnessError> {
        let labels = self.labels();
        let (mut crops, mut found_labels, mut is_found) = (Vec::new(), Vec::new(), Vec::new());
        for (number, face) in faces.iter().enumerate() {
            let background = &backgrounds[number % backgrounds.len().max(1)];
            let mut random = seeded(number, u64::MAX);
            let scene = Scene::new(background, &face.pixels, &mut random);
            let scene = scene.ok_or(RobustnessError::Background)?;
            let seen = self.detector.detect(&scene.photo, &DetectOptions::PHOTO);
            let seen = pollster::block_on(seen)?;
            let own = seen.iter().find(|face| scene.is_face(&face.extent));
            if let Some(own) = own {
                crops.push(FaceCrop::new(&scene.photo, own).pixels);
                found_labels.push(labels[number]);
            }
            is_found.push(own.is_some());
            tell();
        }
        let predictions = self.predict(&crops, found_labels)?;
        let mut hits_of_found = predictions.hits();
        let pairs: Vec<(bool, Option<bool>)> = (clean.hits().zip(&is_found))
            .map(|(original, &is_found)| {
                let hit = if is_found { hits_of_found.next() } else { None };
                (original, hit)
            })
            .collect();
        Ok(EndToEnd::of(&pairs))
    }
}

impl Figures {
    fn of(predictions: &Predictions) -> Self {
        Self {
            accuracy: round(predictions.accuracy()),
            calibration_error: round(predictions.expected_calibration_error(1.0)),
        }
    }
}

impl EndToEnd {
    /// For each face whether its original was recognised, and whether the face in the scene was,
    /// if it was found.
    fn of(pairs: &[(bool, Option<bool>)]) -> Self {
        let number = |hit: bool| f32::from(u8::from(hit));
        let share = |values: &[f32]| {
            let sum: f64 = values.iter().copied().map(f64::from).sum();
            round(sum / values.len().max(1) as f64)
        };
        let difference = |one: &[f32], other: &[f32]| {
            let differences: Vec<f32> = one.iter().zip(other).map(|(a, b)| a - b).collect();
            rounded(Interval::of(&differences, SEED))
        };
        let (mut originals, mut in_scenes, mut is_found) = (Vec::new(), Vec::new(), Vec::new());
        let (mut found_originals, mut found_in_scenes) = (Vec::new(), Vec::new());
        for &(original, hit) in pairs {
            originals.push(number(original));
            in_scenes.push(number(hit == Some(true)));
            is_found.push(number(hit.is_some()));
            if let Some(hit) = hit {
                found_originals.push(number(original));
                found_in_scenes.push(number(hit));
            }
        }
        Self {
            faces: pairs.len(),
            found: share(&is_found),
            accuracy_of_originals: share(&originals),
            accuracy: share(&in_scenes),
            accuracy_of_found: share(&found_in_scenes),
            accuracy_of_their_originals: share(&found_originals),
            loss: difference(&originals, &in_scenes),
            loss_of_found: difference(&found_originals, &found_in_scenes),
        }
    }
}

fn seeded(number: usize, usage: u64) -> Random {
    Random::new(SEED ^ (number as u64) << 16 ^ usage.wrapping_mul(0x5851_f42d_4c95_7f2d))
}

/// Four digits.
fn round(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

fn rounded(interval: Interval) -> Interval {
    Interval {
        mean: round(interval.mean),
        low: round(interval.low),
        high: round(interval.high),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faces_that_are_not_found_are_losses() {
        let pairs = [
            (true, Some(true)),
            (true, Some(false)),
            (true, None),
            (false, Some(true)),
        ];
        let figures = EndToEnd::of(&pairs);
        assert!((figures.found - 0.75).abs() < 1e-9);
        assert!((figures.accuracy_of_originals - 0.75).abs() < 1e-9);
        assert!((figures.accuracy - 0.5).abs() < 1e-9);
        assert!((figures.accuracy_of_found - 0.6667).abs() < 1e-9);
        assert!((figures.accuracy_of_their_originals - 0.6667).abs() < 1e-9);
        assert!((figures.loss.mean - 0.25).abs() < 1e-9);
        assert!(figures.loss_of_found.mean.abs() < 1e-9);
    }
}
