//! Between an export and the archives that engines speak.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use duotab_core::profile::ProfileFault;

use super::stream;
use crate::runtime::data::{
    DataError, Give, Half, Job, Kind, Limits, Piece, Put, Reader, Take, Writer, below, blocking,
    header, is_left_out, open_export, walk,
};
use crate::runtime::docker::files::NEKO;

/// Reads the whole file once; gives the bytes in it.
pub(in crate::runtime::docker) async fn check(from: PathBuf, job: Job) -> Result<u64, DataError> {
    blocking(move || {
        let (file, length) = open_export(&from)?;
        job.begins(length);
        let reader = Reader {
            path: &from,
            limits: Limits::default(),
            job: &job,
        };
        let contents = reader.read(io::BufReader::new(file), &mut |_, _| Ok(()))?;
        Ok(contents.bytes)
    })
    .await
}

/// Gives what leaves with a profile from the engine's archive of its folder. `names` are in the folder:
/// an engine that cannot read one of them leaves it out and says nothing.
fn give(bytes: stream::Bytewise, names: u64, take: Take<'_>) -> io::Result<()> {
    let mut seen: u64 = 0;
    walk(bytes, &mut |piece, data| {
        // The engine's names begin with the folder's own.
        let mut parts = piece.path.components();
        parts.next();
        let path = parts.as_path();
        if path.as_os_str().is_empty() {
            return Ok(());
        }
        seen += 1;
        if is_left_out(path) || piece.kind == Kind::Other {
            return Ok(());
        }
        let path = below(path).ok_or_else(|| DataError::too_deep(path).carried())?;
        take(&Piece { path, ..piece }, data)
    })?;
    if seen < names {
        let missing = names - seen;
        let detail =
            format!("the container engine has left out {missing} of {names} files and folders");
        return Err(DataError::failed(detail).carried());
    }
    Ok(())
}

/// The same, to be called elsewhere.
pub(in crate::runtime::docker) fn giver(bytes: stream::Bytewise, names: u64) -> Give {
    Box::new(move |take| give(bytes, names, take))
}

/// From the engine's archive of a folder to an export.
pub(in crate::runtime::docker) fn write_export(
    bytes: stream::Bytewise,
    names: u64,
    to: &Path,
    job: &Job,
) -> Result<(), DataError> {
    let half = Half::begin(to)?;
    let refused = |error: &io::Error| DataError::of(to, error);
    let buffered = io::BufWriter::new(half.file());
    let mut writer = Writer::begin(buffered, job.clone()).map_err(|error| refused(&error))?;
    let given = give(bytes, names, &mut |piece, data| writer.add(piece, data));
    given.map_err(|error| refused(&error))?;
    if writer.pieces() == 0 {
        return Err(DataError::Fault(ProfileFault::Empty));
    }
    writer
        .end()
        .and_then(|buffered| buffered.into_inner().map_err(io::Error::from).map(drop))
        .map_err(|error| refused(&error))?;
    half.keep()
}

/// An archive for the engine, of what belongs to Neko's user.
pub(in crate::runtime::docker) struct Packer(tar::Builder<stream::Pieces>);

impl Packer {
    pub(in crate::runtime::docker) fn new(to: stream::Pieces) -> Self {
        Self(tar::Builder::new(to))
    }
}

impl Put for Packer {
    fn put(&mut self, piece: &Piece, data: &mut dyn Read) -> io::Result<()> {
        if is_left_out(&piece.path) || piece.path.as_os_str().is_empty() {
            return Ok(());
        }
        let mut header = header(piece);
        header.set_uid(NEKO);
        header.set_gid(NEKO);
        self.0.append_data(&mut header, &piece.path, data)
    }

    fn end(self: Box<Self>) -> io::Result<()> {
        self.0.into_inner().and_then(stream::Pieces::end)
    }
}

/// Why an export did not become an archive.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::runtime::docker) enum Stopped {
    /// The file could not be read, or the person gave it up.
    File(DataError),
    /// The engine takes no more; it says why.
    Engine,
}

/// From an export to an archive for the engine.
pub(in crate::runtime::docker) fn pack_import(
    from: &Path,
    to: stream::Pieces,
    job: &Job,
) -> Result<(), Stopped> {
    let (file, _) = open_export(from).map_err(Stopped::File)?;
    let mut packer = Packer::new(to);
    let reader = Reader {
        path: from,
        limits: Limits::default(),
        job,
    };
    // No file is a pipe: that is the way to the engine.
    let is_closed = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    let mut closed = false;
    let read = reader.read(io::BufReader::new(file), &mut |piece, data| {
        let added = packer.put(piece, data);
        added.inspect_err(|error| closed |= is_closed(error))
    });
    match read {
        Err(_) if closed => return Err(Stopped::Engine),
        read => read.map(drop).map_err(Stopped::File)?,
    }
    Box::new(packer).end().map_err(|_| Stopped::Engine)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tokio::sync::mpsc;

    use super::*;

    const NAMES: [&str; 3] = ["chromium/Local State", "chromium/a", "chromium/b"];

    /// As an engine sends a folder: itself, and what is in it.
    fn archive(text: &[u8]) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        let mut piece = Piece {
            path: "chromium".into(),
            kind: Kind::Folder,
            bytes: 0,
            mode: 0o700,
            changed: 0,
        };
        let add = |tar: &mut tar::Builder<Vec<u8>>, piece: &Piece, text: &[u8]| {
            tar.append_data(&mut header(piece), &piece.path, text)
                .unwrap();
        };
        add(&mut tar, &piece, b"");
        (piece.kind, piece.bytes) = (Kind::File, text.len() as u64);
        for name in NAMES {
            piece.path = name.into();
            add(&mut tar, &piece, text);
        }
        tar.into_inner().unwrap()
    }

    fn sent(bytes: &[u8], ended: bool) -> stream::Bytewise {
        let (to, pieces) = mpsc::channel(2);
        to.try_send(Some(Bytes::copy_from_slice(bytes))).unwrap();
        if ended {
            to.try_send(None).unwrap();
        }
        stream::Bytewise::new(pieces)
    }

    #[test]
    fn what_an_engine_cut_short_takes_the_place_of_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("a.tar");
        let archive = archive(b"text");
        let names = NAMES.len() as u64;
        let write = |bytes: &[u8], ended, names| {
            std::fs::write(&to, "old").unwrap();
            let written = write_export(sent(bytes, ended), names, &to, &Job::unwatched());
            (written, std::fs::read(&to).unwrap() == b"old")
        };
        // Each piece has two blocks but the folder, which has one; then two empty ones follow.
        let data = archive.len() - 1024;
        for cut in (512..=data).step_by(512) {
            for ended in [true, false] {
                let (written, untouched) = write(&archive[..cut], ended, names);
                assert!(written.is_err() && untouched, "{cut} {ended}");
            }
        }
        // Whole by its looks, and yet something is missing.
        let (written, untouched) = write(&archive, true, names + 1);
        assert!(written.is_err() && untouched);
        let (written, untouched) = write(&archive, true, names);
        assert!(written.is_ok() && !untouched);
    }

    #[test]
    fn an_engine_that_takes_no_more_is_not_the_file_s_fault() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.tar");
        let names = NAMES.len() as u64;
        // The last words do not go out, or what comes before them.
        for bytes in [4, 1 << 20] {
            let archive = archive(&vec![b'x'; bytes]);
            write_export(sent(&archive, true), names, &file, &Job::unwatched()).unwrap();
            let (writer, body) = stream::body();
            drop(body);
            let packed = pack_import(&file, writer, &Job::unwatched());
            assert_eq!(packed, Err(Stopped::Engine), "{bytes}");
        }
        std::fs::write(&file, "a letter to my aunt").unwrap();
        let (writer, _body) = stream::body();
        let path = file.display().to_string();
        let not_ours = DataError::Fault(ProfileFault::NotOurs { path });
        let packed = pack_import(&file, writer, &Job::unwatched());
        assert_eq!(packed, Err(Stopped::File(not_ours)));
    }
}
