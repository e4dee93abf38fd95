//! A site that costs as little as possible.

use std::net::SocketAddr;
use std::time::Duration;

use duotab_test_support::Outcome;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const SMALL: usize = 1024;

/// What a line of a gigabit carries in [`TICK`], but for what frames and headers take.
const LINE: usize = 117 * 1024 * 1024 / 200;
const TICK: Duration = Duration::from_millis(5);

/// Answers `/small` with a KiB, `/large` without end, and `/line` no faster than a line would. What
/// comes before a request's method is passed over, so that a tunnel can begin as TLS does.
pub(crate) async fn start(address: &str) -> Outcome<SocketAddr> {
    let listener = TcpListener::bind((address, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream));
        }
    });
    Ok(address)
}

async fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut asked = Vec::new();
    let small = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {SMALL}\r\n\r\n{}",
        "s".repeat(SMALL)
    );
    loop {
        asked.clear();
        while !asked.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut asked).await? == 0 {
                return Ok(());
            }
        }
        if asked.windows(6).any(|it| it == b"/small") {
            stream.write_all(small.as_bytes()).await?;
        } else {
            let length = u64::MAX / 4;
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
            stream.write_all(head.as_bytes()).await?;
            let paced = asked.windows(5).any(|it| it == b"/line");
            let chunk = vec![b'l'; if paced { LINE } else { 256 * 1024 }];
            let mut ticks = tokio::time::interval(TICK);
            loop {
                if paced {
                    ticks.tick().await;
                }
                stream.write_all(&chunk).await?;
            }
        }
    }
}

/// Reads one answer to `/small` to its end.
pub(crate) async fn read_small(stream: &mut TcpStream) -> Outcome<()> {
    let mut read = Vec::with_capacity(4 * SMALL);
    loop {
        if let Some(at) = read.windows(4).position(|it| it == b"\r\n\r\n")
            && read.len() >= at + 4 + SMALL
        {
            return Ok(());
        }
        if stream.read_buf(&mut read).await? == 0 {
            return Err("the site hung up".into());
        }
    }
}
