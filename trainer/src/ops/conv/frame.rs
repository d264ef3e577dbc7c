//! Images in a frame of zeros, and where their windows lie.

use std::borrow::Cow;

use super::kernel::TILE;

/// Planes with zeros around them, so that every window of a convolution lies inside.
pub struct Frame<'a> {
    channels: usize,
    /// Height and width of a plane.
    plane: [usize; 2],
    /// Zero rows above and zero columns left of a plane.
    pub before: [usize; 2],
    /// Height and width with all zeros.
    size: [usize; 2],
    /// Borrowed where no zeros are needed.
    values: Cow<'a, [f32]>,
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

impl<'a> Frame<'a> {
    /// A frame for so many images, all zeros.
    pub fn new(
        images: usize,
        channels: usize,
        plane: [usize; 2],
        before: [usize; 2],
        after: [usize; 2],
    ) -> Self {
        let size = [0, 1].map(|axis| before[axis] + plane[axis] + after[axis]);
        let values = if size == plane {
            Cow::Borrowed(&[][..])
        } else {
            Cow::Owned(vec![0.0; images * channels * size[0] * size[1]])
        };
        Self {
            channels,
            plane,
            before,
            size,
            values,
        }
    }

    /// All planes, image by image, channel by channel.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    fn pixels(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Puts images into the frame, instead of those of the block before.
    pub fn fill(&mut self, images: &'a [f32]) {
        let [height, width] = self.plane;
        let pixels = self.pixels();
        let Cow::Owned(values) = &mut self.values else {
            self.values = Cow::Borrowed(images);
            return;
        };
        let first = self.before[0] * self.size[1] + self.before[1];
        let planes = images.chunks_exact(height * width);
        for (source, target) in planes.zip(values.chunks_exact_mut(pixels)) {
            let targets = target[first..].chunks_mut(self.size[1]);
            for (source, target) in source.chunks_exact(width).zip(targets) {
                target[..width].copy_from_slice(source);
            }
        }
    }

    /// Where the window of each position of a grid begins, for all images, and then the last one
    /// again until there are whole tiles.
    pub fn bases(&self, images: usize, grid: Grid) -> Vec<usize> {
        let image = self.channels * self.pixels();
        let mut bases = Vec::with_capacity(images * grid.size[0] * grid.size[1] + TILE);
        for index in 0..images {
            for y in 0..grid.size[0] {
                let row = (grid.start[0] + y * grid.step[0]) * self.size[1] + grid.start[1];
                bases.extend((0..grid.size[1]).map(|x| index * image + row + x * grid.step[1]));
            }
        }
        fill_tiles(&mut bases);
        bases
    }

    /// The taps' distances from the window's first value: all channels, each with the kernel's
    /// places, and then the last one again until there are whole tiles.
    pub fn offsets(&self, places: &[[usize; 2]]) -> Vec<usize> {
        let pixels = self.pixels();
        let mut offsets: Vec<usize> = (0..self.channels)
            .flat_map(|channel| {
                let place = move |[y, x]: &[usize; 2]| channel * pixels + y * self.size[1] + x;
                places.iter().map(place)
            })
            .collect();
        fill_tiles(&mut offsets);
        offsets
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
