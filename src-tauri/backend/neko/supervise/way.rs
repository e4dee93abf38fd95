//! Which way the media take: straight, or through a relay where that does not come to be. A server
//! behind another address than its own need not know that one: its candidates are led there.

use std::net::IpAddr;
use std::time::Duration;

use duotab_core::neko::signal::{Candidate, Provide};

use crate::endpoint::Tunnel;
use crate::neko::relay::Relay;

/// How long a way to the server may take to be found, try after try; then a fresh peer is the
/// better one, because a server stops looking after 1.4 s. Every third try is longer, for a long
/// way and for a server that waits a second before it takes an address it was not told.
const REACH_LIMITS: [Duration; 3] = [
    Duration::from_millis(900),
    Duration::from_millis(900),
    Duration::from_millis(2500),
];
/// The same where there is a relay, which takes a moment to be made. Without a straight way after
/// the first try, there is none.
const FAR_REACH_LIMIT: Duration = Duration::from_millis(2500);

/// The ways there are, and the one that is taken.
#[derive(Debug)]
pub(super) struct Way {
    tunnel: Option<Tunnel>,
    /// Where this machine sees the server, if that is not where it sees itself.
    seen_at: Option<IpAddr>,
    /// Once there is one it is kept: what kept datagrams away is still there.
    relay: Option<Relay>,
    /// Whether whoever listens was told that it is a relay.
    told: bool,
}

impl Way {
    pub(super) const fn new(tunnel: Option<Tunnel>, seen_at: Option<IpAddr>) -> Self {
        Self {
            tunnel,
            seen_at,
            relay: None,
            told: false,
        }
    }

    /// Whether there could be a relay.
    pub(super) const fn is_far(&self) -> bool {
        self.tunnel.is_some()
    }

    /// Whether the next peer takes a relay, at the given try.
    pub(super) fn is_relayed(&mut self, tries: usize) -> bool {
        if self.relay.is_none()
            && tries > 0
            && let Some(tunnel) = self.tunnel.clone()
        {
            tracing::info!("no datagrams arrive: the picture takes the engine's connection");
            self.relay = Relay::start(tunnel)
                .inspect_err(|error| tracing::warn!(%error, "no relay"))
                .ok();
        }
        self.relay.is_some()
    }

    /// How long a try may take.
    pub(super) const fn limit(&self, tries: usize) -> Duration {
        if self.is_far() {
            return FAR_REACH_LIMIT;
        }
        REACH_LIMITS[tries % REACH_LIMITS.len()]
    }

    /// The server's offer and candidates, as the peer is to take them.
    pub(super) fn lead(&self, provide: &mut Provide, candidates: &mut Vec<Candidate>) {
        if let Some(to) = self.leads_to() {
            provide.sdp = led_offer(&provide.sdp, to);
            candidates.retain_mut(|candidate| self.lead_one(candidate));
        }
    }

    /// The same for one candidate; false if it is of no use.
    pub(super) fn lead_one(&self, candidate: &mut Candidate) -> bool {
        let Some(to) = self.leads_to() else {
            return true;
        };
        let led = led(&candidate.candidate, to);
        led.is_some_and(|led| {
            candidate.candidate = led;
            true
        })
    }

    /// An address, and a port if it is another one than the server's.
    fn leads_to(&self) -> Option<(IpAddr, Option<u16>)> {
        match &self.relay {
            Some(relay) => Some((relay.address().ip(), Some(relay.address().port()))),
            None => self.seen_at.map(|address| (address, None)),
        }
    }

    /// A peer is connected; gives whether it is relayed if that is news.
    pub(super) fn connected(&mut self) -> Option<bool> {
        let relayed = self.relay.is_some();
        (std::mem::replace(&mut self.told, relayed) != relayed).then_some(relayed)
    }
}

/// A server's candidate as the peer is to see it. `None` if it is none for datagrams.
fn led(line: &str, (address, port): (IpAddr, Option<u16>)) -> Option<String> {
    let mut words: Vec<&str> = line.split_ascii_whitespace().collect();
    if words.len() < 8 || !words[2].eq_ignore_ascii_case("udp") {
        return None;
    }
    let address = address.to_string();
    let port = port.map_or_else(|| words[5].to_owned(), |port| port.to_string());
    (words[4], words[5]) = (&address, &port);
    Some(words.join(" "))
}

/// A server's offer as the peer is to see it.
fn led_offer(sdp: &str, to: (IpAddr, Option<u16>)) -> String {
    let lines = sdp.lines().filter_map(|line| {
        if line.starts_with("a=candidate:") {
            led(line, to)
        } else {
            Some(line.to_owned())
        }
    });
    lines.map(|line| line + "\r\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_s_candidates_are_led_to_where_it_is_seen() {
        let offer = "v=0\r\na=candidate:1 1 udp 2130706431 10.1.2.3 61000 typ host\r\n\
            a=candidate:2 1 tcp 1 10.1.2.3 9 typ host tcptype passive\r\na=mid:0\r\n";
        let seen = |host: &str, port| led_offer(offer, (host.parse().unwrap(), port));
        for (host, port, told) in [
            ("fd00::2", None, "fd00::2 61000"),
            ("127.0.0.1", Some(7), "127.0.0.1 7"),
        ] {
            let line = format!("a=candidate:1 1 udp 2130706431 {told} typ host");
            assert_eq!(seen(host, port), format!("v=0\r\n{line}\r\na=mid:0\r\n"));
        }
    }
}
