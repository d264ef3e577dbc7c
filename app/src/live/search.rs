//! How finely the next frame is searched: as finely as the faces of the last one ask for.

/// Every so many frames one is searched at the full scale, for faces that have come in farther away.
const FULL_EVERY: usize = 6;

/// What the last frames say about the next.
#[derive(Debug, Default)]
pub struct Search {
    /// Frames since the last one that was searched at the full scale.
    since_full: usize,
    /// How many faces were in that one.
    in_full: usize,
    /// The last frame's smallest face, where the frame lacked none.
    smallest: Option<f32>,
}

impl Search {
    /// The share of the frame's longer side that the smallest face of the next frame is expected to
    /// take; nothing where it is to be searched at the full scale.
    #[must_use]
    pub fn expected(&self) -> Option<f32> {
        self.smallest.filter(|_| self.since_full < FULL_EVERY)
    }

    /// Takes what was seen in the frame that [`expected`](Self::expected) was asked for: the share
    /// of the frame's longer side that each face takes.
    pub fn saw(&mut self, shares: &[f32]) {
        if self.expected().is_none() {
            self.since_full = 0;
            self.in_full = shares.len();
        }
        self.since_full += 1;
        let smallest = shares.iter().copied().reduce(f32::min);
        self.smallest = smallest.filter(|_| shares.len() >= self.in_full);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_face_is_followed_at_its_own_scale_and_the_frame_searched_whole_now_and_then() {
        let mut search = Search::default();
        let expected: Vec<_> = (0..2 * FULL_EVERY)
            .map(|_| {
                let expected = search.expected();
                search.saw(&[0.4, 0.3]);
                expected
            })
            .collect();
        for (frame, expected) in expected.into_iter().enumerate() {
            let whole = frame % FULL_EVERY == 0;
            assert_eq!(expected, (!whole).then_some(0.3), "{frame}");
        }
    }

    #[test]
    fn the_frame_after_one_that_lacks_a_face_is_searched_whole() {
        let mut search = Search::default();
        search.saw(&[0.4, 0.3]);
        search.saw(&[0.4]);
        assert_eq!(search.expected(), None);
        // It has gone, and is not missed any more.
        search.saw(&[0.4]);
        assert_eq!(search.expected(), Some(0.4));
        search.saw(&[]);
        assert_eq!(search.expected(), None);
    }
}
