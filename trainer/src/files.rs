//! Files that are whole whatever happens, and reading that takes bounded memory.

#[cfg(unix)]
use std::fs::Permissions;
use std::fs::{File, TryLockError};
use std::io::{self, BufRead, Read, Write};
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
    file: File,
}

impl Drop for FolderLock {
    /// Unlocks at once. Closing alone would not: a program that is just being started shares the open
    /// file until it runs.
    fn drop(&mut self) {
        // A lock that cannot be given back goes with the last holder of the file.
        let _ = self.file.unlock();
    }
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
            Ok(()) => Ok(Self { file }),
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

/// A file's bytes, but not many more than `limit` of them: enough to see that there are too many,
/// also of a file without end.
pub fn read_up_to(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a line with its end in the place of what `line` holds, which gets no more than `limit` bytes
/// of it. Gives the whole line's length, 0 behind the last one.
pub fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>, limit: usize) -> io::Result<usize> {
    line.clear();
    let mut length = 0;
    loop {
        let piece = match reader.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            piece => piece?,
        };
        let end = piece.iter().position(|&byte| byte == b'\n');
        let used = end.map_or(piece.len(), |end| end + 1);
        let room = limit.saturating_sub(line.len());
        line.extend_from_slice(&piece[..used.min(room)]);
        reader.consume(used);
        length += used;
        if end.is_some() || used == 0 {
            return Ok(length);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_takes_no_more_memory_than_it_may() {
        let text = b"short\na line that goes on and on\nlast";
        // Pieces that end in the midst of lines.
        let mut reader = io::BufReader::with_capacity(4, &text[..]);
        let mut line = Vec::new();
        let mut next = || {
            let length = read_line(&mut reader, &mut line, 8).expect("memory");
            (length, String::from_utf8_lossy(&line).into_owned())
        };
        assert_eq!(next(), (6, "short\n".to_owned()));
        assert_eq!(next(), (27, "a line t".to_owned()));
        assert_eq!(next(), (4, "last".to_owned()));
        assert_eq!(next(), (0, String::new()));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_without_end_is_read_to_the_limit() {
        let bytes = read_up_to(Path::new("/dev/zero"), 1000).expect("zeros");
        assert_eq!(bytes.len(), 1001);
    }
}
