//! The address bar: what a typed line means, and how an address may be shown.

use crate::message::Security;
use crate::search::Search;
use unicode_security::{RestrictionLevel, RestrictionLevelDetection, confusable_detection};
use url::{Host, Url};

pub use completion::{Completion, complete, site};
pub use login::{Login, split_login};
pub use port::has_unsafe_port;

/// Schemes that may be opened by typing or by a link. `javascript:` is not among them.
const SCHEMES: [&str; 6] = ["http", "https", "file", "about", "data", "view-source"];

/// Schemes of other programs that come without slashes.
const PROGRAMS: [&str; 7] = ["geo", "magnet", "mailto", "sip", "sms", "tel", "xmpp"];

/// In bytes. A mail with its subject and a few paragraphs fits.
const LONGEST_FOR_A_PROGRAM: usize = 8192;

/// Turns what was typed into an address to open: an address as browsers read it, else a search.
#[must_use]
pub fn read(input: &str, search: &Search) -> Option<Url> {
    // What the URL standard takes off both ends, and all other blanks.
    let input = input.trim_matches(|sign: char| sign <= ' ' || sign.is_whitespace());
    if input.is_empty() {
        return None;
    }
    if input.starts_with('/')
        && !input.starts_with("//")
        && let Ok(url) = Url::parse(&format!("file://{}", escape_path(input)))
    {
        return Some(url);
    }
    if let Some((scheme, rest)) = scheme_of(input) {
        if SCHEMES.contains(&scheme.as_str()) {
            let url = Url::parse(input).ok()?;
            let hostless = matches!(scheme.as_str(), "http" | "https") && url.host().is_none();
            return (!hostless).then_some(url);
        }
        // Some other program's address. `mailto:a@b` would be read as a login for `b`.
        let foreign = rest.starts_with("//") || PROGRAMS.contains(&scheme.as_str());
        if scheme == "javascript" || foreign {
            return None;
        }
    }
    if let Some(url) = bare_host(input) {
        return Some(url);
    }
    search.with(&encode_words(input))
}

/// Whether a page may open this address by itself.
#[must_use]
pub fn is_openable(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| SCHEMES.contains(&url.scheme()))
}

/// Whether an address belongs to another program of the desktop, such as `mailto:`, and to none of
/// this app's parts.
#[must_use]
pub fn is_of_a_program(url: &str) -> bool {
    const OWN: [&str; 8] = [
        "asset",
        "blob",
        "chrome",
        "ipc",
        "javascript",
        "resource",
        "tauri",
        "ws",
    ];
    Url::parse(url).is_ok_and(|url| {
        let scheme = url.scheme();
        let known = SCHEMES.contains(&scheme) || OWN.contains(&scheme) || scheme == "wss";
        !known && !scheme.starts_with("webkit") && url.as_str().len() <= LONGEST_FOR_A_PROGRAM
    })
}

/// Whether what an address shows comes from somewhere else than from the page itself.
#[must_use]
pub fn can_be_had_again(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https" | "file"))
}

/// `scheme:rest`, unless it is a host with a port (`localhost:3000`).
fn scheme_of(input: &str) -> Option<(String, &str)> {
    let (scheme, rest) = input.split_once(':')?;
    let mut chars = scheme.chars();
    let well_formed = chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let digits = rest.split(['/', '?', '#']).next().unwrap_or_default();
    (well_formed && !is_port(digits)).then(|| (scheme.to_ascii_lowercase(), rest))
}

/// A host without a scheme: plain HTTP for this machine and the home network, else HTTPS.
fn bare_host(input: &str) -> Option<Url> {
    if input.contains(char::is_whitespace) {
        return None;
    }
    let authority = input.split(['/', '?', '#']).next()?;
    let has_path = authority.len() < input.len();
    let host_and_port = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let (host, port) = match host_and_port.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && is_port(port) => (host, Some(port)),
        _ => (host_and_port, None),
    };
    // `mailto:/x` is another program's address, and no host called `mailto`.
    if host.contains(':') && !host.starts_with('[') {
        return None;
    }
    let url = Url::parse(&format!("http://{input}")).ok()?;
    let local = match url.host()? {
        Host::Ipv6(_) => true,
        // `3.14` is a number; the URL rules would make 3.0.0.14 of it.
        Host::Ipv4(_) if host.split('.').count() != 4 => return None,
        Host::Ipv4(_) => true,
        Host::Domain(domain) => {
            let domain = domain.trim_end_matches('.');
            let single = !domain.contains('.');
            if single && domain != "localhost" && port.is_none() && !has_path {
                return None;
            }
            if !domain.split('.').all(is_label) {
                return None;
            }
            single || domain.ends_with(".local") || domain.ends_with(".localhost")
        }
    };
    if local {
        return Some(url);
    }
    // A port that was typed is somebody's own server as often as not, but HTTPS is asked first, as
    // browsers do.
    Url::parse(&format!("https://{input}")).ok()
}

fn is_port(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && !label.starts_with('-')
        && label
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

fn encode_words(words: &str) -> String {
    let form: String = url::form_urlencoded::byte_serialize(words.as_bytes()).collect();
    // A plus is a blank in a query alone.
    form.replace('+', "%20")
}

fn escape_path(path: &str) -> String {
    path.replace('%', "%25")
        .replace('?', "%3F")
        .replace('#', "%23")
}

/// The address of a page that is empty, and its opener's to write.
pub const BLANK: &str = "about:blank";

/// Before the address of a page whose source is shown. No page can open one itself.
pub const SOURCE: &str = "view-source:";

/// The address as it is shown: an internationalised host in its own letters, unless it could be
/// taken for another one; then in punycode.
#[must_use]
pub fn display(address: &str) -> String {
    let Ok(url) = Url::parse(address) else {
        return address.to_owned();
    };
    if url.as_str() == BLANK {
        return String::new();
    }
    let Some(Host::Domain(ascii)) = url.host() else {
        return url.into();
    };
    let shown: Vec<String> = ascii.split('.').map(display_label).collect();
    let shown = shown.join(".");
    if shown == ascii {
        return url.into();
    }
    url.as_str().replacen(ascii, &shown, 1)
}

fn display_label(label: &str) -> String {
    if !label.starts_with("xn--") {
        return label.to_owned();
    }
    let (letters, outcome) = idna::domain_to_unicode(label);
    if outcome.is_err() || looks_alike(&letters) {
        return label.to_owned();
    }
    letters
}

/// Whether a label mixes scripts, or could be read as plain ASCII (UTS 39).
fn looks_alike(label: &str) -> bool {
    let level = label.detect_restriction_level();
    let mixed = level > RestrictionLevel::HighlyRestrictive;
    let reads_as_ascii = confusable_detection::skeleton(label).all(|c| c.is_ascii());
    mixed || reads_as_ascii
}

/// How the way to an address is secured, as far as the address tells.
#[must_use]
pub fn security(address: &str) -> Security {
    let Ok(url) = Url::parse(address) else {
        return Security::Internal;
    };
    match url.scheme() {
        "https" | "file" => Security::Secure,
        "http" => match url.host() {
            Some(Host::Ipv4(ip)) if ip.is_loopback() => Security::Secure,
            Some(Host::Ipv6(ip)) if ip.is_loopback() => Security::Secure,
            Some(Host::Domain(name)) if name == "localhost" || name.ends_with(".localhost") => {
                Security::Secure
            }
            _ => Security::Plain,
        },
        _ => Security::Internal,
    }
}

mod completion;
mod login;
mod port;
#[cfg(test)]
mod wpt;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_str(input: &str) -> Option<String> {
        read(input, &Search::default()).map(Into::into)
    }

    #[test]
    fn what_is_typed_is_read_as_browsers_read_it() {
        for (input, url) in [
            ("example.org", "https://example.org/"),
            ("  example.org/a?b#c ", "https://example.org/a?b#c"),
            ("http://example.org", "http://example.org/"),
            ("HTTPS://Example.ORG", "https://example.org/"),
            ("localhost", "http://localhost/"),
            ("localhost:3000", "http://localhost:3000/"),
            ("localhost:3000/x", "http://localhost:3000/x"),
            ("raspberrypi:8080", "http://raspberrypi:8080/"),
            ("router/", "http://router/"),
            ("pi.local", "http://pi.local/"),
            ("192.168.1.1", "http://192.168.1.1/"),
            ("127.0.0.1:9/x", "http://127.0.0.1:9/x"),
            ("[::1]:8080", "http://[::1]:8080/"),
            ("[2001:db8::1]", "http://[2001:db8::1]/"),
            ("file:///etc/hosts", "file:///etc/hosts"),
            ("/etc/my hosts#1", "file:///etc/my%20hosts%231"),
            ("about:blank", "about:blank"),
            ("bücher.example", "https://xn--bcher-kva.example/"),
            ("user@example.org:81", "https://user@example.org:81/"),
            ("3.14", "https://duckduckgo.com/?q=3.14"),
            ("rust", "https://duckduckgo.com/?q=rust"),
            (
                "what is rust?",
                "https://duckduckgo.com/?q=what%20is%20rust%3F",
            ),
            ("a+b & c", "https://duckduckgo.com/?q=a%2Bb%20%26%20c"),
            (
                "note: buy milk",
                "https://duckduckgo.com/?q=note%3A%20buy%20milk",
            ),
        ] {
            assert_eq!(read_str(input).as_deref(), Some(url), "{input}");
        }
    }

    #[test]
    fn what_cannot_be_opened_is_refused() {
        for input in [
            "",
            "   ",
            "javascript:alert(1)",
            "mailto:ann@b.test",
            "tel:+491234",
            "http://",
            "ssh://host",
            "https://exa mple",
        ] {
            assert_eq!(read_str(input), None, "{input}");
        }
    }

    #[test]
    fn a_look_alike_host_is_shown_as_punycode() {
        // All Cyrillic, reads as "apple"; and Latin mixed with Cyrillic.
        for ascii in ["https://xn--80ak6aa92e.com/", "https://xn--pple-43d.com/"] {
            assert_eq!(display(ascii), ascii);
        }
        assert_eq!(
            display("https://xn--bcher-kva.example/x"),
            "https://bücher.example/x"
        );
        assert_eq!(
            display("https://xn--e1afmkfd.xn--p1ai/"),
            "https://пример.рф/"
        );
        assert_eq!(display("https://xn--wgv71a119e.jp/"), "https://日本語.jp/");
    }

    #[test]
    fn plain_http_is_secure_only_on_this_machine() {
        assert_eq!(security("http://localhost:1/"), Security::Secure);
        assert_eq!(security("http://[::1]/"), Security::Secure);
        assert_eq!(security("http://example.org/"), Security::Plain);
        assert_eq!(security("https://example.org/"), Security::Secure);
        assert_eq!(security("about:blank"), Security::Internal);
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in "\\PC{0,60}") {
            if let Some(url) = read(&line, &Search::default()) {
                prop_assert!(SCHEMES.contains(&url.scheme()));
                prop_assert!(!display(url.as_str()).contains(char::is_control));
            }
        }
    }
}
