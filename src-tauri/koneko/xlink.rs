//! Connections to the private X server, and threads that wait on one and on us at once.

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use std::os::fd::{AsFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::sync::Arc;
use std::time::Duration;
use x11rb::rust_connection::{DefaultStream, RustConnection};

/// The name of the only way to log in.
pub(crate) const AUTH_NAME: &[u8] = b"MIT-MAGIC-COOKIE-1";

/// Why the X server could not be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum XError {
    #[error("socket: {0}")]
    Socket(#[from] std::io::Error),
    #[error("system: {0}")]
    System(#[from] rustix::io::Errno),
    #[error("connect: {0}")]
    Connect(#[from] x11rb::errors::ConnectError),
    #[error("connection: {0}")]
    Connection(#[from] x11rb::errors::ConnectionError),
    #[error("reply: {0}")]
    Reply(#[from] x11rb::errors::ReplyError),
    #[error("out of ids: {0}")]
    Ids(#[from] x11rb::errors::ReplyOrIdError),
    #[error("the server lacks {0}")]
    Lacks(&'static str),
}

/// Where the X server is, and the key to it.
#[derive(Clone)]
pub(crate) struct Address {
    number: u32,
    /// `None` where the server lets in whoever reaches it.
    cookie: Option<[u8; 16]>,
}

impl Address {
    pub(crate) fn new(number: u32, cookie: Option<[u8; 16]>) -> Self {
        Self { number, cookie }
    }

    /// From the words of `DISPLAY`: a server of this machine, with or without its screen.
    pub(crate) fn open_to_all(display: &str) -> Option<Self> {
        let number = display.strip_prefix(':')?.split('.').next()?;
        Some(Self::new(number.parse().ok()?, None))
    }

    /// As `DISPLAY` wants it.
    pub(crate) fn name(&self) -> String {
        format!(":{}", self.number)
    }

    /// A new connection; the server has one screen.
    pub(crate) fn connect(&self) -> Result<RustConnection, XError> {
        let path = format!("/tmp/.X11-unix/X{}", self.number);
        // As libxcb does it. The file may be another server's, from a network namespace where the
        // number was free; Xvfb puts up with that.
        let stream = SocketAddr::from_abstract_name(&path)
            .and_then(|it| UnixStream::connect_addr(&it))
            .or_else(|_| UnixStream::connect(&path))?;
        let (stream, _) = DefaultStream::from_unix_stream(stream)?;
        let (name, data) = match self.cookie {
            Some(cookie) => (AUTH_NAME.to_vec(), cookie.to_vec()),
            None => (Vec::new(), Vec::new()),
        };
        let connected = RustConnection::connect_to_stream_with_auth_info(stream, 0, name, data);
        Ok(connected?)
    }
}

/// Wakes a thread that waits in [`Wake::wait`].
#[derive(Clone)]
pub(crate) struct Wake(Arc<OwnedFd>);

impl Wake {
    pub(crate) fn new() -> Result<Self, XError> {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        Ok(Self(Arc::new(eventfd(0, flags)?)))
    }

    pub(crate) fn wake(&self) {
        // Fails only when it is full of wakes already.
        let _ = rustix::io::write(&*self.0, &1u64.to_ne_bytes());
    }

    /// Waits until the server has something to say, somebody wakes us, or the limit is over.
    /// Events that x11rb has read already must have been taken before.
    pub(crate) fn wait(
        &self,
        connection: &RustConnection,
        limit: Option<Duration>,
    ) -> Result<(), XError> {
        let limit = limit.and_then(|it| Timespec::try_from(it).ok());
        let mut fds = [
            PollFd::from_borrowed_fd(connection.stream().as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(self.0.as_fd(), PollFlags::IN),
        ];
        match poll(&mut fds, limit.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut count = [0; 8];
        let _ = rustix::io::read(&*self.0, &mut count);
        Ok(())
    }
}
