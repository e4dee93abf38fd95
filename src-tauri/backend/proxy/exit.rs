//! By which way a profile's connections leave: straight, by one network interface, or through
//! another proxy. An SSH exit that exists on the machine is a SOCKS5 proxy, a `WireGuard` exit an
//! interface.

use std::net::IpAddr;
use std::pin::pin;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use duotab_core::network;
use duotab_core::proxy::{Failure, Target};
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue, PROXY_AUTHORIZATION};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use url::Host;

use super::dial::{Line, Use, race};
use super::names::of_system;
use super::{answer, socks};
use crate::endpoint::Secret;

/// Who the exit is to know us as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExitLogin {
    /// The user.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// The way out of a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Exit {
    /// Straight to the target.
    #[default]
    Direct,
    /// Through an HTTP proxy.
    Http(Target, Option<ExitLogin>),
    /// Through a SOCKS5 proxy (RFC 1928).
    Socks5(Target, Option<ExitLogin>),
    /// Straight to the target, by the network interface of this name only.
    Interface(String),
}

impl From<&network::Exit> for Exit {
    fn from(exit: &network::Exit) -> Self {
        match exit {
            network::Exit::Direct => Self::Direct,
            network::Exit::Http(at) => Self::Http(at.clone(), None),
            network::Exit::Socks5(at) => Self::Socks5(at.clone(), None),
            network::Exit::Interface(name) => Self::Interface(name.clone()),
        }
    }
}

impl Exit {
    /// Connects to a target through the exit: to `address`, or by name if there is none.
    pub(super) async fn open(
        &self,
        target: &Target,
        address: Option<IpAddr>,
        what_for: Use,
        limit: Duration,
    ) -> Result<Line, Failure> {
        let host = address.map_or_else(|| target.host().clone(), host_of);
        let line = |stream, absolute| Line {
            stream,
            absolute,
            public: true,
        };
        match self {
            Self::Direct | Self::Interface(_) => Err(Failure::ExitFailed),
            Self::Http(proxy, login) => {
                let stream = reach(proxy, limit).await?;
                match what_for {
                    Use::Requests => Ok(line(stream, true)),
                    Use::Tunnel => {
                        let authority = format!("{host}:{}", target.port());
                        let stream = tunnel(stream, &authority, login.as_ref()).await?;
                        Ok(line(stream, false))
                    }
                }
            }
            Self::Socks5(proxy, login) => {
                let mut stream = reach(proxy, limit).await?;
                socks::connect(&mut stream, &host, target.port(), login.as_ref()).await?;
                Ok(line(stream, false))
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

/// Connects to the proxy itself, which the person has named: the system knows where it is.
async fn reach(proxy: &Target, limit: Duration) -> Result<TcpStream, Failure> {
    let addresses = of_system(proxy, limit).await;
    let addresses = addresses.map_err(|_| Failure::ExitFailed)?;
    race(&addresses, proxy.port(), None, limit)
        .await
        .map_err(|_| Failure::ExitFailed)
}

fn basic(login: &ExitLogin) -> Option<HeaderValue> {
    let pair = format!("{}:{}", login.user, login.password.expose());
    let mut value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Has an HTTP proxy open a tunnel.
async fn tunnel(
    stream: TcpStream,
    authority: &str,
    login: Option<&ExitLogin>,
) -> Result<TcpStream, Failure> {
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
        let mut talk = pin!(async move {
            let response = sender.send_request(request).await.ok()?;
            if response.status() != StatusCode::OK {
                tracing::debug!(status = %response.status(), "the exit opens no tunnel");
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
    asked.await.ok_or(Failure::ExitFailed)
}
