//! Where an engine answers, and with which credentials: what a runtime hands to the clients.

mod shelf;
mod talk;

pub use shelf::{Programs, Shelf, ShelfWay, Taken};
pub use talk::{Question, Talk};

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

pub use duotab_core::secret::Secret;
use tokio::io::{AsyncRead, AsyncWrite};
use url::Url;

/// A running engine, as its clients need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The Neko server's HTTP address, with its path prefix if it has one; as the far end of the
    /// tunnel has it where there is one.
    pub base: Url,
    /// The only way to it, where it is on no network that this machine is on.
    pub via: Option<Tunnel>,
    /// Where this machine sees the media port, if that is not what the Neko server says.
    pub seen_at: Option<IpAddr>,
    /// Carries datagrams to the Neko server's media port where they do not arrive by themselves,
    /// each behind its length in two bytes, the larger one first.
    pub relay: Option<Tunnel>,
    /// User for the login.
    pub username: String,
    /// Password for the login.
    pub password: Secret,
    /// The token of a login that is open already, for the client that comes first.
    pub login: Option<Secret>,
    /// How the pages are controlled.
    pub cdp: Cdp,
    /// How files come to the browser and from it.
    pub shelf: ShelfWay,
}

impl Endpoint {
    /// The same for those who come later, each with a login of their own.
    #[must_use]
    pub fn without_login(self) -> Self {
        Self {
            login: None,
            ..self
        }
    }
}

/// How the DevTools protocol is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cdp {
    /// WebSocket at `{base}/api/koneko/cdp` with the login's bearer token.
    KonekoRelay,
    /// The browser's own HTTP server, at the other end of a tunnel.
    Tunnel(Tunnel),
}

/// Bytes, there and back.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

type Dialled = Pin<Box<dyn Future<Output = io::Result<Box<dyn Duplex>>> + Send>>;

/// A way to a port that nothing but its runtime can reach. A clone is the same tunnel.
#[derive(Clone)]
pub struct Tunnel {
    /// Where it leads, for people.
    name: String,
    dial: Arc<dyn Fn() -> Dialled + Send + Sync>,
}

impl Tunnel {
    /// A tunnel to what is called `name`; `dial` makes a connection each time.
    pub fn new<F, C>(name: String, dial: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = io::Result<C>> + Send + 'static,
        C: Duplex + 'static,
    {
        let dial = Arc::new(move || -> Dialled {
            let dialled = dial();
            Box::pin(async move { Ok(Box::new(dialled.await?) as Box<dyn Duplex>) })
        });
        Self { name, dial }
    }

    /// A connection of its own.
    ///
    /// # Errors
    /// What the runtime or the system said.
    pub async fn dial(&self) -> io::Result<Box<dyn Duplex>> {
        (self.dial)().await
    }
}

impl std::fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Tunnel").field(&self.name).finish()
    }
}

impl PartialEq for Tunnel {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Tunnel {}
