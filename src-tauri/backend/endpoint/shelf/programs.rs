//! A shelf in a container: small programs there read and write it, and their input and output are
//! the way.

use std::io;
use std::pin::Pin;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};

use super::Taken;
use crate::endpoint::Duplex;

/// A file with its size in front. A link that a page's process has put there is none.
const TAKE: &str = r#"[ -f "$1" ] && [ ! -L "$1" ] || { echo none; exit; }
stat -c %s -- "$1" && exec cat -- "$1""#;

/// A new file of so many bytes, and a word when all are there.
const PUT: &str = r#"mkdir -p -m 700 -- "${1%/*}" && [ ! -e "$1" ] || { echo failed; exit; }
head -c "$2" >"$1" && [ "$(stat -c %s -- "$1")" = "$2" ] && echo done ||
    { rm -f -- "$1"; echo failed; }"#;

const REMOVE: &str = r#"rm -rf -- "$1" && echo done"#;

const CLEAR: &str = r#"find "$1" -mindepth 1 -maxdepth 1 ! -type d -delete && echo done"#;

/// Characters of a program's first word.
const WORD_LIMIT: usize = 32;
/// Bytes that are given at once.
const PIECE: usize = 64 * 1024;

type Started = Pin<Box<dyn Future<Output = io::Result<Box<dyn Duplex>>> + Send>>;

/// Starts programs beside the browser. A clone is the same.
#[derive(Clone)]
pub struct Programs {
    /// Where they run, for people.
    name: String,
    folder: String,
    start: Arc<dyn Fn(Vec<String>) -> Started + Send + Sync>,
}

impl Programs {
    /// Beside the browser of what is called `name`, with the shelf in `folder`; `start` starts a
    /// command and gives its input and output.
    pub fn new<F, C>(
        name: String,
        folder: &str,
        start: impl Fn(Vec<String>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = io::Result<C>> + Send + 'static,
        C: Duplex + 'static,
    {
        let start = Arc::new(move |command| -> Started {
            let started = start(command);
            Box::pin(async move { Ok(Box::new(started.await?) as Box<dyn Duplex>) })
        });
        let folder = folder.to_owned();
        Self {
            name,
            folder,
            start,
        }
    }

    pub(super) fn folder(&self) -> &str {
        &self.folder
    }

    async fn run(&self, script: &str, arguments: &[&str]) -> io::Result<Box<dyn Duplex>> {
        let command = ["/bin/bash", "-c", script, "duotab"];
        let command = command.iter().chain(arguments);
        (self.start)(command.map(|it| (*it).to_owned()).collect()).await
    }

    pub(super) async fn take(&self, name: &str) -> io::Result<(u64, Taken)> {
        let mut program = self.run(TAKE, &[&self.place(name)?]).await?;
        let size = match word(&mut program).await?.as_str() {
            "none" => return Err(io::ErrorKind::NotFound.into()),
            size => size.parse().map_err(|_| no_word(size))?,
        };
        Ok((size, Box::new(program)))
    }

    pub(super) async fn put(
        &self,
        batch: &str,
        name: &str,
        size: u64,
        mut source: impl AsyncRead + Unpin,
    ) -> io::Result<()> {
        let place = format!("{}/{}", self.place(batch)?, plain(name)?);
        let program = self.run(PUT, &[&place, &size.to_string()]).await?;
        let (mut said, mut to) = tokio::io::split(program);
        let giving = async {
            let mut piece = vec![0; PIECE];
            let mut left = size;
            while left > 0 {
                let most = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
                let read = source.read(&mut piece[..most]).await?;
                if read == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                if to.write_all(&piece[..read]).await.is_err() {
                    break;
                }
                left -= read as u64;
            }
            let _ = to.flush().await;
            // Also why it takes no more stands in its word.
            std::future::pending::<io::Result<String>>().await
        };
        let said = tokio::select! {
            said = word(&mut said) => said?,
            failed = giving => failed?,
        };
        match said.as_str() {
            "done" => Ok(()),
            "failed" => Err(io::ErrorKind::StorageFull.into()),
            other => Err(no_word(other)),
        }
    }

    pub(super) async fn remove(&self, name: &str) -> io::Result<()> {
        self.done(REMOVE, &self.place(name)?).await
    }

    pub(super) async fn clear(&self) -> io::Result<()> {
        self.done(CLEAR, &self.folder).await
    }

    async fn done(&self, script: &str, argument: &str) -> io::Result<()> {
        let mut program = self.run(script, &[argument]).await?;
        match word(&mut program).await?.as_str() {
            "done" => Ok(()),
            other => Err(no_word(other)),
        }
    }

    fn place(&self, name: &str) -> io::Result<String> {
        Ok(format!("{}/{}", self.folder, plain(name)?))
    }
}

/// A name that stays in its folder.
fn plain(name: &str) -> io::Result<&str> {
    let leads_elsewhere =
        name.is_empty() || matches!(name, "." | "..") || name.contains(['/', '\0']);
    if leads_elsewhere {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Ok(name)
}

/// A program's first line. What stands behind it is not touched.
async fn word(program: &mut (impl AsyncRead + Unpin)) -> io::Result<String> {
    let mut word = Vec::new();
    loop {
        match program.read_u8().await? {
            b'\n' => return Ok(String::from_utf8_lossy(&word).into_owned()),
            _ if word.len() >= WORD_LIMIT => return Err(no_word("too long")),
            byte => word.push(byte),
        }
    }
}

fn no_word(said: &str) -> io::Error {
    io::Error::other(format!("the program beside the browser says {said:?}"))
}

impl std::fmt::Debug for Programs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Programs").field(&self.name).finish()
    }
}

impl PartialEq for Programs {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Programs {}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Cursor;
    use std::path::Path;
    use std::process::Stdio;

    use super::*;

    /// Beside a browser that is nowhere.
    fn here(folder: &Path) -> Programs {
        Programs::new(
            "here".to_owned(),
            folder.to_str().unwrap(),
            |command| async move {
                let mut child = tokio::process::Command::new(&command[0])
                    .args(&command[1..])
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()?;
                let (from, to) = (child.stdout.take().unwrap(), child.stdin.take().unwrap());
                Ok(tokio::io::join(from, to))
            },
        )
    }

    #[tokio::test]
    async fn what_was_put_is_taken_as_it_was_whatever_it_is_called() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = here(folder.path());
        let bytes = vec![7; 300_000];
        for name in ["a", "-rf", "größe $(x) '\".txt", "a\nb"] {
            let put = shelf.put("batch", name, 300_000, Cursor::new(bytes.clone()));
            put.await.unwrap();
            let there = folder.path().join("batch").join(name);
            assert!(std::fs::read(&there).unwrap() == bytes, "{name}");
            std::fs::rename(there, folder.path().join(name)).unwrap();
            let (size, mut taken) = shelf.take(name).await.unwrap();
            let mut all = Vec::new();
            taken.read_to_end(&mut all).await.unwrap();
            assert!(size == 300_000 && all == bytes, "{name}");
        }
        shelf.remove("a").await.unwrap();
        shelf.remove("a").await.unwrap();
        shelf.clear().await.unwrap();
        let left: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .flatten()
            .collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }

    #[tokio::test]
    async fn what_is_not_there_or_is_a_link_is_not_found() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).unwrap();
        let shelf = here(folder.path());
        for name in ["none", "link"] {
            let error = shelf.take(name).await.err().unwrap();
            assert_eq!(error.kind(), io::ErrorKind::NotFound, "{name}");
        }
        let error = shelf.take("../etc/passwd").await.err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }

    #[tokio::test]
    async fn a_source_that_breaks_off_and_a_name_that_is_taken_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = here(folder.path());
        let short = shelf.put("batch", "short", 20, Cursor::new(vec![0; 10]));
        assert!(short.await.is_err());
        std::fs::create_dir_all(folder.path().join("batch")).unwrap();
        std::fs::write(folder.path().join("batch/taken"), "before").unwrap();
        let again = shelf.put("batch", "taken", 1, Cursor::new(vec![0]));
        assert!(again.await.is_err());
        let taken = std::fs::read(folder.path().join("batch/taken")).unwrap();
        assert_eq!(taken, b"before");
    }
}
