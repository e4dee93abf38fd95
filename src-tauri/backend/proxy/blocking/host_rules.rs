//! The hosts that the proxy keeps away by itself: those that a list blocks whatever is asked of them
//! and whoever asks, and of which it excepts nothing. Where a path, a page or a kind of resource makes
//! a difference, the rule is left to the web engine.

use std::collections::{BTreeSet, HashSet};

use duotab_core::proxy::Target;
use url::Host;

/// The hosts of all lists together.
#[derive(Default)]
pub(super) struct HostRules {
    blocked: HashSet<String>,
    /// Below these the engine decides, though a host above is blocked.
    open: HashSet<String>,
    /// The rules about these are the engine's.
    left: HashSet<String>,
    /// The rules about these are taken back.
    cancelled: HashSet<String>,
}

/// What a line is to the proxy.
enum Line {
    Blocks(String),
    TakesBack(String),
    /// Something of hosts of this name, or of all that begin with it.
    Excepts {
        name: String,
        begins: bool,
    },
}

impl HostRules {
    /// Of lines that are rules, in any order.
    pub(super) fn of<'a>(lines: impl Iterator<Item = &'a str>) -> Self {
        let mut rules = Self::default();
        let (mut excepted, mut beginnings) = (HashSet::new(), HashSet::new());
        for line in lines.filter_map(read) {
            match line {
                Line::Blocks(host) => drop(rules.blocked.insert(host)),
                Line::TakesBack(host) => drop(rules.cancelled.insert(host)),
                Line::Excepts { name, begins } => {
                    if begins {
                        beginnings.insert(name.clone());
                    }
                    excepted.insert(name);
                }
            }
        }
        rules.blocked.retain(|host| !rules.cancelled.contains(host));
        let lengths: BTreeSet<usize> = beginnings.iter().map(String::len).collect();
        let begins = |name: &str| {
            let mut heads = lengths.iter().filter_map(|length| name.get(..*length));
            heads.any(|head| beginnings.contains(head))
        };
        let is_excepted = |name: &str| excepted.contains(name) || begins(name);
        for host in &rules.blocked {
            if above(host).any(is_excepted) {
                rules.open.insert(host.clone());
            }
        }
        for name in excepted {
            if above(&name).any(|host| rules.blocked.contains(host)) {
                rules.open.insert(name);
            }
        }
        for name in &rules.open {
            let left = above(name).filter(|host| rules.blocked.contains(*host));
            rules.left.extend(left.map(str::to_owned));
        }
        rules
    }

    /// Whether nobody wants anything from a host.
    pub(super) fn block(&self, name: &str) -> bool {
        let known = |host: &&str| self.open.contains(*host) || self.blocked.contains(*host);
        let nearest = above(name).find(known);
        nearest.is_some_and(|host| !self.open.contains(host))
    }

    /// Whether the engine has to know the rule about a whole host, for what the proxy lets through.
    pub(super) fn is_left(&self, line: &str) -> bool {
        matches!(read(line), Some(Line::Blocks(host)) if self.left.contains(&host))
    }

    /// Whether a rule about a whole host holds.
    pub(super) fn holds(&self, line: &str) -> bool {
        matches!(read(line), Some(Line::Blocks(host)) if self.blocked.contains(&host))
    }
}

/// Whether a line is something to the proxy.
pub(super) fn counts(line: &str) -> bool {
    read(line).is_some()
}

/// A name, and all that it is below of.
fn above(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |name| Some(name.split_once('.')?.1))
}

fn read(line: &str) -> Option<Line> {
    let line = line.trim();
    if line.starts_with("@@") {
        return excepts(line);
    }
    let rule = super::host_rule(line)?;
    let (pattern, options) = rule.split_once('$').unwrap_or((&rule, ""));
    let host = name(pattern.strip_prefix("||")?.strip_suffix('^')?)?;
    match options {
        "" | "important" | "all" => Some(Line::Blocks(host)),
        "badfilter" => Some(Line::TakesBack(host)),
        // Who asks, and for what, makes a difference.
        _ => None,
    }
}

/// An exception, if it names the host that it is about. One that does not (`@@/sdk.js`) would be about
/// every host there is; the engine keeps to it.
fn excepts(line: &str) -> Option<Line> {
    let pattern = line.strip_prefix("@@")?;
    let pattern = pattern.split_once('$').map_or(pattern, |(it, _)| it);
    let (place, anchored) = match (pattern.strip_prefix("||"), pattern.split_once("://")) {
        (Some(place), _) | (None, Some((_, place))) => (place, true),
        (None, None) => (pattern, false),
    };
    let place = place.trim_start_matches(['*', '.', '/']);
    let end = place.find(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | '-' | '_'));
    let (host, rest) = place.split_at_checked(end.unwrap_or(place.len()))?;
    let is_whole = rest.starts_with(['/', '^', ':', '?', '|']);
    let names_one = anchored && !host.is_empty() || is_whole && host.contains('.');
    if !names_one {
        return None;
    }
    Some(Line::Excepts {
        name: name(host).unwrap_or_else(|| host.to_lowercase()),
        begins: !is_whole,
    })
}

/// A name in the one spelling that targets have.
fn name(host: &str) -> Option<String> {
    match Target::new(host, 443)?.host() {
        Host::Domain(name) => Some(name.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> HostRules {
        HostRules::of(text.lines())
    }

    #[test]
    fn what_depends_on_the_page_is_not_the_proxys() {
        let rules = rules(
            "||all.example^\n||important.example^$important\n||third.example^$third-party\n\
             ||first.example^$~third-party\n||pages.example^$domain=news.example\n\
             ||not.example^$domain=~news.example\n||scripts.example^$script\n||Bücher.example^\n\
             ||taken.example^\n||taken.example^$badfilter\n",
        );
        for host in [
            "all.example",
            "a.all.example",
            "important.example",
            "xn--bcher-kva.example",
        ] {
            assert!(rules.block(host), "{host}");
        }
        for host in [
            "third.example",
            "first.example",
            "pages.example",
            "not.example",
            "scripts.example",
            "taken.example",
            "example",
        ] {
            assert!(!rules.block(host), "{host}");
        }
    }

    #[test]
    fn a_host_of_which_something_is_excepted_is_left_to_the_engine() {
        for (exception, open, blocked) in [
            ("@@||ads.net/sdk.js$domain=video.site", "a.ads.net", None),
            ("@@||ads.net^$domain=video.site", "ads.net", None),
            ("@@|https://ads.net/sdk.js", "ads.net", None),
            ("@@ads.net/sdk.js", "ads.net", None),
            ("@@||net/sdk.js", "ads.net", None),
            ("@@||ads.*/sdk.js", "ads.net", None),
            ("@@||ads.ne", "ads.net", None),
            ("@@||cdn.ads.net/sdk.js", "a.cdn.ads.net", Some("ads.net")),
            ("@@||cdn.ads.net^", "cdn.ads.net", Some("b.ads.net")),
            ("@@||cdn.ads.net", "cdn.ads.net", Some("ads.net")),
        ] {
            let rules = rules(&format!("||ads.net^\n||other.net^$all\n{exception}\n"));
            assert!(!rules.block(open), "{exception}");
            assert!(blocked.is_none_or(|host| rules.block(host)), "{exception}");
            assert!(rules.is_left("||ads.net^"), "{exception}");
            let others = exception != "@@||net/sdk.js";
            assert_eq!(rules.block("other.net"), others, "{exception}");
            assert_eq!(rules.is_left("||other.net^"), !others, "{exception}");
        }
        for exception in [
            "@@/sdk.js$domain=video.site",
            "@@||ads.network/x",
            "@@*$ping",
        ] {
            let rules = rules(&format!("||ads.net^\n{exception}\n"));
            assert!(rules.block("ads.net"), "{exception}");
            assert!(!rules.is_left("||ads.net^"), "{exception}");
        }
    }

    #[test]
    fn of_hosts_below_each_other_the_nearest_exception_holds() {
        let rules = rules("||a.net^\n||b.a.net^\n||d.c.b.a.net^\n@@||c.b.a.net/x\n");
        for (host, blocked) in [
            ("a.net", true),
            ("b.a.net", true),
            ("c.b.a.net", false),
            ("d.c.b.a.net", false),
        ] {
            assert_eq!(rules.block(host), blocked, "{host}");
        }
        for line in ["||a.net^", "||b.a.net^", "||d.c.b.a.net^"] {
            assert!(rules.is_left(line), "{line}");
        }
    }
}
