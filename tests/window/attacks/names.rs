//! A name server whose answers change.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use duotab_test_support::{Outcome, world};
use tokio::net::UdpSocket;

/// A question's type (RFC 1035).
const A: u16 = 1;

/// Serves until the test ends: every name is at a public address, and on this machine as soon as it
/// is `turned`.
pub(crate) async fn serve(turned: Arc<AtomicBool>) -> Outcome<()> {
    let socket = UdpSocket::bind((world::PUBLIC_TOO, 53)).await?;
    tokio::spawn(async move {
        let mut packet = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut packet).await {
            let answer = answer(&packet[..length], turned.load(Ordering::Relaxed));
            let _ = socket.send_to(&answer, from).await;
        }
    });
    Ok(())
}

fn answer(packet: &[u8], turned: bool) -> Vec<u8> {
    let mut at = 12;
    while packet[at] != 0 {
        at += 1 + usize::from(packet[at]);
    }
    let kind = u16::from_be_bytes([packet[at + 1], packet[at + 2]]);
    let count = u8::from(kind == A);
    let mut answer = vec![packet[0], packet[1], 0x81, 0x80, 0, 1, 0, count, 0, 0, 0, 0];
    answer.extend(&packet[12..at + 5]);
    if kind == A {
        let address = if turned {
            [127, 0, 0, 1]
        } else {
            [11, 0, 0, 2]
        };
        // The name of the question, an address of the Internet, to be kept for no time, in bytes.
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
        answer.extend(address);
    }
    answer
}
