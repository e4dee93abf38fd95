//! What a person types for a machine, read as the address of its engine.

use super::WorkerAddress;
use core::net::Ipv6Addr;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The port of an engine that speaks TLS.
const TLS_PORT: u16 = 2376;

/// Why what was typed is no address of a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "flaw", rename_all = "snake_case")]
#[ts(export)]
pub enum AddressFlaw {
    /// Nothing was typed.
    Empty,
    /// Engines are not reached that way.
    Way {
        /// What stood before `://`.
        scheme: String,
    },
    /// That is no name and no address of a machine.
    Host {
        /// What stood there.
        host: String,
    },
    /// An IPv6 address has to stand in brackets.
    Brackets {
        /// It.
        host: String,
    },
    /// That is no name of a person on that machine.
    User {
        /// What stood there.
        user: String,
    },
    /// A password in an address would be seen by others.
    Password,
    /// That is no port.
    Port {
        /// What stood there.
        port: String,
    },
    /// Nothing like that can follow: the path of a socket for SSH, and nothing for TLS.
    Path {
        /// What stood there.
        path: String,
    },
    /// TLS needs the folder of the certificates.
    NoCertificates,
    /// The folder has to be named from the root on.
    Folder {
        /// What was typed.
        folder: String,
    },
}

impl WorkerAddress {
    /// Reads `host`, `user@host`, `ssh://user@host:22/socket` or `tcp://host:2376`. The folder of
    /// the certificates belongs to the last one only.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str, certificates: &str) -> Result<Self, AddressFlaw> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AddressFlaw::Empty);
        }
        let (scheme, rest) = text.split_once("://").unwrap_or(("ssh", text));
        let (place, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        match scheme.to_ascii_lowercase().as_str() {
            "ssh" => read_ssh(place, path),
            "tcp" | "https" => read_tls(place, path, certificates.trim()),
            _ => Err(AddressFlaw::Way {
                scheme: scheme.to_owned(),
            }),
        }
    }
}

fn read_ssh(place: &str, path: &str) -> Result<WorkerAddress, AddressFlaw> {
    let (user, place) = match place.rsplit_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, place),
    };
    if let Some(user) = user {
        if user.contains(':') {
            return Err(AddressFlaw::Password);
        }
        // What begins with a dash would be an option to the program that gets it.
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-+$\\".contains(c);
        if user.is_empty() || user.starts_with('-') || !user.chars().all(plain) {
            let user = user.to_owned();
            return Err(AddressFlaw::User { user });
        }
    }
    // It is a word of a command on the other side.
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:@+".contains(c);
    if !path.chars().all(plain) {
        let path = path.to_owned();
        return Err(AddressFlaw::Path { path });
    }
    let (host, port) = read_place(place)?;
    Ok(WorkerAddress::Ssh {
        destination: user.map_or_else(|| host.clone(), |user| format!("{user}@{host}")),
        port,
        socket: Some(path).filter(|path| path.len() > 1).map(str::to_owned),
    })
}

fn read_tls(place: &str, path: &str, certificates: &str) -> Result<WorkerAddress, AddressFlaw> {
    if path.len() > 1 {
        let path = path.to_owned();
        return Err(AddressFlaw::Path { path });
    }
    let (host, port) = read_place(place)?;
    if certificates.is_empty() {
        return Err(AddressFlaw::NoCertificates);
    }
    if !certificates.starts_with('/') || certificates.chars().any(char::is_control) {
        let folder = certificates.to_owned();
        return Err(AddressFlaw::Folder { folder });
    }
    Ok(WorkerAddress::Tls {
        host,
        port: port.unwrap_or(TLS_PORT),
        certificates: certificates.to_owned(),
    })
}

/// A host and the port behind it, if there is one. IPv6 loses its brackets.
fn read_place(place: &str) -> Result<(String, Option<u16>), AddressFlaw> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let unclosed = || AddressFlaw::Host {
                host: place.to_owned(),
            };
            let (host, rest) = rest.split_once(']').ok_or_else(unclosed)?;
            if !is_ipv6(host) {
                let host = host.to_owned();
                return Err(AddressFlaw::Host { host });
            }
            match rest.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if rest.is_empty() => (host, None),
                None => return Err(unclosed()),
            }
        }
        None => {
            if is_ipv6(place) {
                let host = place.to_owned();
                return Err(AddressFlaw::Brackets { host });
            }
            let (host, port) = match place.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (place, None),
            };
            if !is_name(host) {
                let host = host.to_owned();
                return Err(AddressFlaw::Host { host });
            }
            (host, port)
        }
    };
    let port = match port {
        None => None,
        Some(port) => {
            let number = Some(port).filter(|port| port.bytes().all(|b| b.is_ascii_digit()));
            let number = number.and_then(|port| port.parse::<u16>().ok());
            let wrong = || AddressFlaw::Port {
                port: port.to_owned(),
            };
            Some(number.filter(|port| *port > 0).ok_or_else(wrong)?)
        }
    };
    Ok((host.to_owned(), port))
}

/// An IPv6 address, with the interface it belongs to if it has one.
fn is_ipv6(text: &str) -> bool {
    let (address, zone) = match text.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (text, None),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let zone_fits = zone.is_none_or(|zone| !zone.is_empty() && zone.chars().all(plain));
    zone_fits && address.parse::<Ipv6Addr>().is_ok()
}

/// A name, an IPv4 address, or a name of the person's own SSH configuration.
fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let first = text.chars().next();
    // A dash in front would be an option to the program that gets it.
    first.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ssh(destination: &str, port: Option<u16>, socket: Option<&str>) -> WorkerAddress {
        WorkerAddress::Ssh {
            destination: destination.into(),
            port,
            socket: socket.map(str::to_owned),
        }
    }

    fn tls(host: &str, port: u16) -> WorkerAddress {
        WorkerAddress::Tls {
            host: host.into(),
            port,
            certificates: "/home/me/.docker".into(),
        }
    }

    #[test]
    fn what_people_type_is_understood() {
        let cases = [
            ("attic", ssh("attic", None, None)),
            (" me@attic ", ssh("me@attic", None, None)),
            ("attic:2222", ssh("attic", Some(2222), None)),
            (
                "SSH://me@10.0.0.5:2222",
                ssh("me@10.0.0.5", Some(2222), None),
            ),
            (
                "me@[fe80::1%eth0]:22",
                ssh("me@fe80::1%eth0", Some(22), None),
            ),
            ("ssh://attic/", ssh("attic", None, None)),
            (
                "ssh://me@attic/run/user/1000/podman/podman.sock",
                ssh("me@attic", None, Some("/run/user/1000/podman/podman.sock")),
            ),
        ];
        for (typed, address) in cases {
            assert_eq!(WorkerAddress::read(typed, ""), Ok(address), "{typed}");
        }
        let cases = [
            ("tcp://attic", tls("attic", 2376)),
            ("tcp://attic.local:1234/", tls("attic.local", 1234)),
            ("tcp://[::1]:2376", tls("::1", 2376)),
            ("https://10.0.0.5", tls("10.0.0.5", 2376)),
        ];
        for (typed, address) in cases {
            let read = WorkerAddress::read(typed, " /home/me/.docker ");
            assert_eq!(read, Ok(address), "{typed}");
        }
    }

    #[test]
    fn what_cannot_be_an_address_is_refused_with_what_is_wrong() {
        use AddressFlaw as F;
        let host = |host: &str| F::Host { host: host.into() };
        let user = |user: &str| F::User { user: user.into() };
        let port = |port: &str| F::Port { port: port.into() };
        let cases = [
            ("", F::Empty),
            ("  ", F::Empty),
            (
                "unix:///run/docker.sock",
                F::Way {
                    scheme: "unix".into(),
                },
            ),
            (
                "http://attic:2375",
                F::Way {
                    scheme: "http".into(),
                },
            ),
            ("me@", host("")),
            ("two words", host("two words")),
            ("-oProxyCommand=reboot", host("-oProxyCommand=reboot")),
            ("-oX@attic", user("-oX")),
            ("@attic", user("")),
            ("a b@attic", user("a b")),
            ("me:secret@attic", F::Password),
            (
                "fe80::1",
                F::Brackets {
                    host: "fe80::1".into(),
                },
            ),
            ("[attic]", host("attic")),
            ("[::1", host("[::1")),
            ("[::1]x", host("[::1]x")),
            ("attic:", port("")),
            ("attic:0", port("0")),
            ("attic:+22", port("+22")),
            ("attic:99999", port("99999")),
            ("tcp://attic", F::NoCertificates),
            (
                "attic/a;reboot",
                F::Path {
                    path: "/a;reboot".into(),
                },
            ),
            ("tcp://attic/v1", F::Path { path: "/v1".into() }),
        ];
        for (typed, flaw) in cases {
            assert_eq!(WorkerAddress::read(typed, ""), Err(flaw), "{typed}");
        }
        let folder = "~/.docker".to_owned();
        let read = WorkerAddress::read("tcp://attic", &folder);
        assert_eq!(read, Err(F::Folder { folder }));
    }

    proptest! {
        #[test]
        fn no_address_is_ever_an_option_or_more_than_one_word(text in ".{0,40}") {
            if let Ok(WorkerAddress::Ssh { destination, .. }) = WorkerAddress::read(&text, "") {
                prop_assert!(!destination.starts_with('-'), "{destination}");
                prop_assert!(!destination.contains("@-"), "{destination}");
                prop_assert!(!destination.chars().any(|c| c.is_whitespace() || c.is_control()));
            }
        }
    }
}
