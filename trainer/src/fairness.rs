//! Whether a classifier serves groups of people alike: figures by group, and the gaps between
//! them. FER2013 does not say who is in its pictures, so this needs a data set that does.

use std::collections::BTreeMap;

use mien_engine::classify::{Classifier, ClassifyError};
use mien_engine::crop::FaceCrop;
use mien_engine::detect::{DetectError, DetectOptions, Detector};
use mien_engine::explain::faithfulness::Interval;
use mien_engine::metrics::{Predictions, PredictionsError};
use mien_engine::random::Random;
use serde::Serialize;
use thiserror::Error;

use crate::data::{GroupedImage, GroupedImages};
use crate::photo::{PhotoFileError, read_photo};

/// Groups, and classes within a group, of fewer faces take no part in the gaps.
pub const SMALLEST_GROUP: usize = 30;
/// Samples of the bootstrap.
const RESAMPLES: usize = 1000;
/// Decides everything random.
const SEED: u64 = 1;

/// Why fairness could not be measured.
#[derive(Debug, Error)]
pub enum FairnessError {
    /// A file is not an image that we can decode.
    #[error("cannot decode {path}; mend the image or remove its row")]
    Image {
        /// The file.
        path: String,
        /// Why it failed.
        source: PhotoFileError,
    },
    /// The detector failed.
    #[error(transparent)]
    Detect(#[from] DetectError),
    /// The model does not classify faces.
    #[error(transparent)]
    Classify(#[from] ClassifyError),
    /// The model's classes are not the table's.
    #[error("the model's classes are not those of the table; choose another with --model")]
    Classes(#[from] PredictionsError),
}

/// An image after it has been read: its logits, if a face was found.
pub struct Reading<'a> {
    /// The image.
    pub image: &'a GroupedImage,
    /// The logits, in label order.
    pub logits: Option<Vec<f32>>,
}

/// Reads every image: as a face as it is or, with a detector, as a photo whose largest face
/// counts. `tell` hears of each image that is done.
pub fn read<'a>(
    table: &'a GroupedImages,
    classifier: &mut Classifier,
    mut detector: Option<&mut Detector>,
    mut tell: impl FnMut(),
) -> Result<Vec<Reading<'a>>, FairnessError> {
    let mut readings = Vec::with_capacity(table.images.len());
    for image in &table.images {
        let photo = read_photo(&image.path).map_err(|source| FairnessError::Image {
            path: image.path.display().to_string(),
            source,
        })?;
        let crop = match &mut detector {
            None => Some(FaceCrop::whole(&photo)),
            Some(detector) => {
                let faces = pollster::block_on(detector.detect(&photo, &DetectOptions::PHOTO))?;
                let area = |face: &&mien_engine::detect::Face| face.bounds.area();
                let largest = faces.iter().max_by(|a, b| area(a).total_cmp(&area(b)));
                largest.map(|face| FaceCrop::new(&photo, face))
            }
        };
        let logits = match crop {
            None => None,
            Some(crop) => Some(pollster::block_on(classifier.logits(&crop.pixels, 1))?[0].to_vec()),
        };
        readings.push(Reading { image, logits });
        tell();
    }
    Ok(readings)
}

/// Figures by the groups of one column.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Column {
    /// The column's name.
    pub column: String,
    /// Its groups, by name.
    pub groups: Vec<Group>,
    /// The largest accuracy minus the smallest, with its 95 % interval, over groups of at least
    /// [`SMALLEST_GROUP`] faces; absent if there are not two.
    pub accuracy_gap: Option<Interval>,
    /// For each class the largest recall minus the smallest, over groups with at least
    /// [`SMALLEST_GROUP`] faces of the class (equality of opportunity: Hardt, Price and Srebro,
    /// NIPS 2016).
    pub recall_gaps: BTreeMap<String, f64>,
}

/// Figures of one group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// Its name.
    pub group: String,
    /// Images of it.
    pub images: usize,
    /// Share in which a face was found.
    pub found: f64,
    /// Share of the faces found that were recognised.
    pub accuracy: f64,
    /// The accuracy's 95 % interval (Wilson 1927).
    pub accuracy_interval: [f64; 2],
    /// Expected calibration error.
    pub calibration_error: f64,
    /// Recall of each class with at least [`SMALLEST_GROUP`] faces.
    pub recalls: BTreeMap<String, f64>,
}

/// The figures of every column. `labels` names the classes in order.
pub fn report(
    table: &GroupedImages,
    readings: &[Reading<'_>],
    labels: &[String],
) -> Result<Vec<Column>, FairnessError> {
    let column = |(place, name): (usize, &String)| {
        let mut by_group: BTreeMap<&str, Vec<&Reading<'_>>> = BTreeMap::new();
        for reading in readings {
            let group = reading.image.groups[place].as_str();
            if !group.is_empty() {
                by_group.entry(group).or_default().push(reading);
            }
        }
        let mut groups = Vec::new();
        let mut hits = Vec::new();
        for (group, readings) in by_group {
            let (figures, group_hits) = figures(group, &readings, labels)?;
            if group_hits.len() >= SMALLEST_GROUP {
                hits.push(group_hits);
            }
            groups.push(figures);
        }
        Ok(Column {
            column: name.clone(),
            accuracy_gap: accuracy_gap(&hits),
            recall_gaps: recall_gaps(&groups, labels),
            groups,
        })
    };
    table.columns.iter().enumerate().map(column).collect()
}

/// The figures of a group, and for each face found whether it was recognised.
fn figures(
    group: &str,
    readings: &[&Reading<'_>],
    labels: &[String],
) -> Result<(Group, Vec<bool>), FairnessError> {
    let mut logits = Vec::new();
    let mut truths = Vec::new();
    for reading in readings {
        if let Some(row) = &reading.logits {
            logits.extend_from_slice(row);
            truths.push(reading.image.label.index());
        }
    }
    let predictions = Predictions::new(logits, truths, labels.len())?;
    let confusion = predictions.confusion();
    let recall = |(class, label): (usize, &String)| {
        let faces: u32 = confusion.counts()[class].iter().sum();
        let recall = confusion.recall(class)?;
        (faces as usize >= SMALLEST_GROUP).then(|| (label.clone(), recall))
    };
    let hits: Vec<bool> = predictions.hits().collect();
    let figures = Group {
        group: group.to_owned(),
        images: readings.len(),
        found: predictions.len() as f64 / readings.len().max(1) as f64,
        accuracy: predictions.accuracy(),
        accuracy_interval: wilson(hits.iter().filter(|it| **it).count(), hits.len()),
        calibration_error: predictions.expected_calibration_error(1.0),
        recalls: labels.iter().enumerate().filter_map(recall).collect(),
    };
    Ok((figures, hits))
}

/// 95 % of a normal distribution lie within so many standard deviations.
const Z: f64 = 1.959_964;

/// Wilson's 95 % score interval of a share.
fn wilson(hits: usize, count: usize) -> [f64; 2] {
    if count == 0 {
        return [0.0, 1.0];
    }
    let (count, share) = (count as f64, hits as f64 / count as f64);
    let scale = 1.0 + Z * Z / count;
    let middle = (share + Z * Z / (2.0 * count)) / scale;
    let reach = Z / scale * (share * (1.0 - share) / count + Z * Z / (4.0 * count * count)).sqrt();
    [(middle - reach).max(0.0), (middle + reach).min(1.0)]
}

/// The largest accuracy minus the smallest, with the percentile bootstrap within each group. The
/// mean is that of the faces as they are. Even where all groups are served alike, chance makes a
/// gap: it is never below zero.
fn accuracy_gap(groups: &[Vec<bool>]) -> Option<Interval> {
    if groups.len() < 2 {
        return None;
    }
    let gap = |shares: &[f64]| {
        let most = shares.iter().copied().fold(f64::MIN, f64::max);
        most - shares.iter().copied().fold(f64::MAX, f64::min)
    };
    let share = |hits: &[bool]| hits.iter().filter(|it| **it).count() as f64 / hits.len() as f64;
    let mut random = Random::new(SEED);
    let mut gaps: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let drawn = groups.iter().map(|hits| {
                let drawn = (0..hits.len()).filter(|_| hits[random.below(hits.len())]);
                drawn.count() as f64 / hits.len() as f64
            });
            gap(&drawn.collect::<Vec<_>>())
        })
        .collect();
    gaps.sort_by(f64::total_cmp);
    let shares: Vec<f64> = groups.iter().map(|hits| share(hits)).collect();
    Some(Interval {
        mean: gap(&shares),
        low: gaps[RESAMPLES / 40],
        high: gaps[RESAMPLES - 1 - RESAMPLES / 40],
    })
}

fn recall_gaps(groups: &[Group], labels: &[String]) -> BTreeMap<String, f64> {
    let gap = |label: &String| {
        let recalls = groups.iter().filter_map(|group| group.recalls.get(label));
        let recalls: Vec<f64> = recalls.copied().collect();
        let most = recalls.iter().copied().fold(f64::MIN, f64::max);
        let least = recalls.iter().copied().fold(f64::MAX, f64::min);
        (recalls.len() > 1).then(|| (label.clone(), most - least))
    };
    labels.iter().filter_map(gap).collect()
}

#[cfg(test)]
mod tests {
    use mien_engine::expression::Expression;

    use super::*;

    /// `faces` of a group, of which `hits` are recognised.
    fn images(group: &str, faces: usize) -> Vec<GroupedImage> {
        vec![
            GroupedImage {
                path: "x.png".into(),
                label: Expression::Happy,
                groups: vec![group.to_owned()],
            };
            faces
        ]
    }

    fn labels() -> Vec<String> {
        Expression::FER2013.map(|it| it.name().to_owned()).to_vec()
    }

    fn logits(class: Expression) -> Vec<f32> {
        let mut logits = vec![0.0; 7];
        logits[class.index()] = 2.0;
        logits
    }

    fn column(groups: &[(&str, usize, usize)]) -> Column {
        let table = GroupedImages {
            columns: vec!["age".to_owned()],
            images: groups
                .iter()
                .flat_map(|(name, faces, _)| images(name, *faces))
                .collect(),
        };
        let mut images = table.images.iter();
        let mut readings = Vec::new();
        for (_, faces, hits) in groups {
            for number in 0..*faces {
                let class = if number < *hits {
                    Expression::Happy
                } else {
                    Expression::Sad
                };
                readings.push(Reading {
                    image: images.next().expect("an image a reading"),
                    logits: Some(logits(class)),
                });
            }
        }
        report(&table, &readings, &labels())
            .expect("a report")
            .remove(0)
    }

    #[test]
    fn a_gap_is_found_and_small_groups_do_not_count() {
        let column = column(&[("old", 200, 100), ("tiny", 5, 0), ("young", 200, 160)]);
        let gap = column.accuracy_gap.expect("two large groups");
        assert!((gap.mean - 0.3).abs() < 1e-9);
        assert!(gap.low > 0.2 && gap.high < 0.4, "{gap:?}");
        assert!((column.recall_gaps["happy"] - 0.3).abs() < 1e-9);
        let tiny = &column.groups[1];
        assert!(tiny.group == "tiny" && tiny.recalls.is_empty());
        assert!(tiny.accuracy_interval[1] > 0.3);
    }

    #[test]
    fn one_group_has_no_gap() {
        assert_eq!(column(&[("all", 100, 50)]).accuracy_gap, None);
    }

    #[test]
    fn faces_that_are_not_found_are_counted() {
        let table = GroupedImages {
            columns: vec!["age".to_owned()],
            images: images("old", 4),
        };
        let readings: Vec<_> = table
            .images
            .iter()
            .enumerate()
            .map(|(number, image)| Reading {
                image,
                logits: (number > 0).then(|| logits(Expression::Happy)),
            })
            .collect();
        let group = report(&table, &readings, &labels())
            .expect("a report")
            .remove(0)
            .groups;
        assert!((group[0].found - 0.75).abs() < 1e-9 && (group[0].accuracy - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_interval_is_wilsons() {
        // Worked by hand: 8 of 10.
        let [low, high] = wilson(8, 10);
        assert!((low - 0.4902).abs() < 1e-3 && (high - 0.9433).abs() < 1e-3);
        assert!(wilson(0, 10)[0].abs() < 1e-9);
    }
}
