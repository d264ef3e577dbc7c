//! The whole way from a photo to explained faces.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::classify::{Classifier, ClassifyError, Probabilities};
use crate::crop::FaceCrop;
use crate::detect::{DetectError, DetectOptions, Detector, Face};
use crate::explain::{OcclusionError, OcclusionMap, OcclusionOptions, occlusion};
use crate::expression::Expression;
use crate::photo::Photo;
use crate::runner::Runner;

/// Why a photo could not be read or a face not explained.
#[derive(Debug, Error)]
pub enum EngineError {
    /// No faces could be looked for.
    #[error(transparent)]
    Detect(#[from] DetectError),
    /// The faces could not be classified.
    #[error(transparent)]
    Classify(#[from] ClassifyError),
    /// The face could not be explained.
    #[error(transparent)]
    Occlusion(#[from] OcclusionError),
}

/// A face in a photo and what its expression resembles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaceReading {
    /// Where the face is.
    pub face: Face,
    /// The face as the network sees it.
    pub crop: FaceCrop,
    /// Of each class, in label order.
    pub probabilities: Probabilities,
}

impl FaceReading {
    /// The most probable class and the next.
    #[must_use]
    pub fn top_two(&self) -> [Expression; 2] {
        let mut ranking = Expression::ALL;
        let probability = |class: &Expression| self.probabilities[class.index()];
        ranking.sort_by(|one, other| probability(other).total_cmp(&probability(one)));
        [ranking[0], ranking[1]]
    }

    /// The most probable class.
    #[must_use]
    pub fn label(&self) -> Expression {
        self.top_two()[0]
    }

    /// The probability of the most probable class.
    #[must_use]
    pub fn confidence(&self) -> f32 {
        self.probabilities[self.label().index()]
    }
}

/// A face detector and an expression network, each on its backend.
#[derive(Debug)]
pub struct Engine {
    detector: Detector,
    classifier: Classifier,
}

impl Engine {
    /// Takes runners of both networks.
    pub fn new(detector: Runner, classifier: Runner) -> Result<Self, EngineError> {
        Ok(Self {
            detector: Detector::new(detector)?,
            classifier: Classifier::new(classifier)?,
        })
    }

    /// Finds the faces in a photo and classifies them, the largest first.
    pub async fn analyze(
        &mut self,
        photo: &Photo,
        options: &DetectOptions,
    ) -> Result<Vec<FaceReading>, EngineError> {
        let mut faces = self.detector.detect(photo, options).await?;
        faces.sort_by(|one, other| other.bounds.area().total_cmp(&one.bounds.area()));
        let crops: Vec<_> = faces
            .iter()
            .map(|face| FaceCrop::new(photo, face))
            .collect();
        let pixels: Vec<_> = crops
            .iter()
            .flat_map(|crop| crop.pixels.iter().copied())
            .collect();
        let probabilities = self.classifier.classify(&pixels, crops.len()).await?;
        let readings = faces.into_iter().zip(crops).zip(probabilities);
        Ok(readings
            .map(|((face, crop), probabilities)| FaceReading {
                face,
                crop,
                probabilities,
            })
            .collect())
    }

    /// Classifies one crop.
    pub async fn classify(&mut self, crop: &FaceCrop) -> Result<Probabilities, EngineError> {
        Ok(self.classifier.classify(&crop.pixels, 1).await?[0])
    }

    /// What covering each part of a crop does to the probability of each class.
    pub async fn occlusion(
        &mut self,
        crop: &FaceCrop,
        options: &OcclusionOptions,
    ) -> Result<OcclusionMap, EngineError> {
        Ok(occlusion(&mut self.classifier, &crop.pixels, options).await?)
    }
}
