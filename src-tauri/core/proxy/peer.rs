//! An address as it is seen from this machine.

use super::{Space, space};
use core::net::IpAddr;

/// An address, and the one of this machine's by which it would speak to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The address.
    pub address: IpAddr,
    /// This machine's own, where it is known: that of the way there which the system has now.
    pub from: Option<IpAddr>,
}

impl Peer {
    /// An address of which no more is known.
    #[must_use]
    pub fn unseen(address: IpAddr) -> Self {
        Self {
            address,
            from: None,
        }
    }

    /// The part of the address space that it belongs to, from here. This machine and its neighbours
    /// may have addresses that are everybody's to reach: behind a router that lets nobody in, they
    /// count on being at home all the same.
    #[must_use]
    pub fn space(&self) -> Space {
        match (space(self.address), self.from) {
            // Whoever speaks to itself does so by the very address.
            (Space::Public, Some(from)) if from.to_canonical() == self.address.to_canonical() => {
                Space::Loopback
            }
            (Space::Public, Some(from)) if is_beside(self.address, from) => Space::Private,
            (space, _) => space,
        }
    }
}

/// Whether two addresses are of one network (RFC 4291, 2.5.4: its prefix has 64 bits).
fn is_beside(address: IpAddr, other: IpAddr) -> bool {
    match (address.to_canonical(), other.to_canonical()) {
        (IpAddr::V6(one), IpAddr::V6(other)) => one.segments()[..4] == other.segments()[..4],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_and_its_neighbours_are_known_by_their_public_addresses_too() {
        for (address, from, expected) in [
            ("2600:1::5", "2600:1::5", Space::Loopback),
            ("2600:1::5", "2600:1::9", Space::Private),
            ("2600:1:0:1::5", "2600:1::5", Space::Public),
            ("11.0.0.1", "11.0.0.1", Space::Loopback),
            ("::ffff:11.0.0.1", "11.0.0.1", Space::Loopback),
            ("11.0.0.1", "11.0.0.2", Space::Public),
            ("::ffff:11.0.0.1", "::ffff:11.0.0.2", Space::Public),
            ("11.0.0.1", "192.168.1.2", Space::Public),
            // What is known of an address without being seen stays so.
            ("127.0.0.1", "127.0.0.1", Space::Loopback),
            ("192.168.1.2", "192.168.1.2", Space::Private),
            ("169.254.169.254", "169.254.169.254", Space::Metadata),
        ] {
            let [address, from] = [address, from].map(|text| text.parse().ok());
            let peer = address.map(|address| Peer { address, from });
            assert_eq!(peer.map(|it| it.space()), Some(expected), "{peer:?}");
        }
    }
}
