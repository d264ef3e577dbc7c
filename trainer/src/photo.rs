//! Photos from files.

use std::io::{self, Cursor};
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits};
use mien_engine::photo::{MAX_PIXELS, Photo, PhotoError};
use thiserror::Error;

use crate::files::read_up_to;

/// Longer files are refused: as many bytes as the largest photo has uncompressed.
pub const MAX_BYTES: usize = 4 * MAX_PIXELS;

/// Why a file is not a photo.
#[derive(Debug, Error)]
pub enum PhotoFileError {
    /// The file is not there or cannot be read.
    #[error("the file cannot be read ({0}); check its path and permissions")]
    Read(#[from] io::Error),
    /// The file is longer than any photo; choose another, or save it in a smaller format.
    #[error("the file is larger than {} MB; save the picture in a smaller format", MAX_BYTES >> 20)]
    Long,
    /// The file's content is none of the formats that are read here.
    #[error("this is not a PNG, JPEG, GIF, WebP, BMP or TIFF picture; convert it to one")]
    Format,
    /// The picture is damaged, or of a kind that its format allows but nobody uses.
    #[error("the picture is damaged ({0}); get another copy, or save it anew")]
    Decode(ImageError),
    /// The picture's size does not make a photo.
    #[error(transparent)]
    Size(#[from] PhotoError),
}

impl From<ImageError> for PhotoFileError {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Unsupported(_) => Self::Format,
            error => Self::Decode(error),
        }
    }
}

/// Reads a photo from a file.
pub fn read_photo(path: &Path) -> Result<Photo, PhotoFileError> {
    decode_photo(&read_up_to(path, MAX_BYTES)?)
}

/// Decodes a photo from the bytes of a file, upright as its EXIF orientation says. Its size is
/// checked before its pixels are decoded.
pub fn decode_photo(bytes: &[u8]) -> Result<Photo, PhotoFileError> {
    if bytes.len() > MAX_BYTES {
        return Err(PhotoFileError::Long);
    }
    let mut decoder = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()?
        .into_decoder()?;
    let (width, height) = decoder.dimensions();
    let (width, height) = (width as usize, height as usize);
    if width.saturating_mul(height) > MAX_PIXELS {
        return Err(PhotoError::TooLarge { width, height }.into());
    }
    let mut limits = Limits::default();
    // The widest pixel has four channels of 32 bits; some decoders need a second buffer.
    limits.max_alloc = Some(2 * 16 * MAX_PIXELS as u64);
    decoder.set_limits(limits)?;
    // A picture whose orientation cannot be read is shown as it is stored.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    let image = image.into_rgba8();
    let (width, height) = (image.width() as usize, image.height() as usize);
    Ok(Photo::new(width, height, image.into_raw())?)
}

#[cfg(test)]
mod tests {
    use image::{ImageEncoder, RgbImage, codecs::jpeg::JpegEncoder, codecs::png::PngEncoder};

    use super::*;

    /// EXIF with one entry: the orientation.
    fn exif(orientation: u8) -> Vec<u8> {
        let entry = [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0];
        let mut exif = b"MM\0\x2a\0\0\0\x08\0\x01".to_vec();
        exif.extend(entry);
        exif.extend([0; 4]);
        exif
    }

    #[test]
    fn a_photo_is_turned_upright() {
        // Red on the left, blue on the right, stored for a turn by 90 degrees clockwise.
        let stored = RgbImage::from_fn(32, 16, |x, _| {
            image::Rgb(if x < 16 { [255, 0, 0] } else { [0, 0, 255] })
        });
        let mut bytes = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
        encoder.set_exif_metadata(exif(6)).expect("exif");
        encoder.encode_image(&stored).expect("a picture");
        let photo = decode_photo(&bytes).expect("a photo");
        assert_eq!((photo.width(), photo.height()), (16, 32));
        let (first, last) = (&photo.rgba()[..4], &photo.rgba()[4 * 16 * 31..][..4]);
        assert!(first[0] > 200 && first[2] < 50, "{first:?}");
        assert!(last[0] < 50 && last[2] > 200, "{last:?}");
    }

    #[test]
    fn a_picture_that_claims_to_be_huge_is_refused_before_it_is_decoded() {
        let mut bytes = Vec::new();
        let encoder = PngEncoder::new(&mut bytes);
        encoder
            .write_image(&[0; 12], 2, 2, image::ExtendedColorType::Rgb8)
            .expect("a picture");
        // Width and height follow the signature, the chunk's length and its name.
        bytes[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
        let checksum = crc32(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
        let error = decode_photo(&bytes).expect_err("a refusal");
        assert!(
            matches!(error, PhotoFileError::Size(PhotoError::TooLarge { .. })),
            "{error}"
        );
    }

    fn crc32(bytes: &[u8]) -> u32 {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        crc.sum()
    }

    #[test]
    fn what_is_no_picture_is_named() {
        assert!(matches!(
            read_photo(Path::new("no/such/file.png")),
            Err(PhotoFileError::Read(_))
        ));
        assert!(matches!(
            decode_photo(b"hello"),
            Err(PhotoFileError::Format)
        ));
        let cut = &include_bytes!("../../tests/photos/chelsea.png")[..2000];
        assert!(matches!(decode_photo(cut), Err(PhotoFileError::Decode(_))));
    }
}
