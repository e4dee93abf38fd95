//! What of the block lists a host alone can tell: that nobody wants anything from it.
//!
//! The proxy sees hosts, and not what is asked of them nor which page asks. So of a list it takes
//! the rules that are about whole hosts, whatever they send; the rest is the web engine's.

mod list;
mod page_rules;

use std::sync::{Arc, PoisonError, RwLock};

use adblock::Engine;
use adblock::lists::{FilterSet, ParseOptions, RuleTypes, parse_filter};
use adblock::request::Request;
use duotab_core::proxy::Target;
use url::Host;

pub use list::Lists;
pub use page_rules::{PageRules, Part};

/// The rules that are in use, by all proxies alike.
#[derive(Clone, Default)]
pub(super) struct Rules(Arc<RwLock<Option<Arc<Engine>>>>);

impl Rules {
    /// Uses these from now on, or none.
    fn put(&self, engine: Option<Engine>) {
        let engine = engine.map(Arc::new);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = engine;
    }

    /// Whether a host is one that nobody wants anything from.
    pub(super) fn block(&self, target: &Target) -> bool {
        let engine = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let (Some(engine), Host::Domain(name)) = (engine, target.host()) else {
            return false;
        };
        // Of another site's page, and of no kind that a rule could be about alone.
        let url = format!("https://{name}/");
        let request = Request::preparsed(&url, name, "", "other", true, "GET");
        engine.check_network_request(&request).should_block()
    }
}

/// The rules of a list that are about whole hosts, one a line; `None` if it is no list at all, which
/// has neither those nor anything to hide.
fn hosts_of(text: &str) -> Option<String> {
    // What is sent in place of a list is a page, as a rule.
    if text.trim_start().starts_with('<') || text.contains('\0') {
        return None;
    }
    let rules: Vec<String> = text
        .lines()
        .filter_map(|line| host_rule(line.trim()))
        .filter(|rule| parse_filter(rule, false, options()).is_ok())
        .collect();
    let hides = || text.lines().any(|line| line.contains("##"));
    (!rules.is_empty() || hides()).then(|| rules.join("\n"))
}

fn host_rule(line: &str) -> Option<String> {
    if line.starts_with(['!', '#', '[']) {
        return None;
    }
    let (pattern, _options) = line.split_once('$').unwrap_or((line, ""));
    let anchored = pattern.strip_prefix("@@").unwrap_or(pattern);
    if let Some(host) = anchored.strip_prefix("||") {
        let host = host.strip_suffix('^')?;
        return is_name(host).then(|| line.to_owned());
    }
    // A line of a hosts file.
    let line = line.split('#').next().unwrap_or_default();
    let mut words = line.split_whitespace();
    let (address, name) = (words.next()?, words.next()?);
    let nowhere = matches!(address, "0.0.0.0" | "127.0.0.1" | "::" | "::1");
    (nowhere && words.next().is_none() && name.contains('.') && is_name(name))
        .then(|| format!("||{name}^"))
}

fn is_name(host: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    !host.is_empty() && host.chars().all(part)
}

fn options() -> ParseOptions {
    ParseOptions {
        rule_types: RuleTypes::NetworkOnly,
        ..ParseOptions::default()
    }
}

/// All rules together; each may make exceptions from those of another list.
fn compile<'a>(lists: impl Iterator<Item = &'a String>) -> Engine {
    let mut all = FilterSet::new(false);
    for list in lists {
        all.add_filter_list(list.clone(), options());
    }
    Engine::new_with_filter_set(all)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn rules(lists: &[&str]) -> Rules {
        let read: Vec<String> = lists.iter().map(|list| hosts_of(list).unwrap()).collect();
        let rules = Rules::default();
        rules.put(Some(compile(read.iter())));
        rules
    }

    fn blocked(rules: &Rules, host: &str) -> bool {
        rules.block(&Target::new(host, 443).unwrap())
    }

    #[test]
    fn hosts_are_blocked_with_all_below_them_and_nothing_else_is() {
        let rules = rules(&[
            "[Adblock Plus 2.0]\n! A comment\n||ads.example^\n||third.example^$third-party\n\
             ||scripts.example^$script\n||pages.example^$domain=news.example\n/banner/*\nexample.net\n\
             ||path.example/ads^\n##.advert\n",
            "0.0.0.0 hosts.example # why\n127.0.0.1 localhost\n",
        ]);
        for host in [
            "ads.example",
            "a.ads.example",
            "third.example",
            "hosts.example",
        ] {
            assert!(blocked(&rules, host), "{host}");
        }
        for host in [
            "example",
            "badads.example",
            "ads.example.org",
            "scripts.example",
            "pages.example",
            "path.example",
            "banner",
            "example.net",
            "localhost",
            "192.0.2.1",
        ] {
            assert!(!blocked(&rules, host), "{host}");
        }
    }

    #[test]
    fn an_exception_holds_against_every_list() {
        let rules = rules(&["||ads.example^\n", "@@||good.ads.example^\n"]);
        assert!(blocked(&rules, "ads.example"));
        assert!(!blocked(&rules, "good.ads.example"));
    }

    #[test]
    fn what_is_no_list_is_told_as_such() {
        for text in [
            "",
            "<!DOCTYPE html>\n||ads.example^",
            "Not found",
            "a\0||b.example^",
        ] {
            assert_eq!(hosts_of(text), None, "{text:?}");
        }
    }

    #[test]
    fn without_lists_nothing_is_blocked() {
        assert!(!blocked(&Rules::default(), "ads.example"));
    }
}
