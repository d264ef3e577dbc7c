//! Faces that are nearly the same: one photo, scaled, compressed, relit or stamped otherwise.
//!
//! Two faces are near duplicates if the means of their 8 x 8 squares of pixels correlate by at
//! least 0.97, and the means of 24 x 24 squares by at least 0.85. Correlation (Pearson's) does not
//! see brightness and contrast, means do not see compression and small stamps. Of 90 pairs of
//! FER2013 evenly drawn from all that pass, no pair showed two photos; from 0.96 on such pairs
//! appear. Photos that were cropped otherwise by more than a pixel or two are not found.

use mien_engine::crop::SIDE;

use super::FACE_PIXELS;

/// Squares a side, of the first look and of the second.
const COARSE: usize = 8;
const FINE: usize = 24;
const COARSE_LIMIT: f32 = 0.97;
const FINE_LIMIT: f32 = 0.85;

const VALUES: usize = COARSE * COARSE;
/// Sketches that are compared at once.
const LANES: usize = 16;

/// What two faces are compared by first: the means of squares, of mean 0 and length 1.
#[derive(Clone, Copy, Debug)]
struct Sketch([f32; VALUES]);

impl Sketch {
    fn new(face: &[u8]) -> Self {
        let mut values = [0.0; VALUES];
        values.copy_from_slice(&normalised_means(face, COARSE));
        Self(values)
    }
}

/// Means of `side` x `side` squares, then mean 0 and length 1; zeros for an even face.
fn normalised_means(face: &[u8], side: usize) -> Vec<f32> {
    let square = SIDE / side;
    let mut values = vec![0.0; side * side];
    for (y, row) in face.chunks_exact(SIDE).enumerate() {
        for (x, &pixel) in row.iter().enumerate() {
            values[y / square * side + x / square] += f32::from(pixel);
        }
    }
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    for value in &mut values {
        *value -= mean;
    }
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    // A face without any difference of brightness resembles none.
    let scale = if length > 1e-3 { 1.0 / length } else { 0.0 };
    for value in &mut values {
        *value *= scale;
    }
    values
}

/// A block of sketches, value by value, so that one loop compares all of them.
struct Block([[f32; LANES]; VALUES]);

impl Block {
    fn new(sketches: &[Sketch]) -> Self {
        let mut block = [[0.0; LANES]; VALUES];
        for (lane, sketch) in sketches.iter().enumerate() {
            for (values, value) in block.iter_mut().zip(sketch.0) {
                values[lane] = value;
            }
        }
        Self(block)
    }

    fn correlations(&self, sketch: &Sketch) -> [f32; LANES] {
        let mut sums = [0.0; LANES];
        for (lanes, value) in self.0.iter().zip(sketch.0) {
            for (sum, lane) in sums.iter_mut().zip(lanes) {
                *sum += value * lane;
            }
        }
        sums
    }
}

/// All near duplicates within one list of faces, as positions, the smaller first.
///
/// # Panics
/// If a face does not have 48 x 48 pixels.
#[must_use]
pub fn within(faces: &[&[u8]]) -> Vec<[usize; 2]> {
    pairs(faces, faces, |one, other| one < other)
}

/// All near duplicates between two lists of faces: positions in the first, then in the second.
///
/// # Panics
/// If a face does not have 48 x 48 pixels.
#[must_use]
pub fn between(faces: &[&[u8]], others: &[&[u8]]) -> Vec<[usize; 2]> {
    pairs(faces, others, |_, _| true)
}

fn pairs(
    faces: &[&[u8]],
    others: &[&[u8]],
    wanted: impl Fn(usize, usize) -> bool,
) -> Vec<[usize; 2]> {
    assert!(
        faces
            .iter()
            .chain(others)
            .all(|face| face.len() == FACE_PIXELS)
    );
    let [faces_at, others_at] = [faces, others].map(|list| {
        list.iter()
            .map(|face| Sketch::new(face))
            .collect::<Vec<_>>()
    });
    let mut found = Vec::new();
    for (start, sketches) in (0..).step_by(LANES).zip(others_at.chunks(LANES)) {
        let block = Block::new(sketches);
        let end = start + sketches.len();
        for (index, sketch) in faces_at.iter().enumerate() {
            if !wanted(index, end - 1) {
                break;
            }
            let correlations = block.correlations(sketch);
            if correlations.iter().all(|&value| value < COARSE_LIMIT) {
                continue;
            }
            let close = (start..end).zip(correlations);
            let close = close.filter(|&(_, value)| value >= COARSE_LIMIT);
            found.extend(close.map(|(other, _)| [index, other]));
        }
    }
    found.retain(|&[one, other]| wanted(one, other) && looks_alike(faces[one], others[other]));
    found.sort_unstable();
    found
}

/// The second look.
fn looks_alike(one: &[u8], other: &[u8]) -> bool {
    let [one, other] = [one, other].map(|face| normalised_means(face, FINE));
    let correlation: f32 = one.iter().zip(&other).map(|(a, b)| a * b).sum();
    correlation >= FINE_LIMIT
}

/// Groups of positions below `count` that pairs connect, each of two or more, in order.
#[must_use]
pub fn groups(count: usize, pairs: impl IntoIterator<Item = [usize; 2]>) -> Vec<Vec<usize>> {
    // Every position leads to the first one of its group.
    let mut leads: Vec<usize> = (0..count).collect();
    let find = |leads: &mut Vec<usize>, mut position: usize| {
        while leads[position] != position {
            leads[position] = leads[leads[position]];
            position = leads[position];
        }
        position
    };
    for [one, other] in pairs {
        let [one, other] = [find(&mut leads, one), find(&mut leads, other)];
        leads[one.max(other)] = one.min(other);
    }
    let mut groups = vec![Vec::new(); count];
    for position in 0..count {
        groups[find(&mut leads, position)].push(position);
    }
    groups.retain(|group| group.len() > 1);
    groups
}

#[cfg(test)]
mod tests {
    use rand::rngs::SmallRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    /// Soft spots at random places.
    fn face(seed: u64) -> Vec<u8> {
        let mut rng = SmallRng::seed_from_u64(seed);
        let spots: Vec<[f32; 3]> = (0..12)
            .map(|_| {
                let [x, y] = [(); 2].map(|()| rng.random_range(0.0..48.0));
                [x, y, rng.random_range(-90.0..90.0)]
            })
            .collect();
        let value = |index: usize| {
            let [x, y] = [index % SIDE, index / SIDE].map(|place| place as f32);
            let spot = |[cx, cy, height]: &[f32; 3]| {
                height * (-((x - cx).powi(2) + (y - cy).powi(2)) / 60.0).exp()
            };
            (128.0 + spots.iter().map(spot).sum::<f32>()).clamp(0.0, 255.0) as u8
        };
        (0..FACE_PIXELS).map(value).collect()
    }

    /// Darker, of less contrast, with noise and a stamp.
    fn copy(face: &[u8]) -> Vec<u8> {
        let mut rng = SmallRng::seed_from_u64(1);
        let mut copy: Vec<u8> = face
            .iter()
            .map(|&pixel| (0.7 * f32::from(pixel) + 5.0 + rng.random_range(0.0..12.0)) as u8)
            .collect();
        copy[SIDE * 40 + 30..SIDE * 40 + 40].fill(0);
        copy
    }

    #[test]
    fn a_changed_copy_is_found_and_other_faces_are_not() {
        let faces: Vec<Vec<u8>> = (0..40).map(face).collect();
        let copies = [copy(&faces[3]), copy(&faces[33])];
        let list: Vec<&[u8]> = faces.iter().chain(&copies).map(Vec::as_slice).collect();
        assert_eq!(within(&list), [[3, 40], [33, 41]]);
        assert_eq!(between(&list[..40], &list[40..]), [[3, 0], [33, 1]]);
        assert_eq!(between(&list[..20], &list[40..]), [[3, 0]]);
    }

    #[test]
    fn even_faces_resemble_none() {
        let (black, gray) = (vec![0; FACE_PIXELS], vec![90; FACE_PIXELS]);
        assert_eq!(within(&[&black, &gray, &gray]), [] as [[usize; 2]; 0]);
    }

    #[test]
    fn pairs_connect_to_groups() {
        let pairs = [[4, 5], [0, 2], [2, 5]];
        assert_eq!(groups(7, pairs), [vec![0, 2, 4, 5]]);
        assert_eq!(groups(3, []), [] as [Vec<usize>; 0]);
    }
}
