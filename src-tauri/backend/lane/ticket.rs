//! The one-time secrets that open the lane.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io;
use std::time::{Duration, Instant};

/// How long a ticket can wait to be used.
const LIFE: Duration = Duration::from_secs(10);
/// How many can wait; a page that asks for more loses its oldest.
const MAX_WAITING: usize = 8;
/// Bytes of a secret, before hex.
const SECRET_BYTES: usize = 32;
/// Bytes of a secret as it is sent.
pub(super) const SECRET_CHARS: usize = SECRET_BYTES * 2;

/// The tickets that are not used yet.
#[derive(Default)]
pub(super) struct Tickets(VecDeque<(String, Instant)>);

impl Tickets {
    /// Makes one.
    pub(super) fn issue(&mut self, now: Instant) -> io::Result<String> {
        let mut bytes = [0_u8; SECRET_BYTES];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        let secret = bytes.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        self.expire(now);
        if self.0.len() == MAX_WAITING {
            self.0.pop_front();
        }
        self.0.push_back((secret.clone(), now));
        Ok(secret)
    }

    /// Uses one up, if this is its secret.
    pub(super) fn redeem(&mut self, secret: &str, now: Instant) -> bool {
        self.expire(now);
        let mut found = None;
        for (at, (known, _)) in self.0.iter().enumerate() {
            if same(known.as_bytes(), secret.as_bytes()) {
                found = Some(at);
            }
        }
        found.and_then(|at| self.0.remove(at)).is_some()
    }

    fn expire(&mut self, now: Instant) {
        self.0
            .retain(|(_, issued)| now.saturating_duration_since(*issued) < LIFE);
    }
}

/// Compares in a time that depends on the lengths alone.
fn same(a: &[u8], b: &[u8]) -> bool {
    let differing = a
        .iter()
        .zip(b)
        .fold(0, |sum, (x, y)| std::hint::black_box(sum | (x ^ y)));
    a.len() == b.len() && differing == 0
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_opens_once() {
        let now = Instant::now();
        let mut tickets = Tickets::default();
        let secret = tickets.issue(now).unwrap();
        assert_eq!(secret.len(), SECRET_CHARS);
        assert!(!tickets.redeem("", now));
        assert!(!tickets.redeem(&secret[1..], now));
        assert!(!tickets.redeem(&secret.replace(&secret[..1], "x"), now));
        assert!(tickets.redeem(&secret, now));
        assert!(!tickets.redeem(&secret, now));
    }

    #[test]
    fn a_ticket_expires_after_ten_seconds() {
        let now = Instant::now();
        let mut tickets = Tickets::default();
        let early = tickets.issue(now).unwrap();
        let late = tickets.issue(now).unwrap();
        assert!(tickets.redeem(&early, now + Duration::from_millis(9_999)));
        assert!(!tickets.redeem(&late, now + LIFE));
    }

    #[test]
    fn the_oldest_of_too_many_tickets_is_lost() {
        let now = Instant::now();
        let mut tickets = Tickets::default();
        let secrets: Vec<_> = (0..=MAX_WAITING)
            .map(|_| tickets.issue(now).unwrap())
            .collect();
        assert!(!tickets.redeem(&secrets[0], now));
        assert!(secrets[1..].iter().all(|s| tickets.redeem(s, now)));
    }
}
