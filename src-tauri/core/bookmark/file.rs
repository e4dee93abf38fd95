//! A file of bookmarks, as all browsers read and write it: the HTML that Netscape began with. Folders are
//! not kept apart.

use std::fmt::Write;

use url::Url;

use super::{Bookmark, FAVICON_CAP, can_be_kept};
use crate::address::split_login;

/// The longest name of a sign that is known, in bytes.
const LONGEST_NAME: usize = 8;

/// A page in such a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its address.
    pub url: String,
    /// Its title; empty if it has none.
    pub title: String,
    /// Its icon as a `data:` URL.
    pub favicon: Option<String>,
}

impl Page {
    /// As it would be kept: its address as engines write it, without a password. `None` if it leads nowhere
    /// that could be had again.
    #[must_use]
    pub fn usable(self) -> Option<Self> {
        let url = split_login(&self.url).map_or(self.url, |(url, _)| url);
        let url = String::from(Url::parse(&url).ok()?);
        let title = self
            .title
            .chars()
            .filter(|sign| !sign.is_control())
            .collect();
        can_be_kept(&url).then_some(Self { url, title, ..self })
    }
}

/// All pages in a file, in their order. There is no text that this fails on.
#[must_use]
pub fn read(text: &str) -> Vec<Page> {
    let mut pages = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('<') {
        rest = after;
        let Some(tag) = after.strip_prefix(['a', 'A']) else {
            continue;
        };
        if !tag.starts_with(|sign: char| sign.is_ascii_whitespace()) {
            continue;
        }
        let ([href, icon], behind) = attributes(tag, ["href", "icon"]);
        let title = behind.split('<').next().unwrap_or_default();
        rest = behind;
        if let Some(url) = href {
            let icon = icon.filter(|it| it.len() <= FAVICON_CAP).map(decoded);
            pages.push(Page {
                url: decoded(url).trim().to_owned(),
                title: decoded(title).trim().to_owned(),
                favicon: icon.filter(|it| it.starts_with("data:image/")),
            });
        }
    }
    pages
}

/// The values of two attributes of a tag, and what is behind it.
fn attributes<'a>(tag: &'a str, names: [&str; 2]) -> ([Option<&'a str>; 2], &'a str) {
    let mut found = [None; 2];
    let mut rest = tag;
    loop {
        rest = rest.trim_start_matches(|sign: char| sign.is_ascii_whitespace() || sign == '/');
        if let Some(behind) = rest.strip_prefix('>') {
            return (found, behind);
        }
        let end = rest.find(|sign: char| sign.is_ascii_whitespace() || matches!(sign, '=' | '>'));
        let Some(end) = end else {
            return (found, "");
        };
        let (name, after) = rest.split_at(end);
        rest = after.trim_start();
        let Some(after) = rest.strip_prefix('=') else {
            continue;
        };
        let after = after.trim_start();
        let (value, after) = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => after[1..].split_once(quote).unwrap_or((after, "")),
            _ => {
                let end = after.find(|sign: char| sign.is_ascii_whitespace() || sign == '>');
                after.split_at(end.unwrap_or(after.len()))
            }
        };
        // The first one counts.
        let at = names.iter().position(|it| it.eq_ignore_ascii_case(name));
        if let Some(found) = at.map(|at| &mut found[at]) {
            found.get_or_insert(value);
        }
        rest = after;
    }
}

/// Text with its references resolved; one that is not known stays as it is.
fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let near = after.as_bytes().iter().take(LONGEST_NAME + 1);
        let end = near.clone().position(|it| *it == b';');
        match end.and_then(|end| Some((sign(&after[..end])?, end))) {
            Some((sign, end)) => {
                out.push(sign);
                rest = &after[end + 1..];
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn sign(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let number = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(number);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        _ => return None,
    })
}

/// The file of these bookmarks.
#[must_use]
pub fn write<'a>(bookmarks: impl Iterator<Item = &'a Bookmark>) -> String {
    let mut out = "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n\
        <META HTTP-EQUIV=\"Content-Type\" CONTENT=\"text/html; charset=UTF-8\">\n\
        <TITLE>Bookmarks</TITLE>\n<H1>Bookmarks</H1>\n<DL><p>\n"
        .to_owned();
    for bookmark in bookmarks {
        let icon = bookmark
            .favicon
            .as_deref()
            .map(|it| format!(" ICON=\"{}\"", encoded(it)));
        // Into a text nothing fails to be written.
        let _ = writeln!(
            out,
            "    <DT><A HREF=\"{}\"{}>{}</A>",
            encoded(&bookmark.url),
            icon.unwrap_or_default(),
            encoded(&bookmark.title)
        );
    }
    out.push_str("</DL><p>\n");
    out
}

fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(sign),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::ProfileName;
    use proptest::prelude::*;

    fn page(url: &str, title: &str, favicon: Option<&str>) -> Page {
        Page {
            url: url.to_owned(),
            title: title.to_owned(),
            favicon: favicon.map(str::to_owned),
        }
    }

    #[test]
    fn the_files_of_other_browsers_are_read() {
        let firefox = r#"<!DOCTYPE NETSCAPE-Bookmark-file-1>
            <DL><p>
                <DT><H3 ADD_DATE="1" PERSONAL_TOOLBAR_FOLDER="true">Bar</H3>
                <DL><p>
                    <DT><A HREF="https://a.test/?x=1&amp;y=2" ADD_DATE="1" ICON_URI="https://a.test/i" ICON="data:image/png;base64,AA==">A &lt;b&gt; &#38; &#x1F600;</A>
                    <HR>
                    <DT><A HREF="place:sort=8" ADD_DATE="1">Lately</A>
                </DL><p>
            </DL>"#;
        assert_eq!(
            read(firefox),
            [
                page(
                    "https://a.test/?x=1&y=2",
                    "A <b> & \u{1f600}",
                    Some("data:image/png;base64,AA==")
                ),
                page("place:sort=8", "Lately", None),
            ]
        );
        let by_hand =
            "<p><a class=x href = https://b.test/ target='_blank'>B &nope; &</a><a>no</a>";
        assert_eq!(read(by_hand), [page("https://b.test/", "B &nope; &", None)]);
        assert_eq!(read("<abbr href=x>y</abbr> < a href=z>"), []);
        assert_eq!(
            read("<a href=\"https://cut"),
            [page("\"https://cut", "", None)]
        );
    }

    #[test]
    fn a_page_is_kept_as_engines_write_its_address_and_without_a_password() {
        let usable = |url: &str| page(url, "a\u{7}b", None).usable();
        let kept = usable("HTTPS://ann:secret@A.test").unwrap();
        assert_eq!(
            (kept.url.as_str(), kept.title.as_str()),
            ("https://a.test/", "ab")
        );
        assert_eq!(usable("http:80").unwrap().url, "http://0.0.0.80/");
        for url in [
            "javascript:alert(1)",
            "place:sort=8",
            "data:text/html,x",
            "",
            "a.test",
        ] {
            assert_eq!(usable(url), None, "{url}");
        }
    }

    #[test]
    fn a_file_that_is_made_to_be_slow_is_not() {
        // A reader that looks through all of the rest for each sign takes hours.
        for text in ["&", "<a ", "<a x=\"", "a "] {
            let text = format!("<a href=x>{}", text.repeat(1 << 20));
            let _ = read(&text);
            let _ = read(&text.replace("<a href=x>", "<a "));
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_fail(text in "(<a |<A\n|href=|\"|'|>|&|&#|;|x|</a>|é| ){0,40}") {
            let _ = read(&text);
        }

        #[test]
        fn what_is_written_is_read_again(
            pages in prop::collection::vec(("[ -~]{1,20}", "\\PC{0,20}", any::<bool>()), 0..5)
        ) {
            let pages: Vec<Page> = pages
                .iter()
                .map(|(url, title, icon)| {
                    let icon = icon.then_some("data:image/png;base64,AA==");
                    page(url.trim(), title.trim(), icon)
                })
                .collect();
            let bookmarks: Vec<Bookmark> = (0..)
                .zip(&pages)
                .map(|(place, page)| Bookmark {
                    profile: ProfileName("default".into()),
                    url: page.url.clone(),
                    title: page.title.clone(),
                    favicon: page.favicon.clone(),
                    place,
                })
                .collect();
            prop_assert_eq!(read(&write(bookmarks.iter())), pages);
        }
    }
}
