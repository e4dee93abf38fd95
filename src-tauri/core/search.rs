//! Where words are searched for that are typed in the place of an address.

use url::Url;

use crate::message::Problem;

/// Stands for the words in the address of a search, as other browsers have it.
const WORDS: &str = "%s";

/// How often they may stand there.
const PLACES: std::ops::RangeInclusive<usize> = 1..=4;

/// The longest address of a search, in bytes.
const LONGEST: usize = 2048;

/// The address of a search, with a place for the words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search(String);

/// So many signs of one that is refused are shown.
const SHOWN: usize = 200;

impl Default for Search {
    fn default() -> Self {
        Self("https://duckduckgo.com/?q=%s".to_owned())
    }
}

impl Search {
    /// Reads what a person typed or the store has.
    ///
    /// # Errors
    /// [`Problem::BadSearch`] if it has no place for the words, or is no address of the web.
    pub fn read(typed: &str) -> Result<Self, Problem> {
        let typed = typed.trim();
        let search = Self(typed.to_owned());
        let origin = |words: &str| search.with(words).map(|url| url.origin());
        let is_web = |url: Url| {
            // A password has no place in what every window shows.
            let is_open = url.username().is_empty() && url.password().is_none();
            matches!(url.scheme(), "http" | "https") && url.host().is_some() && is_open
        };
        let usable = typed.len() <= LONGEST
            && !typed.contains(char::is_control)
            && PLACES.contains(&typed.matches(WORDS).count())
            && origin("a") == origin("b")
            && search.with("words").is_some_and(is_web);
        if usable {
            Ok(search)
        } else {
            Err(Problem::BadSearch {
                input: typed.chars().take(SHOWN).collect(),
            })
        }
    }

    /// The address for words that are encoded.
    #[must_use]
    pub fn with(&self, words: &str) -> Option<Url> {
        Url::parse(&self.0.replace(WORDS, words)).ok()
    }

    /// As it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_a_place_for_the_words_is_taken() {
        for typed in [
            "https://www.google.com/search?q=%s",
            " http://searx.local:8080/search?q=%s&language=de ",
            "https://de.wikipedia.org/wiki/%s",
        ] {
            let search = Search::read(typed).unwrap();
            let url = search.with("two%20words").unwrap();
            assert!(url.as_str().contains("two%20words"), "{url}");
            assert_eq!(search.as_str(), typed.trim());
        }
    }

    #[test]
    fn what_leads_nowhere_is_refused() {
        for typed in [
            "",
            "%s",
            "duckduckgo",
            "https://duckduckgo.com/",
            "javascript:alert('%s')",
            "file:///home/%s",
            "https://%s.example/",
            "https://%s/",
            "https://:80/%s",
            "https://me:secret@a.example/?q=%s",
            "https://%s@a.example/",
            "https://a.example:%s/",
            "https://a.example/\n?q=%s",
            &format!("https://a.example/?q={}", "%s".repeat(5)),
            &format!("https://a.example/{}?q=%s", "a".repeat(LONGEST)),
        ] {
            assert!(
                matches!(Search::read(typed), Err(Problem::BadSearch { .. })),
                "{typed}"
            );
        }
    }
}
