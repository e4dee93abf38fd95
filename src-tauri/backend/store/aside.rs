//! Moving an unusable database out of the way without losing a byte of it.

use std::io;
use std::path::{Path, PathBuf};

/// What SQLite keeps beside the file and what belongs to it.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

/// Rename `<name>` to the first free `<name>.<why>-<n>`, with its companions, and say where it is.
pub(super) fn set_aside(path: &Path, why: &str) -> io::Result<PathBuf> {
    let mut n = 1_u32;
    let aside = loop {
        let aside = with_suffix(path, &format!(".{why}-{n}"));
        if COMPANIONS
            .iter()
            .all(|end| is_free(&with_suffix(&aside, end)))
            && is_free(&aside)
        {
            break aside;
        }
        n = n.checked_add(1).ok_or(io::ErrorKind::AlreadyExists)?;
    };
    // The log first: without its file it means nothing, but a new file would take an old log in.
    for end in COMPANIONS {
        match std::fs::rename(with_suffix(path, end), with_suffix(&aside, end)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    std::fs::rename(path, &aside)?;
    Ok(aside)
}

fn is_free(path: &Path) -> bool {
    path.symlink_metadata()
        .is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
