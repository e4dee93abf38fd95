//! Which addresses a page's own engine may be sent to. Nothing of the app is among them.

/// Whether the main frame of a page may go to `address`.
///
/// `data:` is missing on purpose: no browser lets a page go there, since it has no origin.
pub(crate) fn may_open(address: &str) -> bool {
    url::Url::parse(address).is_ok_and(|url| match url.scheme() {
        "http" | "https" => url.has_host(),
        "file" => matches!(url.host_str(), None | Some("" | "localhost")),
        "about" => matches!(url.path(), "blank" | "srcdoc"),
        "blob" => true,
        _ => false,
    })
}

/// Whether a page at `from` may have a tab opened at `to`, by a script or by a link that a person
/// follows. A file is opened by files and by whoever types its address.
pub(crate) fn may_lead(from: Option<&str>, to: &str) -> bool {
    let is_file = |address: &str| url::Url::parse(address).is_ok_and(|url| url.scheme() == "file");
    may_open(to) && (!is_file(to) || from.is_some_and(is_file))
}

/// Whether a frame within a page may go to `address`. The engine does not say which frame it
/// asks for; it keeps the main one from `data:` by itself.
pub(crate) fn may_hold(address: &str) -> bool {
    may_open(address) || address.starts_with("data:")
}

#[cfg(test)]
mod tests {
    use super::{may_hold, may_lead, may_open};

    #[test]
    fn the_web_files_and_the_blank_page_can_be_opened() {
        for address in [
            "http://localhost:3000/",
            "https://example.org/a?b#c",
            "http://[::1]:8080/",
            "file:///home/me/a.html",
            "about:blank",
            "blob:https://example.org/7f1a",
        ] {
            assert!(may_open(address), "{address}");
        }
    }

    #[test]
    fn files_are_opened_by_files() {
        let (site, file) = ("https://example.org/", "file:///home/me/a.html");
        assert!(may_lead(Some(file), "FILE:///home/me/b.html"));
        assert!(may_lead(Some(file), site));
        assert!(may_lead(None, "about:blank"));
        assert!(!may_lead(Some(site), file));
        assert!(!may_lead(Some("about:blank"), file));
        assert!(!may_lead(None, file));
    }

    #[test]
    fn nothing_of_the_app_and_no_foreign_scheme_can_be_opened() {
        for address in [
            "tauri://localhost/",
            "ipc://localhost/open_tab",
            "asset://localhost/etc/passwd",
            "javascript:alert(1)",
            "data:text/html,<p>",
            "mailto:me@example.org",
            "webkit://gpu",
            "about:config",
            "file://server/share",
            "resource:///org/webkit/inspector",
            "",
            "no address",
        ] {
            assert!(!may_open(address), "{address}");
            assert!(!may_hold(address) || address.starts_with("data:"));
        }
    }
}
