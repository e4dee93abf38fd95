//! A page's icon: found in the page, loaded by the browser for the page, handed on as `data:`.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use duotab_core::event::PageNews;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{PageError, Shared, follow};

/// The largest icon that is taken, in bytes.
const MAX_ICON: usize = 256 << 10;
/// Bytes asked for at a time.
const CHUNK: usize = 64 << 10;
/// For the whole loading of an icon; a slow one is no icon.
const LOAD_LIMIT: Duration = Duration::from_secs(5);
/// The size that suits a tab strip on a screen of up to twice the usual density.
const WANTED: u32 = 32;

/// Asks a page for its icons. Runs in our own world: the page cannot change what it calls.
const ICONS: &str = "JSON.stringify({
  page: location.href.slice(0, 4096),
  icons: [...document.querySelectorAll('link[rel~=\"icon\" i][href]')].slice(0, 32).map((l) => ({
    href: l.href.length <= 360000 ? l.href : '',
    sizes: l.getAttribute('sizes')?.slice(0, 200) ?? '',
    type: l.type.slice(0, 100),
  })),
})";

#[derive(Deserialize)]
struct Found {
    page: String,
    icons: Vec<Icon>,
}

#[derive(Deserialize)]
struct Icon {
    href: String,
    sizes: String,
    #[serde(rename = "type")]
    media: String,
}

/// Looks for a tab's icon and tells it, if it is another one than before.
pub(super) async fn look(shared: Arc<Shared>, target: String, session: String) {
    let frame = {
        let mut book = shared.book();
        match book.page(&target) {
            Some(page) if page.tab.is_some() => page.main_frame.clone(),
            _ => return,
        }
    };
    let Some(found) = follow::evaluate(&shared, &session, Some(&frame), ICONS).await else {
        return;
    };
    let Ok(found) = serde_json::from_str::<Found>(&found) else {
        return;
    };
    let chosen = choose(&found);
    if !is_news(&shared, &target, &chosen) {
        return;
    }
    let data = match &chosen {
        None => None,
        Some(url) => {
            let load = load(&shared, &session, &frame, url);
            tokio::time::timeout(LOAD_LIMIT, load)
                .await
                .ok()
                .and_then(Result::ok)
                .flatten()
        }
    };
    let tab = shared.book().owner(&target);
    if let Some(tab) = tab {
        shared.queue.news(tab, PageNews::Favicon(data));
    }
}

/// Notes the icon, and says whether it is another one.
fn is_news(shared: &Shared, target: &str, chosen: &Option<String>) -> bool {
    let mut book = shared.book();
    let Some(page) = book.page(target) else {
        return false;
    };
    let before = page.told.icon.replace(chosen.clone());
    // To a new tab, "no icon" is no news.
    before.unwrap_or_default() != *chosen
}

/// The icon that suits best; without any, the one at the site's root, as ever.
fn choose(found: &Found) -> Option<String> {
    let best = found
        .icons
        .iter()
        .filter(|icon| is_loadable(&icon.href))
        .min_by_key(|icon| distance(icon));
    if let Some(icon) = best {
        return Some(icon.href.clone());
    }
    let page = url::Url::parse(&found.page).ok()?;
    if !matches!(page.scheme(), "http" | "https") {
        return None;
    }
    page.join("/favicon.ico").ok().map(String::from)
}

fn is_loadable(href: &str) -> bool {
    ["http://", "https://", "data:image/"]
        .iter()
        .any(|start| href.starts_with(start))
}

/// How far from what a tab strip wants: larger is better than smaller.
fn distance(icon: &Icon) -> u32 {
    if icon.media.contains("svg") || icon.sizes.eq_ignore_ascii_case("any") {
        return 1;
    }
    let sizes = icon.sizes.split_ascii_whitespace().filter_map(|size| {
        let (width, _) = size.split_once(['x', 'X'])?;
        width.parse::<u32>().ok()
    });
    sizes
        .map(|size| {
            if size >= WANTED {
                (size - WANTED).min(10_000)
            } else {
                20_000 + WANTED - size
            }
        })
        .min()
        .unwrap_or(15_000)
}

/// Loads an icon as the page would, but without the limits that a page has on reading: the
/// page's own `fetch` would need CORS and a fitting content policy.
async fn load(
    shared: &Shared,
    session: &str,
    frame: &str,
    url: &str,
) -> Result<Option<String>, PageError> {
    if url.starts_with("data:") {
        return Ok((url.len() <= MAX_ICON * 4 / 3 + 100).then(|| url.to_owned()));
    }
    let on = Some(session);
    let params = json!({
        "frameId": frame,
        "url": url,
        "options": { "disableCache": false, "includeCredentials": true },
    });
    let answer = shared
        .wire
        .call(on, "Network.loadNetworkResource", params)
        .await?;
    let resource = &answer["resource"];
    let Some(stream) = resource["stream"].as_str() else {
        return Ok(None);
    };
    let good = resource["success"] == true && resource["httpStatusCode"] == 200;
    let bytes = if good {
        read(shared, session, stream).await?
    } else {
        None
    };
    let closed = json!({ "handle": stream });
    shared.wire.call(on, "IO.close", closed).await?;
    Ok(bytes.and_then(|bytes| {
        let media = media_type(&resource["headers"], &bytes)?;
        Some(format!("data:{media};base64,{}", STANDARD.encode(bytes)))
    }))
}

/// Reads a stream to its end, unless it is too large.
async fn read(shared: &Shared, session: &str, stream: &str) -> Result<Option<Vec<u8>>, PageError> {
    let mut bytes = Vec::new();
    loop {
        let params = json!({ "handle": stream, "size": CHUNK });
        let chunk = shared.wire.call(Some(session), "IO.read", params).await?;
        let data = chunk["data"].as_str().unwrap_or_default();
        if chunk["base64Encoded"] == true {
            let Ok(data) = STANDARD.decode(data) else {
                return Ok(None);
            };
            bytes.extend(data);
        } else {
            bytes.extend_from_slice(data.as_bytes());
        }
        if bytes.len() > MAX_ICON {
            return Ok(None);
        }
        if chunk["eof"] == true {
            return Ok(Some(bytes));
        }
        if data.is_empty() {
            // No progress and no end: not again.
            return Ok(None);
        }
    }
}

/// The image type: what the bytes are, else an SVG by what the server says. Servers name icons
/// as they like, and a page sent for a missing icon is none.
fn media_type(headers: &Value, bytes: &[u8]) -> Option<&'static str> {
    let begins = |magic: &[u8]| bytes.starts_with(magic);
    if begins(b"\x89PNG\r\n\x1a\n") {
        return Some("image/png");
    }
    if begins(&[0, 0, 1, 0]) {
        return Some("image/x-icon");
    }
    if begins(b"GIF8") {
        return Some("image/gif");
    }
    if begins(&[0xff, 0xd8, 0xff]) {
        return Some("image/jpeg");
    }
    if begins(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Some("image/webp");
    }
    let said = headers.as_object()?.iter().find_map(|(name, value)| {
        name.eq_ignore_ascii_case("content-type")
            .then(|| value.as_str())
            .flatten()
    });
    let svg = said.is_some_and(|said| said.to_ascii_lowercase().starts_with("image/svg+xml"));
    (svg && !bytes.is_empty()).then_some("image/svg+xml")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn icon(href: &str, sizes: &str) -> Icon {
        Icon {
            href: href.to_owned(),
            sizes: sizes.to_owned(),
            media: String::new(),
        }
    }

    fn chosen(icons: Vec<Icon>) -> Option<String> {
        choose(&Found {
            page: "https://a.example/b/c".to_owned(),
            icons,
        })
    }

    #[test]
    fn the_smallest_icon_that_is_large_enough_is_chosen() {
        let icons = vec![
            icon("https://a/16", "16x16"),
            icon("https://a/180", "180x180"),
            icon("https://a/48", "16x16 48x48"),
            icon("https://a/none", ""),
        ];
        assert_eq!(chosen(icons).unwrap(), "https://a/48");
        let icons = vec![icon("https://a/16", "16x16"), icon("https://a/none", "")];
        assert_eq!(chosen(icons).unwrap(), "https://a/none");
    }

    #[test]
    fn without_a_usable_link_the_root_is_asked_and_only_on_the_web() {
        let icons = vec![
            icon("javascript:alert(1)", ""),
            icon("data:text/html,x", ""),
        ];
        assert_eq!(chosen(icons).unwrap(), "https://a.example/favicon.ico");
        let found = Found {
            page: "file:///tmp/x".to_owned(),
            icons: Vec::new(),
        };
        assert_eq!(choose(&found), None);
    }

    #[test]
    fn only_an_image_is_an_icon() {
        let html = json!({ "Content-Type": "text/html" });
        assert_eq!(media_type(&html, b"<!doctype html>"), None);
        assert_eq!(
            media_type(&html, b"\x89PNG\r\n\x1a\n..."),
            Some("image/png")
        );
        let svg = json!({ "content-type": "image/svg+xml; charset=utf-8" });
        assert_eq!(media_type(&svg, b"<svg/>"), Some("image/svg+xml"));
        assert_eq!(media_type(&json!(null), b""), None);
    }
}
