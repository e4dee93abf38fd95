//! Reading Chromium's navigation history of a page.

use duotab_core::event::HistoryEntry;
use serde_json::Value;

/// Chromium keeps 50; more is no history.
const MAX_ENTRIES: usize = 200;
/// Characters of a title that are kept.
const MAX_TITLE: usize = 1024;
/// The longest address that is kept; a longer one (a `data:` page, mostly) stands as empty page.
const MAX_URL: usize = 64 << 10;

const BLANK: &str = "about:blank";

/// A page's history with Chromium's own ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct History {
    /// Chromium's id of each entry.
    pub(super) ids: Vec<i64>,
    /// What is shown of each entry, never empty.
    pub(super) entries: Vec<HistoryEntry>,
    /// The current entry.
    pub(super) index: usize,
    /// Whether the empty page that every new page begins with stood in front and was left out.
    pub(super) began_blank: bool,
}

impl History {
    /// Reads the answer to `Page.getNavigationHistory`; `None` if it is none.
    pub(super) fn read(answer: &Value) -> Option<Self> {
        let raw = answer["entries"].as_array()?;
        let mut index = usize::try_from(answer["currentIndex"].as_u64()?).ok()?;
        if raw.len() > MAX_ENTRIES || index >= raw.len() {
            return None;
        }
        let mut ids = Vec::with_capacity(raw.len());
        let mut entries = Vec::with_capacity(raw.len());
        for entry in raw {
            ids.push(entry["id"].as_i64()?);
            let url = entry["url"].as_str()?;
            let url = if url.is_empty() || url.len() > MAX_URL {
                BLANK
            } else {
                url
            };
            entries.push(HistoryEntry {
                url: url.to_owned(),
                title: title(entry["title"].as_str().unwrap_or_default(), url),
            });
        }
        let began_blank = index > 0 && entries.first().is_some_and(|first| first.url == BLANK);
        if began_blank {
            ids.remove(0);
            entries.remove(0);
            index -= 1;
        }
        Some(Self {
            ids,
            entries,
            index,
            began_blank,
        })
    }

    /// Chromium's id of the entry `steps` away.
    pub(super) fn step(&self, steps: isize) -> Option<i64> {
        let at = self.index.checked_add_signed(steps)?;
        self.ids.get(at).copied()
    }

    /// The current entry.
    pub(super) fn current(&self) -> Option<&HistoryEntry> {
        self.entries.get(self.index)
    }
}

/// A page without a title is titled with its address by Chromium: that is none.
fn title(title: &str, url: &str) -> String {
    let shown = title.trim().trim_end_matches('/');
    let bare = url.trim_end_matches('/');
    let without_scheme = bare.split_once("://").map_or(bare, |(_, rest)| rest);
    if shown == bare || shown == without_scheme {
        return String::new();
    }
    title.chars().take(MAX_TITLE).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(index: i64, urls: &[&str]) -> Value {
        let entries: Vec<_> = urls
            .iter()
            .enumerate()
            .map(|(id, url)| json!({ "id": id, "url": url, "title": "t" }))
            .collect();
        json!({ "currentIndex": index, "entries": entries })
    }

    #[test]
    fn the_empty_page_in_front_is_left_out_unless_it_is_shown() {
        let history = History::read(&answer(1, &[BLANK, "http://a/"])).unwrap();
        assert_eq!((history.entries.len(), history.index), (1, 0));
        assert!(history.began_blank);
        assert_eq!(history.step(-1), None);
        let history = History::read(&answer(0, &[BLANK, "http://a/"])).unwrap();
        assert_eq!((history.entries.len(), history.index), (2, 0));
        assert_eq!(history.step(1), Some(1));
        let history = History::read(&answer(0, &[BLANK])).unwrap();
        assert_eq!(history.entries.len(), 1);
    }

    #[test]
    fn what_is_no_history_is_not_read() {
        assert_eq!(History::read(&answer(1, &["http://a/"])), None);
        assert_eq!(History::read(&answer(-1, &["http://a/"])), None);
        assert_eq!(History::read(&answer(0, &[])), None);
        assert_eq!(History::read(&answer(0, &["x"; 1000])), None);
        assert_eq!(History::read(&json!({})), None);
        assert_eq!(
            History::read(&json!({ "currentIndex": 0, "entries": [1] })),
            None
        );
    }

    #[test]
    fn an_address_is_no_title() {
        assert_eq!(title("127.0.0.1:80/x", "http://127.0.0.1:80/x"), "");
        assert_eq!(title("a.example", "http://a.example/"), "");
        assert_eq!(title(BLANK, BLANK), "");
        assert_eq!(title("x", "http://a.example/x"), "x");
        assert_eq!(
            title(&"ä".repeat(5000), "http://a/").chars().count(),
            MAX_TITLE
        );
    }
}
