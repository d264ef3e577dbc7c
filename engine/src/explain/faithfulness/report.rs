//! How faithful each method is on many pictures: what `mien explain-eval` writes and the page
//! shows.

use serde::{Deserialize, Serialize};

use super::Interval;
use crate::explain::{Method, Score};

/// A method's maps must be unlike those of a network of random weights: their rank correlation
/// must stay below this in its whole interval.
const LARGEST_LIKENESS: f64 = 0.5;

/// The table of all methods.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaithfulnessReport {
    /// The network's name.
    pub model: String,
    /// The data set.
    pub data: String,
    /// Its split.
    pub split: String,
    /// Pictures, evenly spread over the split. Their most probable class is explained.
    pub faces: usize,
    /// Steps of the curves.
    pub steps: usize,
    /// What decides everything random.
    pub seed: u64,
    /// The methods, then what they are compared with.
    pub rows: Vec<Row>,
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// The method, unless it is one of the maps that know nothing.
    pub method: Option<Method>,
    /// What the method explained; the curves always show the probability.
    pub score: Option<Score>,
    /// The figures.
    #[serde(flatten)]
    pub figures: Figures,
    /// What follows from them; absent for the maps that know nothing.
    pub verdict: Option<Verdict>,
}

/// What was measured, each with its interval over the pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Area under the deletion curve of the probability; less is better.
    pub deletion: Interval,
    /// Area under the insertion curve of the probability; more is better.
    pub insertion: Interval,
    /// How much better the deletion is than that of random pixels, picture by picture.
    pub deletion_over_random: Interval,
    /// How much better the deletion is than that of random patches.
    pub deletion_over_patches: Interval,
    /// How much better the deletion is than that of the middle.
    pub deletion_over_centre: Interval,
    /// How much better the insertion is than that of random pixels.
    pub insertion_over_random: Interval,
    /// How much better the insertion is than that of random patches.
    pub insertion_over_patches: Interval,
    /// How much better the insertion is than that of the middle.
    pub insertion_over_centre: Interval,
    /// Share of pictures whose strongest pixel lies on the face.
    pub pointing: Interval,
    /// Rank correlation with the map of the picture moved by one pixel.
    pub stability: Interval,
    /// Rank correlation with the map of a network of randomised weights; near 0 is good.
    pub likeness_to_randomised: Interval,
}

/// What a method's figures say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// In deletion it beats random pixels, random patches and the middle beyond the interval.
    pub deletes_better: bool,
    /// In insertion it does.
    pub inserts_better: bool,
    /// Its maps hang on what the network has learned: they pass the check with randomised weights.
    pub needs_the_network: bool,
}

impl Verdict {
    /// Whether the method passes every check.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.deletes_better && self.inserts_better && self.needs_the_network
    }
}

impl Figures {
    /// What the figures say.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let deletions = [
            self.deletion_over_random,
            self.deletion_over_patches,
            self.deletion_over_centre,
        ];
        let insertions = [
            self.insertion_over_random,
            self.insertion_over_patches,
            self.insertion_over_centre,
        ];
        let all_better = |differences: [Interval; 3]| differences.iter().all(|it| it.low > 0.0);
        let likeness = self.likeness_to_randomised;
        Verdict {
            deletes_better: all_better(deletions),
            inserts_better: all_better(insertions),
            needs_the_network: likeness.high.max(-likeness.low) < LARGEST_LIKENESS,
        }
    }
}

impl FaithfulnessReport {
    /// The verdict on a method with these settings or, where they were not measured, on the
    /// method with its usual ones.
    #[must_use]
    pub fn verdict_on(&self, method: &Method) -> Option<Verdict> {
        let of = |method: Method| {
            let row = self.rows.iter().find(|row| row.method == Some(method));
            row.and_then(|row| row.verdict)
        };
        of(*method).or_else(|| of(method.kind().method()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::{MethodKind, Parameter};

    fn better(low: f64) -> Interval {
        Interval {
            mean: low + 0.125,
            low,
            high: low + 0.25,
        }
    }

    fn good() -> Figures {
        let ahead = better(0.125);
        Figures {
            deletion_over_random: ahead,
            deletion_over_patches: ahead,
            deletion_over_centre: ahead,
            insertion_over_random: ahead,
            insertion_over_patches: ahead,
            insertion_over_centre: ahead,
            ..Figures::default()
        }
    }

    #[test]
    fn every_check_counts() {
        assert!(good().verdict().is_passed());
        let mut figures = good();
        figures.deletion_over_centre = better(-0.125);
        let verdict = figures.verdict();
        assert!(!verdict.deletes_better && verdict.inserts_better && !verdict.is_passed());
        let mut figures = good();
        figures.likeness_to_randomised = better(0.375);
        assert!(!figures.verdict().needs_the_network);
        figures.likeness_to_randomised = better(-0.75);
        assert!(!figures.verdict().needs_the_network);
    }

    #[test]
    fn settings_that_were_not_measured_share_the_usual_verdict() {
        let usual = MethodKind::Occlusion.method();
        let report = FaithfulnessReport {
            model: String::new(),
            data: String::new(),
            split: String::new(),
            faces: 1,
            steps: 1,
            seed: 1,
            rows: vec![Row {
                name: "occlusion".to_owned(),
                method: Some(usual),
                score: Some(Score::Probability),
                figures: good(),
                verdict: Some(good().verdict()),
            }],
        };
        let other = usual.with(Parameter::Patch, 5).expect("in range");
        assert_eq!(report.verdict_on(&other), Some(good().verdict()));
        assert_eq!(report.verdict_on(&MethodKind::Rise.method()), None);
        let text = serde_json::to_string(&report).expect("JSON");
        assert_eq!(
            serde_json::from_str::<FaithfulnessReport>(&text).expect("a report"),
            report
        );
    }
}
