//! What the proxy of the proxied tabs may reach.
//!
//! A page can ask for any address, also for those that only this machine or the home network can
//! see: the router, a printer, a database on loopback. And a public name can be made to point
//! there (DNS rebinding). So what is not public has to be asked for by the person: an address that
//! was typed, or a name that only the home network can give away. The check is made on the very
//! addresses that are then connected to.

mod failure;
mod peer;
mod policy;
mod space;
mod target;

pub use failure::{Blame, CertificateFlaw, Failure, PageFault};
pub use peer::Peer;
pub use policy::{HOME_NAMES, Policy, Reach, Way};
pub use space::{Space, space};
pub use target::Target;
