//! What a page asks the proxy for: a host and a port, read once, in one spelling.

use core::fmt;
use core::net::IpAddr;
use url::{Host, Url};

/// The longest name that DNS can carry (RFC 1035).
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

/// A host and a port. Whatever spelling it came in (`0x7f.1`, `2130706433`, `127。0。0。1`,
/// `LOCALHOST.`), the same host is the same value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    host: Host<String>,
    port: u16,
}

impl Target {
    /// Reads a host as the URL standard does; an IPv6 address stands in brackets.
    #[must_use]
    pub fn new(host: &str, port: u16) -> Option<Self> {
        let host = match Host::parse(host).ok()? {
            Host::Domain(name) => {
                let name = name.strip_suffix('.').unwrap_or(&name);
                let fits = name.len() <= LONGEST_NAME
                    && name
                        .split('.')
                        .all(|label| (1..=LONGEST_LABEL).contains(&label.len()));
                // Without its dot it may be a number: `127.0.0.1.` was one to begin with.
                if !fits {
                    return None;
                }
                Host::Domain(name.to_owned())
            }
            address => address,
        };
        (port != 0).then_some(Self { host, port })
    }

    /// The target of an `http`, `https`, `ws` or `wss` address.
    #[must_use]
    pub fn of_url(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        if !matches!(url.scheme(), "http" | "https" | "ws" | "wss") {
            return None;
        }
        Self::new(url.host_str()?, url.port_or_known_default()?)
    }

    /// Its host.
    #[must_use]
    pub fn host(&self) -> &Host<String> {
        &self.host
    }

    /// Its port, never 0.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address, if it is one and not a name.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match self.host {
            Host::Ipv4(v4) => Some(v4.into()),
            Host::Ipv6(v6) => Some(v6.into()),
            Host::Domain(_) => None,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn all_spellings_of_a_host_are_one() {
        for (spelling, host) in [
            ("127.0.0.1", "127.0.0.1"),
            ("127.1", "127.0.0.1"),
            ("2130706433", "127.0.0.1"),
            ("017700000001", "127.0.0.1"),
            ("0x7f000001", "127.0.0.1"),
            ("0x7F.0.0.0x1", "127.0.0.1"),
            ("0177.0.0.01", "127.0.0.1"),
            ("127.0.0.1.", "127.0.0.1"),
            ("127。0。0。1", "127.0.0.1"),
            ("①②⑦.⓪.⓪.①", "127.0.0.1"),
            ("%31%32%37.0.0.1", "127.0.0.1"),
            ("[::1]", "[::1]"),
            ("[0:0:0:0:0:0:0:1]", "[::1]"),
            ("[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
            ("LOCALHOST.", "localhost"),
            ("ｌocalhost", "localhost"),
            ("bücher.example", "xn--bcher-kva.example"),
        ] {
            let read = Target::new(spelling, 80).map(|target| target.host.to_string());
            assert_eq!(read.as_deref(), Some(host), "{spelling}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        let long = "a.".repeat(127) + "a";
        let label = "a".repeat(64) + ".example";
        for host in [
            "",
            ".",
            "..",
            "a..b",
            "localhost..",
            "a b",
            "a/b",
            "user@host",
            "host:80",
            "::1",
            "[::1",
            "[fe80::1%25eth0]",
            "256.256.256.256",
            "1.2.3.4.5",
            "0x",
            "a\0b",
            "%00",
            "<script>",
            &label,
            &long.replace("a.", "aa."),
        ] {
            if host == "0x" {
                // The URL standard reads it as 0.0.0.0, which is no public address either.
                continue;
            }
            assert_eq!(Target::new(host, 80), None, "{host}");
        }
        assert_eq!(Target::new("example.org", 0), None, "port 0");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_what_is_read_stays_the_same(text in "\\PC{0,40}", port: u16) {
            if let Some(target) = Target::new(&text, port) {
                prop_assert_eq!(Target::new(&target.host.to_string(), port), Some(target));
            }
        }
    }
}
