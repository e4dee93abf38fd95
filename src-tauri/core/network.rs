//! How a profile's Proxy tabs reach the network: which way they leave by, and who knows names.
//!
//! A person fills in a form; it is read once, and only what can be used is kept.

mod login;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use url::{Host, Url};

pub use login::Login;

use crate::proxy::Target;
use crate::secret::Secret;

/// The port of DNS over HTTPS (RFC 8484).
const HTTPS_PORT: u16 = 443;
/// The port of DNS over TLS (RFC 7858).
const TLS_PORT: u16 = 853;
/// Where a name server answers over HTTPS unless told otherwise (RFC 8484, 4.1.1).
const QUERY_PATH: &str = "/dns-query";
/// How many bytes the name of a network interface may have (`IFNAMSIZ` less the end).
const LONGEST_INTERFACE: usize = 15;
/// Nobody listens there.
const NOWHERE: &str = "127.0.0.1:9";

/// By which way connections leave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Exit {
    /// Straight to the site.
    #[default]
    Direct,
    /// Through an HTTP proxy.
    Http(Target, Option<Login>),
    /// Through a SOCKS5 proxy.
    Socks5(Target, Option<Login>),
    /// Straight to the site, but by this network interface only, such as a `WireGuard` tunnel's.
    Interface(String),
}

/// Who knows the addresses of public names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Names {
    /// The system's name servers.
    #[default]
    System,
    /// A name server over HTTPS, and the path at which it answers.
    Https(Target, String),
    /// A name server over TLS.
    Tls(Target),
    /// The proxy that connections leave by.
    Exit,
}

/// How a profile's Proxy tabs reach the network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "NetworkForm", into = "NetworkForm")]
pub struct Network {
    /// By which way.
    pub exit: Exit,
    /// Who knows names.
    pub names: Names,
    /// Whether hosts on the block lists are kept away.
    pub blocking: bool,
}

/// The kinds of [`Exit`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ExitKind {
    /// Straight to the site.
    #[default]
    Direct,
    /// Through an HTTP proxy.
    Http,
    /// Through a SOCKS5 proxy.
    Socks5,
    /// By one network interface only.
    Interface,
}

/// The kinds of [`Names`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum NamesKind {
    /// The system's name servers.
    #[default]
    System,
    /// A name server over HTTPS.
    Https,
    /// A name server over TLS.
    Tls,
    /// The proxy that connections leave by.
    Exit,
}

/// A [`Network`] as a person fills it in, and as it is saved.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct NetworkForm {
    /// By which way connections leave.
    pub exit: ExitKind,
    /// The proxy's host and port, or the interface's name; of no account without one.
    pub exit_at: String,
    /// Whom the proxy is to know the profile as; empty for nobody.
    #[serde(default)]
    pub exit_user: String,
    /// The password that goes with it. Saved, and not shown: a form without one keeps the one of the
    /// same user at the same proxy.
    #[serde(default)]
    #[ts(as = "Option<String>")]
    pub exit_password: Option<Secret>,
    /// Who knows names.
    pub names: NamesKind,
    /// The name server's host or address; of no account without one.
    pub names_at: String,
    /// Whether hosts on the block lists are kept away.
    #[serde(default)]
    pub blocking: bool,
}

impl std::fmt::Debug for NetworkForm {
    /// A password may stand before the proxy's address.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = self.exit_at.rsplit('@').next().unwrap_or_default();
        let Self { exit, names, .. } = self;
        write!(f, "NetworkForm({exit:?} {at}, {names:?} {})", self.names_at)
    }
}

/// Why a form cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum NetworkFault {
    /// The proxy has no host.
    #[error("no proxy")]
    ExitMissing,
    /// The proxy has no port.
    #[error("no port of the proxy")]
    ExitPortMissing,
    /// There is a password for the proxy, and nobody whose it is.
    #[error("no user of the proxy")]
    ExitLoginUser,
    /// No proxy can be told that user's name or that password.
    #[error("no such user or password of the proxy")]
    ExitLoginMalformed,
    /// The proxy is of another kind than was chosen.
    #[error("another kind of proxy")]
    ExitKind,
    /// The proxy's host and port cannot be read.
    #[error("no such proxy")]
    ExitMalformed,
    /// The interface has no name.
    #[error("no interface")]
    ExitInterfaceMissing,
    /// No interface can have that name.
    #[error("no such interface")]
    ExitInterfaceMalformed,
    /// The name server has no host.
    #[error("no name server")]
    NamesMissing,
    /// The name server's host cannot be read.
    #[error("no such name server")]
    NamesMalformed,
    /// The proxy is to know names, but there is none.
    #[error("no proxy to know names")]
    NamesWithoutExit,
}

impl Network {
    /// Leads nowhere. What was set and cannot be read any more must not become the straight way.
    #[must_use]
    pub fn nowhere() -> Self {
        let exit = place(NOWHERE, None).map_or(Exit::Direct, |at| Exit::Socks5(at, None));
        Self {
            exit,
            names: Names::Exit,
            blocking: false,
        }
    }

    /// The form as a person is shown it: without the password, unless that is an empty one.
    #[must_use]
    pub fn form(&self) -> NetworkForm {
        let form = self.whole_form();
        NetworkForm {
            exit_password: form.exit_password.filter(|it| it.expose().is_empty()),
            ..form
        }
    }

    fn whole_form(&self) -> NetworkForm {
        let (exit, exit_at) = match &self.exit {
            Exit::Direct => (ExitKind::Direct, String::new()),
            Exit::Http(at, _) => (ExitKind::Http, at.to_string()),
            Exit::Socks5(at, _) => (ExitKind::Socks5, at.to_string()),
            Exit::Interface(name) => (ExitKind::Interface, name.clone()),
        };
        let (names, names_at) = match &self.names {
            Names::System => (NamesKind::System, String::new()),
            Names::Https(at, path) => (NamesKind::Https, https(at, path)),
            Names::Tls(at) => (NamesKind::Tls, host_and(at, TLS_PORT)),
            Names::Exit => (NamesKind::Exit, String::new()),
        };
        let login = self.exit.login();
        NetworkForm {
            exit,
            exit_at,
            exit_user: login.map(|it| it.user.clone()).unwrap_or_default(),
            exit_password: login.map(|it| it.password.clone()),
            names,
            names_at,
            blocking: self.blocking,
        }
    }
}

impl Exit {
    /// Whether there is somebody at the exit who can look names up.
    #[must_use]
    pub fn is_proxy(&self) -> bool {
        matches!(self, Self::Http(..) | Self::Socks5(..))
    }

    fn login(&self) -> Option<&Login> {
        match self {
            Self::Http(_, login) | Self::Socks5(_, login) => login.as_ref(),
            Self::Direct | Self::Interface(_) => None,
        }
    }

    /// The password of this user of this proxy.
    fn password_of(&self, kind: ExitKind, place: &Target, user: &str) -> Option<Secret> {
        match (kind, self) {
            (ExitKind::Http, Self::Http(at, Some(login)))
            | (ExitKind::Socks5, Self::Socks5(at, Some(login)))
                if at == place && login.user == user =>
            {
                Some(login.password.clone())
            }
            _ => None,
        }
    }
}

impl From<Network> for NetworkForm {
    fn from(network: Network) -> Self {
        network.whole_form()
    }
}

impl TryFrom<NetworkForm> for Network {
    type Error = NetworkFault;

    fn try_from(form: NetworkForm) -> Result<Self, NetworkFault> {
        Self::filled_in(form, &Self::default())
    }
}

impl Network {
    /// What a person has filled in, who was shown `before`.
    ///
    /// # Errors
    /// If it cannot be used.
    pub fn filled_in(form: NetworkForm, before: &Self) -> Result<Self, NetworkFault> {
        let exit = match form.exit {
            ExitKind::Direct => Exit::Direct,
            ExitKind::Http => {
                let (at, login) = exit_place(&form, "http", &before.exit)?;
                Exit::Http(at, login)
            }
            ExitKind::Socks5 => {
                let (at, login) = exit_place(&form, "socks5", &before.exit)?;
                Exit::Socks5(at, login)
            }
            ExitKind::Interface => Exit::Interface(interface(&form.exit_at)?),
        };
        let names = match form.names {
            NamesKind::System => Names::System,
            NamesKind::Https => query_place(&form.names_at)?,
            NamesKind::Tls => Names::Tls(tls_place(&form.names_at)?),
            NamesKind::Exit if !exit.is_proxy() => return Err(NetworkFault::NamesWithoutExit),
            NamesKind::Exit => Names::Exit,
        };
        Ok(Self {
            exit,
            names,
            blocking: form.blocking,
        })
    }
}

/// Reads where the proxy is and whom it is to know, which may stand before the address too.
fn exit_place(
    form: &NetworkForm,
    scheme: &str,
    before: &Exit,
) -> Result<(Target, Option<Login>), NetworkFault> {
    let text = form.exit_at.trim();
    if text.is_empty() {
        return Err(NetworkFault::ExitMissing);
    }
    let text = match text.split_once("://") {
        Some((said, rest)) if said.eq_ignore_ascii_case(scheme) => rest,
        Some(_) => return Err(NetworkFault::ExitKind),
        None => text,
    };
    let text = text.strip_suffix('/').unwrap_or(text);
    let (text, front) = Login::split(text);
    if place(text, Some(1)).is_some() && place(text, None).is_none() {
        return Err(NetworkFault::ExitPortMissing);
    }
    let at = place(text, None).ok_or(NetworkFault::ExitMalformed)?;
    let (user, password) = front.unwrap_or_default();
    let user = if user.is_empty() {
        form.exit_user.trim()
    } else {
        &user
    };
    let password = password
        .or_else(|| form.exit_password.clone())
        .or_else(|| before.password_of(form.exit, &at, user))
        .unwrap_or_default();
    let login = Login::read(user, password)?;
    Ok((at, login))
}

/// Reads an interface's name as the kernel takes it (`dev_valid_name`).
fn interface(text: &str) -> Result<String, NetworkFault> {
    let name = text.trim();
    if name.is_empty() {
        return Err(NetworkFault::ExitInterfaceMissing);
    }
    let odd = |sign: char| sign.is_whitespace() || sign.is_control() || "/:".contains(sign);
    if name.len() > LONGEST_INTERFACE || name.contains(odd) || [".", ".."].contains(&name) {
        return Err(NetworkFault::ExitInterfaceMalformed);
    }
    Ok(name.to_owned())
}

fn tls_place(text: &str) -> Result<Target, NetworkFault> {
    let text = text.trim();
    if text.is_empty() {
        return Err(NetworkFault::NamesMissing);
    }
    let text = text.strip_prefix("tls://").unwrap_or(text);
    place(text, Some(TLS_PORT)).ok_or(NetworkFault::NamesMalformed)
}

fn query_place(text: &str) -> Result<Names, NetworkFault> {
    let text = text.trim();
    if text.is_empty() {
        return Err(NetworkFault::NamesMissing);
    }
    // A template of RFC 8484 ends with a variable that only GET needs.
    let text = text.strip_suffix("{?dns}").unwrap_or(text);
    if !text.contains("://") && !text.contains('/') {
        let at = place(text, Some(HTTPS_PORT)).ok_or(NetworkFault::NamesMalformed)?;
        return Ok(Names::Https(at, QUERY_PATH.to_owned()));
    }
    let whole = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let url = Url::parse(&whole).map_err(|_| NetworkFault::NamesMalformed)?;
    let login = !url.username().is_empty() || url.password().is_some();
    let more = url.query().is_some() || url.fragment().is_some();
    let at = Target::of_url(url.as_str()).filter(|_| url.scheme() == "https" && !login && !more);
    let path = match url.path() {
        "/" => QUERY_PATH,
        path => path,
    };
    let at = at.ok_or(NetworkFault::NamesMalformed)?;
    Ok(Names::Https(at, path.to_owned()))
}

/// Reads `host:port`; without a port if there is a usual one.
fn place(text: &str, usual: Option<u16>) -> Option<Target> {
    let bare_v6 = text.parse::<core::net::Ipv6Addr>().is_ok();
    let (host, port) = match text.rsplit_once(':') {
        _ if bare_v6 => (format!("[{text}]"), None),
        Some((host, port)) if !port.contains(']') => (host.to_owned(), Some(port.parse().ok()?)),
        _ => (text.to_owned(), None),
    };
    Target::new(&host, port.or(usual)?)
}

fn host_and(at: &Target, usual: u16) -> String {
    match at.host() {
        Host::Domain(name) if at.port() == usual => name.clone(),
        Host::Ipv4(v4) if at.port() == usual => v4.to_string(),
        Host::Ipv6(v6) if at.port() == usual => v6.to_string(),
        _ => at.to_string(),
    }
}

fn https(at: &Target, path: &str) -> String {
    if at.port() == HTTPS_PORT {
        format!("https://{}{path}", at.host())
    } else {
        format!("https://{at}{path}")
    }
}

#[cfg(test)]
mod tests;
