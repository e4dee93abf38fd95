//! What an address that is being typed may become: one of the sites that were visited. Pages are left
//! alone, for whoever types the whole address of one does not mean another one that begins alike.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use url::Url;

use super::{bare_host, display};

/// Longer than this nobody types the name of a site, in bytes.
const LONGEST: usize = 200;

/// The rest of an address that is being typed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Completion {
    /// What follows what was typed.
    pub rest: String,
    /// Where the whole leads.
    pub url: String,
}

/// The site of an address, with the slash behind it: `https://example.org/`.
#[must_use]
pub fn site(address: &str) -> Option<&str> {
    let host = address.find("//")? + 2;
    let slash = address.get(host..)?.find('/')?;
    address.get(..=host + slash)
}

/// Completes what was typed to one of these sites; to the one that is named most often, then to the
/// shortest.
pub fn complete<'a>(typed: &str, visited: impl IntoIterator<Item = &'a str>) -> Option<Completion> {
    let ends = typed.is_empty() || typed.ends_with('/');
    if ends || typed.len() > LONGEST || typed.contains(char::is_whitespace) {
        return None;
    }
    let mut found: HashMap<Completion, u32> = HashMap::new();
    for completion in visited.into_iter().filter_map(|url| to_site_of(url, typed)) {
        *found.entry(completion).or_default() += 1;
    }
    let rank = |(it, often): &(Completion, u32)| {
        let url = it.url.clone();
        (*often, Reverse(it.rest.len()), Reverse(url))
    };
    let best = found.into_iter().max_by_key(rank);
    best.map(|(completion, _)| completion)
}

/// Completes it to the site of this address, if it begins so: with the scheme, without, or without
/// what many leave out.
fn to_site_of(address: &str, typed: &str) -> Option<Completion> {
    let url = Url::parse(address).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let site = format!("{}/", url.origin().ascii_serialization());
    let whole = display(&site);
    let (_, bare) = whole.split_once("//")?;
    let has_scheme = typed.contains("//");
    let rest = if has_scheme {
        rest_of(&whole, typed)
    } else {
        let short = || bare.strip_prefix("www.");
        rest_of(bare, typed).or_else(|| rest_of(short()?, typed))
    };
    // A port is another site than the name alone.
    let rest = rest.filter(|rest| !rest.starts_with(':'))?;
    let url = if has_scheme || url.scheme() == "https" {
        site
    } else {
        // A page could have led to its site without encryption: that is no reason to go there so,
        // where a person who types the whole does not.
        bare_host(&format!("{typed}{rest}"))?.into()
    };
    let rest = rest.to_owned();
    Some(Completion { rest, url })
}

/// What follows `beginning`, in which letters are the same in any size.
fn rest_of<'a>(whole: &'a str, beginning: &str) -> Option<&'a str> {
    let (begins, rest) = whole.split_at_checked(beginning.len())?;
    begins.eq_ignore_ascii_case(beginning).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(typed: &str, visited: &[&str]) -> Option<(String, String)> {
        let completion = complete(typed, visited.iter().copied());
        completion.map(|it| (format!("{typed}{}", it.rest), it.url))
    }

    fn some(text: &str, url: &str) -> Option<(String, String)> {
        Some((text.to_owned(), url.to_owned()))
    }

    #[test]
    fn a_site_is_completed_by_its_name_with_its_scheme_and_without_www() {
        let visited = ["https://www.news.test/a/b?c#d", "http://router.home:8080/x"];
        let news = "https://www.news.test/";
        for (typed, text) in [
            ("n", "news.test/"),
            ("NEWS", "NEWS.test/"),
            ("news.test", "news.test/"),
            ("www.n", "www.news.test/"),
            ("https://w", "https://www.news.test/"),
        ] {
            assert_eq!(of(typed, &visited), some(text, news), "{typed}");
        }
        let router = "http://router.home:8080/";
        assert_eq!(of("http://rou", &visited), some(router, router));
    }

    #[test]
    fn what_may_be_meant_otherwise_is_not_completed() {
        let visited = [
            "http://localhost:3000/a",
            "https://news.test/ab",
            "file:///n",
        ];
        for typed in [
            "",
            "h",
            "http",
            "https:/",
            "localhost",
            "news.test/",
            "news.test/a",
            "https://",
            "https://news.test/a",
            "news test",
            "ews",
            "/n",
            "x",
            "ü",
        ] {
            assert_eq!(of(typed, &visited), None, "{typed}");
        }
        let long = "n".repeat(LONGEST + 1);
        assert_eq!(of(&long, &[&format!("https://{long}x.test/")]), None);
    }

    #[test]
    fn without_encryption_it_leads_only_where_all_of_it_typed_would() {
        let visited = ["http://bank.test/a", "http://nas.local:5000/"];
        assert_eq!(of("b", &visited), some("bank.test/", "https://bank.test/"));
        let nas = "http://nas.local:5000/";
        assert_eq!(of("nas.local:5", &visited), some("nas.local:5000/", nas));
    }

    #[test]
    fn a_site_is_all_up_to_its_path() {
        assert_eq!(site("https://a.test:8/b/c?d"), Some("https://a.test:8/"));
        for none in ["about:blank", "https://a.test", "", "//"] {
            assert_eq!(site(none), None, "{none}");
        }
    }

    #[test]
    fn of_several_the_one_that_is_named_most_comes_first_then_the_shortest() {
        let once = ["https://sun.test/", "https://sunday.test/"];
        assert_eq!(of("s", &once), some("sun.test/", "https://sun.test/"));
        let more = [once.as_slice(), &["https://sunday.test/a"]].concat();
        assert_eq!(of("s", &more), some("sunday.test/", "https://sunday.test/"));
    }

    #[test]
    fn a_name_in_other_letters_is_completed_as_it_is_shown() {
        let visited = ["https://xn--bcher-kva.test/"];
        assert_eq!(of("bü", &visited), some("bücher.test/", visited[0]));
        // One that could be taken for another one is shown in its own code.
        let alike = ["https://xn--pple-43d.test/"];
        assert_eq!(of("аp", &alike), None);
    }

    proptest! {
        #[test]
        fn anything_can_be_typed(typed in "\\PC{0,12}", host in "[a-zü.]{1,8}") {
            let _ = complete(&typed, [format!("https://{host}/").as_str()]);
        }

        #[test]
        fn each_beginning_of_a_name_is_completed_to_the_name(host in "[a-z]{1,8}\\.test", at in 1_usize..8) {
            let url = format!("https://{host}/");
            let typed = &host[..at.min(host.len())];
            let completed = complete(typed, [url.as_str()]);
            prop_assert_eq!(completed.map(|it| format!("{typed}{}", it.rest)), Some(format!("{host}/")));
        }
    }
}
