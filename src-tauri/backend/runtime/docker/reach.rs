//! How a container is reached: by ports that the engine here publishes on loopback, or by the way to
//! another machine's engine, which publishes none but that of the media.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::Arc;

use bollard::errors::Error;
use url::Url;

use super::exec;
use super::files::{CDP_PORT, SERVER_PORT, SHELF};
use super::link::Link;
use crate::endpoint::{Cdp, Endpoint, Programs, Secret, ShelfWay, Tunnel};

/// Where the media ports of another machine are looked for: those that the system there gives to
/// nobody in particular are below, most often.
const FAR_PORTS: RangeInclusive<u16> = 61_000..=65_000;

/// A port that nobody holds right now, as far as can be told from here.
pub(super) fn free_port(link: &Link) -> Option<u16> {
    if link.is_far() {
        // The engine there says if somebody has it.
        let mut two = [0; 2];
        getrandom::fill(&mut two).ok()?;
        let span = FAR_PORTS.end() - FAR_PORTS.start() + 1;
        return Some(FAR_PORTS.start() + u16::from_be_bytes(two) % span);
    }
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
    Some(socket.local_addr().ok()?.port())
}

/// Where the container's media port is, as this machine sees it.
pub(super) async fn seen_at(link: &Link) -> IpAddr {
    let far = match &link.way {
        Some(way) => way.peer().await,
        None => None,
    };
    // A container need not have IPv6, and then its Neko does not listen there. The client knows where
    // to go; where no address is known, the relay is the only way.
    far.filter(IpAddr::is_ipv4)
        .unwrap_or(Ipv4Addr::LOCALHOST.into())
}

/// Where Neko's port is: published by the engine here, at the end of a tunnel there.
pub(super) async fn base(link: &Link, container: &str) -> Result<Url, Error> {
    let inspected = link.docker.inspect_container(container, None).await?;
    let port = if link.is_far() {
        Some(SERVER_PORT)
    } else {
        inspected
            .network_settings
            .and_then(|network| network.ports)
            .and_then(|mut ports| ports.remove(&format!("{SERVER_PORT}/tcp"))?)
            .and_then(|bindings| bindings.into_iter().next()?.host_port)
            .and_then(|port| port.parse::<u16>().ok())
    };
    port.and_then(|port| Url::parse(&format!("http://127.0.0.1:{port}/")).ok())
        .ok_or_else(|| Error::DockerStreamError {
            error: "the engine has published no port".to_owned(),
        })
}

/// A container as its clients need it.
pub(super) async fn endpoint(
    link: &Arc<Link>,
    container: &str,
    base: Url,
    username: String,
    password: Secret,
) -> Endpoint {
    let far = link.is_far();
    let seen_at = match &link.way {
        Some(way) => way.peer().await,
        None => None,
    };
    Endpoint {
        base,
        seen_at,
        via: far.then(|| tunnel(link, container, Some(SERVER_PORT))),
        relay: far.then(|| tunnel(link, container, None)),
        username,
        password,
        login: None,
        cdp: Cdp::Tunnel(tunnel(link, container, Some(CDP_PORT))),
        shelf: ShelfWay::Programs(programs(link, container)),
    }
}

/// To a port of the container's loopback, or for datagrams.
fn tunnel(link: &Arc<Link>, container: &str, port: Option<u16>) -> Tunnel {
    let (link, id) = (Arc::clone(link), container.to_owned());
    Tunnel::new(format!("container {id} {port:?}"), move || {
        let (link, id) = (Arc::clone(&link), id.clone());
        async move {
            match port {
                Some(port) => exec::dial(&link, &id, port).await,
                None => exec::relay(&link, &id).await,
            }
        }
    })
}

/// Beside the browser.
fn programs(link: &Arc<Link>, container: &str) -> Programs {
    let (link, id) = (Arc::clone(link), container.to_owned());
    Programs::new(format!("container {container}"), SHELF, move |command| {
        let (link, id) = (Arc::clone(&link), id.clone());
        async move { exec::program(&link, &id, &command).await }
    })
}
