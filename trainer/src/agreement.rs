//! How many people see what a model says.

use std::path::Path;

use mien_engine::card::AgreementCard;
use mien_engine::expression::Expression;
use mien_engine::plan::Plan;
use thiserror::Error;

use crate::data::{self, DataError, Split, Votes};
use crate::evaluate::{self, EvaluateError};

/// The split whose voters are asked: the one on which choices are made.
const SPLIT: Split = Split::PublicTest;

/// Why the voters cannot be asked.
#[derive(Debug, Error)]
pub enum AgreementError {
    /// The faces or the votes cannot be read, or do not belong together.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The model does not classify such faces.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
}

/// What the voters on FER2013's public test faces say to a model's answers; `None` without votes on
/// expressions. `data` and `votes` are the two files.
pub fn agreement(
    plan: &Plan,
    data: &Path,
    votes: &Path,
) -> Result<Option<AgreementCard>, AgreementError> {
    let faces = data::read(data)?;
    let votes = data::read_votes(&faces, votes, SPLIT)?;
    let predictions = evaluate::predict(plan, faces.get(SPLIT), |_| ())?;
    let classes = Expression::FERPLUS;
    let answers = predictions.answers().map(|class| classes[class]);
    Ok(between(&votes, answers))
}

fn between(votes: &[Votes], answers: impl Iterator<Item = Expression>) -> Option<AgreementCard> {
    let (mut faces, mut shares, mut strange) = (0, 0.0, 0);
    for (votes, answer) in votes.iter().zip(answers) {
        let total: u32 = votes.classes.iter().sum();
        if total > 0 {
            let agree = votes.classes[answer.index()];
            faces += 1;
            shares += f64::from(agree) / f64::from(total);
            strange += usize::from(agree <= 1);
        }
    }
    (faces > 0).then(|| AgreementCard {
        split: SPLIT.to_string(),
        faces,
        share_of_votes: shares / faces as f64,
        strange: strange as f64 / faces as f64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_one_voter_is_strange() {
        let votes = |counts: &[(Expression, u32)], others| {
            let mut votes = Votes {
                classes: [0; Expression::FERPLUS.len()],
                others,
            };
            for (class, count) in counts {
                votes.classes[class.index()] = *count;
            }
            votes
        };
        let faces = [
            votes(&[(Expression::Neutral, 6), (Expression::Sad, 2)], [2, 0]),
            votes(&[(Expression::Neutral, 1), (Expression::Happy, 9)], [0, 0]),
            votes(&[], [3, 7]),
        ];
        let answers = [Expression::Sad, Expression::Neutral, Expression::Happy];
        let agreement = between(&faces, answers.into_iter()).expect("votes");
        assert_eq!(agreement.faces, 2);
        assert!((agreement.share_of_votes - f64::midpoint(0.25, 0.1)).abs() < 1e-9);
        assert!((agreement.strange - 0.5).abs() < 1e-9);
        assert_eq!(between(&[], std::iter::empty()), None);
    }
}
