//! Pages: what is done to a tab's page, and what it says of itself.

use super::Browser;
use crate::action::{Action, PageAction};
use crate::address::split_login;
use crate::ask::Answer;
use crate::event::PageNews;
use crate::message::{Mode, Problem, ProfileName, TabId};
use crate::page::{Direction, zoom_in, zoom_out};
use crate::proxy::Target;
use crate::site::origin_of;
use crate::tab::Tab;

/// The longest title that is kept, in characters.
pub(super) const TITLE_CAP: usize = 300;

impl Browser {
    /// Whether a page exists for the tab in the engine of its mode.
    pub(super) fn has_page(&self, id: TabId) -> bool {
        self.tab(id).is_some_and(|tab| match tab.mode {
            Mode::Proxy => tab.proxied,
            Mode::Streamed => tab
                .stream
                .as_ref()
                .filter(|stream| !stream.held)
                .and_then(|stream| self.sessions.get(&stream.session?))
                .is_some_and(|session| session.is_attached()),
        })
    }

    /// The person asked for this address, and no page did.
    pub(super) fn permit(&mut self, profile: ProfileName, url: &str) {
        let url = split_login(url).map_or_else(|| url.to_owned(), |(bare, _)| bare);
        if let Some(target) = Target::of_url(&url) {
            self.asked
                .entry(profile.clone())
                .or_default()
                .insert(target);
        }
        self.act(Action::Permit(profile, url));
    }

    /// Whether the person has asked for this address since the app began.
    pub(super) fn is_asked(&self, profile: &ProfileName, url: &str) -> bool {
        let asked = self.asked.get(profile).zip(Target::of_url(url));
        asked.is_some_and(|(asked, target)| asked.contains(&target))
    }

    /// Forgets what was asked for in profiles that no tab is of.
    pub(super) fn forget_asked(&mut self) {
        let tabs = &self.tabs;
        self.asked
            .retain(|profile, _| tabs.iter().any(|tab| tab.profile == *profile));
    }

    /// The person asked for what the tab shows, or has seen it there.
    pub(super) fn permit_address_of(&mut self, id: TabId) {
        let asked = |tab: &&Tab| !tab.is_unasked() && !tab.url().is_empty();
        if let Some(tab) = self.tab(id).filter(asked) {
            let (profile, url) = (tab.profile.clone(), tab.url().to_owned());
            self.permit(profile, &url);
        }
    }

    pub(super) fn page_action(&mut self, id: TabId, mut action: PageAction) {
        if !self.has_page(id) {
            return;
        }
        let Some(tab) = self.tab_mut(id) else { return };
        if let PageAction::Navigate(url) = &mut action {
            *url = tab.history.without_login(url);
        }
        match (tab.mode, tab.session()) {
            (Mode::Proxy, _) => self.act(Action::Proxied(id, action)),
            (Mode::Streamed, Some(session)) => self.act(Action::Streamed(session, id, action)),
            (Mode::Streamed, None) => {}
        }
    }

    /// Makes sure that the tab has its page, if it has an address.
    pub(super) fn wake(&mut self, id: TabId) {
        let Some(tab) = self.tab(id) else { return };
        if tab.problem.is_some() || self.quitting_since.is_some() {
            return;
        }
        match tab.mode {
            Mode::Proxy if self.is_being_cleared(&tab.profile) => {}
            Mode::Proxy if !tab.proxied && !tab.url().is_empty() => self.open_proxied(id),
            Mode::Streamed if tab.stream.is_none() => self.want_stream(id, None, None),
            _ => {}
        }
    }

    /// Loads again, in the way of `again`; after a problem, tries again what failed.
    pub(super) fn reload(&mut self, id: TabId, again: PageAction) {
        let Some(tab) = self.tab_mut(id) else { return };
        let unasked = tab.is_unasked();
        let problem = tab.problem.take();
        if tab.mode == Mode::Streamed && problem.as_ref().is_some_and(|it| !it.is_of_the_page()) {
            return self.retry_stream(id);
        }
        match problem {
            Some(Problem::PageFailed { url, .. }) if self.has_page(id) => {
                self.heads_for(id, &url, unasked);
                self.page_action(id, PageAction::Navigate(url));
            }
            _ if self.has_page(id) => {
                let sent = self.tab(id).and_then(|tab| tab.heading_for.clone());
                let again = sent.map_or(again, |it| PageAction::Navigate(it.url));
                self.page_action(id, again);
            }
            _ => self.wake(id),
        }
    }

    /// The person sends the page of a tab to an address.
    pub(super) fn heads_for(&mut self, id: TabId, url: &str, unasked: bool) {
        if let Some(tab) = self.tab_mut(id) {
            tab.heads_for(url, unasked);
        }
    }

    pub(super) fn open_proxied(&mut self, id: TabId) {
        if self.awaits_cookies(id) {
            return;
        }
        let zoom = self.zoom_of_site(id);
        let Some(tab) = self.tab_mut(id) else { return };
        tab.zoom = zoom.unwrap_or(tab.zoom);
        tab.proxied = true;
        tab.occupied = false;
        tab.unique = false;
        tab.audible = false;
        tab.uses.clear();
        tab.page.painted = false;
        tab.loading = true;
        tab.history.fresh_page();
        let open = PageAction::Open {
            url: tab.url().to_owned(),
            zoom: tab.zoom,
        };
        let (profile, kept) = (tab.profile.clone(), tab.storage.take());
        let origin = origin_of(tab.url());
        self.act(Action::UseProfile(id, profile));
        self.act(Action::Proxied(id, open));
        if let Some(kept) = kept.filter(|kept| origin_of(&kept.url) == origin) {
            self.act(Action::Proxied(id, PageAction::Restore(kept)));
        }
        self.mute_as_tab(id);
    }

    pub(super) fn page_news(&mut self, id: TabId, mode: Mode, news: PageNews) {
        let news = match news {
            // Said by the engine that was left, or by one whose page is not there yet.
            PageNews::Collected(carry) => return self.collected(id, mode, carry),
            PageNews::Cookies(jar) => return self.cookies_came(id, mode, jar),
            PageNews::CookiesGiven => return self.cookies_given(id, mode),
            news => news,
        };
        if self.tab(id).is_none_or(|tab| tab.mode != mode) || !self.has_page(id) {
            return self.stale_news(id, mode, news);
        }
        let Some(tab) = self.tab_mut(id) else { return };
        match news {
            PageNews::Opened => {
                if let Some(stream) = &mut tab.stream {
                    stream.opened = true;
                }
                self.update_stages();
            }
            PageNews::Loading(loading) => {
                tab.loading = loading;
                tab.page.loads(loading);
                tab.history.loads(loading);
                if loading {
                    tab.problem = tab.problem.take().filter(|it| !it.is_of_the_page());
                } else {
                    tab.heading_for = None;
                    self.give_carried(id);
                    self.find_again(id);
                }
            }
            PageNews::Committed => {
                tab.history.commits();
                if let Some(heading) = &mut tab.heading_for {
                    heading.arrived = true;
                }
                (tab.noted, tab.shows_error) = (None, false);
            }
            PageNews::ShowsError => tab.shows_error = true,
            PageNews::Collected(_) | PageNews::Cookies(_) | PageNews::CookiesGiven => {}
            PageNews::Taken => tab.carry = None,
            PageNews::Painted => tab.page.painted = true,
            PageNews::Progress(percent) => {
                tab.page.progress = tab.loading.then_some(percent.min(100));
            }
            PageNews::Found { matches, at } => tab.page.found(matches, at),
            PageNews::TabWanted { url, mode } => self.tab_wanted(id, &url, mode),
            PageNews::ProgramWanted {
                address,
                program,
                by_hand,
            } => self.program_wanted(id, address, program, by_hand),
            PageNews::WindowHeldBack { url } => self.window_held_back(id, url),
            PageNews::PrintWanted => self.print_wanted(id),
            PageNews::Asks(ask) => self.asked(id, ask),
            PageNews::AskGone(ask) => self.ask_gone(id, ask),
            PageNews::Objects(objects) => self.objects(id, objects),
            PageNews::WantsFiles(ask, wish) => self.wants_files(id, ask, wish),
            PageNews::Gives(giving) => tab.page.giving = giving,
            PageNews::StepWanted(direction) => self.step_to(id, direction),
            PageNews::Zoomed(direction) => {
                let zoom = match direction {
                    Direction::Forward => zoom_in(tab.zoom),
                    Direction::Back => zoom_out(tab.zoom),
                };
                self.set_zoom(id, zoom);
            }
            PageNews::Title(title) => {
                let title: String = title.chars().take(TITLE_CAP).collect();
                tab.history.set_title(&title);
                self.complete_bookmark(id);
                self.note_visit(id);
            }
            PageNews::Called => {
                self.settings_shown = false;
                self.bring_to_front(Some(id));
                self.focus_page();
                self.act(Action::PresentWindow(None));
            }
            PageNews::Occupied(now) => tab.occupied = now,
            PageNews::Uses(now) => tab.uses = now,
            PageNews::Audible(now) => tab.audible = now,
            PageNews::Muted(now) => tab.muted = now,
            PageNews::Unique(now) => tab.unique = now,
            PageNews::Favicon(favicon) => {
                tab.set_favicon(favicon);
                self.complete_bookmark(id);
            }
            PageNews::History { entries, index } => {
                let (before, profile) = (tab.url().to_owned(), tab.profile.clone());
                let there = entries.get(index);
                let asked = there.is_some_and(|entry| self.is_asked(&profile, &entry.url));
                let Some(tab) = self.tab_mut(id) else { return };
                tab.is_at(&entries, index, asked);
                if !same_site(&before, tab.url()) {
                    tab.favicon = None;
                    self.zoom_as_site(id);
                    self.change_as_site(id);
                }
                self.complete_bookmark(id);
                self.note_visit(id);
            }
            PageNews::Failed { url, fault, detail } => {
                tab.loading = false;
                tab.page.loads(false);
                let url = tab.history.without_login(&url);
                let profile = tab.profile.clone();
                let asked = self.is_asked(&profile, &url);
                let Some(tab) = self.tab_mut(id) else { return };
                tab.failed(&url, asked);
                tab.problem = Some(Problem::PageFailed { url, fault, detail });
            }
            PageNews::Crashed => self.crashed(id),
            PageNews::Stopped => tab.lost(Problem::PageStopped),
            PageNews::Closed => self.close_tab(id, false),
            PageNews::BecameFile => self.became_file(id),
            PageNews::OpenedPage {
                url,
                target,
                foreground,
            } => self.opened_page(id, &url, target, foreground),
        }
    }

    /// News of a page that was let go of, or that waits behind a stream.
    fn stale_news(&mut self, id: TabId, mode: Mode, news: PageNews) {
        if mode == Mode::Streamed {
            return;
        }
        let waits = self.tab_mut(id).filter(|tab| tab.proxied);
        let order = match (news, waits) {
            // Nothing of it could be shown on the way back.
            (
                PageNews::Closed
                | PageNews::Failed { .. }
                | PageNews::Crashed
                | PageNews::Stopped
                | PageNews::BecameFile,
                Some(tab),
            ) => {
                tab.proxied = false;
                tab.waiting_history = None;
                PageAction::Close
            }
            (PageNews::Uses(now), Some(tab)) => {
                tab.uses = now;
                return;
            }
            (PageNews::Audible(now), Some(tab)) => {
                tab.audible = now;
                return;
            }
            (PageNews::Muted(now), Some(tab)) => {
                tab.muted = now;
                return;
            }
            (PageNews::History { entries, index }, Some(tab)) => {
                if let Some(history) = &mut tab.waiting_history {
                    history.report(&entries, index);
                }
                return;
            }
            // Nobody would ever answer, and the page would wait for ever.
            (PageNews::Asks(ask), Some(_)) => {
                PageAction::Answer(ask.id, Answer::No { always: false })
            }
            (
                PageNews::OpenedPage {
                    target: Some(target),
                    ..
                },
                _,
            ) => PageAction::Discard(target),
            _ => return,
        };
        self.act(Action::Proxied(id, order));
    }

    /// What was to be shown is a file instead. A tab that was opened for it has nothing to show.
    fn became_file(&mut self, id: TabId) {
        let private = self.tabs.iter().filter(|tab| tab.profile.is_private());
        let is_last_private = private.count() == 1;
        let Some(tab) = self.tab_mut(id) else { return };
        tab.loading = false;
        tab.page.loads(false);
        let is_streamed = tab.mode == Mode::Streamed;
        if tab.history.entries().len() <= 1 {
            if tab.profile.is_private() && is_last_private {
                // Were it closed, all that is private would go with it, and the file too.
                self.empty(id);
            } else {
                self.close_tab(id, is_streamed);
            }
        } else if !is_streamed {
            // A streamed page shows what it has shown before.
            let step = tab.history.back();
            self.take_step(id, step, PageAction::Back);
        }
    }

    fn empty(&mut self, id: TabId) {
        self.let_go(id, true);
        let mode = self.settings.default_mode;
        if let Some(tab) = self.tab_mut(id) {
            *tab = Tab::new(id, tab.profile.clone(), mode);
        }
    }
}

/// Whether two addresses share an origin, and so an icon until another one comes.
fn same_site(a: &str, b: &str) -> bool {
    match (url::Url::parse(a), url::Url::parse(b)) {
        (Ok(a), Ok(b)) => a.origin() == b.origin(),
        _ => a == b,
    }
}
