//! Why the proxy did not bring what it was asked for, and whose doing that is.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Why a request of a proxied page came to nothing. The shell matches it, never text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Failure {
    /// A page asked for an address of this machine or the home network that nobody typed.
    #[error("the address is private and was not asked for by the person")]
    PrivateAddress,
    /// A public name has no other addresses than private ones.
    #[error("the name points to a private address")]
    PrivateName,
    /// The port is one of this app's own.
    #[error("the port is one of this app's own")]
    OwnPort,
    /// The host is on a block list.
    #[error("the host is on a block list")]
    Blocked,
    /// The request cannot be understood.
    #[error("the request is malformed")]
    BadRequest,
    /// More connections than are served at the same time.
    #[error("too many connections")]
    TooManyConnections,
    /// No such name, or one without an address.
    #[error("the name is not known")]
    NameUnknown,
    /// The name could not be looked up.
    #[error("the name server does not answer")]
    NameServerSilent,
    /// Nobody listens there.
    #[error("the connection was refused")]
    ConnectionRefused,
    /// No way leads there.
    #[error("the host is unreachable")]
    Unreachable,
    /// Nobody answered the attempt to connect.
    #[error("the connection timed out")]
    ConnectionTimedOut,
    /// The proxy or the interface that is set as this profile's exit cannot be used.
    #[error("the exit failed")]
    ExitFailed,
    /// That proxy wants to know who we are, and not as whom it is told.
    #[error("the exit lets nobody in by that login")]
    ExitLogin,
    /// What came back is not HTTP.
    #[error("the answer is malformed")]
    BadAnswer,
    /// The connection ended before there was an answer.
    #[error("the connection ended early")]
    ClosedEarly,
    /// The site took the request and never answered.
    #[error("the answer did not come in time")]
    AnswerTimedOut,
    /// The proxy itself does not run, and nothing goes around it.
    #[error("the proxy does not run")]
    ProxyDown,
}

/// Who can do something about a [`Failure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Blame {
    /// A rule of this browser; the person can overrule it.
    Rule,
    /// The page that asked.
    Page,
    /// The network or its settings.
    Network,
    /// The site.
    Site,
    /// The proxy that is set as the exit.
    Exit,
    /// This app.
    App,
}

impl Failure {
    /// Who can do something about it.
    #[must_use]
    pub fn blame(self) -> Blame {
        match self {
            Self::PrivateAddress | Self::PrivateName | Self::OwnPort | Self::Blocked => Blame::Rule,
            Self::BadRequest | Self::TooManyConnections => Blame::Page,
            Self::NameUnknown | Self::NameServerSilent | Self::Unreachable => Blame::Network,
            Self::ConnectionRefused
            | Self::ConnectionTimedOut
            | Self::BadAnswer
            | Self::ClosedEarly
            | Self::AnswerTimedOut => Blame::Site,
            Self::ExitFailed | Self::ExitLogin => Blame::Exit,
            Self::ProxyDown => Blame::App,
        }
    }

    /// The HTTP status that goes with it.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::PrivateAddress | Self::PrivateName | Self::OwnPort | Self::Blocked => 403,
            Self::BadRequest => 400,
            Self::TooManyConnections | Self::ProxyDown => 503,
            Self::NameUnknown
            | Self::NameServerSilent
            | Self::ConnectionRefused
            | Self::Unreachable
            | Self::ExitFailed
            | Self::ExitLogin
            | Self::BadAnswer
            | Self::ClosedEarly => 502,
            Self::ConnectionTimedOut | Self::AnswerTimedOut => 504,
        }
    }

    /// The error of a `Proxy-Status` header (RFC 9209, 2.3).
    #[must_use]
    pub fn proxy_status(self) -> &'static str {
        match self {
            Self::PrivateAddress | Self::PrivateName => "destination_ip_prohibited",
            Self::OwnPort | Self::Blocked => "http_request_denied",
            Self::BadRequest => "http_request_error",
            Self::TooManyConnections => "connection_limit_reached",
            Self::NameUnknown => "dns_error",
            Self::NameServerSilent => "dns_timeout",
            Self::ConnectionRefused => "connection_refused",
            Self::Unreachable => "destination_ip_unroutable",
            Self::ConnectionTimedOut => "connection_timeout",
            Self::ExitFailed | Self::ProxyDown => "destination_unavailable",
            Self::ExitLogin => "proxy_configuration_error",
            Self::BadAnswer => "http_protocol_error",
            Self::ClosedEarly => "connection_terminated",
            Self::AnswerTimedOut => "http_response_timeout",
        }
    }
}

/// Why a page of a proxied tab could not be shown, where more is known than the engine's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "cause", rename_all = "snake_case")]
#[ts(export)]
pub enum PageFault {
    /// The way to the site failed.
    Way {
        /// Why.
        failure: Failure,
    },
    /// The site cannot prove who it is.
    Certificate {
        /// All that is wrong with what it shows, the worst first; never empty.
        flaws: Vec<CertificateFlaw>,
        /// The site has said before that it is never to be opened without proof (HSTS, RFC 6797), or
        /// nobody knows whether it has.
        strict: bool,
    },
    /// The port belongs to another service than the web, and no engine opens a page there.
    UnsafePort,
    /// No encrypted connection could be agreed on.
    Encryption,
    /// The site sends from one address to the next without end.
    RedirectLoop,
    /// The site sends to an address that no site may send to, or that is none.
    BadRedirect,
    /// The server answered with an error and without a page.
    Empty {
        /// The HTTP status, 400 to 599; `None` if the engine does not say it.
        status: Option<u16>,
    },
    /// There is no such file, or it may not be read.
    NoFile,
    /// The engine of this mode opens no addresses of this scheme.
    Scheme,
}

impl PageFault {
    /// Whether the person may open the page all the same. A certificate that was taken back is known to
    /// be in wrong hands, and a site may have said that it is never to be opened so (RFC 6797, 12.1).
    #[must_use]
    pub fn is_overrulable(&self) -> bool {
        match self {
            Self::Certificate { flaws, strict } => {
                !strict && !flaws.contains(&CertificateFlaw::Revoked)
            }
            _ => false,
        }
    }
}

/// What is wrong with a site's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum CertificateFlaw {
    /// Its issuer took it back.
    Revoked,
    /// It is for another name.
    WrongName,
    /// Nobody whom this machine trusts has issued it.
    UnknownIssuer,
    /// It has expired.
    Expired,
    /// It is not valid yet.
    NotYetValid,
    /// It has expired or is not valid yet; the engine does not say which.
    WrongTime,
    /// It is made in a way that can be forged.
    Weak,
    /// Something else.
    Other,
}
