//! What of the block lists a host alone can tell: that nobody wants anything from it.
//!
//! The proxy sees hosts, and not what is asked of them nor which page asks. So of a list it takes
//! the rules that are about whole hosts, whatever they send; the rest is the web engine's.

mod host_rules;
mod list;
mod page_rules;

use std::sync::{Arc, PoisonError, RwLock};

use adblock::lists::{ParseOptions, RuleTypes, parse_filter};
use duotab_core::proxy::Target;
use url::Host;

use host_rules::HostRules;
pub use list::Lists;
pub use page_rules::{PageRules, Part};

/// The rules that are in use, by all proxies alike.
#[derive(Clone, Default)]
pub(super) struct Rules(Arc<RwLock<Option<Arc<HostRules>>>>);

impl Rules {
    /// Uses these from now on, or none.
    fn put(&self, rules: Option<HostRules>) {
        let rules = rules.map(Arc::new);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = rules;
    }

    /// Whether a host is one that nobody wants anything from.
    pub(super) fn block(&self, target: &Target) -> bool {
        let rules = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match (rules, target.host()) {
            (Some(rules), Host::Domain(name)) => rules.block(name),
            _ => false,
        }
    }
}

/// What of a list is about whole hosts.
struct Hosts {
    /// The lines that the proxy goes by.
    lines: String,
    /// How many rules there are about hosts, whoever keeps to them.
    rules: u32,
}

/// What a list says of whole hosts; `None` if it is no list at all, which has neither such rules nor
/// anything to hide.
fn hosts_of(text: &str) -> Option<Hosts> {
    // What is sent in place of a list is a page, as a rule.
    if text.trim_start().starts_with('<') || text.contains('\0') {
        return None;
    }
    let rules = text
        .lines()
        .filter_map(|line| host_rule(line.trim()))
        .filter(|rule| parse_filter(rule, false, options()).is_ok())
        .count();
    let hides = || text.lines().any(|line| line.contains("##"));
    let lines = text.lines().filter(|line| host_rules::counts(line));
    (rules > 0 || hides()).then(|| Hosts {
        lines: lines.collect::<Vec<_>>().join("\n"),
        rules: u32::try_from(rules).unwrap_or(u32::MAX),
    })
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn rules(lists: &[&str]) -> Rules {
        let read: Vec<Hosts> = lists.iter().map(|list| hosts_of(list).unwrap()).collect();
        let rules = Rules::default();
        let lines = read.iter().flat_map(|it| it.lines.lines());
        rules.put(Some(HostRules::of(lines)));
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
        for host in ["ads.example", "a.ads.example", "hosts.example"] {
            assert!(blocked(&rules, host), "{host}");
        }
        for host in [
            "example",
            "third.example",
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
            assert!(hosts_of(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn without_lists_nothing_is_blocked() {
        assert!(!blocked(&Rules::default(), "ads.example"));
    }
}
