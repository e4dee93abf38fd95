//! The web engine's way in: SOCKS5 (RFC 1928) with the secret as its password (RFC 1929).
//!
//! By SOCKS the secret is shown once for each connection, to nobody but the proxy, and what
//! follows is between engine and site. Only where more has to be known than a connection tells, at
//! plain HTTP with a host of this machine or the home network that was typed, is more done: where it
//! sends its visitor on to is heard in passing, and at its other ports requests are looked at one by
//! one, for the page they come from.

use std::convert::Infallible;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use bytes::Bytes;
use duotab_core::proxy::{Failure, Target};
use hyper::body::Incoming;
use hyper::http::uri::{Authority, PathAndQuery, Scheme};
use hyper::service::service_fn;
use hyper::{Method, Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::answer::{self, Answer};
use super::dial::{Line, Use};
use super::tunnel::Ear;
use super::{Shared, forward, serve, tunnel};

/// The first byte of a SOCKS5 client.
pub(super) const VERSION: u8 = 5;
const PASSWORD: u8 = 2;
const NO_METHOD: u8 = 0xff;
const PASSWORD_VERSION: u8 = 1;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;
/// All that a client is told: that the secret is wanted, that it is the right one, and that the target
/// is connected. At once, and before any of it is known: the engine would wait for each of the three in
/// the loop in which it handles all connections of all pages, while a page begins. Who does not know
/// the secret, and what is not reached, is cut off. Why something is not reached is noted for the page
/// that tells it.
const WELCOME: [&[u8]; 3] = [
    &[VERSION, PASSWORD],
    &[PASSWORD_VERSION, 0],
    // Where the proxy connects from is the proxy's business.
    &[VERSION, 0, 0, IPV4, 0, 0, 0, 0, 0, 0],
];
/// The first byte of TLS: a handshake record (RFC 8446, 5.1).
const TLS: u8 = 0x16;

/// What a client has done wrong, or that it is gone: there is nothing to serve.
struct Away;

impl From<std::io::Error> for Away {
    fn from(_: std::io::Error) -> Self {
        Self
    }
}

/// Serves a connection whose first byte says SOCKS5.
pub(super) async fn serve(
    mut stream: TcpStream,
    stranger: OwnedSemaphorePermit,
    shared: Arc<Shared>,
) {
    let asked = timeout(shared.limits.header, ask(&mut stream, &shared)).await;
    drop(stranger);
    if let Ok(Ok(target)) = asked
        && lead(stream, &target, &shared).await.is_err()
    {
        tracing::debug!("a client of SOCKS is gone");
    }
}

/// Has the client show the secret, and say where it wants to go.
async fn ask(stream: &mut TcpStream, shared: &Shared) -> Result<Target, Away> {
    let [_, count] = take(stream).await?;
    let mut methods = [0; 255];
    let methods = methods.get_mut(..usize::from(count)).ok_or(Away)?;
    stream.read_exact(methods).await?;
    if !methods.contains(&PASSWORD) {
        stream.write_all(&[VERSION, NO_METHOD]).await?;
        return Err(Away);
    }
    stream.write_all(&WELCOME.concat()).await?;

    let [version] = take(stream).await?;
    let user = counted(stream).await?;
    let password = counted(stream).await?;
    if version != PASSWORD_VERSION || !shared.gate.knows(&user, &password) {
        return Err(Away);
    }

    let [version, command, _, kind] = take(stream).await?;
    let host = match kind {
        IPV4 => Ipv4Addr::from(take::<4>(stream).await?).to_string(),
        IPV6 => format!("[{}]", Ipv6Addr::from(take::<16>(stream).await?)),
        NAME => String::from_utf8(counted(stream).await?).map_err(|_| Away)?,
        _ => return Err(Away),
    };
    let port = u16::from_be_bytes(take(stream).await?);
    if version != VERSION || command != CONNECT {
        return Err(Away);
    }
    Target::new(&host, port).ok_or(Away)
}

/// Connects the client with its target.
async fn lead(stream: TcpStream, target: &Target, shared: &Arc<Shared>) -> Result<(), Away> {
    let dialled = tokio::select! {
        dialled = shared.dial(target, None, Use::Tunnel) => dialled,
        // An engine closes its side only when it wants nothing any more.
        () = tunnel::gone(&stream) => return Err(Away),
    };
    let line = match dialled {
        Ok(line) => Some(line),
        // Another port of a host that the person asked for: it depends on the page.
        Err(Failure::PrivateAddress) if shared.policy(|it| it.is_host_permitted(target)) => None,
        Err(failure) => {
            tracing::debug!(%target, %failure, "not connected");
            shared.failures.note(target, failure);
            return Err(Away);
        }
    };
    if line.is_some() {
        shared.failures.clear(target);
    }
    // What every page may reach is nobody's business.
    let is_open = line.as_ref().is_some_and(|line| line.public);
    if is_open || !shared.policy(|it| it.is_host_permitted(target)) {
        if let Some(line) = line {
            pass(stream, line, shared).await;
        }
        return Ok(());
    }
    let mut first = [0];
    let speaks = timeout(shared.limits.header, stream.peek(&mut first)).await;
    if !matches!(speaks, Ok(Ok(1))) {
        return Err(Away);
    }
    match line {
        Some(line) if first == [TLS] => pass(stream, line, shared).await,
        Some(line) => pass_heard(stream, target, line, shared).await,
        None if first == [TLS] => shared.failures.note(target, Failure::PrivateAddress),
        None => requests(stream, target, shared).await,
    }
    Ok(())
}

async fn pass(stream: TcpStream, line: Line, shared: &Shared) {
    let (near, far) = ((stream, Bytes::new()), (line.stream, Bytes::new()));
    tunnel::join(near, far, shared).await;
}

/// The same for a host that the person asked for: it may send its visitor on to another port of its
/// own.
async fn pass_heard(stream: TcpStream, target: &Target, line: Line, shared: &Shared) {
    let from = format!("http://{target}/");
    let follow = |location: &str| forward::follow(shared, target, &from, location);
    let ear = Ear::new(&follow);
    let (near, far) = ((stream, Bytes::new()), (line.stream, Bytes::new()));
    tunnel::join_heard(near, far, shared, Some(&ear)).await;
}

/// Takes the client's requests one by one.
async fn requests(stream: TcpStream, target: &Target, shared: &Arc<Shared>) {
    let service = service_fn(|request| {
        let (shared, target) = (Arc::clone(shared), target.clone());
        async move { Ok::<_, Infallible>(respond(&shared, &target, request).await) }
    });
    let served = serve::builder(&shared.limits)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a client's connection ended");
    }
}

async fn respond(shared: &Arc<Shared>, target: &Target, mut request: Request<Incoming>) -> Answer {
    let path = request.uri().path_and_query().cloned();
    let whole = whole(target, path).filter(|_| request.method() != Method::CONNECT);
    match whole {
        Some(whole) => *request.uri_mut() = whole,
        None => return answer::failure(Failure::BadRequest),
    }
    serve::answer(shared, target, request).await
}

/// The whole address of a path at a target.
fn whole(target: &Target, path: Option<PathAndQuery>) -> Option<Uri> {
    let authority = if target.port() == 80 {
        target.host().to_string()
    } else {
        target.to_string()
    };
    let mut parts = hyper::http::uri::Parts::default();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(Authority::try_from(authority).ok()?);
    parts.path_and_query = Some(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
    Uri::from_parts(parts).ok()
}

async fn take<const N: usize>(stream: &mut TcpStream) -> Result<[u8; N], Away> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn counted(stream: &mut TcpStream) -> Result<Vec<u8>, Away> {
    let [count] = take(stream).await?;
    let mut bytes = vec![0; usize::from(count)];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}
