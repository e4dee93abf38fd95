//! Datagrams by way of the engine's own connection, where they do not arrive by themselves: a socket
//! on loopback stands for the server's.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader, split};
use tokio::net::UdpSocket;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::endpoint::Tunnel;

/// The largest datagram there is.
const LARGEST: usize = u16::MAX as usize;
/// Bytes read from the tunnel at once.
const CHUNK: usize = 128 << 10;

/// A running relay; dropping it ends it.
#[derive(Debug)]
pub(super) struct Relay {
    address: SocketAddr,
    _end: DropGuard,
}

impl Relay {
    /// Begins; what is sent before the tunnel is there waits in the socket.
    ///
    /// # Errors
    /// If there is no port on loopback.
    pub(super) fn start(tunnel: Tunnel) -> io::Result<Self> {
        let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        let socket = UdpSocket::from_std(socket)?;
        let end = CancellationToken::new();
        let ended = end.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = ended.cancelled() => {}
                carried = carry(&tunnel, &socket) => if let Err(error) = carried {
                    tracing::debug!(%error, "the relay has ended");
                },
            }
        });
        Ok(Self {
            address,
            _end: end.drop_guard(),
        })
    }

    /// Where the peer finds it.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Carries until either side ends.
async fn carry(tunnel: &Tunnel, socket: &UdpSocket) -> io::Result<()> {
    // Whoever sent last is the peer: the ones before it are gone.
    let (to, peer) = tokio::sync::watch::channel(None);
    let (reader, mut writer) = split(tunnel.dial().await?);
    let out = async {
        let mut datagram = vec![0; 2 + LARGEST];
        loop {
            let (length, from) = socket.recv_from(&mut datagram[2..]).await?;
            to.send_if_modified(|known| known.replace(from) != Some(from));
            let head = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
            datagram[..2].copy_from_slice(&head);
            writer.write_all(&datagram[..2 + length]).await?;
            writer.flush().await?;
        }
    };
    let back = async {
        let mut reader = BufReader::with_capacity(CHUNK, reader);
        let mut datagram = vec![0; LARGEST];
        loop {
            let length = usize::from(reader.read_u16().await?);
            reader.read_exact(&mut datagram[..length]).await?;
            let known = *peer.borrow();
            if let Some(to) = known {
                // A full socket loses datagrams, as any network does.
                let _ = socket.try_send_to(&datagram[..length], to);
            }
        }
    };
    tokio::select! {
        ended = out => ended,
        ended = back => ended,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tunnel whose far end sends everything back.
    fn echo() -> Tunnel {
        Tunnel::new("echo".to_owned(), || async {
            let (near, far) = tokio::io::duplex(1 << 20);
            tokio::spawn(async move {
                let (mut reader, mut writer) = split(far);
                tokio::io::copy(&mut reader, &mut writer).await
            });
            Ok(near)
        })
    }

    #[tokio::test]
    async fn datagrams_come_back_whole_and_in_order() {
        let relay = Relay::start(echo()).unwrap();
        let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        peer.connect(relay.address()).await.unwrap();
        for length in [0, 1, 1200, 1500, 9000] {
            peer.send(&vec![7; length]).await.unwrap();
        }
        let mut some = vec![0; 65536];
        for length in [0, 1, 1200, 1500, 9000] {
            assert_eq!(peer.recv(&mut some).await.unwrap(), length);
        }
    }
}
