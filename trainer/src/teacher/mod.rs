//! Teachers: ensembles of networks, and the soft labels that a student learns from.

mod config;
mod ensemble;
mod report;
mod soft_labels;

pub use config::{TeacherConfig, TeacherConfigError};
pub use ensemble::{Ensemble, Member, mixture, mixture_weights};
pub use report::{EnsembleReport, MemberReport, SplitReport};
pub use soft_labels::{SoftHeader, SoftLabels, SoftLabelsError};

use crate::augment::face_rng;
use crate::data::{DataSet, FACE_PIXELS};
use crate::evaluate::EvaluateError;
use crate::train::fingerprint;

/// Faces that the ensemble sees at once.
const BATCH: usize = 128;

/// What a teacher says of each view of each training face. `answer` gives the probabilities of each
/// class, `[faces, classes]`, for faces of 0 to 255, `[faces, 48, 48]`; `tell` hears how many views
/// of faces are done.
pub fn teach(
    config: &TeacherConfig,
    members: Vec<Member>,
    classes: usize,
    training: &DataSet,
    mut answer: impl FnMut(&[f32]) -> Result<Vec<f32>, EvaluateError>,
    mut tell: impl FnMut(usize),
) -> Result<SoftLabels, EvaluateError> {
    let mut labels = SoftLabels::new(SoftHeader {
        name: config.name.clone(),
        views: config.views,
        faces: training.len(),
        classes,
        seed: config.seed,
        augmentation: config.augmentation.clone(),
        data: fingerprint(&[training]),
        members,
    });
    for view in 0..config.views {
        for start in (0..training.len()).step_by(BATCH) {
            let indices = start..training.len().min(start + BATCH);
            let mut pixels = vec![0.0; indices.len() * FACE_PIXELS];
            for (index, out) in indices.clone().zip(pixels.chunks_exact_mut(FACE_PIXELS)) {
                let mut rng = face_rng(config.seed, view, index);
                config
                    .augmentation
                    .apply(&training.pixels(index), &mut rng, out);
            }
            labels.extend(&answer(&pixels)?);
            tell(view * training.len() + indices.end);
        }
    }
    Ok(labels)
}
