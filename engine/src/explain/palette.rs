//! Colours for maps of values that may support or oppose a class.

/// The cividis colour map at 33 evenly spaced places, 8 bits a channel, RGB.
///
/// Nuñez, Anderton and Renslow, "Optimizing colormaps with consideration for color vision
/// deficiency to enable accurate interpretation of scientific data", PLOS ONE 13(7), 2018: the
/// same to people with and without colour-blindness, lightness rising evenly. Between the places
/// a straight line stays within 6 of 255 of the original's 256 colours.
#[rustfmt::skip]
const CIVIDIS: [[u8; 3]; 33] = [
    [0, 34, 78], [0, 40, 91], [0, 46, 106], [4, 51, 113],
    [26, 56, 111], [39, 62, 110], [50, 67, 109], [59, 73, 108],
    [67, 78, 108], [75, 84, 108], [82, 89, 109], [90, 95, 110],
    [97, 101, 111], [104, 106, 113], [111, 112, 115], [117, 118, 118],
    [124, 123, 120], [132, 129, 121], [139, 135, 120], [147, 141, 120],
    [155, 147, 118], [163, 154, 117], [171, 160, 114], [179, 166, 112],
    [187, 173, 108], [195, 180, 105], [204, 186, 100], [212, 193, 95],
    [221, 201, 88], [230, 208, 81], [239, 215, 72], [248, 223, 60],
    [254, 232, 56],
];

/// The colour at a place from 0 (dark blue) over 0.5 (gray) to 1 (yellow); places outside are
/// clipped.
#[must_use]
pub fn cividis(place: f32) -> [u8; 3] {
    let place = place.clamp(0.0, 1.0) * (CIVIDIS.len() - 1) as f32;
    let index = (place as usize).min(CIVIDIS.len() - 2);
    let part = place - index as f32;
    let [from, to] = [CIVIDIS[index], CIVIDIS[index + 1]];
    std::array::from_fn(|channel| {
        let [from, to] = [f32::from(from[channel]), f32::from(to[channel])];
        (from + (to - from) * part).round() as u8
    })
}

/// The smallest limit of a [`Scale`]: a hundredth of a per cent of probability, some hundred times
/// what backends differ by. A map that is flat but for noise looks flat; that of a network that is
/// almost sure whatever is covered does not.
const SMALLEST_LIMIT: f32 = 1e-4;

/// Pixels of a patch about as large as an eye.
const PATCH_PIXELS: f32 = 64.0;

/// The largest distance from zero.
fn strongest(values: &[f32]) -> f32 {
    values
        .iter()
        .fold(0.0, |most: f32, value| most.max(value.abs()))
}

/// From values to colours, the same on both sides of zero: yellow supports the class, blue opposes
/// it, gray does neither, and equally strong effects are equally far from gray.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    limit: f32,
}

impl Scale {
    /// The scale on which the strongest of the values, on either side, has the outermost colour.
    #[must_use]
    pub fn of(values: &[f32]) -> Self {
        Self::new(strongest(values))
    }

    /// The same for values of single pixels that only together make up an effect: as faint as the
    /// part of a small effect that falls to a pixel of a patch.
    #[must_use]
    pub fn of_parts(values: &[f32]) -> Self {
        Self {
            limit: strongest(values).max(SMALLEST_LIMIT / PATCH_PIXELS),
        }
    }

    /// The scale from `-limit` (blue) to `limit` (yellow); at least 0.0001.
    #[must_use]
    pub fn new(limit: f32) -> Self {
        Self {
            limit: limit.max(SMALLEST_LIMIT),
        }
    }

    /// The value of the outermost colours.
    #[must_use]
    pub fn limit(self) -> f32 {
        self.limit
    }

    /// A value's colour.
    #[must_use]
    pub fn color(self, value: f32) -> [u8; 3] {
        cividis(0.5 + 0.5 * value / self.limit)
    }

    /// The colours of many values, as opaque RGBA.
    #[must_use]
    pub fn paint(self, values: &[f32]) -> Vec<u8> {
        let opaque = |&value: &f32| {
            let [red, green, blue] = self.color(value);
            [red, green, blue, 255]
        };
        values.iter().flat_map(opaque).collect()
    }

    /// A legend: `steps` values from `-limit` to `limit`, evenly spaced, each with its colour.
    pub fn legend(self, steps: usize) -> impl Iterator<Item = (f32, [u8; 3])> {
        (0..steps).map(move |step| {
            let place = 2.0 * step as f32 / steps.saturating_sub(1).max(1) as f32 - 1.0;
            let value = place * self.limit;
            (value, self.color(value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance of an sRGB colour (IEC 61966-2-1).
    fn luminance(color: [u8; 3]) -> f32 {
        let [red, green, blue] = color.map(|channel| {
            let value = f32::from(channel) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    #[test]
    fn lightness_rises_along_the_colours() {
        let colors: Vec<_> = (0..=256).map(|step| cividis(step as f32 / 256.0)).collect();
        for pair in colors.windows(2) {
            assert!(luminance(pair[0]) <= luminance(pair[1]));
        }
        assert_eq!(cividis(-1.0), [0, 34, 78]);
        assert_eq!(cividis(2.0), [254, 232, 56]);
    }

    #[test]
    fn nothing_is_gray_and_the_strongest_outermost() {
        let scale = Scale::of(&[0.1, -0.4, 0.2]);
        assert_eq!(scale.color(0.0), cividis(0.5));
        let [red, green, blue] = scale.color(0.0);
        assert!(red.abs_diff(green) < 5 && green.abs_diff(blue) < 5);
        assert_eq!(scale.color(-0.4), cividis(0.0));
        assert_eq!(scale.color(0.4), cividis(1.0));
        assert_eq!(scale.paint(&[0.4]), [254, 232, 56, 255]);
    }

    #[test]
    fn noise_stays_gray() {
        let scale = Scale::of(&[1e-7, -1e-7]);
        assert_eq!(scale.color(1e-7), cividis(0.5));
        let parts = Scale::of_parts(&[1e-6, 1e-3]);
        assert_eq!(parts.color(1e-6), cividis(0.5));
        assert_eq!(parts.color(1e-3), cividis(1.0));
    }

    #[test]
    fn a_legend_runs_from_end_to_end() {
        let legend: Vec<_> = Scale::new(0.5).legend(5).collect();
        let values: Vec<_> = legend.iter().map(|(value, _)| *value).collect();
        assert_eq!(values, [-0.5, -0.25, 0.0, 0.25, 0.5]);
        assert_eq!(legend[2].1, cividis(0.5));
    }
}
