//! By which way a profile's connections leave: straight, by one network interface, or through
//! another proxy. An SSH exit that exists on the machine is a SOCKS5 proxy, a `WireGuard` exit an
//! interface.

use std::net::IpAddr;
use std::pin::pin;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use duotab_core::network::{Exit, Login};
use duotab_core::proxy::{Failure, Target};
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue, PROXY_AUTHORIZATION};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use url::Host;

use super::dial::{Line, Use, connect};
use super::names::{Later, of_system};
use super::race::{Miss, Order, race};
use super::{answer, socks};

/// How addresses are tried by an exit. IPv4 begins: an SSH exit says that it is connected before it
/// knows, so that what it does not reach, as a rule IPv6, never gives way to the next address. An exit
/// has a way of its own to go before it answers.
const BY_EXIT: Order = Order {
    six_first: false,
    head_start: Duration::from_secs(1),
};

/// An HTTP proxy at the end of a connection, which reads the requests.
pub(super) struct Reader {
    /// What each of them has to carry.
    pub(super) authorization: Option<HeaderValue>,
}

/// Connects to a target through the exit: to one of these addresses, or by name if there are
/// none.
pub(super) async fn open(
    exit: &Exit,
    target: &Target,
    addresses: &[IpAddr],
    later: Option<Later<'_>>,
    what_for: Use,
    limit: Duration,
) -> Result<Line, Failure> {
    let (Exit::Http(proxy, _) | Exit::Socks5(proxy, _)) = exit else {
        return Err(Failure::ExitFailed);
    };
    // The person has named it: the system knows where it is.
    let found = of_system(proxy, limit).await;
    let found = found.map_err(|_| Failure::ExitFailed)?;
    let reach = async || {
        let reached = connect(&found, None, proxy.port(), None, limit).await;
        reached.map_err(|_| Miss::Everywhere(Failure::ExitFailed))
    };
    let line = |stream, reader| Line {
        stream,
        reader,
        public: true,
    };
    let told = |miss| match miss {
        Miss::Here(failure) | Miss::Everywhere(failure) => failure,
    };
    if let Exit::Http(_, login) = exit
        && what_for == Use::Requests
    {
        let authorization = login.as_ref().and_then(basic);
        let stream = reach().await.map_err(told)?;
        return Ok(line(stream, Some(Reader { authorization })));
    }
    let attempt = async |host: Host<String>| {
        let stream = reach().await?;
        lead(exit, stream, &host, target.port()).await
    };
    let stream = if addresses.is_empty() {
        attempt(target.host().clone()).await.map_err(told)
    } else {
        race(addresses, later, BY_EXIT, async |ip| {
            attempt(host_of(ip)).await
        })
        .await
    };
    Ok(line(stream?, None))
}

/// Has the exit at the other end of `stream` connect to a host.
async fn lead(
    exit: &Exit,
    mut stream: TcpStream,
    host: &Host<String>,
    port: u16,
) -> Result<TcpStream, Miss> {
    match exit {
        Exit::Direct | Exit::Interface(_) => Err(Miss::Everywhere(Failure::ExitFailed)),
        Exit::Http(_, login) => {
            let authority = format!("{host}:{port}");
            tunnel(stream, &authority, login.as_ref()).await
        }
        Exit::Socks5(_, login) => {
            let greeted = socks::greet(&mut stream, login.as_ref()).await;
            greeted.map_err(Miss::Everywhere)?;
            let connected = socks::connect(&mut stream, host, port).await;
            connected.map_err(Miss::Here)?;
            Ok(stream)
        }
    }
}

fn host_of(address: IpAddr) -> Host<String> {
    match address {
        IpAddr::V4(v4) => Host::Ipv4(v4),
        IpAddr::V6(v6) => Host::Ipv6(v6),
    }
}

fn basic(login: &Login) -> Option<HeaderValue> {
    let pair = format!("{}:{}", login.user, login.password.expose());
    let mut value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Has an HTTP proxy open a tunnel.
async fn tunnel(
    stream: TcpStream,
    authority: &str,
    login: Option<&Login>,
) -> Result<TcpStream, Miss> {
    let mut refused = Miss::Here(Failure::ExitFailed);
    let asked = async {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        let mut request = Request::builder()
            .method(Method::CONNECT)
            .uri(authority)
            .header(HOST, authority)
            .body(answer::nothing())
            .ok()?;
        if let Some(value) = login.and_then(basic) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, value);
        }
        let mut talk = pin!(async {
            let response = sender.send_request(request).await.ok()?;
            if response.status() != StatusCode::OK {
                tracing::debug!(status = %response.status(), "the exit opens no tunnel");
                if response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
                    refused = Miss::Everywhere(Failure::ExitLogin);
                }
                return None;
            }
            hyper::upgrade::on(response).await.ok()
        });
        let upgraded = tokio::select! {
            upgraded = &mut talk => upgraded,
            // The connection is done when it is handed over, or lost.
            _ = connection.with_upgrades() => talk.await,
        };
        let parts = upgraded?.downcast::<TokioIo<TcpStream>>().ok()?;
        // Whoever speaks first in a tunnel, it is not the proxy.
        parts.read_buf.is_empty().then(|| parts.io.into_inner())
    };
    let opened = asked.await;
    opened.ok_or(refused)
}
