//! Where a viewer finds the peer.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The addresses that a peer listens on, and how it names them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    /// Where it listens.
    pub ip: IpAddr,
    /// On which port; 0 takes any, and a new one for each peer.
    pub port: u16,
    /// The address that the viewer is told in the place of our own, where a port is handed on.
    pub shown: Option<IpAddr>,
    /// It leaves the checks to the viewer (ICE lite).
    pub lite: bool,
}

impl Way {
    /// Any port there.
    pub(crate) fn to(ip: IpAddr) -> Self {
        Self {
            ip,
            port: 0,
            shown: None,
            lite: false,
        }
    }

    /// What to bind. A wildcard leaves loopback out; a port of a viewer's choosing is for others
    /// than this machine.
    pub(super) fn addresses(self) -> Vec<SocketAddr> {
        let mut all = vec![SocketAddr::new(self.ip, self.port)];
        if self.ip.is_unspecified() && self.port == 0 {
            all.push(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0));
        }
        all
    }

    /// A candidate as the viewer is told it (RFC 8839: foundation, component, transport, priority,
    /// address, port, …); `None` when it is not to know.
    pub(super) fn shown_as(self, candidate: String) -> Option<String> {
        let Some(shown) = self.shown else {
            return Some(candidate);
        };
        let mut words: Vec<&str> = candidate.split(' ').collect();
        let address: IpAddr = words.get(4)?.parse().ok()?;
        if address.is_ipv4() != shown.is_ipv4() {
            return None;
        }
        let shown = shown.to_string();
        words[4] = &shown;
        Some(words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "candidate:1 1 udp 2130706431 172.17.0.2 52100 typ host ufrag ab";

    #[test]
    fn a_candidate_keeps_all_but_its_address() {
        let mut way = Way::to(Ipv4Addr::UNSPECIFIED.into());
        assert_eq!(way.shown_as(OWN.to_owned()).as_deref(), Some(OWN));
        way.shown = Some(Ipv4Addr::LOCALHOST.into());
        assert_eq!(
            way.shown_as(OWN.to_owned()).unwrap(),
            "candidate:1 1 udp 2130706431 127.0.0.1 52100 typ host ufrag ab"
        );
    }

    #[test]
    fn an_address_of_another_kind_is_not_shown() {
        let mut way = Way::to(Ipv4Addr::UNSPECIFIED.into());
        way.shown = Some(Ipv4Addr::LOCALHOST.into());
        let six = OWN.replace("172.17.0.2", "fd00::2");
        assert_eq!(way.shown_as(six), None);
        assert_eq!(way.shown_as("candidate:1 1".to_owned()), None);
    }
}
