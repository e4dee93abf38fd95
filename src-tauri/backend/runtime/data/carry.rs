//! A profile's data from one place to another, piece by piece, with a sum over them on the way.

use std::io::{self, Read};
use std::path::Path;
use std::pin::Pin;

use md5::{Digest as _, Md5};

use duotab_core::profile::ProfileFault;

use super::archive::{Exactly, Limits, hex};
use super::{DataError, Job, Piece, blocking};

/// Takes a piece; what it leaves unread is lost.
pub(crate) type Take<'a> = &'a mut dyn FnMut(&Piece, &mut dyn Read) -> io::Result<()>;

/// Gives all pieces, one after the other, on a thread that may wait.
pub(crate) type Give = Box<dyn FnOnce(Take<'_>) -> io::Result<()> + Send>;

/// Where pieces are put, on the same thread.
pub(crate) trait Put: Send {
    fn put(&mut self, piece: &Piece, data: &mut dyn Read) -> io::Result<()>;
    /// All have come.
    fn end(self: Box<Self>) -> io::Result<()>;
}

/// What brings bytes to that thread, or takes them from it.
pub(crate) type Pump<'a> = Pin<Box<dyn Future<Output = Result<(), DataError>> + Send + 'a>>;

/// What was carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Carried {
    /// The files in whose order the sum goes, each path followed by a zero.
    pub(crate) order: String,
    /// Over the bytes of those files, in hex.
    pub(crate) md5: String,
    /// How many pieces there were.
    pub(crate) pieces: u64,
}

/// What a fault of theirs is about, for a person.
const ON_THEIR_WAY: &str = "the data on their way";

struct Carrier {
    sum: Md5,
    order: String,
    pieces: u64,
    bytes: u64,
    job: Job,
}

impl Carrier {
    fn hand(&mut self, piece: &Piece, data: &mut dyn Read, to: &mut dyn Put) -> io::Result<()> {
        self.job.goes_on().map_err(DataError::carried)?;
        self.pieces += 1;
        self.bytes = self.bytes.saturating_add(piece.bytes);
        let most = Limits::default();
        if self.pieces > most.pieces || self.bytes > most.bytes {
            let path = ON_THEIR_WAY.to_owned();
            return Err(DataError::Fault(ProfileFault::TooLarge { path }).carried());
        }
        let mut unnamed = Md5::new();
        // A name that is no text is no line of a list either.
        let sum = match piece.path.to_str() {
            Some(path) if piece.bytes > 0 => {
                self.order.push_str(path);
                self.order.push('\0');
                &mut self.sum
            }
            _ => &mut unnamed,
        };
        let mut data = Exactly {
            left: piece.bytes,
            data,
            sum,
            job: &self.job,
        };
        to.put(piece, &mut data)
    }
}

/// Why not all was carried.
enum Stopped {
    /// The one side or the other.
    Here(DataError),
    /// What takes the bytes takes no more, and says why itself.
    Closed,
}

/// Carries everything. Each side has a pump, which says what went wrong with it.
///
/// # Errors
/// What went wrong first, as far as that can be told.
pub(crate) async fn carry(
    (give, out): (Give, Pump<'_>),
    (put, into): (Box<dyn Put>, Pump<'_>),
    job: Job,
) -> Result<Carried, DataError> {
    let work = blocking(move || Ok(through(give, put, job)));
    let (work, out, into) = tokio::join!(work, out, into);
    match (work?, out, into) {
        (Err(Stopped::Here(DataError::Cancelled)), ..) => Err(DataError::Cancelled),
        // What is not sent is not read either.
        (_, Err(error), _) => Err(error),
        (Err(Stopped::Here(error)), ..) => Err(error),
        (_, _, Err(error)) => Err(error),
        (Err(Stopped::Closed), ..) => Err(DataError::silent()),
        (Ok(carried), Ok(()), Ok(())) => Ok(carried),
    }
}

fn through(give: Give, mut put: Box<dyn Put>, job: Job) -> Result<Carried, Stopped> {
    let mut carrier = Carrier {
        sum: Md5::new(),
        order: String::new(),
        pieces: 0,
        bytes: 0,
        job,
    };
    let stopped = |error: io::Error| match error.kind() {
        io::ErrorKind::BrokenPipe => Stopped::Closed,
        _ => Stopped::Here(DataError::of(Path::new(ON_THEIR_WAY), &error)),
    };
    give(&mut |piece, data| carrier.hand(piece, data, put.as_mut())).map_err(stopped)?;
    put.end().map_err(stopped)?;
    Ok(Carried {
        order: carrier.order,
        md5: hex(carrier.sum),
        pieces: carrier.pieces,
    })
}

/// The sum over files below a folder, in that order.
pub(crate) fn sum_of(folder: &Path, order: &str) -> io::Result<String> {
    let mut sum = Md5::new();
    let mut piece = vec![0; 256 * 1024];
    for path in order.split_terminator('\0') {
        let mut file = std::fs::File::open(folder.join(path))?;
        loop {
            match file.read(&mut piece)? {
                0 => break,
                read => sum.update(piece.get(..read).unwrap_or_default()),
            }
        }
    }
    Ok(hex(sum))
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;
    use std::sync::{Arc, Mutex};

    type Files = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

    struct Kept {
        files: Files,
        /// How many pieces it takes.
        room: usize,
    }

    impl Put for Kept {
        fn put(&mut self, piece: &Piece, data: &mut dyn Read) -> io::Result<()> {
            let mut files = self.files.lock().unwrap();
            if files.len() == self.room {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            let mut bytes = Vec::new();
            data.read_to_end(&mut bytes)?;
            files.push((piece.path.display().to_string(), bytes));
            Ok(())
        }

        fn end(self: Box<Self>) -> io::Result<()> {
            Ok(())
        }
    }

    fn file(path: &str, bytes: u64) -> Piece {
        Piece {
            path: path.into(),
            kind: Kind::File,
            bytes,
            mode: 0o600,
            changed: 0,
        }
    }

    fn give() -> Give {
        Box::new(|take| {
            take(&file("a", 3), &mut b"abc".as_slice())?;
            take(&file("b", 4), &mut b"de".as_slice())
        })
    }

    fn still() -> Pump<'static> {
        Box::pin(async { Ok(()) })
    }

    fn kept(room: usize) -> (Box<Kept>, Files) {
        let files = Files::default();
        let kept = Kept {
            files: Arc::clone(&files),
            room,
        };
        (Box::new(kept), files)
    }

    #[tokio::test]
    async fn what_was_promised_is_carried_and_summed_up_whatever_a_file_has_become() {
        let (to, files) = kept(9);
        let carried = carry((give(), still()), (to, still()), Job::unwatched());
        let carried = carried.await.unwrap();
        let expected = vec![
            ("a".to_owned(), b"abc".to_vec()),
            ("b".to_owned(), b"de\0\0".to_vec()),
        ];
        assert_eq!(*files.lock().unwrap(), expected);
        assert_eq!((carried.order.as_str(), carried.pieces), ("a\0b\0", 2));
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in expected {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        assert_eq!(sum_of(folder.path(), &carried.order).unwrap(), carried.md5);
        std::fs::write(folder.path().join("b"), "other").unwrap();
        assert_ne!(sum_of(folder.path(), &carried.order).unwrap(), carried.md5);
    }

    #[tokio::test]
    async fn the_side_that_failed_first_says_why() {
        let failed = |detail: &str| DataError::failed(detail);
        let fails = |detail: &str| -> Pump<'static> {
            let error = failed(detail);
            Box::pin(async move { Err(error) })
        };
        let (to, _) = kept(1);
        let end = carry((give(), still()), (to, fails("there")), Job::unwatched());
        assert_eq!(end.await, Err(failed("there")));
        let (to, _) = kept(1);
        let end = carry(
            (give(), fails("here")),
            (to, fails("there")),
            Job::unwatched(),
        );
        assert_eq!(end.await, Err(failed("here")));
        let (to, _) = kept(1);
        let end = carry((give(), still()), (to, still()), Job::unwatched());
        assert_eq!(end.await, Err(DataError::silent()));
    }
}
