//! Pixels as every step reads them.

use thiserror::Error;

/// The most pixels a photo may have. Larger ones must be scaled down by whoever decodes them:
/// above this size a photo takes more memory than a browser tab can be relied on to have.
pub const MAX_PIXELS: usize = 64 << 20;

/// Why a buffer of pixels is not a photo.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PhotoError {
    /// A photo without pixels.
    #[error("the photo is empty ({width} x {height} pixels)")]
    Empty {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
    },
    /// More than [`MAX_PIXELS`]; scale the photo down first.
    #[error("the photo is too large ({width} x {height} pixels); scale it down first")]
    TooLarge {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
    },
    /// The buffer's length does not match the size.
    #[error("the pixel buffer holds {found} bytes where {expected} were expected")]
    WrongLength {
        /// `4 * width * height`.
        expected: usize,
        /// The buffer's length.
        found: usize,
    },
}

/// An upright photo: RGBA, 8 bits a channel, row-major, alpha not premultiplied.
/// Transparent pixels are read as if they lay on white.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Photo {
    width: usize,
    height: usize,
    rgba: Vec<u8>,
}

impl Photo {
    /// Takes `4 * width * height` bytes.
    pub fn new(width: usize, height: usize, mut rgba: Vec<u8>) -> Result<Self, PhotoError> {
        if width == 0 || height == 0 {
            return Err(PhotoError::Empty { width, height });
        }
        let pixels = width
            .checked_mul(height)
            .filter(|&pixels| pixels <= MAX_PIXELS)
            .ok_or(PhotoError::TooLarge { width, height })?;
        if rgba.len() != 4 * pixels {
            return Err(PhotoError::WrongLength {
                expected: 4 * pixels,
                found: rgba.len(),
            });
        }
        for pixel in rgba.chunks_exact_mut(4) {
            let alpha = u32::from(pixel[3]);
            if alpha < 255 {
                for channel in &mut pixel[..3] {
                    let value = u32::from(*channel) * alpha + 255 * (255 - alpha);
                    *channel = ((value + 127) / 255) as u8;
                }
                pixel[3] = 255;
            }
        }
        Ok(Self {
            width,
            height,
            rgba,
        })
    }

    /// Width in pixels, at least 1.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels, at least 1.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// The pixels, `[height, width, 4]`, opaque.
    #[must_use]
    pub fn rgba(&self) -> &[u8] {
        &self.rgba
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_buffer_is_refused() {
        assert!(matches!(
            Photo::new(0, 3, vec![]),
            Err(PhotoError::Empty { .. })
        ));
        assert!(matches!(
            Photo::new(usize::MAX, 2, vec![]),
            Err(PhotoError::TooLarge { .. })
        ));
        assert_eq!(
            Photo::new(2, 2, vec![0; 15]),
            Err(PhotoError::WrongLength {
                expected: 16,
                found: 15
            })
        );
    }

    #[test]
    fn transparent_pixels_lie_on_white() {
        let photo = Photo::new(2, 1, vec![10, 20, 30, 0, 0, 0, 0, 128]).expect("a valid photo");
        assert_eq!(photo.rgba()[..4], [255, 255, 255, 255]);
        assert_eq!(photo.rgba()[4..], [127, 127, 127, 255]);
    }
}
