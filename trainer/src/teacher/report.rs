//! How good an ensemble and its members are.

use mien_engine::metrics::Evaluation;
use serde::{Deserialize, Serialize};

use super::Member;
use crate::average::Average;
use crate::report::percent;

/// What `mien teach` prints.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EnsembleReport {
    /// The ensemble's name.
    pub name: String,
    /// Over which views of a face each member's answers are averaged.
    pub averaged_over: Average,
    /// The split that has weighed the members.
    pub weights_chosen_on: String,
    /// The figures, by split.
    pub splits: Vec<SplitReport>,
}

/// The figures on one split.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SplitReport {
    /// Its name.
    pub split: String,
    /// Those of each member alone.
    pub members: Vec<MemberReport>,
    /// Those of the ensemble.
    pub evaluation: Evaluation,
}

/// A member and its share of recognised faces.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MemberReport {
    /// The member with its weight.
    #[serde(flatten)]
    pub member: Member,
    /// Share of faces for which the class of its largest probability is the true one.
    pub accuracy: f64,
}

impl EnsembleReport {
    /// A Markdown table: a row for each member and one for all together, with the weight and, for
    /// each split, the share of recognised faces.
    #[must_use]
    pub fn table(&self) -> String {
        let row = |name: &str, weight: &str, of_split: &dyn Fn(&SplitReport) -> String| {
            let cells: Vec<String> = self.splits.iter().map(of_split).collect();
            format!("| {name} | {weight} | {} |\n", cells.join(" | "))
        };
        let mut table = row("network", "weight", &|split| split.split.clone());
        table += &row("---", "---", &|_| "---".to_owned());
        let members = self.splits.first().map_or(&[][..], |split| &split.members);
        for (place, MemberReport { member, .. }) in members.iter().enumerate() {
            let weight = format!("{:.2}", member.weight);
            table += &row(&member.name, &weight, &|split| {
                percent(Some(split.members[place].accuracy))
            });
        }
        table
            + &row("together", "1.00", &|split| {
                percent(Some(split.evaluation.accuracy))
            })
    }
}

#[cfg(test)]
mod tests {
    use mien_engine::metrics::Predictions;

    use super::*;

    #[test]
    fn the_table_has_a_row_for_each_member_and_one_for_all() {
        let predictions = Predictions::new(vec![1.0, 0.0, 1.0, 0.0], vec![0, 1], 2);
        let predictions = predictions.expect("rows of two classes");
        let member = |name: &str, weight, accuracy| MemberReport {
            member: Member {
                name: name.to_owned(),
                sha256: String::new(),
                weight,
            },
            accuracy,
        };
        let report = EnsembleReport {
            name: "two".to_owned(),
            averaged_over: Average::Flip,
            weights_chosen_on: "public-test".to_owned(),
            splits: vec![SplitReport {
                split: "public-test".to_owned(),
                members: vec![member("plain", 0.75, 0.25), member("residual", 0.25, 1.0)],
                evaluation: Evaluation::new(&predictions, &["a", "b"].map(str::to_owned)),
            }],
        };
        let expected = "| network | weight | public-test |\n\
                        | --- | --- | --- |\n\
                        | plain | 0.75 | 25.0 % |\n\
                        | residual | 0.25 | 100.0 % |\n\
                        | together | 1.00 | 50.0 % |\n";
        assert_eq!(report.table(), expected);
        let json = serde_json::to_string(&report).expect("plain figures");
        let read: EnsembleReport = serde_json::from_str(&json).expect("the same figures");
        assert_eq!(read.table(), expected);
    }
}
