//! A counter-example: a small area that, once covered, changes the prediction.
//!
//! The search is greedy, not exhaustive: of all cells it covers the one that brings the prediction
//! closest to changing, and so on; in the end it uncovers again every cell that turns out not to
//! be needed. No cell of the result can be left out, but a smaller area elsewhere may exist.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::pictures::logits_of;
use super::target::most_probable;
use super::{ExplainError, Fill, PIXELS, Parameter};
use crate::classify::{Classifier, Logits, Probabilities, softmax};
use crate::crop::SIDE;
use crate::expression::Expression;

/// What is covered, and in which steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterExampleOptions {
    /// Side of a cell in pixels, 3 to 16.
    pub cell: usize,
    /// What covers.
    pub fill: Fill,
}

impl Default for CounterExampleOptions {
    fn default() -> Self {
        Self {
            cell: 6,
            fill: Fill::Mean,
        }
    }
}

/// A covered area that changes the prediction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CounterExample {
    /// The prediction for the whole crop.
    pub before: Expression,
    /// The prediction with the area covered.
    pub after: Expression,
    /// The probabilities with the area covered.
    pub probabilities: Probabilities,
    /// Whether each pixel is covered, `[SIDE, SIDE]`.
    pub covered: Vec<bool>,
}

impl CounterExample {
    /// The covered part of the crop, 0 to 1.
    #[must_use]
    pub fn area(&self) -> f32 {
        self.covered.iter().filter(|it| **it).count() as f32 / self.covered.len().max(1) as f32
    }

    /// The crop `pixels`, `[SIDE, SIDE]`, that it was found for, with the area covered by `fill`.
    #[must_use]
    pub fn picture(&self, pixels: &[f32], fill: Fill) -> Vec<f32> {
        fill.cover(pixels, &fill.background(pixels), &self.covered)
    }
}

/// Looks for a small area of the crop `pixels`, `[SIDE, SIDE]`, luma of 0 to 255, that changes the
/// prediction once it is covered. `None` if covering half of the crop does not.
pub async fn counter_example(
    classifier: &mut Classifier,
    pixels: &[f32],
    options: &CounterExampleOptions,
) -> Result<Option<CounterExample>, ExplainError> {
    Parameter::Cells.check(options.cell, 3..=16)?;
    let cells = cells(options.cell);
    let mut search = Search {
        classifier,
        pixels,
        fill: options.fill,
        background: options.fill.background(pixels),
        cells: &cells,
    };
    let whole = search.classifier.logits(pixels, 1).await?[0];
    let before = most_probable(&whole);
    let mut chosen: Vec<usize> = Vec::new();
    loop {
        if 2 * chosen.len() >= cells.len() {
            return Ok(None);
        }
        let rest: Vec<usize> = (0..cells.len()).filter(|it| !chosen.contains(it)).collect();
        let logits = search.with_one_more(&chosen, &rest).await?;
        let leads = logits.iter().map(|logits| lead(logits, before));
        let least = rest
            .iter()
            .zip(leads)
            .min_by(|(_, one), (_, other)| one.total_cmp(other));
        let Some((&cell, least)) = least else {
            return Ok(None);
        };
        chosen.push(cell);
        if least < 0.0 {
            break;
        }
    }
    let (chosen, logits) = search.without_needless(chosen, before).await?;
    Ok(Some(CounterExample {
        before,
        after: most_probable(&logits),
        probabilities: softmax(&logits),
        covered: search.mask(&chosen),
    }))
}

/// How far a class is ahead of the best other one; below zero it is not the prediction.
fn lead(logits: &Logits, class: Expression) -> f32 {
    let others = logits.classes().iter().filter(|it| **it != class);
    let best = others.map(|it| logits[it.index()]).fold(f32::MIN, f32::max);
    logits[class.index()] - best
}

/// The crop in squares; the last ones of a row or column may be smaller.
fn cells(side: usize) -> Vec<[Range<usize>; 2]> {
    let along = || {
        (0..SIDE)
            .step_by(side)
            .map(move |start| start..SIDE.min(start + side))
    };
    along()
        .flat_map(|rows| along().map(move |columns| [rows.clone(), columns]))
        .collect()
}

struct Search<'a> {
    classifier: &'a mut Classifier,
    pixels: &'a [f32],
    fill: Fill,
    background: Vec<f32>,
    cells: &'a [[Range<usize>; 2]],
}

impl Search<'_> {
    /// The pixels of some cells, `[SIDE, SIDE]`.
    fn mask(&self, cells: &[usize]) -> Vec<bool> {
        let mut mask = vec![false; PIXELS];
        for &cell in cells {
            let [rows, columns] = &self.cells[cell];
            for y in rows.clone() {
                mask[y * SIDE..][columns.clone()].fill(true);
            }
        }
        mask
    }

    fn picture(&self, covered: &[usize]) -> Vec<f32> {
        self.fill
            .cover(self.pixels, &self.background, &self.mask(covered))
    }

    /// The logits with the chosen cells and one of the others covered.
    async fn with_one_more(
        &mut self,
        chosen: &[usize],
        others: &[usize],
    ) -> Result<Vec<Logits>, ExplainError> {
        if let Some(luma) = self.fill.luma(self.pixels) {
            let picture = self.picture(chosen);
            let places: Vec<_> = others.iter().map(|&it| self.cells[it].clone()).collect();
            let logits = self.classifier.logits_covered(&picture, &places, luma);
            return Ok(logits.await?.split_off(1));
        }
        let pictures: Vec<_> = others
            .iter()
            .map(|&other| self.picture(&[chosen, &[other]].concat()))
            .collect();
        Ok(logits_of(self.classifier, pictures.into_iter()).await?)
    }

    /// Uncovers cells for as long as the prediction stays changed, those that were covered first
    /// before the others; gives the cells that are left, and their logits.
    async fn without_needless(
        &mut self,
        mut chosen: Vec<usize>,
        before: Expression,
    ) -> Result<(Vec<usize>, Logits), ExplainError> {
        let mut position = 0;
        while position < chosen.len() && chosen.len() > 1 {
            let mut fewer = chosen.clone();
            fewer.remove(position);
            let logits = self.classifier.logits(&self.picture(&fewer), 1).await?;
            if lead(&logits[0], before) < 0.0 {
                chosen = fewer;
                // What was needed before may be needless now.
                position = 0;
            } else {
                position += 1;
            }
        }
        let logits = self.classifier.logits(&self.picture(&chosen), 1).await?;
        Ok((chosen, logits[0]))
    }
}
