//! Waiting in the async runtime for a file handle to become readable.

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A handle that the async runtime watches.
#[expect(
    deprecated,
    reason = "deprecated for handles that do not own what they name; an `OwnedFd` always does, and \
              the unsafe replacement asks for nothing more"
)]
pub(super) fn readable(handle: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(handle, Interest::READABLE)
}
