//! What a classifier looks at on average: mean occlusion maps over a data set, per class, per cell
//! of the confusion matrix, and for hits and mistakes. Aggregates only, never a single picture.

use image::{Rgb, RgbImage};
use mien_engine::classify::{Classifier, ClassifyError};
use mien_engine::explain::{
    ExplainError, FEWEST_FACES, OcclusionMap, OcclusionOptions, Scale, occlusion,
};
use mien_engine::expression::Expression;
use serde::Serialize;
use thiserror::Error;

use crate::data::DataSet;

/// Why there is no global view.
#[derive(Debug, Error)]
pub enum GlobalViewError {
    /// The model does not classify faces.
    #[error(transparent)]
    Classify(#[from] ClassifyError),
    /// A face could not be explained.
    #[error(transparent)]
    Explain(#[from] ExplainError),
}

/// The sum of the maps of some faces.
#[derive(Clone, Debug, Default)]
struct Sum {
    faces: usize,
    drops: Vec<f64>,
}

impl Sum {
    fn add(&mut self, drops: impl Iterator<Item = f64>, faces: usize) {
        self.faces += faces;
        let drops: Vec<f64> = drops.collect();
        self.drops.resize(drops.len(), 0.0);
        for (sum, drop) in self.drops.iter_mut().zip(drops) {
            *sum += drop;
        }
    }

    /// The mean, if it is one over enough faces.
    fn mean(&self) -> Option<Vec<f32>> {
        let mean = |sum: &f64| (sum / self.faces as f64) as f32;
        (self.faces >= FEWEST_FACES).then(|| self.drops.iter().map(mean).collect())
    }
}

/// Mean maps of the drop of the probability of the predicted class.
#[derive(Clone, Debug)]
pub struct GlobalView {
    classes: &'static [Expression],
    side: usize,
    /// Truth in rows, prediction in columns.
    cells: Vec<Sum>,
}

impl GlobalView {
    /// Explains up to `limit` faces, evenly spread. `tell` hears of each face that is done.
    pub fn new(
        classifier: &mut Classifier,
        data: &DataSet,
        limit: usize,
        mut tell: impl FnMut(),
    ) -> Result<Self, GlobalViewError> {
        let options = OcclusionOptions::default();
        let classes = classifier.classes();
        let mut view = Self {
            classes,
            side: options.places(),
            cells: vec![Sum::default(); classes.len() * classes.len()],
        };
        let faces = limit.min(data.len());
        for number in 0..faces {
            let index = number * data.len() / faces;
            let pixels = data.pixels(index);
            let map = occlusion(classifier, &pixels, &options);
            view.add(data.labels()[index], &pollster::block_on(map)?);
            tell();
        }
        Ok(view)
    }

    fn add(&mut self, truth: Expression, map: &OcclusionMap) {
        let best = map.baseline.by_class().max_by(|a, b| a.1.total_cmp(&b.1));
        let Some((predicted, _)) = best else {
            return;
        };
        // A class that the network does not know has no row.
        let cell = truth.index() * self.classes.len() + predicted.index();
        if let Some(sum) = self.cells.get_mut(cell) {
            sum.add(map.drops_of(predicted).map(f64::from), 1);
        }
    }

    /// The cells of a predicted class whose truth passes.
    fn sum(&self, predicted: usize, is_wanted: impl Fn(usize) -> bool) -> Sum {
        let mut all = Sum {
            faces: 0,
            drops: vec![0.0; self.side * self.side],
        };
        for truth in (0..self.classes.len()).filter(|&truth| is_wanted(truth)) {
            let cell = &self.cells[truth * self.classes.len() + predicted];
            if cell.faces > 0 {
                all.add(cell.drops.iter().copied(), cell.faces);
            }
        }
        all
    }

    /// Three rows of tiles, a column a predicted class: all faces, hits, mistakes.
    fn outcomes(&self) -> Vec<Sum> {
        let classes = 0..self.classes.len();
        let row = |is_wanted: &dyn Fn(usize, usize) -> bool| -> Vec<Sum> {
            let sum = |predicted| self.sum(predicted, |truth| is_wanted(truth, predicted));
            classes.clone().map(sum).collect()
        };
        [
            row(&|_, _| true),
            row(&|truth, predicted| truth == predicted),
            row(&|truth, predicted| truth != predicted),
        ]
        .concat()
    }

    /// The pictures, all with the same colours: [`Sheet`]s for outcomes and cells.
    #[must_use]
    pub fn sheets(&self) -> (Sheet, Sheet) {
        let outcomes = self.outcomes();
        let means: Vec<f32> = (outcomes.iter().chain(&self.cells))
            .filter_map(Sum::mean)
            .flatten()
            .collect();
        let scale = Scale::of(&means);
        let sheet = |sums: &[Sum]| Sheet {
            rows: sums.len() / self.classes.len(),
            columns: self.classes.len(),
            tile: self.side,
            limit: scale.limit(),
            faces: sums.iter().map(|sum| sum.faces).collect(),
            picture: draw(sums, self.classes.len(), self.side, scale),
        };
        (sheet(&outcomes), sheet(&self.cells))
    }

    /// The classes, in the order of the columns.
    #[must_use]
    pub fn classes(&self) -> &'static [Expression] {
        self.classes
    }
}

/// Tiles of mean maps in one picture.
#[derive(Clone, Debug, Serialize)]
pub struct Sheet {
    /// Tiles from top to bottom.
    pub rows: usize,
    /// Tiles from left to right.
    pub columns: usize,
    /// Side of a tile: one pixel a place of the square.
    pub tile: usize,
    /// The drop of probability of the outermost colours, on either side of zero.
    pub limit: f32,
    /// Faces of each tile, row by row. A tile of fewer than ten is white.
    pub faces: Vec<usize>,
    /// The tiles.
    #[serde(skip)]
    pub picture: RgbImage,
}

fn draw(sums: &[Sum], columns: usize, tile: usize, scale: Scale) -> RgbImage {
    let size = [columns * tile, sums.len() / columns * tile].map(|side| side as u32);
    let mut picture = RgbImage::from_pixel(size[0], size[1], Rgb([255; 3]));
    for (position, sum) in sums.iter().enumerate() {
        let corner = [position % columns * tile, position / columns * tile];
        for (place, mean) in sum.mean().into_iter().flatten().enumerate() {
            let (x, y) = (corner[0] + place % tile, corner[1] + place / tile);
            picture.put_pixel(x as u32, y as u32, Rgb(scale.color(mean)));
        }
    }
    picture
}

#[cfg(test)]
mod tests {
    use mien_engine::classify::PerClass;

    use super::*;

    fn view() -> GlobalView {
        let options = OcclusionOptions {
            patch: 24,
            stride: 24,
            ..OcclusionOptions::default()
        };
        GlobalView {
            classes: &Expression::FER2013,
            side: options.places(),
            cells: vec![Sum::default(); 49],
        }
    }

    /// A map of four places that takes a face for happy, whose drops of happy are all `drop`.
    fn map(drop: f32) -> OcclusionMap {
        let mut baseline = PerClass::default();
        baseline[Expression::Happy.index()] = 1.0;
        let mut drops = PerClass::default();
        drops[Expression::Happy.index()] = drop;
        OcclusionMap {
            options: OcclusionOptions::default(),
            rows: 2,
            columns: 2,
            baseline,
            drops: vec![drops; 4],
        }
    }

    #[test]
    fn means_are_kept_apart_and_few_faces_are_not_shown() {
        let mut view = view();
        for _ in 0..20 {
            view.add(Expression::Happy, &map(0.4));
        }
        for _ in 0..10 {
            view.add(Expression::Sad, &map(-0.2));
        }
        for _ in 0..9 {
            view.add(Expression::Fear, &map(0.4));
        }
        let (outcomes, cells) = view.sheets();
        let happy = Expression::Happy.index();
        assert_eq!(
            [0, 1, 2].map(|row| outcomes.faces[row * 7 + happy]),
            [39, 20, 19]
        );
        assert!((cells.limit - 0.4).abs() < 1e-6);
        let at = |sheet: &Sheet, row: usize| {
            sheet
                .picture
                .get_pixel((happy * 2) as u32, (row * 2) as u32)
                .0
        };
        assert_eq!(at(&outcomes, 1), Scale::new(0.4).color(0.4));
        assert_eq!(
            at(&cells, Expression::Sad.index()),
            Scale::new(0.4).color(-0.2)
        );
        assert_eq!(at(&cells, Expression::Fear.index()), [255; 3]);
        let mixed = (10.0 * -0.2 + 9.0 * 0.4) / 19.0;
        assert_eq!(at(&outcomes, 2), Scale::new(0.4).color(mixed));
    }
}
