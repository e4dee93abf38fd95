//! Ports that no browser opens a page at: they belong to services that could take a page's request
//! for orders of their own.

use url::Url;

/// The bad ports of the Fetch standard, section "port blocking".
const UNSAFE: [u16; 83] = [
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101,
    102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427,
    465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990,
    993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667,
    6668, 6669, 6679, 6697, 10080,
];

/// Whether `url` is one of the web, at a port that engines refuse to open.
#[must_use]
pub fn has_unsafe_port(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url
                .port()
                .is_some_and(|port| UNSAFE.binary_search(&port).is_ok())
    })
}

#[cfg(test)]
mod tests {
    use super::{UNSAFE, has_unsafe_port};

    #[test]
    fn other_services_than_the_web_are_known_by_their_ports() {
        assert!(UNSAFE.is_sorted());
        for url in ["http://localhost:9/", "https://[::1]:6667", "HTTP://a:0022"] {
            assert!(has_unsafe_port(url), "{url}");
        }
        for url in [
            "http://localhost/",
            "https://localhost:443/",
            "http://localhost:8080/?at=:9",
            "file://localhost/9",
            "about:blank",
            "localhost:9",
        ] {
            assert!(!has_unsafe_port(url), "{url}");
        }
    }
}
