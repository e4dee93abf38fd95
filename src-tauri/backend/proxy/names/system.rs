//! Names that the system looks up, by whatever means it has: mDNS, the router, the search domain.
//!
//! It cannot be told to stop: a look-up that is given up goes on in a thread. So there are places for
//! a few, and each is taken until its look-up really ends.

use std::io;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use duotab_core::proxy::{Failure, Target};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::MAX_ADDRESSES;

/// Threads of this process that may wait for the system at the same time; the runtime has 512.
const PLACES: usize = 64;
/// Of these, the ones for names that the pages of one profile ask for.
pub(super) const PLACES_OF_PAGES: usize = 16;

static EVERYBODY: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(PLACES)));

/// The addresses of a host that the person has set.
pub(in crate::proxy) async fn of_system(
    host: &Target,
    limit: Duration,
) -> Result<Vec<IpAddr>, Failure> {
    find(host, &[&EVERYBODY], limit).await
}

/// The addresses of a host that a page asks for; `places` are those of its profile.
pub(super) async fn of_page(
    host: &Target,
    places: &Arc<Semaphore>,
    limit: Duration,
) -> Result<Vec<IpAddr>, Failure> {
    find(host, &[places, &EVERYBODY], limit).await
}

async fn find(
    host: &Target,
    places: &[&Arc<Semaphore>],
    limit: Duration,
) -> Result<Vec<IpAddr>, Failure> {
    if let Some(address) = host.address() {
        return Ok(vec![address]);
    }
    let name = host.host().to_string();
    look(places, limit, move || {
        let found = (name.as_str(), 0).to_socket_addrs();
        let found = found.inspect_err(|error| {
            tracing::debug!(%error, name, "the system knows no such name");
        })?;
        let addresses = found.map(|address| address.ip());
        Ok(addresses.take(MAX_ADDRESSES).collect())
    })
    .await
}

/// Has `ask` run in a thread, at a place of each kind.
async fn look(
    places: &[&Arc<Semaphore>],
    limit: Duration,
    ask: impl FnOnce() -> io::Result<Vec<IpAddr>> + Send + 'static,
) -> Result<Vec<IpAddr>, Failure> {
    let asked = async {
        let mut taken = Vec::new();
        for place in places {
            let place = Arc::clone(place).acquire_owned().await;
            taken.push(place.map_err(|_| Failure::NameServerSilent)?);
        }
        let found = spawn_blocking(move || {
            let found = ask();
            drop(taken);
            found
        });
        found.await.map_err(|_| Failure::NameServerSilent)
    };
    timeout(limit, asked)
        .await
        .map_err(|_| Failure::NameServerSilent)??
        .map_err(|_| Failure::NameUnknown)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    const SHORT: Duration = Duration::from_millis(100);
    const LONG: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn a_look_up_that_hangs_keeps_its_place_until_it_ends() {
        let (own, all) = (Arc::new(Semaphore::new(2)), Arc::new(Semaphore::new(3)));
        let places = [&own, &all];
        let mut hanging = Vec::new();
        for _ in 0..2 {
            let (end, ended) = channel::<()>();
            let hangs = look(&places, SHORT, move || {
                let _ = ended.recv();
                Ok(Vec::new())
            });
            assert_eq!(hangs.await, Err(Failure::NameServerSilent));
            hanging.push(end);
        }
        let address: IpAddr = "192.168.1.1".parse().unwrap();
        let quick = move || Ok(vec![address]);
        let kept_out = look(&places, SHORT, quick).await;
        assert_eq!(kept_out, Err(Failure::NameServerSilent));
        let others = look(&[&all], SHORT, quick).await;
        assert_eq!(others, Ok(vec![address]), "another profile has places");
        drop(hanging.pop());
        assert_eq!(look(&places, LONG, quick).await, Ok(vec![address]));
    }
}
