//! Images in a frame of zeros, and where their windows lie.

use std::borrow::Cow;

use super::kernel::TILE;
use super::vectors::Element;

/// Elements that are packed before they are copied into the frame, row by row.
const RUN: usize = 2048;

/// Which planes share elements, where an element has two terms.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// The first half of an image's channels with the second.
    Channels,
    /// An image with the next.
    Images,
}

/// Planes with zeros around them, so that every window of a convolution lies inside.
pub struct Frame<'a, T: Element> {
    /// Images that share elements; with what is alone they make a group.
    together: usize,
    /// Channels of an image.
    channels: usize,
    /// Planes of elements in a group.
    planes: usize,
    /// Height and width of a plane.
    plane: [usize; 2],
    /// Zero rows above and zero columns left of a plane.
    pub before: [usize; 2],
    /// Height and width with all zeros.
    size: [usize; 2],
    /// Borrowed where no zeros are needed and elements are numbers.
    values: Cow<'a, [T]>,
    /// Packed planes on their way into the frame.
    packed: Vec<T>,
}

/// A grid of positions in a frame.
#[derive(Clone, Copy)]
pub struct Grid {
    /// Row and column of the first position.
    pub start: [usize; 2],
    /// Rows and columns between positions.
    pub step: [usize; 2],
    /// Rows and columns of positions.
    pub size: [usize; 2],
}

impl<'a, T: Element> Frame<'a, T> {
    /// A frame for so many images, all zeros.
    pub fn new(
        sharing: Sharing,
        images: usize,
        channels: usize,
        plane: [usize; 2],
        [before, after]: [[usize; 2]; 2],
    ) -> Self {
        let (together, planes) = match sharing {
            Sharing::Channels => (1, channels.div_ceil(T::TERMS)),
            Sharing::Images => (T::TERMS, channels),
        };
        let size = [0, 1].map(|axis| before[axis] + plane[axis] + after[axis]);
        let values = if size == plane && T::view(&[]).is_some() {
            Cow::Borrowed(&[][..])
        } else {
            let groups = images.div_ceil(together);
            Cow::Owned(vec![T::zeroed(); groups * planes * size[0] * size[1]])
        };
        Self {
            together,
            channels,
            planes,
            plane,
            before,
            size,
            values,
            packed: Vec::new(),
        }
    }

    /// All planes, group by group.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// Groups of so many images.
    pub fn groups(&self, images: usize) -> usize {
        images.div_ceil(self.together)
    }

    fn pixels(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Puts images into the frame, instead of those of the block before.
    pub fn fill(&mut self, images: &'a [f32]) {
        let pixels = self.plane[0] * self.plane[1];
        let group = self.planes * self.pixels();
        let Cow::Owned(values) = &mut self.values else {
            // None of the borrowed elements is packed, see `new`.
            self.values = Cow::Borrowed(T::view(images).unwrap_or_default());
            return;
        };
        let sources = images.chunks(self.together * self.channels * pixels);
        for (source, target) in sources.zip(values.chunks_exact_mut(group)) {
            let (first, second) = source.split_at(self.planes * pixels);
            if self.size == self.plane {
                T::pack(first, second, target);
                continue;
            }
            let planes = (RUN / pixels).max(1);
            let mut rest = second;
            let targets = target.chunks_mut(planes * self.size[0] * self.size[1]);
            for (first, target) in first.chunks(planes * pixels).zip(targets) {
                let second = rest.split_off(..first.len().min(rest.len()));
                let elements = T::view(first).unwrap_or_else(|| {
                    self.packed.resize(first.len(), T::zeroed());
                    T::pack(first, second.unwrap_or_default(), &mut self.packed);
                    &self.packed
                });
                copy_planes(elements, self.plane, target, self.size, self.before);
            }
        }
    }

    /// Where the window of each position of a grid begins, for all groups of so many images, and
    /// then the last one again until there are whole tiles.
    pub fn bases(&self, images: usize, grid: Grid) -> Vec<usize> {
        let (groups, group) = (self.groups(images), self.planes * self.pixels());
        let mut bases = Vec::with_capacity(groups * grid.size[0] * grid.size[1] + TILE);
        for index in 0..groups {
            for y in 0..grid.size[0] {
                let row = (grid.start[0] + y * grid.step[0]) * self.size[1] + grid.start[1];
                bases.extend((0..grid.size[1]).map(|x| index * group + row + x * grid.step[1]));
            }
        }
        fill_tiles(&mut bases);
        bases
    }

    /// The taps' distances from the window's first value: all planes of a group, each with the kernel's
    /// places, and then the last one again until there are whole tiles.
    pub fn offsets(&self, places: &[[usize; 2]]) -> Vec<usize> {
        let pixels = self.pixels();
        let mut offsets: Vec<usize> = (0..self.planes)
            .flat_map(|plane| {
                let place = move |[y, x]: &[usize; 2]| plane * pixels + y * self.size[1] + x;
                places.iter().map(place)
            })
            .collect();
        fill_tiles(&mut offsets);
        offsets
    }
}

/// Copies planes into the middle of larger ones.
fn copy_planes<T: Copy>(
    source: &[T],
    [height, width]: [usize; 2],
    target: &mut [T],
    size: [usize; 2],
    before: [usize; 2],
) {
    let first = before[0] * size[1] + before[1];
    let planes = source.chunks_exact(height * width);
    for (source, target) in planes.zip(target.chunks_exact_mut(size[0] * size[1])) {
        let targets = target[first..].chunks_mut(size[1]);
        for (source, target) in source.chunks_exact(width).zip(targets) {
            target[..width].copy_from_slice(source);
        }
    }
}

fn fill_tiles(list: &mut Vec<usize>) {
    let last = list.last().copied().unwrap_or(0);
    list.resize(list.len().next_multiple_of(TILE), last);
}

/// The places of a kernel, row by row.
pub fn places([height, width]: [usize; 2]) -> Vec<[usize; 2]> {
    (0..height)
        .flat_map(|y| (0..width).map(move |x| [y, x]))
        .collect()
}
