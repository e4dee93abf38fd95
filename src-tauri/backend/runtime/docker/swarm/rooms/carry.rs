//! Archives on their way through a door. Each way owns its end of what is beside a thread: when it ends,
//! however it does, the thread ends too.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::room::broken;
use crate::runtime::data::DataError;
use crate::runtime::docker::volume::stream;

/// Pieces under way, and bytes of one.
pub(super) const AHEAD: usize = 8;
const PIECE: usize = 256 * 1024;
/// For each piece.
pub(super) const SILENCE: Duration = Duration::from_secs(60);
/// Behind an archive: what reads it takes as much at once, and the end of the archive ends it.
const PADDING: [u8; 10_240] = [0; 10_240];

/// What a node sends, to a thread that reads it.
pub(super) async fn out(
    mut node: impl AsyncRead + Unpin,
    to: mpsc::Sender<Option<Bytes>>,
) -> Result<(), DataError> {
    loop {
        let mut piece = BytesMut::with_capacity(PIECE);
        let read = timeout(SILENCE, node.read_buf(&mut piece)).await;
        let read = read.map_err(|_| DataError::failed("the node sends nothing any more"))?;
        let end = read.map_err(|error| broken(&error))? == 0;
        let piece = (!end).then(|| piece.freeze());
        // Whoever reads no more says why.
        if to.send(piece).await.is_err() || end {
            return Ok(());
        }
    }
}

/// What a thread writes, to a node that puts it in its place and says so.
pub(super) async fn into(
    mut node: impl AsyncRead + AsyncWrite + Unpin,
    mut body: stream::Body,
) -> Result<(), DataError> {
    let silent = |_| DataError::failed("the node takes nothing any more");
    loop {
        let piece = match body.next().await {
            Some(Ok(piece)) if !piece.is_empty() => piece,
            Some(Ok(_)) => break,
            Some(Err(error)) => return Err(broken(&error)),
            None => return Err(DataError::failed("the file was not read to its end")),
        };
        let sent = timeout(SILENCE, node.write_all(&piece)).await;
        sent.map_err(silent)?.map_err(|error| broken(&error))?;
    }
    let ended = async {
        node.write_all(&PADDING).await?;
        node.flush().await?;
        let mut said = String::new();
        node.read_to_string(&mut said).await?;
        io::Result::Ok(said)
    };
    let said = timeout(SILENCE, ended).await.map_err(silent)?;
    match said.map_err(|error| broken(&error))?.trim() {
        "done" => Ok(()),
        _ => Err(DataError::failed("the archive was not taken")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream::iter;
    use std::io::{Read as _, Write as _};
    use tokio_util::io::StreamReader;

    /// For what has to end by itself.
    async fn within<T>(ends: impl Future<Output = T>) -> T {
        timeout(SILENCE / 2, ends).await.unwrap()
    }

    #[tokio::test]
    async fn a_node_that_breaks_while_it_sends_ends_the_thread_that_reads_too() {
        let sent: [io::Result<&[u8]>; 2] =
            [Ok(b"half"), Err(io::ErrorKind::ConnectionReset.into())];
        let (to, pieces) = mpsc::channel(AHEAD);
        let mut bytes = stream::Bytewise::new(pieces);
        let read = tokio::task::spawn_blocking(move || bytes.read_to_end(&mut Vec::new()));
        let both = async { tokio::join!(read, out(StreamReader::new(iter(sent)), to)) };
        let (read, carried) = within(both).await;
        let end = read.unwrap().map_err(|error| error.kind());
        assert_eq!(end, Err(io::ErrorKind::UnexpectedEof));
        carried.unwrap_err();
    }

    #[tokio::test]
    async fn a_node_that_breaks_while_it_takes_ends_the_thread_that_writes_too() {
        let (node, gone) = tokio::io::duplex(16);
        drop(gone);
        let (mut writer, body) = stream::body();
        // More than what may be under way.
        let write = tokio::task::spawn_blocking(move || {
            let piece = vec![7; PIECE];
            (0..4 * AHEAD).try_for_each(|_| writer.write_all(&piece))
        });
        let both = async { tokio::join!(write, into(node, body)) };
        let (written, carried) = within(both).await;
        let end = written.unwrap().map_err(|error| error.kind());
        assert_eq!(end, Err(io::ErrorKind::BrokenPipe));
        carried.unwrap_err();
    }
}
