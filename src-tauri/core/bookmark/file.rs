//! A file of bookmarks, as all browsers read and write it: the HTML that Netscape began with. Folders are
//! not kept apart.

use std::fmt::Write;

use super::Bookmark;

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
        let (attributes, behind) = attributes(tag);
        let value = |name: &str| {
            let found = attributes.iter().find(|it| it.0.eq_ignore_ascii_case(name));
            found.map(|it| decoded(it.1))
        };
        let title = behind.split('<').next().unwrap_or_default();
        rest = behind;
        if let Some(url) = value("href") {
            pages.push(Page {
                url: url.trim().to_owned(),
                title: decoded(title).trim().to_owned(),
                favicon: value("icon").filter(|it| it.starts_with("data:image/")),
            });
        }
    }
    pages
}

/// The attributes of a tag, and what is behind it.
fn attributes(tag: &str) -> (Vec<(&str, &str)>, &str) {
    let mut all = Vec::new();
    let mut rest = tag;
    loop {
        rest = rest.trim_start_matches(|sign: char| sign.is_ascii_whitespace() || sign == '/');
        if let Some(behind) = rest.strip_prefix('>') {
            return (all, behind);
        }
        let end = rest.find(|sign: char| sign.is_ascii_whitespace() || matches!(sign, '=' | '>'));
        let Some(end) = end else {
            return (all, "");
        };
        let (name, after) = rest.split_at(end);
        rest = after.trim_start();
        let Some(after) = rest.strip_prefix('=') else {
            all.push((name, ""));
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
        all.push((name, value));
        rest = after;
    }
}

/// Text with its references resolved; one that is not known stays as it is.
fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        // The longest that there are.
        let known = after.split_once(';').filter(|it| it.0.len() <= 8);
        match known.and_then(|(name, behind)| Some((sign(name)?, behind))) {
            Some((sign, behind)) => {
                out.push(sign);
                rest = behind;
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
