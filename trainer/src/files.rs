//! Files that are whole whatever happens.

#[cfg(unix)]
use std::fs::Permissions;
use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use thiserror::Error;

/// A file could not be written; what it held before is intact.
#[derive(Debug, Error)]
#[error("cannot write {}; free disk space or check the folder's permissions", path.display())]
pub struct WriteError {
    path: PathBuf,
    source: io::Error,
}

/// A folder that only one process at a time works in. The lock ends with its owner, however that
/// ends: no file has to be removed.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

/// A folder could not be had for oneself.
#[derive(Debug, Error)]
pub enum LockError {
    /// Somebody else works there.
    #[error("another process works in {}; wait for its end or choose another --out", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// The lock's file cannot be made.
    #[error("cannot lock {}; check the folder's permissions", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

/// The file that is locked, in the folder.
const LOCK_FILE: &str = "lock";

impl FolderLock {
    /// Locks an existing folder, or says at once that somebody else has.
    pub fn new(folder: &Path) -> Result<Self, LockError> {
        let fail = |source| LockError::Io {
            path: folder.to_owned(),
            source,
        };
        let file = File::options()
            .create(true)
            .append(true)
            .open(folder.join(LOCK_FILE))
            .map_err(fail)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::Busy {
                path: folder.to_owned(),
            }),
            Err(TryLockError::Error(source)) => Err(fail(source)),
        }
    }
}

/// Replaces a file so that it holds all of `bytes` or what it held before.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let write = || {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let mut file = temporary_file(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        // Makes the new name durable too, where a folder can be opened.
        if cfg!(unix) {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    };
    write().map_err(|source| WriteError {
        path: path.to_owned(),
        source,
    })
}

/// A file that vanishes unless it is given a name, readable for whom the user's files are.
fn temporary_file(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The process's umask still applies.
        builder.permissions(Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}
