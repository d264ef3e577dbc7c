//! Many changed copies of a crop, run together.

use crate::classify::{Classifier, ClassifyError, Logits};

use super::PIXELS;

/// Pictures that run together: enough to keep a backend busy, little enough to fit.
const TOGETHER: usize = 64;

/// The logits of each picture.
pub(super) async fn logits_of(
    classifier: &mut Classifier,
    pictures: impl Iterator<Item = Vec<f32>>,
) -> Result<Vec<Logits>, ClassifyError> {
    let mut logits = Vec::with_capacity(pictures.size_hint().0);
    let mut batch = Vec::with_capacity(TOGETHER * PIXELS);
    let mut pictures = pictures.peekable();
    while pictures.peek().is_some() {
        batch.clear();
        let mut count = 0;
        for picture in pictures.by_ref().take(TOGETHER) {
            batch.extend(picture);
            count += 1;
        }
        logits.extend(classifier.logits(&batch, count).await?);
    }
    Ok(logits)
}
