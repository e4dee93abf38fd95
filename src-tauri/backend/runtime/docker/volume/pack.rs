//! Between an export and the archives that engines speak.

use std::io;
use std::path::{Path, PathBuf};

use duotab_core::profile::ProfileFault;

use super::stream;
use crate::runtime::data::{
    DataError, Half, Job, Kind, Limits, Piece, Reader, Writer, below, blocking, header,
    is_left_out, open_export, walk,
};
use crate::runtime::docker::files::NEKO;

/// Reads the whole file once; gives the bytes in it.
pub(super) async fn check(from: PathBuf, job: Job) -> Result<u64, DataError> {
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

/// From the engine's archive of a folder to an export.
pub(super) fn write_export(bytes: stream::Bytewise, to: &Path, job: &Job) -> Result<(), DataError> {
    let half = Half::begin(to)?;
    let refused = |error: &io::Error| DataError::of(to, error);
    let buffered = io::BufWriter::new(half.file());
    let mut writer = Writer::begin(buffered, job.clone()).map_err(|error| refused(&error))?;
    let walked = walk(bytes, &mut |piece, data| {
        // The engine's names begin with the folder's own.
        let mut parts = piece.path.components();
        parts.next();
        let path = parts.as_path();
        if path.as_os_str().is_empty() || is_left_out(path) || piece.kind == Kind::Other {
            return Ok(());
        }
        let path = below(path).ok_or_else(|| DataError::too_deep(path).carried())?;
        writer.add(&Piece { path, ..piece }, data)
    });
    walked.map_err(|error| refused(&error))?;
    if writer.pieces() == 0 {
        return Err(DataError::Fault(ProfileFault::Empty));
    }
    writer
        .end()
        .and_then(|buffered| buffered.into_inner().map_err(io::Error::from).map(drop))
        .map_err(|error| refused(&error))?;
    half.keep()
}

/// From an export to an archive for the engine.
pub(super) fn pack_import(from: &Path, to: stream::Pieces, job: &Job) -> Result<(), DataError> {
    let (file, _) = open_export(from)?;
    let mut tar = tar::Builder::new(to);
    let reader = Reader {
        path: from,
        limits: Limits::default(),
        job,
    };
    reader.read(io::BufReader::new(file), &mut |piece, data| {
        if is_left_out(&piece.path) || piece.path.as_os_str().is_empty() {
            return Ok(());
        }
        let mut header = header(piece);
        header.set_uid(NEKO);
        header.set_gid(NEKO);
        tar.append_data(&mut header, &piece.path, data)
    })?;
    let ended = tar.into_inner().and_then(stream::Pieces::end);
    ended.map_err(|error| DataError::of(from, &error))
}
