//! The shelf of a session: a folder beside its browser, in which files wait on their way between the
//! browser and this machine. Bytes go as a stream, of any length.

mod http;
mod programs;

use std::io;

use tokio::io::AsyncRead;

use super::{Endpoint, Secret};
pub use programs::Programs;

/// How a session's shelf is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShelfWay {
    /// By HTTP at `{base}/api/koneko/shelf`, with the login's bearer token.
    Koneko,
    /// By programs that run beside the browser.
    Programs(Programs),
}

/// A session's shelf. A clone is the same one.
#[derive(Clone, Debug)]
pub struct Shelf {
    endpoint: Endpoint,
    token: Secret,
}

/// What is read from a shelf.
pub type Taken = Box<dyn AsyncRead + Send + Unpin>;

impl Shelf {
    /// The shelf of an engine, with the token of a login there.
    #[must_use]
    pub const fn of(endpoint: Endpoint, token: Secret) -> Self {
        Self { endpoint, token }
    }

    /// The folder, as the browser has it.
    ///
    /// # Errors
    /// If it cannot be asked for.
    pub async fn folder(&self) -> io::Result<String> {
        match &self.endpoint.shelf {
            ShelfWay::Koneko => http::folder(&self.endpoint, &self.token).await,
            ShelfWay::Programs(programs) => Ok(programs.folder().to_owned()),
        }
    }

    /// A file's size in bytes, and its bytes. Reading less than that is an error of the way.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] if it is not there; what the way said otherwise.
    pub async fn take(&self, name: &str) -> io::Result<(u64, Taken)> {
        match &self.endpoint.shelf {
            ShelfWay::Koneko => http::take(&self.endpoint, &self.token, name).await,
            ShelfWay::Programs(programs) => programs.take(name).await,
        }
    }

    /// Puts `size` bytes there as the new file `name` of a batch.
    ///
    /// # Errors
    /// [`io::ErrorKind::StorageFull`] if there is no room, as far as that is told; what the way or
    /// the source said otherwise. Nothing of it stays.
    pub async fn put(
        &self,
        batch: &str,
        name: &str,
        size: u64,
        source: impl AsyncRead + Send + Unpin + 'static,
    ) -> io::Result<()> {
        match &self.endpoint.shelf {
            ShelfWay::Koneko => {
                let place = format!("{batch}/{name}");
                http::put(&self.endpoint, &self.token, &place, size, source).await
            }
            ShelfWay::Programs(programs) => programs.put(batch, name, size, source).await,
        }
    }

    /// Removes a file or a batch. No error if it is not there.
    ///
    /// # Errors
    /// What the way said.
    pub async fn remove(&self, name: &str) -> io::Result<()> {
        match &self.endpoint.shelf {
            ShelfWay::Koneko => http::remove(&self.endpoint, &self.token, name).await,
            ShelfWay::Programs(programs) => programs.remove(name).await,
        }
    }

    /// Removes all files that are in no batch: what nobody has fetched.
    ///
    /// # Errors
    /// What the way said.
    pub async fn clear(&self) -> io::Result<()> {
        match &self.endpoint.shelf {
            ShelfWay::Koneko => http::remove(&self.endpoint, &self.token, "").await,
            ShelfWay::Programs(programs) => programs.clear().await,
        }
    }
}
