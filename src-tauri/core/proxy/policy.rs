//! The rules of one profile: which targets may be reached, and on whose behalf.

use super::{Failure, Peer, Space, Target};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::collections::{BTreeSet, HashMap};
use url::Host;

/// Names that no public server can give away, and so cannot be made to point somewhere else: mDNS
/// (RFC 6762), home networks (RFC 8375), ICANN's private-use name, and what routers call
/// themselves. Names of one label belong to them too.
pub const HOME_NAMES: [&str; 6] = [
    "local",
    "home.arpa",
    "internal",
    "lan",
    "localdomain",
    "fritz.box",
];

/// As many permits are kept as a person may type in a while.
const PERMIT_CAP: usize = 1024;

/// How a target is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// At one of these addresses.
    Addresses(Vec<Peer>),
    /// At the addresses of this name that are within reach.
    Name(String, Reach),
}

/// How far a name may point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To public addresses only.
    World,
    /// To the home network too, but neither to this machine nor to a cloud's credentials.
    Home,
    /// To this machine too: the person says that the name is their own.
    Own,
}

impl Reach {
    fn admits(self, space: Space) -> bool {
        match self {
            Self::World => space == Space::Public,
            Self::Home => space == Space::Public || space.is_home(),
            Self::Own => space == Space::Public || space.is_home() || space == Space::Loopback,
        }
    }
}

/// The rules of one profile.
#[derive(Clone, Debug)]
pub struct Policy {
    own_ports: BTreeSet<u16>,
    home_names: Vec<String>,
    /// Names of the public kind that the person says are their own.
    own_names: BTreeSet<String>,
    /// What the person asked for, and when, counted.
    permits: HashMap<Target, u64>,
    asked: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            own_ports: BTreeSet::new(),
            home_names: HOME_NAMES.map(str::to_owned).to_vec(),
            own_names: BTreeSet::new(),
            permits: HashMap::new(),
            asked: 0,
        }
    }
}

impl Policy {
    /// With further names, and all below them, that may point to the home network.
    #[must_use]
    pub fn with_home_names(mut self, names: impl IntoIterator<Item = String>) -> Self {
        let names = names.into_iter().map(|name| name.to_ascii_lowercase());
        self.home_names
            .extend(names.map(|name| name.trim_matches('.').to_owned()));
        self.home_names.retain(|name| !name.is_empty());
        self
    }

    /// These names, and no others, are the person's own by their word.
    pub fn lead_home(&mut self, names: impl IntoIterator<Item = String>) {
        self.own_names = names.into_iter().collect();
    }

    /// Keeps a port of this machine from all pages, whatever the person types.
    pub fn keep_port(&mut self, port: u16) {
        self.own_ports.insert(port);
    }

    /// Whatever had the port is gone.
    pub fn free_port(&mut self, port: u16) {
        self.own_ports.remove(&port);
    }

    /// The person asked for this target.
    ///
    /// A name of the public kind gains nothing by it: it may be anybody's who wants to be visited.
    pub fn permit(&mut self, target: Target) {
        self.asked += 1;
        self.permits.insert(target, self.asked);
        if self.permits.len() > PERMIT_CAP {
            let oldest = self.permits.iter().min_by_key(|(_, asked)| **asked);
            if let Some(oldest) = oldest.map(|(target, _)| target.clone()) {
                self.permits.remove(&oldest);
            }
        }
    }

    /// A target sent its visitor on to another. What the person asked for may be elsewhere on the
    /// same host, as a router is that wants TLS.
    pub fn follow(&mut self, from: &Target, to: &Target) {
        if from.host() == to.host() && from != to && self.is_permitted(from) {
            self.permit(to.clone());
        }
    }

    /// Whether the person asked for this target.
    #[must_use]
    pub fn is_permitted(&self, target: &Target) -> bool {
        self.permits.contains_key(target)
    }

    /// Whether the person asked for any port of this target's host.
    #[must_use]
    pub fn is_host_permitted(&self, target: &Target) -> bool {
        self.is_permitted(target)
            || self
                .permits
                .keys()
                .any(|known| known.host() == target.host())
    }

    /// Where to look for a target that a page of `initiator` asks for, as far as that is known. If it
    /// is an address, `from` is this machine's own by which it would speak to it.
    ///
    /// # Errors
    /// If it may not be reached whatever its addresses are.
    pub fn way(
        &self,
        target: &Target,
        initiator: Option<&Target>,
        from: Option<IpAddr>,
    ) -> Result<Way, Failure> {
        let asked = self.is_asked_for(target, initiator);
        if let Some(address) = target.address() {
            let peer = Peer { address, from };
            self.admit_asked(target, peer, asked)?;
            return Ok(Way::Addresses(vec![peer]));
        }
        let Host::Domain(name) = target.host() else {
            return Err(Failure::BadRequest);
        };
        if is_below(name, "localhost") {
            // Never asked of a server (RFC 6761).
            let here = [
                IpAddr::V6(Ipv6Addr::LOCALHOST),
                IpAddr::V4(Ipv4Addr::LOCALHOST),
            ]
            .map(Peer::unseen);
            for peer in here {
                self.admit_asked(target, peer, asked)?;
            }
            return Ok(Way::Addresses(here.to_vec()));
        }
        let home = !name.contains('.') || self.home_names.iter().any(|zone| is_below(name, zone));
        let reach = match home {
            _ if self.own_names.contains(name) => Reach::Own,
            true => Reach::Home,
            false => Reach::World,
        };
        Ok(Way::Name(name.clone(), reach))
    }

    /// The addresses of a name that may be connected to, as DNS gave them.
    ///
    /// # Errors
    /// If there is none.
    pub fn admit(
        &self,
        target: &Target,
        reach: Reach,
        addresses: impl IntoIterator<Item = Peer>,
    ) -> Result<Vec<Peer>, Failure> {
        let mut known = false;
        let admitted: Vec<Peer> = addresses
            .into_iter()
            .inspect(|_| known = true)
            .filter(|peer| {
                let space = peer.space();
                reach.admits(space) && !self.is_own(target, space)
            })
            .collect();
        match (admitted.is_empty(), known) {
            (false, _) => Ok(admitted),
            (true, true) => Err(Failure::PrivateName),
            (true, false) => Err(Failure::NameUnknown),
        }
    }

    /// The same for addresses that this machine's own hosts file gives to a name: whoever wrote it
    /// owns the machine, so that the name is as good as its address.
    ///
    /// # Errors
    /// If none of them may be connected to.
    pub fn admit_listed(
        &self,
        target: &Target,
        initiator: Option<&Target>,
        addresses: impl IntoIterator<Item = Peer>,
    ) -> Result<Vec<Peer>, Failure> {
        let asked = self.is_asked_for(target, initiator);
        let mut refused = Failure::NameUnknown;
        let admitted: Vec<Peer> = addresses
            .into_iter()
            .filter(|peer| {
                let admitted = self.admit_asked(target, *peer, asked);
                admitted.inspect_err(|failure| refused = *failure).is_ok()
            })
            .collect();
        if admitted.is_empty() {
            return Err(refused);
        }
        Ok(admitted)
    }

    /// Whether the person asked for this target, or for the page that asks for it.
    #[must_use]
    pub fn is_asked_for(&self, target: &Target, initiator: Option<&Target>) -> bool {
        // A page that the person asked for may use the other ports of its own host.
        self.is_permitted(target)
            || initiator.is_some_and(|page| page.host() == target.host() && self.is_permitted(page))
    }

    fn admit_asked(&self, target: &Target, peer: Peer, asked: bool) -> Result<(), Failure> {
        let space = peer.space();
        if self.is_own(target, space) {
            return Err(Failure::OwnPort);
        }
        if space == Space::Public || asked && space != Space::Multicast {
            return Ok(());
        }
        Err(Failure::PrivateAddress)
    }

    fn is_own(&self, target: &Target, space: Space) -> bool {
        space.is_here() && self.own_ports.contains(&target.port())
    }
}

/// Whether a name is `zone` or ends with it.
fn is_below(name: &str, zone: &str) -> bool {
    name.strip_suffix(zone)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests;
