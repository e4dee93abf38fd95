//! Cookies that go along when a tab changes its mode, where the person agreed for the site. The page
//! is opened when they are there, or after a moment without them.

use super::Browser;
use crate::action::{Action, PageAction};
use crate::cookie::{Jar, Order};
use crate::event::Millis;
use crate::message::{Mode, TabId};
use crate::site::origin_of;

/// How long a page waits for its cookies, from the toggle on.
const LIMIT_MS: u64 = 3000;

/// How far a tab's cookies have come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Crossing {
    /// None are under way.
    #[default]
    None,
    /// The engine that is left was asked for them.
    Asked(Millis),
    /// The new engine is to have them before anything else.
    Come(Jar),
    /// The new engine was given them and has not said so yet.
    Given(Millis),
}

impl Crossing {
    fn since(&self) -> Option<Millis> {
        match self {
            Self::Asked(since) | Self::Given(since) => Some(*since),
            Self::None | Self::Come(_) => None,
        }
    }
}

impl Browser {
    /// The tab is about to leave this mode for `url` in the other one. Asks for the cookies.
    pub(super) fn ask_for_cookies(&mut self, id: TabId, leaves: Mode, url: &str) {
        let Some(tab) = self.tab_mut(id) else { return };
        tab.crossing = Crossing::None;
        // An engine in trouble is not waited for.
        let trouble = leaves == Mode::Streamed && (tab.problem.is_some() || !tab.is_streaming());
        if trouble || !self.takes_cookies_along(id, url) {
            return;
        }
        let order = Order::Take(url.to_owned());
        match (leaves, self.tab(id)) {
            (Mode::Proxy, Some(tab)) => {
                let profile = tab.profile.clone();
                self.act(Action::Cookies(id, profile, order));
            }
            (Mode::Streamed, _) if self.has_page(id) => {
                self.page_action(id, PageAction::Cookies(order));
            }
            _ => return,
        }
        let now = self.now;
        if let Some(tab) = self.tab_mut(id) {
            tab.crossing = Crossing::Asked(now);
        }
    }

    /// The engine that was left has told its cookies.
    pub(super) fn cookies_came(&mut self, id: TabId, from: Mode, jar: Jar) {
        let Some(tab) = self.tab(id) else { return };
        let Crossing::Asked(since) = tab.crossing else {
            return;
        };
        if tab.mode == from {
            return;
        }
        let url = tab.url().to_owned();
        // The address may have changed while they came.
        let jar = if self.takes_cookies_along(id, &url) {
            let before = tab.taken_along.clone().of(&url);
            jar.of(&url).with_ends_of(&before, &url)
        } else {
            Jar::default()
        };
        let Some(tab) = self.tab_mut(id) else { return };
        tab.taken_along = jar.names();
        tab.crossing = Crossing::None;
        if !jar.is_empty() {
            match tab.mode {
                Mode::Streamed => tab.crossing = Crossing::Come(jar),
                Mode::Proxy => {
                    tab.crossing = Crossing::Given(since);
                    let profile = tab.profile.clone();
                    self.act(Action::Cookies(id, profile, Order::Give(jar)));
                }
            }
        }
        self.go_on(id);
    }

    /// The engine of proxied pages has its cookies.
    pub(super) fn cookies_given(&mut self, id: TabId, to: Mode) {
        if let Some(tab) = self.tab_mut(id)
            && tab.mode == to
            && matches!(tab.crossing, Crossing::Given(_))
        {
            tab.crossing = Crossing::None;
            self.go_on(id);
        }
    }

    /// Whether a tab's page is not to be opened yet.
    pub(super) fn awaits_cookies(&self, id: TabId) -> bool {
        self.tab(id)
            .is_some_and(|tab| tab.crossing.since().is_some())
    }

    /// What the streamed page is to have before it is opened.
    pub(super) fn cookies_for(&mut self, id: TabId) -> Option<Jar> {
        let crossing = &mut self.tab_mut(id)?.crossing;
        match std::mem::take(crossing) {
            Crossing::Come(jar) => Some(jar),
            _ => None,
        }
    }

    pub(super) fn next_cookie_limit(&self) -> Option<Millis> {
        let since = self.tabs.iter().filter_map(|tab| tab.crossing.since());
        since.min().map(|since| Millis(since.0 + LIMIT_MS))
    }

    /// Pages that have waited long enough are opened without.
    pub(super) fn give_up_cookies(&mut self) {
        let over = self.now.0.saturating_sub(LIMIT_MS);
        let late = |crossing: &Crossing| crossing.since().is_some_and(|since| since.0 <= over);
        let late: Vec<TabId> = (self.tabs.iter())
            .filter(|tab| self.now.0 >= LIMIT_MS && late(&tab.crossing))
            .map(|tab| tab.id)
            .collect();
        for id in late {
            if let Some(tab) = self.tab_mut(id) {
                tab.crossing = Crossing::None;
            }
            self.go_on(id);
        }
    }

    /// Opens the page that has waited, unless it waits still.
    fn go_on(&mut self, id: TabId) {
        if self.awaits_cookies(id) {
            return;
        }
        let Some(tab) = self.tab(id) else { return };
        match tab.mode {
            Mode::Streamed => {
                let held = tab.stream.as_ref().filter(|stream| stream.held);
                if let Some(session) = held.and_then(|stream| stream.session) {
                    self.open_streamed(id, session);
                }
            }
            Mode::Proxy if self.active == Some(id) => self.wake(id),
            Mode::Proxy => {}
        }
    }

    fn takes_cookies_along(&self, id: TabId, url: &str) -> bool {
        let Some(tab) = self.tab(id) else {
            return false;
        };
        let site = origin_of(url).and_then(|origin| self.sites.of(&tab.profile, &origin));
        site.is_some_and(|site| site.cookies == Some(true))
    }
}
