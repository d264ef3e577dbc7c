//! What is explained: a class, or one class rather than another.

use serde::{Deserialize, Serialize};

use super::ExplainError;
use crate::classify::{Logits, softmax};
use crate::expression::Expression;

/// Which value of a class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Score {
    /// Its probability, 0 to 1. It also depends on all other classes.
    #[default]
    Probability,
    /// Its logit, which the other classes leave alone.
    Logit,
    /// 1 where the class is the most probable one, else 0: where does the prediction break?
    Label,
}

/// The question that an explanation answers: why this class, and if `against` is set, why not
/// that one instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Target {
    /// The class.
    pub class: Expression,
    /// The class that it is set against; the difference of both is explained.
    pub against: Option<Expression>,
    /// Which value of them.
    pub score: Score,
}

impl Target {
    /// Why this class?
    #[must_use]
    pub fn new(class: Expression, score: Score) -> Self {
        Self {
            class,
            against: None,
            score,
        }
    }

    /// Why this class, and not the other?
    #[must_use]
    pub fn contrast(class: Expression, other: Expression, score: Score) -> Self {
        Self {
            class,
            against: Some(other),
            score,
        }
    }

    /// Checks that the question has an answer other than nothing, for a network of these classes.
    pub fn check(&self, classes: &[Expression]) -> Result<(), ExplainError> {
        if let Some(class) = [Some(self.class), self.against]
            .into_iter()
            .flatten()
            .find(|class| !classes.contains(class))
        {
            return Err(ExplainError::NoSuchClass(class));
        }
        if self.against == Some(self.class) {
            return Err(ExplainError::SameClass);
        }
        Ok(())
    }

    /// The value that is explained.
    #[must_use]
    pub fn value(&self, logits: &Logits) -> f32 {
        let of = |class: Expression| match self.score {
            Score::Probability => softmax(logits)[class.index()],
            Score::Logit => logits[class.index()],
            Score::Label => f32::from(u8::from(most_probable(logits) == class)),
        };
        of(self.class) - self.against.map_or(0.0, of)
    }

    /// The derivative of the value with respect to the logits.
    pub fn gradient(&self, logits: &Logits) -> Result<Logits, ExplainError> {
        let of = |class: Expression| {
            let is_class = |index: usize| f32::from(u8::from(index == class.index()));
            match self.score {
                Score::Logit => Ok(Logits::from_fn(logits.classes(), is_class)),
                Score::Probability => {
                    let probabilities = softmax(logits);
                    let own = probabilities[class.index()];
                    Ok(Logits::from_fn(logits.classes(), |index| {
                        own * (is_class(index) - probabilities[index])
                    }))
                }
                Score::Label => Err(ExplainError::NoDerivative),
            }
        };
        let gradient = of(self.class)?;
        Ok(match self.against {
            Some(against) => gradient.zip_with(&of(against)?, |one, other| one - other),
            None => gradient,
        })
    }
}

/// The class with the largest value; the first of equal ones.
pub(super) fn most_probable(values: &Logits) -> Expression {
    let classes = values.classes();
    let mut best = classes[0];
    for &class in classes {
        if values[class.index()] > values[best.index()] {
            best = class;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_label_is_the_prediction_or_not() {
        let logits = Logits::from([0.0, 0.1, 3.0, 0.2, 0.0, 1.0, 2.9]);
        let value = |class| Target::new(class, Score::Label).value(&logits);
        assert_eq!(value(Expression::Fear).to_bits(), 1.0_f32.to_bits());
        assert_eq!(value(Expression::Neutral).to_bits(), 0.0_f32.to_bits());
        let target = Target::new(Expression::Fear, Score::Label);
        assert!(matches!(
            target.gradient(&logits),
            Err(ExplainError::NoDerivative)
        ));
    }

    #[test]
    fn nothing_is_set_against_itself_or_an_unknown_class() {
        let target = Target::contrast(Expression::Sad, Expression::Sad, Score::Logit);
        let check = |target: Target| target.check(&Expression::FER2013);
        assert!(matches!(check(target), Err(ExplainError::SameClass)));
        let target = Target::contrast(Expression::Sad, Expression::Contempt, Score::Logit);
        assert!(matches!(check(target), Err(ExplainError::NoSuchClass(_))));
    }

    proptest! {
        #[test]
        fn a_contrast_is_a_difference(logits in proptest::array::uniform7(-5.0..5.0_f32)) {
            let logits = Logits::from(logits);
            for score in [Score::Probability, Score::Logit, Score::Label] {
                let [one, other] = [Expression::Happy, Expression::Neutral]
                    .map(|class| Target::new(class, score).value(&logits));
                let both = Target::contrast(Expression::Happy, Expression::Neutral, score);
                prop_assert!((both.value(&logits) - (one - other)).abs() < 1e-6);
            }
        }

        #[test]
        fn a_gradient_is_the_slope(
            logits in proptest::array::uniform7(-3.0..3.0_f32),
            class in 0..Expression::FER2013.len(),
        ) {
            let logits = Logits::from(logits);
            for score in [Score::Probability, Score::Logit] {
                let target = Target::contrast(Expression::Happy, Expression::Sad, score);
                let gradient = target.gradient(&logits).expect("smooth");
                let (mut less, mut more) = (logits, logits);
                less[class] -= 0.01;
                more[class] += 0.01;
                let slope = (target.value(&more) - target.value(&less)) / 0.02;
                prop_assert!((slope - gradient[class]).abs() < 1e-3);
            }
        }
    }
}
