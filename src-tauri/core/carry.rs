//! What a tab's page takes along into its next self: how far it is scrolled, and what was typed into
//! it; out of sleep what its site keeps in the tab. Collected and given by one script, in a world of its own in the page.

use serde::{Deserialize, Serialize};

use crate::event::PageNews;

const SCRIPT: &str = include_str!("carry.js");
const STORAGE: &str = include_str!("storage.js");

/// The longest answer that is taken from a page, in bytes. The script keeps to less.
const LONGEST: usize = 1 << 20;

/// The same, with what a site keeps: engines let it keep 5 MB, which is less than this unless most of it
/// is no plain text. A page that has more does not sleep.
const LONGEST_WITH_STORAGE: usize = 1 << 24;

/// Fields that are taken along at most.
const MOST_FIELDS: usize = 200;

/// Parts that scroll by themselves, of which the place is taken along at most.
const MOST_PARTS: usize = 20;

/// What was in a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Whether it was ticked.
    Ticked(bool),
    /// Its text.
    Text(String),
}

/// What is taken along. No log shows what was typed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carry {
    /// Where it was collected, without a fragment. It is given to a page at this address alone.
    pub url: String,
    /// CSS pixels from the left.
    pub x: i64,
    /// CSS pixels from the top.
    pub y: i64,
    /// Parts that scroll by themselves, each with its place as a selector, and CSS pixels from the left
    /// and from the top.
    #[serde(default)]
    pub parts: Vec<(String, i64, i64)>,
    /// Fields, each with its place as a selector.
    pub fields: Vec<(String, Value)>,
    /// Whether anything was typed into it or chosen, also what is never taken along.
    #[serde(default)]
    pub typed: bool,
    /// What its site keeps in the tab, as [`Storage`] has it, empty if nothing; `None` if it was not
    /// asked for.
    #[serde(default)]
    pub storage: Option<String>,
}

/// What a site keeps in a tab and no longer (`sessionStorage`). No log shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Storage {
    /// An address of the site.
    pub url: String,
    /// Pairs of keys and values, as JSON. Not read by us: values need not be well-formed Unicode.
    pub pairs: String,
}

impl std::fmt::Debug for Storage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Storage({} bytes)", self.pairs.len())
    }
}

impl Storage {
    /// The script that puts it back: for the start of the next page, before any script of that.
    #[must_use]
    pub fn script(&self) -> String {
        let given = serde_json::json!([self.url, self.pairs]).to_string();
        STORAGE.replace("(GIVEN)", &format!("({given})"))
    }
}

impl std::fmt::Debug for Carry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { x, y, fields, .. } = self;
        write!(f, "Carry({x}, {y}, {} fields)", fields.len())
    }
}

impl Carry {
    /// Whether it is of the page at this address.
    #[must_use]
    pub fn is_of(&self, url: &str) -> bool {
        url.split('#').next() == Some(&self.url)
    }

    /// Without what was typed.
    #[must_use]
    pub fn place_only(self) -> Self {
        Self {
            fields: Vec::new(),
            storage: None,
            ..self
        }
    }

    /// Whether there is nothing to take along.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        (self.x, self.y) == (0, 0) && self.parts.is_empty() && self.fields.is_empty()
    }

    /// Takes out what its site keeps in the tab.
    pub fn take_storage(&mut self) -> Option<Storage> {
        let pairs = self.storage.take().filter(|pairs| !pairs.is_empty())?;
        Some(Storage {
            url: self.url.clone(),
            pairs,
        })
    }
}

/// What a page is to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Say what its next self should have; answered by [`PageNews::Collected`].
    Collect {
        /// What was typed, too.
        text: bool,
        /// What its site keeps in the tab, too.
        storage: bool,
    },
    /// Take what its former self had; answered by [`PageNews::Taken`] unless the page is another.
    Give(Carry),
}

impl Order {
    /// The script that does it: an expression whose value is a text.
    #[must_use]
    pub fn script(&self) -> String {
        let order = serde_json::to_string(self).unwrap_or_else(|_| "null".to_owned());
        SCRIPT.replace("(ORDER)", &format!("({order})"))
    }

    /// What the page's answer to the script means; `None` if it makes no sense.
    #[must_use]
    pub fn heard(&self, answer: &str) -> Option<PageNews> {
        let longest = match self {
            Self::Collect { storage: true, .. } => LONGEST_WITH_STORAGE,
            _ => LONGEST,
        };
        if answer.len() > longest {
            return None;
        }
        match self {
            Self::Collect { text, storage } => {
                let mut carry: Carry = serde_json::from_str(answer).ok()?;
                carry.fields.truncate(if *text { MOST_FIELDS } else { 0 });
                carry.parts.truncate(MOST_PARTS);
                if !storage {
                    carry.storage = None;
                }
                Some(PageNews::Collected(carry))
            }
            Self::Give(_) => (answer == "true").then_some(PageNews::Taken),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str =
        r##"{"url":"http://a/","x":0,"y":700,"fields":[["#a","text"],["#b",true]]}"##;

    fn collected(text: bool, answer: &str) -> Option<Carry> {
        let order = Order::Collect {
            text,
            storage: false,
        };
        match order.heard(answer)? {
            PageNews::Collected(carry) => Some(carry),
            _ => None,
        }
    }

    #[test]
    fn what_a_page_says_is_taken_within_limits_and_never_logged() {
        let carry = collected(true, ANSWER).unwrap_or_default();
        assert_eq!((carry.y, carry.fields.len()), (700, 2));
        assert!(!format!("{carry:?}").contains("text"));
        assert_eq!(collected(true, "undefined"), None);
        assert_eq!(collected(true, &" ".repeat(LONGEST + 1)), None);
        let many: Vec<_> = (0..=MOST_FIELDS).map(|n| (n.to_string(), true)).collect();
        let parts: Vec<_> = (0..=MOST_PARTS).map(|n| (n.to_string(), 0, 700)).collect();
        let answer =
            serde_json::json!({ "url": "", "x": 0, "y": 0, "parts": parts, "fields": many });
        let carry = collected(true, &answer.to_string()).unwrap_or_default();
        let sizes = (carry.parts.len(), carry.fields.len());
        assert_eq!(sizes, (MOST_PARTS, MOST_FIELDS));
        assert!(!carry.place_only().is_empty());
    }

    #[test]
    fn a_page_that_was_asked_for_no_text_cannot_press_any_on_us() {
        let carry = collected(false, ANSWER).unwrap_or_default();
        assert_eq!((carry.y, carry.fields.len()), (700, 0));
    }

    #[test]
    fn a_typed_text_cannot_leave_its_quotes_in_the_script() {
        let text = Value::Text("\"); alert(1); (ORDER) (\"".to_owned());
        let carry = Carry {
            fields: vec![("#a".to_owned(), text)],
            ..Carry::default()
        };
        let script = Order::Give(carry).script();
        assert!(script.contains(r#""\"); alert(1); (ORDER) (\"""#));
    }

    #[test]
    fn what_a_site_keeps_is_taken_only_where_it_is_asked_for_and_stays_in_its_quotes() {
        let answer = |pairs: &str| {
            serde_json::json!({ "url": "http://a/", "x": 0, "y": 0, "fields": [], "storage": pairs })
                .to_string()
        };
        let hostile = r#"[["k","\"); alert(1); (GIVEN) (\""]]"#;
        assert_eq!(
            collected(true, &answer(hostile))
                .unwrap_or_default()
                .storage,
            None
        );
        let order = Order::Collect {
            text: false,
            storage: true,
        };
        let kept = |pairs: &str| match order.heard(&answer(pairs)) {
            Some(PageNews::Collected(carry)) => Some(carry),
            _ => None,
        };
        let mut carry = kept(hostile).unwrap_or_default();
        let storage = carry.take_storage().map(|it| it.script());
        assert!(storage.is_some_and(|it| {
            it.contains(r#""[[\"k\",\"\\\"); alert(1); (GIVEN) (\\\"\"]]""#)
        }));
        assert_eq!(
            (carry.storage, kept("").map(|it| it.storage)),
            (None, Some(Some(String::new())))
        );
        assert!(kept(&"x".repeat(LONGEST)).is_some());
        assert_eq!(kept(&"x".repeat(LONGEST_WITH_STORAGE)), None);
    }

    #[test]
    fn a_fragment_makes_no_other_page() {
        let carry = Carry {
            url: "http://a/b?c".to_owned(),
            ..Carry::default()
        };
        assert!(carry.is_of("http://a/b?c#d") && carry.is_of("http://a/b?c"));
        assert!(!carry.is_of("http://a/b"));
    }
}
