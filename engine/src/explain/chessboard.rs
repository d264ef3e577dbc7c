//! Half of a map's places, for approximate maps at half the cost.
//!
//! Places beside each other cover much of the same, so what covering does changes little from one to
//! the next. Asked are those of one colour of a chessboard; each of the others gets the mean of those
//! beside it. So the approximate map is the exact one at every other place. To compute a map coarsely
//! first is from Nakandala et al. (Krypton), SIGMOD 2019, "adaptive drill-down".

/// Whether a place is asked, in a map with so many places in each row.
#[must_use]
pub fn is_asked(place: usize, columns: usize) -> bool {
    (place / columns + place % columns).is_multiple_of(2)
}

/// The values of all `rows * columns` places, row by row, from those of the places that were
/// [asked](is_asked), in the same order. `mean` is given the values beside a place, at least one.
pub fn complete<T: Clone>(
    asked: impl IntoIterator<Item = T>,
    [rows, columns]: [usize; 2],
    mean: impl Fn(&[&T]) -> T,
) -> Vec<T> {
    let mut asked = asked.into_iter();
    let known: Vec<Option<T>> = (0..rows * columns)
        .map(|place| is_asked(place, columns).then(|| asked.next()).flatten())
        .collect();
    let value = |place: usize| match &known[place] {
        Some(value) => value.clone(),
        None => {
            let (row, column) = (place / columns, place % columns);
            let beside = [
                (row > 0).then(|| place - columns),
                (row + 1 < rows).then(|| place + columns),
                (column > 0).then(|| place - 1),
                (column + 1 < columns).then(|| place + 1),
            ];
            let beside = beside.into_iter().flatten();
            let beside: Vec<&T> = beside.filter_map(|place| known[place].as_ref()).collect();
            mean(&beside)
        }
    };
    (0..known.len()).map(value).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mean(values: &[&f32]) -> f32 {
        values.iter().copied().sum::<f32>() / values.len() as f32
    }

    proptest! {
        #[test]
        fn what_is_asked_stays_and_an_even_slope_is_met_inside(
            rows in 1..8_usize,
            columns in 1..8_usize,
            down in -4.0..4.0_f32,
            across in -4.0..4.0_f32,
        ) {
            let exact = |place: usize| {
                down * (place / columns) as f32 + across * (place % columns) as f32
            };
            let asked = (0..rows * columns).filter(|&place| is_asked(place, columns));
            let values = complete(asked.map(exact), [rows, columns], mean);
            prop_assert_eq!(values.len(), rows * columns);
            for (place, value) in values.into_iter().enumerate() {
                let (row, column) = (place / columns, place % columns);
                let is_inside = (1..rows.max(2) - 1).contains(&row)
                    && (1..columns.max(2) - 1).contains(&column);
                if is_asked(place, columns) {
                    prop_assert_eq!(value.to_bits(), exact(place).to_bits());
                } else if is_inside {
                    prop_assert!((value - exact(place)).abs() < 1e-4);
                } else {
                    let reach = down.abs().max(across.abs()) + 1e-4;
                    prop_assert!((value - exact(place)).abs() <= reach);
                }
            }
        }
    }
}
