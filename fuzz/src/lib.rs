//! What the fuzz targets call. The trainer's files are taken one by one: all of the trainer would
//! bring Burn, which takes half an hour to compile with sanitizers.

#[allow(dead_code, reason = "only what reads photos is needed")]
#[path = "../../trainer/src/files.rs"]
mod files;
#[path = "../../trainer/src/photo.rs"]
mod photo;
pub mod readers;

use photo::decode_photo;
