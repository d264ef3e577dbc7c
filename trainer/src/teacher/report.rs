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
        let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let splits = self.splits.iter();
        let head = ["network".to_owned(), "weight".to_owned()];
        let head: Vec<String> = head
            .into_iter()
            .chain(splits.clone().map(|split| split.split.clone()))
            .collect();
        let mut table = row(head.clone()) + &row(vec!["---".to_owned(); head.len()]);
        let members = self.splits.first().map_or(&[][..], |split| &split.members);
        for (place, report) in members.iter().enumerate() {
            let name = report.member.name.clone();
            let weight = format!("{:.2}", report.member.weight);
            let shares = splits
                .clone()
                .map(|split| percent(Some(split.members[place].accuracy)));
            table += &row([name, weight].into_iter().chain(shares).collect());
        }
        let shares = splits.map(|split| percent(Some(split.evaluation.accuracy)));
        let together = ["together".to_owned(), "1.00".to_owned()];
        table + &row(together.into_iter().chain(shares).collect())
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
