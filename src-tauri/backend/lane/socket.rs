//! A TCP stream for the WebSocket crate that gives a stranger little to read and nothing to
//! hear, and that leaves the writing to one task once the stranger has become the view.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::outbox::Outbox;

/// Bytes that a stranger may send: a WebSocket request with its headers, and a ticket.
const STRANGER_BYTES: usize = 8 << 10;

/// Where the WebSocket crate's own bytes go.
enum Out {
    /// Straight out: the handshake's answer.
    Direct(OwnedWriteHalf),
    /// To the task that writes the frames, so that a pong never lands inside one.
    Outbox(Arc<Outbox>),
}

/// The stream under the WebSocket.
pub(super) struct Socket {
    read: OwnedReadHalf,
    /// Bytes that may still be read; `None` once the view is known.
    allowance: Option<usize>,
    refused: Arc<AtomicBool>,
    out: Out,
}

impl Socket {
    /// Of a stranger. Once `refused` is set, nothing is written any more, not even an error page.
    pub(super) fn new(stream: TcpStream, refused: Arc<AtomicBool>) -> Self {
        let (read, write) = stream.into_split();
        Self {
            read,
            allowance: Some(STRANGER_BYTES),
            refused,
            out: Out::Direct(write),
        }
    }

    /// The stranger is the view: lifts the limit and hands out the writing half, once.
    pub(super) fn admit(&mut self, outbox: Arc<Outbox>) -> Option<OwnedWriteHalf> {
        self.allowance = None;
        match std::mem::replace(&mut self.out, Out::Outbox(outbox)) {
            Out::Direct(write) => Some(write),
            Out::Outbox(_) => None,
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(allowance) = self.allowance else {
            return Pin::new(&mut self.read).poll_read(context, buffer);
        };
        let mut space = [0; 1024];
        let room = space.len().min(allowance).min(buffer.remaining());
        if room == 0 {
            return Poll::Ready(Err(io::ErrorKind::QuotaExceeded.into()));
        }
        let mut limited = ReadBuf::new(&mut space[..room]);
        std::task::ready!(Pin::new(&mut self.read).poll_read(context, &mut limited))?;
        buffer.put_slice(limited.filled());
        self.allowance = Some(allowance.saturating_sub(limited.filled().len()));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.refused.load(Ordering::Relaxed) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        match &mut self.out {
            Out::Direct(write) => Pin::new(write).poll_write(context, bytes),
            Out::Outbox(outbox) if outbox.reply(bytes) => Poll::Ready(Ok(bytes.len())),
            Out::Outbox(_) => Poll::Ready(Err(io::ErrorKind::QuotaExceeded.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.out {
            Out::Direct(write) => Pin::new(write).poll_flush(context),
            Out::Outbox(_) => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.out {
            Out::Direct(write) => Pin::new(write).poll_shutdown(context),
            Out::Outbox(_) => Poll::Ready(Ok(())),
        }
    }
}
