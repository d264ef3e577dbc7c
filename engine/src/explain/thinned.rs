//! Three quarters of a map's places, for approximate maps at three quarters of the cost.
//!
//! Left out are the places whose row and column are both odd: all eight places around each of them
//! are asked, and between these it is filled in as a Coons patch is (Coons, "Surfaces for
//! computer-aided design of space forms", 1967): half the sum of the four beside it, less a quarter of
//! the sum of the four at its corners. To compute a map coarsely first is from Nakandala et al.
//! (Krypton), SIGMOD 2019, "adaptive drill-down".

use std::ops::DerefMut;

/// Half for those beside a place, less a quarter for those at its corners.
const WEIGHTS: [f32; 8] = [0.5, 0.5, 0.5, 0.5, -0.25, -0.25, -0.25, -0.25];

/// `sum(values[i] * weights[i])`, element by element.
fn blend<T: Clone + DerefMut<Target = [f32]>>(values: [&T; 8], weights: [f32; 8]) -> T {
    let mut blended = values[0].clone();
    for (at, element) in blended.iter_mut().enumerate() {
        let products = values
            .iter()
            .zip(weights)
            .map(|(value, weight)| value[at] * weight);
        *element = products.sum();
    }
    blended
}

/// Whether a place is asked, in a map of `rows * columns` places, row by row.
#[must_use]
pub fn is_asked(place: usize, [rows, columns]: [usize; 2]) -> bool {
    let is_left_out = |at: usize, count: usize| at % 2 == 1 && at + 1 < count;
    !(is_left_out(place / columns, rows) && is_left_out(place % columns, columns))
}

/// The values of all places, row by row, from those of the places that were [asked](is_asked), in the
/// same order; a value is a row of numbers, one a class. Values that are missing at the end leave
/// places out at the end.
pub fn complete<T>(asked: impl IntoIterator<Item = T>, size: [usize; 2]) -> Vec<T>
where
    T: Clone + DerefMut<Target = [f32]>,
{
    let [rows, columns] = size;
    let mut asked = asked.into_iter();
    let known: Vec<Option<T>> = (0..rows * columns)
        .map(|place| is_asked(place, size).then(|| asked.next()).flatten())
        .collect();
    let value = |place: usize| {
        if is_asked(place, size) {
            return known[place].clone();
        }
        let (above, below) = (place - columns, place + columns);
        let around = [
            above,
            below,
            place - 1,
            place + 1,
            above - 1,
            above + 1,
            below - 1,
            below + 1,
        ];
        let [
            Some(a),
            Some(b),
            Some(c),
            Some(d),
            Some(e),
            Some(f),
            Some(g),
            Some(h),
        ] = around.map(|place| known[place].as_ref())
        else {
            return None;
        };
        Some(blend([a, b, c, d, e, f, g, h], WEIGHTS))
    };
    (0..known.len()).map_while(value).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A Coons patch meets what bends along one axis only, and what is even.
        #[test]
        fn what_is_asked_stays_and_curves_are_met_in_between(
            rows in 1..9_usize,
            columns in 1..9_usize,
            down in -1.0..1.0_f32,
            across in -1.0..1.0_f32,
            both in -1.0..1.0_f32,
        ) {
            let size = [rows, columns];
            let exact = |place: usize| {
                let (y, x) = ((place / columns) as f32, (place % columns) as f32);
                down * y * y + across * x * x + both * x * y
            };
            let asked = (0..rows * columns).filter(|&place| is_asked(place, size));
            let values = complete(asked.map(|place| vec![exact(place)]), size);
            prop_assert_eq!(values.len(), rows * columns);
            for (place, value) in values.concat().into_iter().enumerate() {
                prop_assert!((value - exact(place)).abs() < 1e-3);
                prop_assert!(!is_asked(place, size) || value.to_bits() == exact(place).to_bits());
            }
        }
    }

    #[test]
    fn a_quarter_is_left_out() {
        let asked = (0..15 * 15).filter(|&place| is_asked(place, [15, 15]));
        assert_eq!(asked.count(), 225 - 49);
        // The last row and column are asked, even or odd.
        assert!(
            (0..16).all(|at| is_asked(15 * 16 + at, [16, 16]) && is_asked(16 * at + 15, [16, 16]))
        );
    }
}
