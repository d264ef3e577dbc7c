//! The linear assignment problem: which row goes with which column, so that the pairs are worth
//! the most together.
//!
//! Shortest augmenting paths, one for each row: Jonker and Volgenant, "A shortest augmenting path
//! algorithm for dense and sparse linear assignment problems", Computing 38 (1987), in the form of
//! Crouse, "On implementing 2D rectangular assignment algorithms", IEEE Transactions on Aerospace
//! and Electronic Systems 52 (2016).

/// Pairs rows with columns. `gains` is `[rows][columns]`; a pair whose gain is not positive is
/// never made. Gives the column of each row, if it has one.
///
/// Every row and column takes part in one pair at most, and no other choice of pairs has a larger
/// sum of gains.
#[must_use]
pub fn assign(gains: &[Vec<f64>], columns: usize) -> Vec<Option<usize>> {
    // A row may also stay alone: each has a column of its own for that, at no gain.
    let rows = gains.len();
    let width = columns + rows;
    let cost = |row: usize, column: usize| {
        let gain = gains[row].get(column).copied().unwrap_or(0.0);
        -gain.max(0.0)
    };
    let mut row_price = vec![0.0; rows];
    let mut column_price = vec![0.0; width];
    let mut row_of = vec![None; width];
    let mut column_of = vec![None; rows];
    for start in 0..rows {
        // The cheapest way from `start` to each column, over pairs that would have to change.
        let mut distance = vec![f64::INFINITY; width];
        let mut came_from = vec![start; width];
        let mut is_done = vec![false; width];
        let mut visited = vec![start];
        let mut row = start;
        let mut shortest = 0.0;
        let end = loop {
            let open = (0..width).filter(|&column| !is_done[column]);
            let mut nearest = None::<usize>;
            for column in open {
                let through = shortest + cost(row, column) - row_price[row] - column_price[column];
                if through < distance[column] {
                    distance[column] = through;
                    came_from[column] = row;
                }
                if nearest.is_none_or(|other| distance[column] < distance[other]) {
                    nearest = Some(column);
                }
            }
            // There are more columns than rows, so one is always left.
            let Some(column) = nearest else {
                break None;
            };
            is_done[column] = true;
            shortest = distance[column];
            match row_of[column] {
                None => break Some(column),
                Some(next) => {
                    row = next;
                    visited.push(next);
                }
            }
        };
        for &row in &visited {
            row_price[row] +=
                shortest - column_of[row].map_or(0.0, |column: usize| distance[column]);
        }
        for column in (0..width).filter(|&column| is_done[column]) {
            column_price[column] -= shortest - distance[column];
        }
        // Along the way back each row takes the column that it was reached over.
        let mut free = end;
        while let Some(column) = free {
            let row = came_from[column];
            row_of[column] = Some(row);
            free = column_of[row].replace(column);
        }
    }
    let is_pair = |row: usize, column: &usize| *column < columns && cost(row, *column) < 0.0;
    column_of
        .into_iter()
        .enumerate()
        .map(|(row, column)| column.filter(|column| is_pair(row, column)))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The largest sum of any choice of pairs, by trying all.
    fn best_sum(gains: &[Vec<f64>], taken: u32) -> f64 {
        let Some((first, rest)) = gains.split_first() else {
            return 0.0;
        };
        let alone = best_sum(rest, taken);
        let paired = first.iter().enumerate().filter_map(|(column, gain)| {
            let bit = 1 << column;
            (taken & bit == 0).then(|| gain + best_sum(rest, taken | bit))
        });
        paired.fold(alone, f64::max)
    }

    fn any_gains() -> impl Strategy<Value = (Vec<Vec<f64>>, usize)> {
        (0..6_usize, 0..6_usize).prop_flat_map(|(rows, columns)| {
            let row = proptest::collection::vec(-1.0..1.0_f64, columns);
            (proptest::collection::vec(row, rows), Just(columns))
        })
    }

    #[test]
    fn the_sum_counts_and_not_the_best_pair() {
        let gains = [vec![0.9, 0.8], vec![0.8, 0.1]];
        assert_eq!(assign(&gains, 2), [Some(1), Some(0)]);
    }

    #[test]
    fn what_gains_nothing_stays_alone() {
        assert_eq!(assign(&[vec![-0.2], vec![0.3]], 1), [None, Some(0)]);
        assert_eq!(assign(&[vec![], vec![]], 0), [None, None]);
        assert_eq!(assign(&[], 3), []);
    }

    proptest! {
        #[test]
        fn no_other_pairs_are_worth_more((gains, columns) in any_gains()) {
            let pairs = assign(&gains, columns);
            let mut taken = std::collections::HashSet::new();
            let mut sum = 0.0;
            for (row, column) in pairs.iter().enumerate() {
                if let Some(column) = *column {
                    prop_assert!(taken.insert(column), "column {} twice", column);
                    prop_assert!(gains[row][column] > 0.0);
                    sum += gains[row][column];
                }
            }
            let best = best_sum(&gains, 0);
            prop_assert!((sum - best).abs() < 1e-9, "{} instead of {}", sum, best);
        }
    }
}
