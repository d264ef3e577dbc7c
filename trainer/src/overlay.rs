//! A saliency map laid over its face in the photo, as a picture.

use font8x8::{BASIC_FONTS, UnicodeFonts};
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use mien_engine::crop::SIDE;
use mien_engine::explain::Scale;
use mien_engine::geometry::{Point, Similarity};
use mien_engine::photo::Photo;

/// Width of the picture in pixels.
const WIDTH: u32 = 640;
/// How much of the photo is shown: so many times the side of the crop's frame.
const SURROUNDINGS: f32 = 1.8;
/// How much of the map's colour covers the photo.
const OPACITY: f32 = 0.6;
/// Height of the legend below, in pixels.
const LEGEND: u32 = 72;
/// Distance of the legend's parts from its edges, in pixels.
const MARGIN: u32 = 16;
/// How much the 8 x 8 letters are enlarged.
const LETTERS: u32 = 2;

/// What an overlay shows.
#[derive(Clone, Copy, Debug)]
pub struct Overlay<'a> {
    /// The photo.
    pub photo: &'a Photo,
    /// From pixels of the crop to pixels of the photo.
    pub transform: &'a Similarity,
    /// The map, one value for each pixel of the crop.
    pub values: &'a [f32],
    /// Their colours.
    pub scale: Scale,
    /// What the values mean, in ASCII.
    pub title: &'a str,
}

impl Overlay<'_> {
    /// Draws the face with some surroundings, the map over it and the legend below.
    #[must_use]
    pub fn draw(&self) -> RgbImage {
        let (shown, corner, zoom) = self.region();
        let scale = self.scale;
        let back = self.transform.inverse();
        let mut picture = RgbImage::from_pixel(WIDTH, shown.height() + LEGEND, Rgb([255; 3]));
        for (x, y, pixel) in shown.enumerate_pixels() {
            let place = back.apply(Point {
                x: corner.x + (x as f32 + 0.5) / zoom,
                y: corner.y + (y as f32 + 0.5) / zoom,
            });
            let colour = match self.value_at(place) {
                Some(value) => blend(pixel.0, scale.color(value)),
                None => pixel.0,
            };
            picture.put_pixel(x, y, Rgb(colour));
        }
        self.draw_legend(&mut picture, shown.height(), scale);
        picture
    }

    /// The photo around the face, scaled to [`WIDTH`]; where it begins in the photo; pixels of the
    /// picture for one of the photo.
    fn region(&self) -> (RgbImage, Point, f32) {
        let middle = SIDE as f32 / 2.0;
        let center = self.transform.apply(Point::new(middle, middle));
        let reach = SURROUNDINGS * middle * self.transform.scale();
        let span = |center: f32, length: usize| {
            let length = length as u32;
            let start = ((center - reach).max(0.0) as u32).min(length - 1);
            let end = ((center + reach).ceil().max(1.0) as u32).clamp(start + 1, length);
            (start, end - start)
        };
        let (left, width) = span(center.x, self.photo.width());
        let (top, height) = span(center.y, self.photo.height());
        let cut = RgbImage::from_fn(width, height, |x, y| {
            let at = (top + y) as usize * self.photo.width() + (left + x) as usize;
            let pixel = &self.photo.rgba()[4 * at..];
            Rgb([pixel[0], pixel[1], pixel[2]])
        });
        let zoom = WIDTH as f32 / width as f32;
        // A face at the very edge of a photo may leave a thin strip.
        let height = ((height as f32 * zoom) as u32).clamp(1, 4 * WIDTH);
        let shown = imageops::resize(&cut, WIDTH, height, FilterType::Triangle);
        (shown, Point::new(left as f32, top as f32), zoom)
    }

    /// The value at a place of the crop, between the four nearest pixels, if it lies in the crop.
    fn value_at(&self, place: Point) -> Option<f32> {
        let side = 0.0..SIDE as f32;
        if !side.contains(&place.x) || !side.contains(&place.y) {
            return None;
        }
        let [(left, right, x), (top, bottom, y)] = [place.x, place.y].map(|place| {
            let place = (place - 0.5).clamp(0.0, (SIDE - 1) as f32);
            let before = place as usize;
            (before, (before + 1).min(SIDE - 1), place.fract())
        });
        let row = |row: usize| {
            let values = self.values.get(row * SIDE..(row + 1) * SIDE)?;
            Some(values[left] * (1.0 - x) + values[right] * x)
        };
        Some(row(top)? * (1.0 - y) + row(bottom)? * y)
    }

    /// The palette from end to end, the values there, and what they mean.
    fn draw_legend(&self, picture: &mut RgbImage, top: u32, scale: Scale) {
        let letter = 8 * LETTERS;
        let (title, values) = (top + MARGIN / 2, top + LEGEND - MARGIN / 2 - letter);
        write(picture, self.title, MARGIN, title);
        let width = WIDTH - 2 * MARGIN;
        for (x, (_, colour)) in (MARGIN..).zip(scale.legend(width as usize)) {
            for y in title + letter + 4..values - 4 {
                picture.put_pixel(x, y, Rgb(colour));
            }
        }
        let [least, zero, most] = [-1.0, 0.0, 1.0].map(|part| {
            let value = part * scale.limit();
            if value == 0.0 {
                "0".to_owned()
            } else if scale.limit() < 0.01 {
                format!("{value:+.4}")
            } else {
                format!("{value:+.2}")
            }
        });
        let length = |text: &str| text.len() as u32 * letter;
        write(picture, &least, MARGIN, values);
        write(picture, &zero, (WIDTH - length(&zero)) / 2, values);
        write(picture, &most, WIDTH - MARGIN - length(&most), values);
    }
}

fn blend(photo: [u8; 3], map: [u8; 3]) -> [u8; 3] {
    let mix = |photo: u8, map: u8| {
        (f32::from(photo) * (1.0 - OPACITY) + f32::from(map) * OPACITY).round() as u8
    };
    [0, 1, 2].map(|channel| mix(photo[channel], map[channel]))
}

/// Writes ASCII text in black; what does not fit is cut off.
fn write(picture: &mut RgbImage, text: &str, left: u32, top: u32) {
    let glyphs = text.chars().filter_map(|letter| BASIC_FONTS.get(letter));
    for (index, glyph) in (0_u32..).zip(glyphs) {
        for (row, bits) in (0_u32..).zip(glyph) {
            for column in (0..8).filter(|column| bits >> column & 1 == 1) {
                let x = left + (8 * index + column) * LETTERS;
                let y = top + row * LETTERS;
                for (x, y) in [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)] {
                    if let Some(pixel) = picture.get_pixel_mut_checked(x, y) {
                        *pixel = Rgb([0; 3]);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(
        photo: &Photo,
        transform: &Similarity,
        value: impl Fn(usize, usize) -> f32,
    ) -> RgbImage {
        let values: Vec<f32> = (0..SIDE * SIDE)
            .map(|index| value(index % SIDE, index / SIDE))
            .collect();
        Overlay {
            photo,
            transform,
            values: &values,
            scale: Scale::of(&values),
            title: "drop of P(happy)",
        }
        .draw()
    }

    fn white(width: usize, height: usize) -> Photo {
        Photo::new(width, height, vec![255; 4 * width * height]).expect("a photo")
    }

    #[test]
    fn the_map_lies_over_the_face_and_nowhere_else() {
        let photo = white(200, 200);
        let middle = Point::new(24.0, 24.0);
        let transform = Similarity::new(2.0, [1.0, 0.0], middle, Point::new(100.0, 100.0));
        // The left half of the face matters.
        let picture = draw(&photo, &transform, |x, _| f32::from(u8::from(x < 24)));
        let height = picture.height() - LEGEND;
        let at = |x: f32, y: f32| {
            picture
                .get_pixel((640.0 * x) as u32, (height as f32 * y) as u32)
                .0
        };
        assert_eq!(at(0.1, 0.5), [255; 3]);
        assert_eq!(at(0.5, 0.1), [255; 3]);
        assert_eq!(at(0.4, 0.5), blend([255; 3], Scale::new(1.0).color(1.0)));
        assert_eq!(at(0.6, 0.5), blend([255; 3], Scale::new(1.0).color(0.0)));
    }

    #[test]
    fn the_legend_spans_the_palette() {
        let photo = white(60, 60);
        let middle = Point::new(24.0, 24.0);
        let transform = Similarity::new(1.0, [1.0, 0.0], middle, middle);
        let picture = draw(&photo, &transform, |_, _| 0.0);
        let y = picture.height() - LEGEND / 2;
        assert_eq!(picture.get_pixel(MARGIN, y).0, Scale::new(1.0).color(-1.0));
        assert_eq!(
            picture.get_pixel(WIDTH - MARGIN - 1, y).0,
            Scale::new(1.0).color(1.0)
        );
        let letters = picture.pixels().filter(|pixel| pixel.0 == [0; 3]).count();
        assert!(letters > 200, "{letters}");
    }

    #[test]
    fn a_face_at_the_edge_of_a_strip_can_be_drawn() {
        for (width, height) in [(1, 1), (1, 900), (900, 1)] {
            let middle = Point::new(24.0, 24.0);
            let transform = Similarity::new(3.0, [0.0, 1.0], middle, Point::new(-20.0, 950.0));
            let picture = draw(&white(width, height), &transform, |_, _| 0.5);
            assert_eq!(picture.width(), WIDTH);
        }
    }
}
