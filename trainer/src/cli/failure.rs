//! How a command ends when it does not succeed.

use std::fmt;
use std::process::ExitCode;

use anyhow::Error;

/// What a command returns; its results have been printed by then.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Why a command failed, told apart by who can mend it.
#[derive(Debug)]
pub enum Failure {
    /// The user can mend it, and the message says how.
    User(Error),
    /// It is our own failure.
    Internal(Error),
}

impl Failure {
    /// 1 for what the user can mend, 2 for our own failure.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::User(_) => ExitCode::from(1),
            Self::Internal(_) => ExitCode::from(2),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The alternate form prints the whole chain of causes on one line.
        match self {
            Self::User(error) => write!(f, "error: {error:#}"),
            Self::Internal(error) => write!(f, "internal error: {error:#}"),
        }
    }
}

/// Says, where an error is handed to the command line, whose it is.
///
/// ```
/// use mien_trainer::cli::{Failure, OrFail, Outcome};
///
/// fn threads(text: &str) -> Outcome<usize> {
///     text.parse().or_user()
/// }
/// assert!(matches!(threads("two"), Err(Failure::User(_))));
/// ```
pub trait OrFail<T> {
    /// The user can mend the error.
    fn or_user(self) -> Outcome<T>;
    /// The error is our own failure.
    fn or_internal(self) -> Outcome<T>;
}

impl<T, E: Into<Error>> OrFail<T> for Result<T, E> {
    fn or_user(self) -> Outcome<T> {
        self.map_err(|error| Failure::User(error.into()))
    }

    fn or_internal(self) -> Outcome<T> {
        self.map_err(|error| Failure::Internal(error.into()))
    }
}
