//! How addresses are seen from this machine.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

use duotab_core::proxy::{Peer, Space, Target, space};
use rustix::io::Errno;

/// An address, and by which one of its own this machine would speak to it.
pub(super) fn seen(address: IpAddr) -> Peer {
    // Of the others it makes no difference.
    let is_public = space(address) == Space::Public;
    let from = if is_public { source(address) } else { None };
    Peer { address, from }
}

/// By which address of its own this machine would speak to a target, if that is an address.
pub(super) fn seen_from(target: &Target) -> Option<IpAddr> {
    seen(target.address()?).from
}

/// Has the kernel choose, as it does for each connection; nothing is sent.
fn source(address: IpAddr) -> Option<IpAddr> {
    let any: IpAddr = match address {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = match UdpSocket::bind((any, 0)) {
        Ok(socket) => socket,
        Err(error) if has_no_family(&error) => return None,
        Err(error) => {
            // Whose it is cannot be known, so nobody gets there: as if it were this machine's.
            tracing::warn!(%error, "no socket to see an address by");
            return Some(address);
        }
    };
    // Without a way there, nobody gets there from here.
    socket.connect((address, 9)).ok()?;
    socket.local_addr().ok().map(|local| local.ip())
}

fn has_no_family(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_speaks_to_itself_by_the_very_address() {
        let address = "127.0.0.1".parse().unwrap();
        assert_eq!(source(address), Some(address));
        assert_eq!(seen(address).from, None, "there is nothing to find out");
    }
}
