//! The file of an export: a tar archive with a note of ours first, the data, and a note at the end
//! that says how much there was. Whatever else is in such a file, nothing of it is put anywhere.

use std::cell::Cell;
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

use duotab_core::profile::ProfileFault;
use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};
use tar::{Archive, Builder, EntryType, Header};

use super::{DataError, Job};

const HEAD: &str = "duotab-profile.json";
const TAIL: &str = "duotab-profile-end.json";
const DATA: &str = "data";
/// Of the file's layout.
const FORMAT: u32 = 1;

/// Bytes of a note, and of what a long name or its attributes take.
const NOTE_LIMIT: u64 = 64 * 1024;
/// Bytes of a path, and names in it. Linux has 4096 bytes; no browser comes near.
const PATH_LIMIT: usize = 2048;
const DEPTH_LIMIT: usize = 40;
/// Bytes that are moved at once.
const CHUNK: usize = 256 * 1024;

/// What an export may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) bytes: u64,
    pub(crate) pieces: u64,
}

/// More than any profile: a browser is slow long before.
impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 64 << 30,
            pieces: 2_000_000,
        }
    }
}

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
    /// A link, a pipe, a device, or what nobody knows.
    Other,
}

/// A file or a folder of an archive, as it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) path: PathBuf,
    pub(crate) kind: Kind,
    pub(crate) bytes: u64,
    pub(crate) mode: u32,
    /// Seconds since 1970.
    pub(crate) changed: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Head {
    duotab_profile: u32,
    made_by: String,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Tail {
    pieces: u64,
    bytes: u64,
    /// Over the bytes of all files, in hex. Against accidents, not against whoever means harm:
    /// earlier exports have none.
    #[serde(default)]
    md5: Option<String>,
}

pub(super) fn hex(sum: Md5) -> String {
    let sum = sum.finalize();
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Goes through an archive of whatever origin, one piece after the other. What `take` leaves unread
/// is skipped. Names of any kind that is used for long names are read, up to a limit. One without
/// its end was cut short, be it between two pieces.
pub(crate) fn walk(
    from: impl Read,
    take: &mut dyn FnMut(Piece, &mut dyn Read) -> io::Result<()>,
) -> io::Result<()> {
    let ended = Cell::new(false);
    let mut archive = Archive::new(Noting {
        from,
        ended: &ended,
    });
    let mut long: Option<PathBuf> = None;
    let mut size: Option<u64> = None;
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        let header = entry.header().clone();
        match header.entry_type() {
            EntryType::GNULongName => long = Some(bytes_path(&note(&mut entry)?)),
            EntryType::XHeader => {
                let note = note(&mut entry)?;
                for pair in tar::PaxExtensions::new(&note).flatten() {
                    match pair.key_bytes() {
                        b"path" => long = Some(bytes_path(pair.value_bytes())),
                        b"size" => size = pair.value().ok().and_then(|it| it.parse().ok()),
                        _ => {}
                    }
                }
                // A piece of 8 GiB has its size there alone, and what follows could not be found.
                if size.is_some_and(|size| size >= 8 << 30) {
                    return Err(io::ErrorKind::FileTooLarge.into());
                }
            }
            EntryType::GNULongLink | EntryType::XGlobalHeader => {
                note(&mut entry)?;
            }
            kind => {
                let path = match long.take() {
                    Some(path) => path,
                    None => entry.path()?.into_owned(),
                };
                size = None;
                let kind = match kind {
                    EntryType::Regular | EntryType::Continuous => Kind::File,
                    EntryType::Directory => Kind::Folder,
                    _ => Kind::Other,
                };
                let piece = Piece {
                    path,
                    kind,
                    bytes: header.entry_size()?,
                    mode: header.mode().unwrap_or(0o600),
                    changed: header.mtime().unwrap_or(0),
                };
                take(piece, &mut entry)?;
            }
        }
    }
    if ended.get() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

fn note(entry: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut note = Vec::new();
    entry.take(NOTE_LIMIT + 1).read_to_end(&mut note)?;
    if note.len() as u64 > NOTE_LIMIT {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(note)
}

fn bytes_path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    let end = bytes.iter().position(|byte| *byte == 0);
    let bytes = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

/// A path that leads to no place but below the folder it is put into; `None` if it is not.
pub(crate) fn below(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    let mut depth = 0;
    for part in path.components() {
        match part {
            Component::Normal(name) => plain.push(name),
            Component::CurDir => continue,
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
        depth += 1;
    }
    (depth <= DEPTH_LIMIT && plain.as_os_str().len() <= PATH_LIMIT).then_some(plain)
}

/// Writes an export.
pub(crate) struct Writer<W: Write> {
    tar: Builder<W>,
    wrote: Tail,
    sum: Md5,
    job: Job,
}

impl<W: Write> Writer<W> {
    pub(crate) fn begin(to: W, job: Job) -> io::Result<Self> {
        let mut writer = Self {
            tar: Builder::new(to),
            wrote: Tail::default(),
            sum: Md5::new(),
            job,
        };
        let head = Head {
            duotab_profile: FORMAT,
            made_by: env!("CARGO_PKG_VERSION").to_owned(),
        };
        writer.note(HEAD, &serde_json::to_vec(&head)?)?;
        Ok(writer)
    }

    /// Adds a piece; its path is within the data.
    pub(crate) fn add(&mut self, piece: &Piece, data: &mut dyn Read) -> io::Result<()> {
        let mut header = header(piece);
        let path = Path::new(DATA).join(&piece.path);
        let data = Exactly {
            left: piece.bytes,
            data,
            sum: &mut self.sum,
            job: &self.job,
        };
        self.tar.append_data(&mut header, path, data)?;
        self.wrote.pieces += 1;
        self.wrote.bytes += piece.bytes;
        Ok(())
    }

    /// The end; without it the file is no export.
    pub(crate) fn end(mut self) -> io::Result<W> {
        self.wrote.md5 = Some(hex(std::mem::take(&mut self.sum)));
        let tail = serde_json::to_vec(&self.wrote)?;
        self.note(TAIL, &tail)?;
        let mut to = self.tar.into_inner()?;
        to.flush()?;
        Ok(to)
    }

    /// How many pieces there are so far.
    pub(crate) fn pieces(&self) -> u64 {
        self.wrote.pieces
    }

    fn note(&mut self, name: &str, text: &[u8]) -> io::Result<()> {
        let piece = Piece {
            path: name.into(),
            kind: Kind::File,
            bytes: text.len() as u64,
            mode: 0o600,
            changed: 0,
        };
        self.tar.append_data(&mut header(&piece), name, text)
    }
}

/// What stands before a piece.
pub(crate) fn header(piece: &Piece) -> Header {
    let mut header = Header::new_gnu();
    let folder = piece.kind == Kind::Folder;
    header.set_entry_type(if folder {
        EntryType::Directory
    } else {
        EntryType::Regular
    });
    header.set_size(piece.bytes);
    // A person's data are that person's, whatever the file says.
    header.set_mode(if folder {
        0o700
    } else {
        0o600 | (piece.mode & 0o100)
    });
    header.set_mtime(piece.changed);
    header
}

/// As many bytes as were promised: a file that has shrunk meanwhile is filled up, for an archive
/// cannot take a size back.
pub(super) struct Exactly<'a> {
    pub(super) left: u64,
    pub(super) data: &'a mut dyn Read,
    pub(super) sum: &'a mut Md5,
    pub(super) job: &'a Job,
}

impl Read for Exactly<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let most = most.min(into.len()).min(CHUNK);
        let Some(into) = into.get_mut(..most).filter(|it| !it.is_empty()) else {
            return Ok(0);
        };
        let read = match self.data.read(into)? {
            0 => {
                into.fill(0);
                into.len()
            }
            read => read,
        };
        self.sum.update(into.get(..read).unwrap_or_default());
        self.left -= read as u64;
        self.job.did(read as u64).map_err(DataError::carried)?;
        Ok(read)
    }
}

/// Reads an export, from its first byte to its last.
pub(crate) struct Reader<'a> {
    /// The file, for the person.
    pub(crate) path: &'a Path,
    pub(crate) limits: Limits,
    pub(crate) job: &'a Job,
}

impl Reader<'_> {
    /// Gives every piece to `take`, with its path within the data.
    ///
    /// # Errors
    /// At the first thing that no export of ours has, and at the end if something is missing.
    pub(crate) fn read(
        &self,
        from: impl Read,
        take: &mut dyn FnMut(&Piece, &mut dyn Read) -> io::Result<()>,
    ) -> Result<Contents, DataError> {
        let path = self.path.display().to_string();
        let fault = |fault: fn(String) -> ProfileFault| DataError::Fault(fault(path.clone()));
        let not_ours = || fault(|path| ProfileFault::NotOurs { path });
        let incomplete = || fault(|path| ProfileFault::Incomplete { path });
        let mut headed = false;
        let mut tail: Option<Tail> = None;
        let mut seen = Tail::default();
        let mut sum = Md5::new();
        let ended = Cell::new(false);
        let from = Noting {
            from,
            ended: &ended,
        };
        let walked = walk(from, &mut |piece, data| {
            if tail.is_some() {
                return Err(not_ours().carried());
            }
            if !headed {
                let head: Option<Head> = (piece.path == Path::new(HEAD))
                    .then(|| serde_json::from_slice(&note(&mut &mut *data).ok()?).ok())
                    .flatten();
                headed = head.is_some_and(|head| head.duotab_profile == FORMAT);
                return if headed {
                    Ok(())
                } else {
                    Err(not_ours().carried())
                };
            }
            if piece.path == Path::new(TAIL) {
                tail = serde_json::from_slice(&note(&mut &mut *data)?).ok();
                return if tail.is_some() {
                    Ok(())
                } else {
                    Err(incomplete().carried())
                };
            }
            let within = piece
                .path
                .strip_prefix(DATA)
                .ok()
                .and_then(below)
                .filter(|_| piece.kind != Kind::Other)
                .ok_or_else(|| not_ours().carried())?;
            seen.pieces += 1;
            seen.bytes = seen.bytes.saturating_add(piece.bytes);
            if seen.pieces > self.limits.pieces || seen.bytes > self.limits.bytes {
                return Err(fault(|path| ProfileFault::TooLarge { path }).carried());
            }
            let piece = Piece {
                path: within,
                bytes: if piece.kind == Kind::File {
                    piece.bytes
                } else {
                    0
                },
                ..piece
            };
            let mut data = Watched {
                left: piece.bytes,
                data,
                sum: &mut sum,
                job: self.job,
            };
            take(&piece, &mut data)?;
            io::copy(&mut data, &mut io::sink()).map(drop)
        });
        if tail.as_ref().is_some_and(|tail| tail.md5.is_some()) {
            seen.md5 = Some(hex(sum));
        }
        match walked {
            Err(error) => Err(match error.get_ref().map(|it| it.is::<DataError>()) {
                Some(true) => DataError::of(self.path, &error),
                _ if ended.get() && headed => incomplete(),
                _ if !headed => not_ours(),
                _ if error.raw_os_error().is_some() => DataError::of(self.path, &error),
                _ => not_ours(),
            }),
            Ok(()) if !headed => Err(not_ours()),
            Ok(()) if tail.as_ref() != Some(&seen) => Err(incomplete()),
            Ok(()) => Ok(Contents { bytes: seen.bytes }),
        }
    }
}

/// How much an export holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Contents {
    pub(crate) bytes: u64,
}

/// Notes when there is no more.
struct Noting<'a, R> {
    from: R,
    ended: &'a Cell<bool>,
}

impl<R: Read> Read for Noting<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(into)?;
        if read == 0 && !into.is_empty() {
            self.ended.set(true);
        }
        Ok(read)
    }
}

/// Counts what is read, and says when it is cut short.
struct Watched<'a> {
    left: u64,
    data: &'a mut dyn Read,
    sum: &'a mut Md5,
    job: &'a Job,
}

impl Read for Watched<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = into.len().min(CHUNK);
        let into = into.get_mut(..most).unwrap_or_default();
        let read = self.data.read(into)?;
        if read == 0 && self.left > 0 && !into.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.sum.update(into.get(..read).unwrap_or_default());
        self.left = self.left.saturating_sub(read as u64);
        self.job.did(read as u64).map_err(DataError::carried)?;
        Ok(read)
    }
}

#[cfg(test)]
#[path = "archive/tests.rs"]
mod tests;
