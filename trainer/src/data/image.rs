//! Image files as faces.

use std::path::Path;

use mien_engine::crop::FaceCrop;

use super::DataError;
use crate::files::read_up_to;
use crate::photo::{MAX_BYTES, decode_photo};

/// Endings of the files that are read.
const ENDINGS: [&str; 8] = ["png", "jpg", "jpeg", "bmp", "gif", "webp", "tif", "tiff"];

/// Whether a file's name is that of an image.
pub fn is_image(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    ENDINGS
        .iter()
        .any(|known| ending.eq_ignore_ascii_case(known))
}

/// An image as a gray face of 48 x 48 pixels, row-major: the picture as the page takes it too.
pub fn read_face(path: &Path) -> Result<Vec<u8>, DataError> {
    let bytes = read_up_to(path, MAX_BYTES).map_err(|source| DataError::Read {
        path: path.to_owned(),
        source,
    })?;
    let photo = decode_photo(&bytes).map_err(|source| DataError::Image {
        path: path.to_owned(),
        source,
    })?;
    Ok(FaceCrop::whole(&photo).to_gray())
}
