//! Files that the person gives to a streamed page: they are chosen on this machine, and brought to
//! where its browser runs. (A proxied page's engine reads them itself.)

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Kinds that a page may ask for; more are all kinds.
const KINDS_CAP: usize = 100;

/// What files a page asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileWish {
    /// Whether it takes more than one.
    pub many: bool,
    /// The kinds that it prefers: endings with their dot (`.csv`), or MIME types (`image/*`), all in
    /// small letters. Empty for any.
    pub kinds: Vec<String>,
}

impl FileWish {
    /// From the `accept` attribute of an input.
    #[must_use]
    pub fn new(many: bool, accept: &str) -> Self {
        let kinds = accept
            .split(',')
            .map(|kind| kind.trim().to_ascii_lowercase());
        let kinds: Vec<String> = kinds
            .filter(|kind| is_kind(kind))
            .take(KINDS_CAP + 1)
            .collect();
        let kinds = if kinds.len() > KINDS_CAP {
            Vec::new()
        } else {
            kinds
        };
        Self { many, kinds }
    }
}

/// An ending or a MIME type, and nothing else.
fn is_kind(kind: &str) -> bool {
    let token = |text: &str| {
        !text.is_empty()
            && text.len() <= 127
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte))
    };
    // RFC 6838, 4.2.
    let name = |text: &str| token(text) && text.starts_with(|it: char| it.is_ascii_alphanumeric());
    match kind.split_once('/') {
        Some((left, right)) => name(left) && (right == "*" || name(right)),
        None => kind.strip_prefix('.').is_some_and(token),
    }
}

/// How far files are on their way to a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
#[ts(export)]
pub enum Giving {
    /// Under way.
    UnderWay {
        /// How many files.
        files: u32,
        /// Bytes that are there.
        #[ts(type = "number")]
        done: u64,
        /// Bytes in all.
        #[ts(type = "number")]
        total: u64,
    },
    /// They did not come there.
    Failed {
        /// Why.
        #[serde(flatten)]
        fault: GivingFault,
    },
}

/// Why files did not come to a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum GivingFault {
    /// A file cannot be read here.
    Unreadable {
        /// Its name.
        name: String,
    },
    /// There is no room for them where the browser runs.
    NoRoom,
    /// The way there broke.
    Broken,
    /// The page takes them no more: it has changed meanwhile.
    NotTaken,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_input_accepts_is_read_and_nonsense_is_left_out() {
        let wish = FileWish::new(true, " .CSV, image/*,text/plain ,, *, ../x, a b/c, .tar.gz");
        assert_eq!(wish.kinds, [".csv", "image/*", "text/plain", ".tar.gz"]);
        assert_eq!(FileWish::new(false, "").kinds, Vec::<String>::new());
        let many = vec![".a"; KINDS_CAP + 1].join(",");
        assert_eq!(FileWish::new(false, &many).kinds, Vec::<String>::new());
    }
}
