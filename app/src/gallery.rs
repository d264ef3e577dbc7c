//! Which photos the gallery shows, and in which order.

use std::cmp::Ordering;

use mien_engine::expression::Expression;

/// What the gallery has to know of a photo.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The photo.
    pub id: u32,
    /// Of each of its faces the most probable class and its probability, 0 to 1.
    pub faces: Vec<(Expression, f32)>,
}

/// Which faces a photo must have to be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Filter {
    /// The class that the expression resembles; any where there is none.
    pub class: Option<Expression>,
    /// The least probability of that class, 0 to 1.
    pub least: f32,
}

impl Filter {
    /// Whether it lets everything through, photos without faces too.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.class.is_none() && self.least <= 0.0
    }

    fn lets_through(self, (class, probability): (Expression, f32)) -> bool {
        self.class.is_none_or(|wanted| wanted == class) && probability >= self.least
    }
}

/// The order of the photos.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As they came.
    #[default]
    Added,
    /// The surest reading first.
    Surest,
    /// The least sure reading first.
    LeastSure,
    /// By class, in label order; within a class the surest first.
    Class,
}

impl Order {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Added, Self::Surest, Self::LeastSure, Self::Class];

    /// Its name in the address.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Surest => "surest",
            Self::LeastSure => "least-sure",
            Self::Class => "class",
        }
    }

    /// The order of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.name() == name)
    }
}

/// The photos to show. A photo stands where its surest face that the filter lets through puts it;
/// photos without such a face come last.
#[must_use]
pub fn arrange(entries: &[Entry], filter: &Filter, order: Order) -> Vec<u32> {
    let surest = |entry: &Entry| {
        let faces = entry
            .faces
            .iter()
            .filter(|face| filter.lets_through(**face));
        faces
            .copied()
            .max_by(|one, other| one.1.total_cmp(&other.1))
    };
    let mut shown: Vec<_> = entries
        .iter()
        .map(|entry| (entry.id, surest(entry)))
        .filter(|(_, face)| face.is_some() || filter.is_open())
        .collect();
    let by = |compare: fn((Expression, f32), (Expression, f32)) -> Ordering| {
        move |one: &(u32, Option<(Expression, f32)>), other: &(u32, Option<(Expression, f32)>)| {
            match (one.1, other.1) {
                (Some(one), Some(other)) => compare(one, other),
                (one, other) => other.is_some().cmp(&one.is_some()),
            }
        }
    };
    match order {
        Order::Added => {}
        Order::Surest => shown.sort_by(by(|one, other| other.1.total_cmp(&one.1))),
        Order::LeastSure => shown.sort_by(by(|one, other| one.1.total_cmp(&other.1))),
        Order::Class => shown.sort_by(by(|one, other| {
            let classes = one.0.index().cmp(&other.0.index());
            classes.then(other.1.total_cmp(&one.1))
        })),
    }
    shown.into_iter().map(|(id, _)| id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Expression::{Angry, Happy, Sad};

    fn entries() -> Vec<Entry> {
        let entry = |id, faces: &[(Expression, f32)]| Entry {
            id,
            faces: faces.to_vec(),
        };
        vec![
            entry(0, &[(Sad, 0.5)]),
            entry(1, &[]),
            entry(2, &[(Happy, 0.6), (Angry, 0.9)]),
            entry(3, &[(Happy, 0.8)]),
        ]
    }

    #[test]
    fn without_a_filter_every_photo_is_shown() {
        let all = Filter::default();
        assert_eq!(arrange(&entries(), &all, Order::Added), [0, 1, 2, 3]);
        assert_eq!(arrange(&entries(), &all, Order::Surest), [2, 3, 0, 1]);
        assert_eq!(arrange(&entries(), &all, Order::LeastSure), [0, 3, 2, 1]);
        assert_eq!(arrange(&entries(), &all, Order::Class), [2, 3, 0, 1]);
    }

    #[test]
    fn a_photo_is_shown_for_one_of_its_faces_and_sorted_by_that_one() {
        let happy = Filter {
            class: Some(Happy),
            least: 0.0,
        };
        assert_eq!(arrange(&entries(), &happy, Order::Surest), [3, 2]);
        let sure = Filter {
            class: Some(Happy),
            least: 0.7,
        };
        assert_eq!(arrange(&entries(), &sure, Order::Added), [3]);
        let any = Filter {
            class: None,
            least: 0.7,
        };
        assert_eq!(arrange(&entries(), &any, Order::Added), [2, 3]);
    }

    #[test]
    fn orders_keep_their_names() {
        for order in Order::ALL {
            assert_eq!(Order::from_name(order.name()), Some(order));
        }
    }
}
