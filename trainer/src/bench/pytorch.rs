//! The same steps in PyTorch, for comparison.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use serde::Deserialize;
use thiserror::Error;

use super::nets::Subject;
use crate::ops::Precision;

/// What the virtual environment gets. PyTorch imports `NumPy` if it can and warns if not.
const PACKAGES: [&str; 2] = ["torch==2.9.1", "numpy"];

/// Tells glibc to keep freed memory. Otherwise a quarter of PyTorch's time goes into pages that each
/// step takes from the system anew, which our operations do not do either.
const KEEPS_MEMORY: [(&str, &str); 2] = [
    ("MALLOC_MMAP_MAX_", "0"),
    ("MALLOC_TRIM_THRESHOLD_", "100000000000"),
];

const SCRIPT: &str = include_str!("../../bench/torch_train.py");

/// Why PyTorch could not be measured.
#[derive(Debug, Error)]
pub enum PyTorchError {
    /// A program cannot be started.
    #[error("cannot start {}; is Python 3 with its venv module installed?", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A program failed; what it says has been printed.
    #[error("{} failed with {status}; its messages are above", program.display())]
    Failed {
        /// The program.
        program: PathBuf,
        /// How it ended.
        status: ExitStatus,
    },
    /// The script printed something else than figures.
    #[error("PyTorch's script printed no figures: {0}")]
    Output(#[from] serde_json::Error),
}

/// A virtual environment with PyTorch.
#[derive(Debug)]
pub struct PyTorch {
    python: PathBuf,
}

#[derive(Deserialize)]
struct Figure {
    images_per_cpu_second: f64,
}

impl PyTorch {
    /// Uses the environment in this folder, and makes it if there is none: some gigabytes.
    pub fn install(folder: &Path) -> Result<Self, PyTorchError> {
        let python = if cfg!(windows) {
            folder.join("Scripts/python.exe")
        } else {
            folder.join("bin/python")
        };
        if !python.exists() {
            let mut venv = Command::new("python3");
            venv.args(["-m", "venv"]).arg(folder);
            output(venv)?;
        }
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet"]).args(PACKAGES);
        output(pip)?;
        Ok(Self { python })
    }

    /// Images per CPU-second, the median of so many steps, for one of [`Subject::SHAPES`].
    pub fn speed(
        &self,
        subject: Subject,
        precision: Precision,
        steps: usize,
    ) -> Result<f64, PyTorchError> {
        let precision = match precision {
            Precision::F32 => "f32",
            Precision::Bf16 => "bf16",
        };
        let mut script = Command::new(&self.python);
        script
            .args(["-c", SCRIPT])
            .args([&steps.to_string(), precision, subject.name()])
            .envs(KEEPS_MEMORY);
        let figure: Figure = serde_json::from_slice(&output(script)?)?;
        Ok(figure.images_per_cpu_second)
    }
}

/// What a program prints; its messages go to ours.
fn output(mut command: Command) -> Result<Vec<u8>, PyTorchError> {
    let program = PathBuf::from(command.get_program());
    match command.stderr(Stdio::inherit()).output() {
        Ok(output) if output.status.success() => Ok(output.stdout),
        Ok(output) => Err(PyTorchError::Failed {
            program,
            status: output.status,
        }),
        Err(source) => Err(PyTorchError::Start { program, source }),
    }
}
