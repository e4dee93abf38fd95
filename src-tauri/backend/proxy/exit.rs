//! By which way a profile's connections leave: straight, by one network interface, or through
//! another proxy. An SSH exit that exists on the machine is a SOCKS5 proxy, a `WireGuard` exit an
//! interface.

use std::net::IpAddr;
use std::pin::pin;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use duotab_core::network::{self, Login};
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

/// The way out of a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Exit {
    /// Straight to the target.
    #[default]
    Direct,
    /// Through an HTTP proxy.
    Http(Target, Option<Login>),
    /// Through a SOCKS5 proxy (RFC 1928).
    Socks5(Target, Option<Login>),
    /// Straight to the target, by the network interface of this name only.
    Interface(String),
}

impl From<&network::Exit> for Exit {
    fn from(exit: &network::Exit) -> Self {
        match exit {
            network::Exit::Direct => Self::Direct,
            network::Exit::Http(at, login) => Self::Http(at.clone(), login.clone()),
            network::Exit::Socks5(at, login) => Self::Socks5(at.clone(), login.clone()),
            network::Exit::Interface(name) => Self::Interface(name.clone()),
        }
    }
}

impl Exit {
    /// Connects to a target through the exit: to one of these addresses, or by name if there are
    /// none.
    pub(super) async fn open(
        &self,
        target: &Target,
        addresses: &[IpAddr],
        later: Option<Later<'_>>,
        what_for: Use,
        limit: Duration,
    ) -> Result<Line, Failure> {
        let (Self::Http(proxy, _) | Self::Socks5(proxy, _)) = self else {
            return Err(Failure::ExitFailed);
        };
        // The person has named it: the system knows where it is.
        let found = of_system(proxy, limit).await;
        let found = found.map_err(|_| Failure::ExitFailed)?;
        let reach = async || {
            let reached = connect(&found, None, proxy.port(), None, limit).await;
            reached.map_err(|_| Miss::Everywhere(Failure::ExitFailed))
        };
        let line = |stream, absolute| Line {
            stream,
            absolute,
            public: true,
        };
        let told = |miss| match miss {
            Miss::Here(failure) | Miss::Everywhere(failure) => failure,
        };
        if matches!(self, Self::Http(..)) && what_for == Use::Requests {
            let stream = reach().await.map_err(told)?;
            return Ok(line(stream, true));
        }
        let attempt = async |host: Host<String>| {
            let stream = reach().await?;
            self.lead(stream, &host, target.port()).await
        };
        let stream = if addresses.is_empty() {
            attempt(target.host().clone()).await.map_err(told)
        } else {
            race(addresses, later, BY_EXIT, async |ip| {
                attempt(host_of(ip)).await
            })
            .await
        };
        Ok(line(stream?, false))
    }

    /// Has the exit at the other end of `stream` connect to a host.
    async fn lead(
        &self,
        mut stream: TcpStream,
        host: &Host<String>,
        port: u16,
    ) -> Result<TcpStream, Miss> {
        match self {
            Self::Direct | Self::Interface(_) => Err(Miss::Everywhere(Failure::ExitFailed)),
            Self::Http(_, login) => {
                let authority = format!("{host}:{port}");
                tunnel(stream, &authority, login.as_ref()).await
            }
            Self::Socks5(_, login) => {
                let greeted = socks::greet(&mut stream, login.as_ref()).await;
                greeted.map_err(Miss::Everywhere)?;
                let connected = socks::connect(&mut stream, host, port).await;
                connected.map_err(Miss::Here)?;
                Ok(stream)
            }
        }
    }

    /// Whether there is somebody at the exit who looks names up.
    pub(super) fn is_proxy(&self) -> bool {
        matches!(self, Self::Http(..) | Self::Socks5(..))
    }

    /// What each request that an HTTP exit reads has to carry.
    pub(super) fn authorization(&self) -> Option<HeaderValue> {
        match self {
            Self::Http(_, Some(login)) => basic(login),
            _ => None,
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
