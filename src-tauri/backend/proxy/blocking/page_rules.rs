//! What of the block lists the web engine keeps to, for it sees pages: paths, kinds of resources, the
//! site around, and parts of a page that are to be hidden. Whole hosts too, of which something is
//! excepted; and those that the proxy blocks as well: not while a page of an excepted site is there, and
//! then they are kept from all others here.

use std::io;
use std::path::PathBuf;

use adblock::content_blocking::{CbRule, CbType, ignore_previous_fp_documents};
use adblock::lists::{FilterSet, ParseOptions, RuleTypes};
use md5::{Digest as _, Md5};

use super::{HostRules, host_rule};

/// How rules are made of lists; another way gives them another name.
const WAY: &str = "3";
/// The engine takes no more at once (`maxRuleCount` of `WebKit`'s `ContentExtensionParser`).
const MOST: usize = 150_000;

/// Rules for the web engine, of which only the lists are there until they are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRules {
    name: String,
    lists: Vec<(String, PathBuf)>,
}

/// What the engine is told at once: it has a limit, and compiles for seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What the proxy cannot see.
    Pages,
    /// Whole hosts, with all exceptions again: none reaches beyond its part.
    Hosts,
}

impl PageRules {
    /// Rules of these lists, by their addresses: where each is kept, and the digest of what it says.
    pub(super) fn of<'a>(lists: impl Iterator<Item = (&'a str, PathBuf, &'a str)>) -> Self {
        let mut name = Md5::new_with_prefix(WAY);
        let lists = lists
            .map(|(url, path, digest)| {
                name.update(digest);
                (url.to_owned(), path)
            })
            .collect();
        let name = super::list::hex(&name.finalize());
        Self { name, lists }
    }

    /// The same for the same rules, and for no others: 32 hexadecimal digits.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The addresses of the lists.
    pub fn urls(&self) -> impl Iterator<Item = &str> {
        self.lists.iter().map(|(url, _)| url.as_str())
    }

    /// Reads the lists, and says in JSON what they want of the engine in this part; `None` if that is
    /// nothing. It takes a second for large lists.
    ///
    /// # Errors
    /// If a list cannot be read.
    pub fn json(&self, part: Part) -> io::Result<Option<String>> {
        let mut texts = Vec::new();
        for (_, path) in &self.lists {
            texts.push(std::fs::read_to_string(path)?);
        }
        let of_hosts = HostRules::of(texts.iter().flat_map(|text| text.lines()));
        let rules = match part {
            Part::Pages => convert(&texts, &of_hosts),
            Part::Hosts => hosts(&texts, &of_hosts),
        };
        if rules.is_empty() {
            return Ok(None);
        }
        serde_json::to_string(&rules)
            .map(Some)
            .map_err(io::Error::other)
    }
}

/// Rules about requests, their exceptions, and then what is to be hidden: an exception takes back all
/// that stands before it.
fn convert(texts: &[String], of_hosts: &HostRules) -> Vec<CbRule> {
    let of_pages = |line: &str| match line.trim() {
        line if is_of_a_host(line) && !of_hosts.is_left(line) => None,
        line if is_of_a_host(line) => of_others(line),
        _ => Some(line.to_owned()),
    };
    let mut requests = rules(texts, RuleTypes::NetworkOnly, of_pages);
    let mut hidden = rules(texts, RuleTypes::CosmeticOnly, of_pages);
    // It would take back what is hidden on every page.
    let documents = ignore_previous_fp_documents();
    hidden.retain(|rule| *rule != documents);
    let dropped = (requests.len() + hidden.len()).saturating_sub(MOST);
    if dropped > 0 {
        tracing::warn!(dropped, "the lists have more rules than the engine takes");
        let hides = |rule: &CbRule| rule.action.typ == CbType::CssDisplayNone;
        let kept = hidden.len().saturating_sub(dropped);
        let first = hidden
            .iter()
            .filter(|rule| hides(rule))
            .count()
            .min(hidden.len() - kept);
        hidden.drain(..first);
        let over = (requests.len() + hidden.len()).saturating_sub(MOST);
        requests.drain(..over.min(requests.len()));
    }
    requests.append(&mut hidden);
    requests
}

/// Rules about whole hosts and their exceptions, which are not those of the other rules.
fn hosts(texts: &[String], of_hosts: &HostRules) -> Vec<CbRule> {
    let mut lines = texts.iter().flat_map(|text| text.lines());
    let is_the_proxys =
        |line: &str| is_of_a_host(line) && of_hosts.holds(line) && !of_hosts.is_left(line);
    if !lines.any(is_the_proxys) {
        return Vec::new();
    }
    let of_hosts = |line: &str| match line.trim() {
        line if is_the_proxys(line) => of_others(line),
        line => line.starts_with("@@").then(|| line.to_owned()),
    };
    let mut hosts = rules(texts, RuleTypes::NetworkOnly, of_hosts);
    let dropped = hosts.len().saturating_sub(MOST);
    if dropped > 0 {
        tracing::warn!(dropped, "the lists have more hosts than the engine takes");
        hosts.drain(..dropped);
    }
    hosts
}

/// A rule about a whole host, for the pages of others: one that the person opened there has its own
/// resources.
fn of_others(line: &str) -> Option<String> {
    host_rule(line).map(|rule| rule + "$third-party")
}

/// What the engine is told of these lines of all lists.
fn rules(
    texts: &[String],
    rule_types: RuleTypes,
    line: impl Fn(&str) -> Option<String>,
) -> Vec<CbRule> {
    let options = ParseOptions {
        rule_types,
        ..ParseOptions::default()
    };
    // Only a set that keeps the lines can say them in other words.
    let mut set = FilterSet::new(true);
    for text in texts {
        let lines: Vec<String> = text.lines().filter_map(&line).collect();
        set.add_filter_list(lines.join("\n"), options);
    }
    set.into_content_blocking()
        .map(|(rules, _)| rules)
        .unwrap_or_default()
}

/// Whether a line is about a whole host and nothing else.
fn is_of_a_host(line: &str) -> bool {
    let line = line.trim();
    !line.starts_with("@@") && !line.contains('$') && host_rule(line).is_some()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn both(text: &str) -> [Vec<CbRule>; 2] {
        let of_hosts = HostRules::of(text.lines());
        let texts = [text.to_owned()];
        [convert(&texts, &of_hosts), hosts(&texts, &of_hosts)]
    }

    fn of(text: &str) -> Vec<String> {
        both(text)[0]
            .iter()
            .map(|rule| serde_json::to_string(rule).unwrap())
            .collect()
    }

    #[test]
    fn whole_hosts_are_a_part_of_their_own_with_all_exceptions() {
        for line in ["||ads.example^", "0.0.0.0 ads.example"] {
            assert_eq!(of(line), [""; 0], "{line}");
            let text = format!("{line}\n/banner/*\n@@||good.example^\n");
            let [block, exception, documents] = &both(&text)[1][..] else {
                panic!("{line}");
            };
            assert_eq!(block.action.typ, CbType::Block);
            assert!(
                block.trigger.url_filter.contains("ads\\.example"),
                "{block:?}"
            );
            assert_eq!(exception.action.typ, CbType::IgnorePreviousRules);
            assert_eq!(*documents, ignore_previous_fp_documents());
        }
        assert!(both("/banner/*\n@@/banner/good\n")[1].is_empty());
        assert_eq!(of("! a comment"), [""; 0]);
        for line in [
            "/banner/*",
            "||ads.example^$third-party",
            "||good.example/ads/",
        ] {
            assert_eq!(of(line).len(), 2, "{line}");
        }
    }

    #[test]
    fn a_host_of_which_something_is_excepted_is_the_engines_and_not_the_proxys() {
        let text =
            "||ads.example^\n||other.example^\n@@||ads.example/sdk.js$domain=video.example\n";
        let [pages, hosts] = both(text);
        let names = |rules: &[CbRule], host: &str| {
            let blocks = rules.iter().filter(|it| it.action.typ == CbType::Block);
            blocks
                .filter(|it| it.trigger.url_filter.contains(host))
                .count()
        };
        assert_eq!((names(&pages, "ads"), names(&pages, "other")), (1, 0));
        assert_eq!((names(&hosts, "ads"), names(&hosts, "other")), (0, 1));
        let lifts = |it: &&CbRule| it.trigger.url_filter.contains("sdk");
        let exception = pages.iter().find(lifts).unwrap();
        assert_eq!(exception.action.typ, CbType::IgnorePreviousRules);
    }

    #[test]
    fn a_page_itself_is_never_blocked_and_what_is_hidden_stays_hidden() {
        let rules = of("/banner/*\n@@/banner/good\nnews.example##.advert\n");
        let [block, exception, documents, hide] = &rules[..] else {
            panic!("{rules:#?}");
        };
        assert!(block.contains(r#""type":"block""#), "{block}");
        assert!(exception.contains("ignore-previous-rules"), "{exception}");
        assert!(
            documents.contains(r#""resource-type":["document"]"#),
            "{documents}"
        );
        assert!(hide.contains(r#""selector":".advert""#), "{hide}");
    }

    #[test]
    fn of_too_many_rules_exceptions_stay() {
        let many: String = (0..MOST).map(|n| format!("/ad{n}/*\n")).collect();
        let [rules, _] = both(&format!("{many}@@/ad1/good\n##.advert\n"));
        assert_eq!(rules.len(), MOST);
        let exceptions = rules
            .iter()
            .filter(|rule| rule.action.typ == CbType::IgnorePreviousRules);
        assert_eq!(exceptions.count(), 2);
    }

    #[test]
    fn a_name_is_that_of_the_rules() {
        let of = |url, path: &str, digest| {
            PageRules::of([(url, PathBuf::from(path), digest)].into_iter())
        };
        let one = of("http://a/", "a", "1");
        assert_eq!(one.name(), of("http://b/", "b", "1").name());
        assert_ne!(one.name(), of("http://a/", "a", "2").name());
        assert_eq!(one.name().len(), 32);
    }
}
