//! The whole way from a photo to explained faces.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::classify::{Classifier, ClassifyError, Probabilities};
use crate::crop::FaceCrop;
use crate::detect::{DetectError, DetectOptions, Detector, Face};
use crate::explain::{
    Answer, ExplainError, FaceParts, OcclusionMap, OcclusionOptions, Question, answer, occlusion,
};
use crate::expression::Expression;
use crate::geometry::Point;
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
    Explain(#[from] ExplainError),
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
    /// Below this probability of the most probable class the reading is called uncertain; the
    /// model's card says it. 0 where it says nothing.
    pub uncertain_below: f32,
}

impl FaceReading {
    /// The most probable class and the next.
    #[must_use]
    pub fn top_two(&self) -> [Expression; 2] {
        let mut ranking = self.probabilities.classes().to_vec();
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

    /// Whether the most probable class is too improbable to be relied on.
    #[must_use]
    pub fn is_uncertain(&self) -> bool {
        self.confidence() < self.uncertain_below
    }
}

/// A face detector and an expression network, each on its backend.
#[derive(Debug)]
pub struct Engine {
    detector: Detector,
    classifier: Classifier,
    uncertain_below: f32,
}

impl Engine {
    /// Takes runners of both networks.
    pub fn new(detector: Runner, classifier: Runner) -> Result<Self, EngineError> {
        Ok(Self {
            detector: Detector::new(detector)?,
            classifier: Classifier::new(classifier)?,
            uncertain_below: 0.0,
        })
    }

    /// Reads faces with another network from now on.
    pub fn set_classifier(&mut self, classifier: Classifier) {
        self.classifier = classifier;
    }

    /// The same engine, which calls readings below this probability uncertain.
    #[must_use]
    pub fn with_uncertain_below(mut self, probability: f32) -> Self {
        self.uncertain_below = probability;
        self
    }

    /// Finds the faces in a photo and classifies them, the largest first.
    pub async fn analyze(
        &mut self,
        photo: &Photo,
        options: &DetectOptions,
    ) -> Result<Vec<FaceReading>, EngineError> {
        let faces = self.detect(photo, options).await?;
        self.read(photo, faces).await
    }

    /// Finds the faces in a photo, the largest first.
    pub async fn detect(
        &mut self,
        photo: &Photo,
        options: &DetectOptions,
    ) -> Result<Vec<Face>, EngineError> {
        let mut faces = self.detector.detect(photo, options).await?;
        faces.sort_by(|one, other| other.bounds.area().total_cmp(&one.bounds.area()));
        Ok(faces)
    }

    /// Cuts faces out of their photo and classifies them.
    pub async fn read(
        &mut self,
        photo: &Photo,
        faces: Vec<Face>,
    ) -> Result<Vec<FaceReading>, EngineError> {
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
                uncertain_below: self.uncertain_below,
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

    /// Answers a question about a crop. The landmarks are those of its face in the photo.
    pub async fn answer(
        &mut self,
        crop: &FaceCrop,
        landmarks: &[Point; 5],
        question: &Question,
    ) -> Result<Answer, EngineError> {
        let parts = FaceParts::of(landmarks, crop);
        Ok(answer(&mut self.classifier, &crop.pixels, &parts, question).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu;
    use crate::crop::SIDE;
    use crate::detect::tests::{red_spots, spots};
    use crate::explain::{CounterExampleOptions, MethodKind, Score, ShapleyOptions, Target};
    use crate::plan::{Activation, InputSpec, Layer, LayerKind, Plan, TensorId, Window};

    fn runner(plan: Plan) -> Runner {
        Runner::Cpu(Box::new(cpu::Runner::new(plan).expect("a valid plan")))
    }

    /// One dense layer on the crop.
    fn dense() -> Plan {
        let classes = Expression::FER2013.len();
        let count = classes * SIDE * SIDE;
        let kind = LayerKind::Conv {
            window: Window::square(SIDE, 1, 0),
            out_channels: classes,
            weight: (0..count)
                .map(|i| (i * 37 % 101) as f32 / 50.0 - 1.0)
                .collect(),
            bias: vec![0.0; classes],
        };
        Plan {
            input: InputSpec {
                channels: 1,
                size: Some([SIDE; 2]),
                multiple: 1,
                scale: 1.0 / 255.0,
                offset: 0.0,
            },
            layers: vec![Layer {
                input: TensorId::INPUT,
                kind,
                residual: None,
                activation: Activation::Identity,
            }],
            outputs: vec![TensorId(1)],
        }
    }

    #[test]
    fn a_photo_is_read_from_its_largest_face_to_its_smallest() {
        let mut engine = Engine::new(runner(red_spots()), runner(dense())).expect("an engine");
        // The face at the edge is only half in the photo.
        let centers = [Point::new(394.0, 66.0), Point::new(98.0, 98.0)];
        let photo = spots(400, 240, &centers, 6.0);
        let readings = pollster::block_on(engine.analyze(&photo, &DetectOptions::PHOTO));
        let readings = readings.expect("a valid photo");
        let [first, second] = &readings[..] else {
            panic!("two faces: {readings:?}");
        };
        assert!(first.face.bounds.area() > second.face.bounds.area());
        assert!(first.face.bounds.x < 100.0);
        for reading in &readings {
            assert!(!reading.is_uncertain());
            let confidence = reading.confidence();
            let strict = FaceReading {
                uncertain_below: confidence + 1e-3,
                ..reading.clone()
            };
            assert!(strict.is_uncertain());
            let sum: f32 = reading.probabilities.iter().sum();
            assert!((sum - 1.0).abs() < 1e-5);
            assert_eq!(reading.crop, FaceCrop::new(&photo, &reading.face));
            let alone = pollster::block_on(engine.classify(&reading.crop)).expect("a crop");
            for (alone, together) in alone.iter().zip(reading.probabilities.iter()) {
                assert!((alone - together).abs() < 1e-5);
            }
            let [best, next] = reading
                .top_two()
                .map(|class| reading.probabilities[class.index()]);
            let larger = |limit: f32| reading.probabilities.iter().filter(move |&&p| p > limit);
            assert_eq!((larger(best).count(), larger(next).count()), (0, 1));
        }
    }

    #[test]
    fn every_question_has_its_answer() {
        let mut engine = Engine::new(runner(red_spots()), runner(dense())).expect("an engine");
        let photo = spots(400, 240, &[Point::new(98.0, 98.0)], 6.0);
        let readings = pollster::block_on(engine.analyze(&photo, &DetectOptions::PHOTO));
        let reading = &readings.expect("a valid photo")[0];
        let target = Target::new(reading.label(), Score::Probability);
        let mut ask = |question: Question| {
            let landmarks = &reading.face.landmarks;
            pollster::block_on(engine.answer(&reading.crop, landmarks, &question)).expect("valid")
        };
        let method = MethodKind::Occlusion.method();
        let Answer::Map(map) = ask(Question::Map { method, target }) else {
            panic!("a map");
        };
        assert!((map.score - reading.confidence()).abs() < 1e-5);
        let options = ShapleyOptions::default();
        let Answer::Parts(parts) = ask(Question::Parts { options, target }) else {
            panic!("parts");
        };
        assert!((parts.whole - reading.confidence()).abs() < 1e-5);
        let options = CounterExampleOptions::default();
        let Answer::CounterExample(example) = ask(Question::CounterExample(options)) else {
            panic!("a counter-example");
        };
        assert!(example.is_none_or(|example| example.before == reading.label()));
    }

    #[test]
    fn a_photo_without_faces_has_no_readings() {
        let mut engine = Engine::new(runner(red_spots()), runner(dense())).expect("an engine");
        let photo = spots(64, 64, &[], 0.0);
        let readings = pollster::block_on(engine.analyze(&photo, &DetectOptions::PHOTO));
        assert_eq!(readings.expect("a valid photo"), []);
    }

    #[test]
    fn swapped_networks_are_refused() {
        assert!(matches!(
            Engine::new(runner(dense()), runner(red_spots())),
            Err(EngineError::Detect(DetectError::NotADetector))
        ));
        assert!(matches!(
            Engine::new(runner(red_spots()), runner(red_spots())),
            Err(EngineError::Classify(ClassifyError::NotAClassifier))
        ));
    }

    #[test]
    fn a_crop_of_another_size_is_an_error() {
        let mut engine = Engine::new(runner(red_spots()), runner(dense())).expect("an engine");
        let photo = spots(64, 64, &[], 0.0);
        let middle = Point::new(24.0, 24.0);
        let same = crate::geometry::Similarity::new(1.0, [1.0, 0.0], middle, middle);
        let mut crop = FaceCrop::cut(&photo, same);
        crop.pixels.truncate(100);
        let result = pollster::block_on(engine.classify(&crop));
        assert!(matches!(result, Err(EngineError::Classify(_))));
    }
}
