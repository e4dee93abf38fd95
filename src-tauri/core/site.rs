//! What the person has decided for a site.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::ask::Wish;
use crate::message::{Mode, ProfileName};

/// Sites whose decisions are kept; the first in the alphabet go first, which nobody reaches.
const SITES_CAP: usize = 10_000;

/// One decision about a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct WishRule {
    /// What the site wants.
    pub wish: Wish,
    /// Whether it may.
    pub allowed: bool,
}

/// What is decided about one wish of one site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SitePermission {
    /// Scheme, host and port.
    pub origin: String,
    /// What the site wants.
    pub wish: Wish,
    /// Whether it may; `None` leaves it open.
    pub allowed: Option<bool>,
}

/// What is decided for a site: an origin, such as `https://example.org`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Site {
    /// In whose tabs it is decided.
    pub profile: ProfileName,
    /// Scheme, host and port.
    pub origin: String,
    /// What it may do and what not.
    pub wishes: Vec<WishRule>,
    /// The mode that its pages open in; `None` leaves it to the tab.
    pub mode: Option<Mode>,
    /// Whether a toggle takes along what was typed; `None` if nobody has said.
    pub carry: Option<bool>,
    /// Whether a toggle takes its cookies along; `None` if nobody has said.
    pub cookies: Option<bool>,
    /// Whether its pages load what the block lists name; `None` if nobody has said.
    pub unblocked: Option<bool>,
    /// Whether its name, a public one, may lead into the home network; `None` if nobody has said.
    pub home: Option<bool>,
    /// In percent; `None` for the usual size.
    pub zoom: Option<u16>,
}

impl Site {
    /// Whether nothing is decided.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self {
            profile: _,
            origin: _,
            wishes,
            mode,
            carry,
            cookies,
            unblocked,
            home,
            zoom,
        } = self;
        let carried = carry.is_some() || cookies.is_some();
        let rules = carried || unblocked.is_some() || home.is_some() || mode.is_some();
        wishes.is_empty() && !rules && zoom.is_none()
    }

    fn decide(&mut self, wish: Wish, allowed: Option<bool>) {
        self.wishes.retain(|rule| rule.wish != wish);
        if let Some(allowed) = allowed {
            self.wishes.push(WishRule { wish, allowed });
            self.wishes.sort_by_key(|rule| rule.wish);
        }
    }
}

/// All decisions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sites(BTreeMap<(ProfileName, String), Site>);

impl Sites {
    /// The decisions as they were saved.
    #[must_use]
    pub fn restore(saved: Vec<Site>) -> Self {
        let kept = saved.into_iter().filter(|site| !site.is_empty());
        Self(
            kept.map(|site| ((site.profile.clone(), site.origin.clone()), site))
                .take(SITES_CAP)
                .collect(),
        )
    }

    /// What is decided for an origin.
    #[must_use]
    pub fn of(&self, profile: &ProfileName, origin: &str) -> Option<&Site> {
        self.0.get(&(profile.clone(), origin.to_owned()))
    }

    /// What was decided about all of these wishes: yes only if each may be granted, no if one may
    /// not.
    #[must_use]
    pub fn answer(&self, profile: &ProfileName, origin: &str, wishes: &[Wish]) -> Option<bool> {
        let site = self.of(profile, origin)?;
        let rules = |wish: &Wish| site.wishes.iter().find(|rule| rule.wish == *wish);
        if wishes.iter().any(|w| rules(w).is_some_and(|r| !r.allowed)) {
            return Some(false);
        }
        (!wishes.is_empty() && wishes.iter().all(|wish| rules(wish).is_some())).then_some(true)
    }

    /// All that is decided about wishes in a profile.
    #[must_use]
    pub fn permissions(&self, profile: &ProfileName) -> Vec<SitePermission> {
        let of = |site: &&Site| site.profile == *profile;
        let each = |site: &Site| {
            let origin = site.origin.clone();
            let rules = site.wishes.clone().into_iter();
            rules.map(move |rule| SitePermission {
                origin: origin.clone(),
                wish: rule.wish,
                allowed: Some(rule.allowed),
            })
        };
        self.0.values().filter(of).flat_map(each).collect()
    }

    /// The origins of a profile whose pages load what the block lists name.
    #[must_use]
    pub fn unblocked(&self, profile: &ProfileName) -> Vec<String> {
        let first = (profile.clone(), String::new());
        self.0
            .range(first..)
            .take_while(|((of, _), _)| of == profile)
            .filter(|(_, site)| site.unblocked == Some(true))
            .map(|((_, origin), _)| origin.clone())
            .collect()
    }

    /// The names of a profile's sites that may lead into the home network.
    #[must_use]
    pub fn home(&self, profile: &ProfileName) -> Vec<String> {
        let of = |site: &&Site| site.profile == *profile && site.home == Some(true);
        let name = |site: &Site| Some(url::Url::parse(&site.origin).ok()?.host_str()?.to_owned());
        self.0.values().filter(of).filter_map(name).collect()
    }

    /// Forgets all that was decided in these profiles.
    pub fn forget(&mut self, of: impl Fn(&ProfileName) -> bool) {
        self.0.retain(|(profile, _), _| !of(profile));
    }

    /// Decides about a wish, or (`None`) leaves it open again. The site as it is now to be saved.
    pub fn decide(
        &mut self,
        profile: &ProfileName,
        origin: &str,
        wish: Wish,
        allowed: Option<bool>,
    ) -> Site {
        self.change(profile, origin, |site| site.decide(wish, allowed))
    }

    /// Changes what is decided for an origin. The site as it is now to be saved.
    pub fn change(
        &mut self,
        profile: &ProfileName,
        origin: &str,
        change: impl FnOnce(&mut Site),
    ) -> Site {
        let key = (profile.clone(), origin.to_owned());
        let mut site = self.0.remove(&key).unwrap_or_else(|| Site {
            profile: profile.clone(),
            origin: origin.to_owned(),
            wishes: Vec::new(),
            mode: None,
            carry: None,
            cookies: None,
            unblocked: None,
            home: None,
            zoom: None,
        });
        change(&mut site);
        if !site.is_empty() && self.0.len() < SITES_CAP {
            self.0.insert(key, site.clone());
        }
        site
    }
}

/// The origin of an address, if it has one that can be decided about.
#[must_use]
pub fn origin_of(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.origin().ascii_serialization())
}

/// Whether both addresses are of one host, as those of a site that sends its visitor on to TLS.
#[must_use]
pub fn same_host(one: &str, other: &str) -> bool {
    let host = |url| Some(url::Url::parse(url).ok()?.host_str()?.to_owned());
    one == other || host(one).is_some_and(|it| host(other) == Some(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: &str = "https://a.example";

    fn me() -> ProfileName {
        ProfileName("default".into())
    }

    #[test]
    fn one_no_among_many_wishes_is_a_no_and_a_gap_is_no_answer() {
        let mut sites = Sites::default();
        sites.decide(&me(), HOME, Wish::Camera, Some(true));
        let both = [Wish::Camera, Wish::Microphone];
        assert_eq!(sites.answer(&me(), HOME, &both), None);
        sites.decide(&me(), HOME, Wish::Microphone, Some(true));
        assert_eq!(sites.answer(&me(), HOME, &both), Some(true));
        sites.decide(&me(), HOME, Wish::Microphone, Some(false));
        assert_eq!(sites.answer(&me(), HOME, &both), Some(false));
        assert_eq!(sites.answer(&me(), "https://b.example", &both), None);
        let other = ProfileName("p1".into());
        assert_eq!(sites.answer(&other, HOME, &both), None, "another profile");
    }

    #[test]
    fn what_is_taken_back_leaves_nothing() {
        let mut sites = Sites::default();
        sites.decide(&me(), HOME, Wish::Camera, Some(true));
        let site = sites.decide(&me(), HOME, Wish::Camera, None);
        assert!(site.is_empty());
        assert_eq!(sites, Sites::default());
    }

    #[test]
    fn the_port_and_the_scheme_are_parts_of_a_site() {
        assert_eq!(
            origin_of("http://localhost:3000/a?b").as_deref(),
            Some("http://localhost:3000")
        );
        assert_eq!(origin_of("file:///etc/passwd"), None);
        assert_eq!(origin_of("about:blank"), None);
    }
}
