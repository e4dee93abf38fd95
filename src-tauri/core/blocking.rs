//! Block lists: which ones the person has, how old they are, and what is wrong with them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use url::Url;

/// The list that a person begins with: the one that most blockers begin with.
pub const FIRST: &str = "https://easylist.to/easylist/easylist.txt";
/// More would be a slip.
pub const LISTS_CAP: usize = 20;

/// Why a list is not there, or not up to date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "cause", rename_all = "snake_case")]
#[ts(export)]
pub enum ListFault {
    /// Its server could not be reached, or did not send it to its end.
    Unreachable {
        /// What the system said.
        detail: String,
    },
    /// Its server answered with something else.
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// It is larger than any list.
    TooLarge {
        /// Bytes that a list may have.
        #[ts(type = "number")]
        limit: u64,
    },
    /// No rule in it can be understood.
    NotAList,
    /// The web engine cannot keep to its rules about pages; its hosts are blocked.
    EngineRefused {
        /// What the engine said.
        detail: String,
    },
    /// It could not be written or read.
    DiskFailed {
        /// The file.
        path: String,
        /// What the system said.
        detail: String,
    },
}

/// News of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListNews {
    /// It is being fetched.
    Fetching,
    /// It is in use.
    InUse {
        /// Rules in it.
        rules: u32,
        /// When it was fetched, in seconds since 1970.
        fetched: u64,
    },
    /// It could not be fetched; what was there of it stays in use.
    Failed(ListFault),
}

/// What the person wants of the block lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListCommand {
    /// Add one, by its address.
    Add(String),
    /// Use one no more.
    Remove(String),
    /// Fetch all anew.
    Fetch,
}

/// A block list as the shell paints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ListView {
    /// Its address.
    pub url: String,
    /// Rules in it; `None` as long as it is not in use.
    pub rules: Option<u32>,
    /// When it was fetched, in seconds since 1970.
    #[ts(type = "number | null")]
    pub fetched: Option<u64>,
    /// Whether it is being fetched.
    pub fetching: bool,
    /// Why it could not be.
    pub fault: Option<ListFault>,
}

impl ListView {
    /// A list of which nothing is known.
    #[must_use]
    pub fn unknown(url: String) -> Self {
        Self {
            url,
            rules: None,
            fetched: None,
            fetching: false,
            fault: None,
        }
    }

    /// Takes news of it.
    pub fn hear(&mut self, news: ListNews) {
        self.fetching = news == ListNews::Fetching;
        self.fault = None;
        match news {
            ListNews::Fetching => {}
            ListNews::InUse { rules, fetched } => {
                self.rules = Some(rules);
                self.fetched = Some(fetched);
            }
            ListNews::Failed(fault) => self.fault = Some(fault),
        }
    }
}

/// The address of a list, in one spelling; `None` if it is none.
#[must_use]
pub fn address(typed: &str) -> Option<String> {
    let typed = typed.trim();
    let whole = if typed.contains("://") {
        typed.to_owned()
    } else {
        format!("https://{typed}")
    };
    let url = Url::parse(&whole).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.host().is_some()
        && url.username().is_empty()
        && url.password().is_none();
    plain.then(|| url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_an_address_that_can_be_fetched() {
        for (typed, read) in [
            (FIRST, Some(FIRST)),
            (" lists.example/a.txt ", Some("https://lists.example/a.txt")),
            ("http://127.0.0.1:8000/a", Some("http://127.0.0.1:8000/a")),
            ("file:///etc/passwd", None),
            ("https://me:pw@lists.example/", None),
            ("", None),
            ("two words", None),
        ] {
            assert_eq!(address(typed).as_deref(), read, "{typed}");
        }
    }

    #[test]
    fn a_list_that_cannot_be_fetched_anew_stays_in_use() {
        let mut list = ListView::unknown(FIRST.to_owned());
        list.hear(ListNews::Fetching);
        assert!(list.fetching);
        list.hear(ListNews::InUse {
            rules: 3,
            fetched: 9,
        });
        list.hear(ListNews::Fetching);
        list.hear(ListNews::Failed(ListFault::NotAList));
        assert_eq!((list.rules, list.fetched), (Some(3), Some(9)));
        assert_eq!(list.fault, Some(ListFault::NotAList));
        assert!(!list.fetching);
    }
}
