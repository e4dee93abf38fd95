//! Who may use the proxy: whoever knows its secret, shown as the password of SOCKS5 or by HTTP
//! digest (RFC 7616).
//!
//! Digest, because programs send an answer to a challenge of the proxy also into the tunnel that
//! they open next (libsoup 3.2 does), and any site can challenge for a proxy. A site that gets such
//! an answer has a hash of a secret that it cannot guess, and the count in it is good once.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use hyper::Method;
use hyper::header::{HeaderMap, PROXY_AUTHORIZATION};
use md5::{Digest as _, Md5};

use crate::endpoint::Secret;

const REALM: &str = "Duotab";
const USER: &str = "duotab";
const SECRET_BYTES: usize = 32;
const NONCE_BYTES: usize = 16;
/// Clients that are remembered: each process of an engine's network side is one.
const MAX_CLIENTS: usize = 32;
/// The longest answer that is read; engines send some 250 bytes.
const LONGEST: usize = 2048;

/// Where a proxy is, and what opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The port on `127.0.0.1`.
    pub port: u16,
    /// The realm of the challenge.
    pub realm: &'static str,
    /// The user.
    pub user: &'static str,
    /// The password, 64 hexadecimal digits.
    pub secret: Secret,
}

impl Access {
    pub(super) fn new(port: u16) -> Result<Self, getrandom::Error> {
        Ok(Self {
            port,
            realm: REALM,
            user: USER,
            secret: Secret::new(random_hex::<SECRET_BYTES>()?),
        })
    }

    /// Its address for an engine that takes the password in no other form. Nothing of it is to be
    /// shown or written down.
    #[must_use]
    pub fn socks_url(&self) -> Secret {
        let (user, secret, port) = (self.user, self.secret.expose(), self.port);
        Secret::new(format!("socks5://{user}:{secret}@127.0.0.1:{port}"))
    }
}

/// What a request shows of the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// That its sender knows it.
    Secret,
    /// The same, in words that were used before.
    Again,
    /// Nothing.
    Nothing,
}

/// Checks what clients show.
pub(super) struct Gate {
    access: Access,
    ha1: String,
    nonce: String,
    clients: Mutex<VecDeque<Client>>,
}

/// The counts that a client has used (RFC 7616, 3.4: `nc`), the last 128 exactly.
struct Client {
    cnonce: String,
    highest: u32,
    used: u128,
}

impl Client {
    /// Uses a count; `false` if it was used, or is too old to tell.
    fn take(&mut self, count: u32) -> bool {
        if count > self.highest {
            let step = count - self.highest;
            self.used = self.used.checked_shl(step).unwrap_or(0) | 1;
            self.highest = count;
            return true;
        }
        let Some(bit) = 1_u128.checked_shl(self.highest - count) else {
            return false;
        };
        let fresh = self.used & bit == 0;
        self.used |= bit;
        fresh
    }
}

impl Gate {
    pub(super) fn new(access: &Access) -> Result<Self, getrandom::Error> {
        Ok(Self {
            access: access.clone(),
            ha1: ha1(access),
            nonce: random_hex::<NONCE_BYTES>()?,
            clients: Mutex::default(),
        })
    }

    /// What a `Proxy-Authenticate` header says. `stale` tells a client that knows the secret to
    /// show it once more.
    pub(super) fn challenge(&self, stale: bool) -> String {
        let nonce = &self.nonce;
        let stale = if stale { ", stale=true" } else { "" };
        format!("Digest realm=\"{REALM}\", qop=\"auth\", algorithm=MD5, nonce=\"{nonce}\"{stale}")
    }

    /// Whether these are the proxy's own name and password.
    pub(super) fn knows(&self, user: &[u8], password: &[u8]) -> bool {
        let secret = self.access.secret.expose();
        same(self.access.user.as_bytes(), user) & same(secret.as_bytes(), password)
    }

    /// What a request shows.
    pub(super) fn check(&self, method: &Method, headers: &HeaderMap) -> Shown {
        match self.is_fresh(method, headers) {
            Some(true) => Shown::Secret,
            Some(false) => Shown::Again,
            None => Shown::Nothing,
        }
    }

    /// Whether the secret is shown with a new count; `None` if it is not shown at all.
    fn is_fresh(&self, method: &Method, headers: &HeaderMap) -> Option<bool> {
        let mut shown = headers.get_all(PROXY_AUTHORIZATION).iter();
        let text = shown.next()?.to_str().ok()?;
        if shown.next().is_some() || text.len() > LONGEST {
            return None;
        }
        let answer = Answer::read(text)?;
        let count = u32::from_str_radix(answer.nc, 16).ok()?;
        if answer.nonce != self.nonce || answer.qop != "auth" || answer.nc.len() != 8 {
            return None;
        }
        let expected = response(&self.ha1, &self.nonce, method.as_str(), &answer);
        if !same(expected.as_bytes(), answer.response.as_bytes()) {
            return None;
        }
        Some(self.take(answer.cnonce, count))
    }

    fn take(&self, cnonce: &str, count: u32) -> bool {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.iter_mut().find(|client| client.cnonce == cnonce) {
            return client.take(count);
        }
        if clients.len() == MAX_CLIENTS {
            clients.pop_front();
        }
        clients.push_back(Client {
            cnonce: cnonce.to_owned(),
            highest: count,
            used: 1,
        });
        true
    }
}

/// What a client shows.
#[derive(Default)]
struct Answer<'a> {
    nonce: &'a str,
    uri: &'a str,
    qop: &'a str,
    nc: &'a str,
    cnonce: &'a str,
    response: &'a str,
}

impl<'a> Answer<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (scheme, mut rest) = text.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("digest") {
            return None;
        }
        let mut answer = Self::default();
        while !rest.trim().is_empty() {
            let (name, after) = rest.split_once('=')?;
            let (value, after) = match after.strip_prefix('"') {
                // No value of ours has a quote in it; what has one is not for us.
                Some(quoted) => quoted.split_once('"')?,
                None => after.split_at(after.find(',').unwrap_or(after.len())),
            };
            rest = after.trim_start().strip_prefix(',').unwrap_or(after);
            let value = value.trim();
            match name.trim().to_ascii_lowercase().as_str() {
                "nonce" => answer.nonce = value,
                "uri" => answer.uri = value,
                "qop" => answer.qop = value,
                "nc" => answer.nc = value,
                "cnonce" => answer.cnonce = value,
                "response" => answer.response = value,
                _ => {}
            }
        }
        Some(answer)
    }
}

/// A `Proxy-Authorization` header for a request, as a client makes it: the answer to `challenge`,
/// with the client's own `cnonce` and the `count` of its requests.
#[must_use]
pub fn authorize(
    access: &Access,
    challenge: &str,
    method: &str,
    uri: &str,
    cnonce: &str,
    count: u32,
) -> String {
    let nc = format!("{count:08x}");
    let nonce = Answer::read(challenge).map_or("", |asked| asked.nonce);
    let answer = Answer {
        nonce,
        uri,
        qop: "auth",
        nc: &nc,
        cnonce,
        response: "",
    };
    let response = response(&ha1(access), nonce, method, &answer);
    format!(
        "Digest username=\"{}\", realm=\"{}\", nonce=\"{nonce}\", uri=\"{uri}\", algorithm=MD5, \
         response=\"{response}\", cnonce=\"{cnonce}\", nc={nc}, qop=auth",
        access.user, access.realm
    )
}

fn ha1(access: &Access) -> String {
    let secret = access.secret.expose();
    md5_hex(&format!("{}:{}:{secret}", access.user, access.realm))
}

fn response(ha1: &str, nonce: &str, method: &str, answer: &Answer<'_>) -> String {
    let Answer {
        uri,
        qop,
        nc,
        cnonce,
        ..
    } = answer;
    let ha2 = md5_hex(&format!("{method}:{uri}"));
    md5_hex(&format!("{ha1}:{nonce}:{nc}:{cnonce}:{qop}:{ha2}"))
}

fn md5_hex(text: &str) -> String {
    hex(&Md5::digest(text.as_bytes()))
}

fn random_hex<const N: usize>() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes)?;
    Ok(hex(&bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Compares in a time that depends on the lengths alone.
fn same(a: &[u8], b: &[u8]) -> bool {
    let differing = a
        .iter()
        .zip(b)
        .fold(0, |sum, (x, y)| std::hint::black_box(sum | (x ^ y)));
    a.len() == b.len() && differing == 0
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pair() -> (Access, Gate) {
        let access = Access::new(1).unwrap();
        let gate = Gate::new(&access).unwrap();
        (access, gate)
    }

    fn headers(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(PROXY_AUTHORIZATION, value.parse().unwrap());
        headers
    }

    fn admits(gate: &Gate, method: &Method, value: &str) -> bool {
        gate.check(method, &headers(value)) == Shown::Secret
    }

    #[test]
    fn the_hash_is_the_one_of_the_standard() {
        // RFC 7616, 3.9.1.
        let ha1 = md5_hex("Mufasa:http-auth@example.org:Circle of Life");
        let answer = Answer {
            uri: "/dir/index.html",
            qop: "auth",
            nc: "00000001",
            cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            ..Answer::default()
        };
        let nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
        assert_eq!(
            response(&ha1, nonce, "GET", &answer),
            "8ca523f5e9506fed4657c9700eebdbec"
        );
    }

    #[test]
    fn an_answer_is_good_once_for_its_method_and_its_proxy() {
        let (access, gate) = pair();
        let shown = authorize(&access, &gate.challenge(false), "GET", "/a", "me", 1);
        assert!(!admits(&gate, &Method::POST, &shown), "another method");
        assert!(!admits(&pair().1, &Method::GET, &shown), "another proxy");
        assert!(admits(&gate, &Method::GET, &shown));
        let again = gate.check(&Method::GET, &headers(&shown));
        assert_eq!(again, Shown::Again);
    }

    #[test]
    fn counts_may_come_in_any_order_but_only_once() {
        let (access, gate) = pair();
        let take = |count| {
            let shown = authorize(&access, &gate.challenge(false), "CONNECT", "/", "me", count);
            admits(&gate, &Method::CONNECT, &shown)
        };
        for (count, good) in [
            (1, true),
            (5, true),
            (3, true),
            (3, false),
            (5, false),
            (200, true),
            (72, false),
            (73, true),
            (73, false),
            (u32::MAX, true),
            (200, false),
        ] {
            assert_eq!(take(count), good, "{count}");
        }
    }

    #[test]
    fn without_the_secret_nobody_is_admitted() {
        let (access, gate) = pair();
        let guess = Access {
            secret: Secret::new("0".repeat(64)),
            ..access.clone()
        };
        let wrong = authorize(&guess, &gate.challenge(false), "GET", "/", "me", 1);
        let right = authorize(&access, &gate.challenge(false), "GET", "/", "me", 1);
        let stale = authorize(&access, "Digest nonce=\"old\"", "GET", "/", "me", 1);
        let basic = "Basic ZHVvdGFiOnMzY3JldA==".to_owned();
        let unquoted = right.replace("qop=auth", "qop=");
        for shown in [
            wrong,
            stale,
            basic,
            unquoted,
            "Digest".to_owned(),
            String::new(),
        ] {
            assert!(!admits(&gate, &Method::GET, &shown), "{shown}");
        }
        assert_eq!(gate.check(&Method::GET, &HeaderMap::new()), Shown::Nothing);
        let mut twice = headers(&right);
        twice.append(PROXY_AUTHORIZATION, right.parse().unwrap());
        assert_eq!(
            gate.check(&Method::GET, &twice),
            Shown::Nothing,
            "two answers"
        );
        assert!(admits(&gate, &Method::GET, &right));
    }

    #[test]
    fn clients_are_not_remembered_without_end() {
        let (access, gate) = pair();
        for client in 0..1000 {
            let name = client.to_string();
            let shown = authorize(&access, &gate.challenge(false), "GET", "/", &name, 1);
            assert!(admits(&gate, &Method::GET, &shown));
        }
        assert_eq!(gate.clients.lock().unwrap().len(), MAX_CLIENTS);
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic_or_opens_the_gate(text in "(Digest )?[ -~]{0,80}") {
            let (_, gate) = pair();
            prop_assert!(!admits(&gate, &Method::GET, &text));
        }
    }
}
