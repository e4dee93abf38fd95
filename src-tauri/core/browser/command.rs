//! The verbs of the UI.

use super::{Browser, REOPENABLE_CAP};
use crate::action::{Action, PageAction};
use crate::event::{Command, RequestId};
use crate::history::Step;
use crate::message::{Mode, Problem, ProfileName, ShellFocus, TabId};
use crate::page::Direction;

impl Browser {
    pub(super) fn command(&mut self, request: RequestId, command: Command) {
        if self.quitting_since.is_some() && command != Command::Quit {
            return self.reply(request, Err(Problem::Closing));
        }
        if wants_a_page(&command) {
            self.settings_shown = false;
        }
        match command {
            Command::SetMode(id, mode, node) => return self.set_mode(request, id, mode, node),
            Command::MayQuit => return self.may_quit(request),
            _ => {}
        }
        let result = self.immediate(command);
        self.reply(request, result);
    }

    fn immediate(&mut self, command: Command) -> Result<(), Problem> {
        match command {
            Command::OpenTab {
                input,
                mode,
                background,
            } => {
                let profile = self.profile_beside(input.is_some());
                self.open_tab(profile, input.as_deref(), mode, background)?;
            }
            Command::OpenTabOf(profile) => self.open_tab_of(profile)?,
            Command::OpenDropped(id, url) => {
                self.known(id)?;
                self.open_dropped(id, url)?;
            }
            Command::Profile(command) => self.profile_command(command)?,
            Command::List(command) => self.list_command(command)?,
            Command::CloseTab(id) => {
                self.known(id)?;
                self.close_tab(id, true);
            }
            Command::LeaveTab(id) => {
                self.known(id)?;
                self.leave_tab(id);
            }
            Command::SelectTab(id) => {
                self.known(id)?;
                self.bring_to_front(Some(id));
            }
            Command::MoveTab(id, to) => {
                let from = self.known(id)?;
                let tab = self.tabs.remove(from);
                self.tabs.insert(to.min(self.tabs.len()), tab);
            }
            Command::DuplicateTab(id) => self.duplicate_tab(id)?,
            Command::ReopenTab => self.reopen_tab(),
            Command::Navigate(id, input) => self.navigate(id, &input)?,
            Command::GoBack(id) => {
                self.known(id)?;
                self.step_to(id, Direction::Back);
            }
            Command::GoForward(id) => {
                self.known(id)?;
                self.step_to(id, Direction::Forward);
            }
            Command::Reload(id) => {
                self.known(id)?;
                self.reload(id, PageAction::Reload);
            }
            Command::ReloadFresh(id) => {
                self.known(id)?;
                self.reload(id, PageAction::ReloadFresh);
            }
            Command::StopLoading(id) => {
                self.known(id)?;
                self.page_action(id, PageAction::Stop);
            }
            Command::SetMuted(id, muted) => self.set_muted(id, muted)?,
            Command::SetBookmarked(id, on) => self.set_bookmarked(id, on)?,
            Command::AddBookmarks(profile, pages) => self.add_bookmarks(&profile, pages)?,
            Command::RemoveBookmark(id, url) => self.remove_bookmark(id, &url)?,
            Command::PutBookmarkBack(id, url) => self.put_bookmark_back(id, &url)?,
            Command::ForgetVisits(id, url) => self.forget_visits(id, url)?,
            Command::SetZoom(id, percent) => {
                self.known(id)?;
                self.set_zoom(id, percent);
            }
            Command::Find(id, text) => {
                self.known(id)?;
                self.find(id, &text);
            }
            Command::FindStep(id, direction) => {
                self.known(id)?;
                self.find_step(id, direction);
            }
            Command::FindEnd(id) => {
                self.known(id)?;
                self.find_end(id);
            }
            Command::Answer(id, ask, answer) => {
                self.known(id)?;
                self.answer(id, ask, answer);
                // Without its tab, whatever is in front has the keyboard already.
                if self.tab(id).is_some() {
                    self.focus_page();
                }
            }
            Command::StopGiving(id) => {
                self.known(id)?;
                self.stop_giving(id);
            }
            Command::SetSiteCarry(id, on) => {
                self.change_site(id, |site| site.carry = on.then_some(true))?;
            }
            Command::SetSiteCookies(id, on) => {
                self.change_site(id, |site| site.cookies = on.then_some(true))?;
            }
            Command::SetSiteUnblocked(id, on) => self.set_unblocked(id, on)?,
            Command::SetSiteHome(id, on) => self.set_home(id, on)?,
            Command::OpenAnyway(id) => self.open_anyway(id)?,
            Command::SetSiteMode(id, mode) => self.change_site(id, |site| site.mode = mode)?,
            Command::Decide(id, wish, allowed) => self.decide_here(id, wish, allowed)?,
            Command::Download(id, verb) => self.act_on_download(id, verb),
            Command::ForgetDownloads => {
                let changes = self.downloads.clear();
                self.save_downloads(changes);
            }
            Command::GoTo(id, to) => {
                let at = self.known(id)?;
                let steps = to.cast_signed() - self.tabs[at].history.index().cast_signed();
                let step = self.tabs[at].history.go(to);
                self.take_step(id, step, PageAction::Step(steps));
            }
            Command::ShowHistory(id, direction) => {
                self.known(id)?;
                self.show_history(id, direction);
            }
            Command::Print(id) => {
                self.known(id)?;
                self.page_action(id, PageAction::Print);
            }
            Command::ViewSource(id) => {
                self.known(id)?;
                self.view_source(id);
            }
            Command::FocusPage => self.focus_page(),
            Command::FocusAddress => self.act(Action::Focus(ShellFocus::AddressBar)),
            Command::CancelStream(id) => {
                let at = self.known(id)?;
                self.forget_toggle(id);
                if self.tabs[at].mode == Mode::Streamed {
                    self.back_to_proxy(id);
                }
            }
            Command::SetContentArea(area) => {
                if self.area != area {
                    self.area = area;
                    self.act(Action::Place(area));
                }
            }
            Command::SetFullScreen(on) => {
                if self.full_screen != on {
                    self.full_screen = on;
                    self.act(Action::FullScreen(on));
                }
            }
            Command::ShowVisits => self.show_visits(),
            Command::ShowSettings(on) => self.show_settings(on),
            Command::DismissNotice(index) => {
                if index < self.notices.len() {
                    self.notices.remove(index);
                }
            }
            Command::FetchEngineImage => self.act(Action::FetchEngineImage),
            Command::Switch(switch, on) => self.switch(switch, on)?,
            Command::SetSleepAfter(after) => self.set_sleep_after(after)?,
            Command::SetSearch(typed) => self.set_search(&typed)?,
            Command::LookForUpdate => self.look_for_update(),
            Command::Worker(command) => self.worker_command(command)?,
            Command::RunElsewhere(id, node) => self.run_elsewhere(id, node)?,
            Command::TakeProfile(id) => self.take_profile(id)?,
            Command::Quit => self.quit(),
            // Answered by `command`; activity has no limit to move while a tab is open.
            Command::SetMode(..) | Command::MayQuit | Command::Touch => {}
        }
        Ok(())
    }

    pub(super) fn known(&self, id: TabId) -> Result<usize, Problem> {
        self.position(id).ok_or(Problem::UnknownTab { tab: id })
    }

    /// The profile of a tab that is opened beside the one in front: what is typed there belongs to its
    /// profile, and what begins as private stays so.
    fn profile_beside(&self, typed: bool) -> ProfileName {
        let front = self.active.and_then(|id| self.tab(id));
        front
            .map(|tab| &tab.profile)
            .filter(|profile| typed || profile.is_private())
            .unwrap_or(&self.settings.profile)
            .clone()
    }

    pub(super) fn open_tab(
        &mut self,
        profile: ProfileName,
        input: Option<&str>,
        mode: Option<Mode>,
        background: bool,
    ) -> Result<(), Problem> {
        let url = match input.filter(|input| !input.trim().is_empty()) {
            Some(input) => Some(self.read(input)?),
            None => None,
        };
        let rule = (url.as_deref()).and_then(|url| self.mode_of_site(&profile, url));
        let mode = mode.or(rule).unwrap_or(self.settings.default_mode);
        let id = self.new_tab_of(profile.clone(), mode, self.tabs.len());
        if let Some(url) = &url {
            self.permit(profile, url);
        }
        let empty = url.is_none();
        if let (Some(url), Some(tab)) = (url, self.tab_mut(id)) {
            tab.history.visit(&url);
        }
        if !background {
            self.bring_to_front(Some(id));
            self.act(if empty {
                Action::FocusIn(ShellFocus::AddressBar, id)
            } else {
                Action::Focus(ShellFocus::Page)
            });
        }
        Ok(())
    }

    /// Closes a tab; its page is closed too, unless the page went by itself.
    pub(super) fn close_tab(&mut self, id: TabId, close_page: bool) {
        let Some(at) = self.position(id) else { return };
        let record = self.tabs[at].record(at, false);
        self.let_go(id, close_page);
        self.tabs.remove(at);
        self.recent.retain(|tab| *tab != id);
        if !record.history.is_empty() && !record.profile.is_private() {
            self.closed.push((at, record));
            let over = self.closed.len().saturating_sub(REOPENABLE_CAP);
            self.closed.drain(..over);
        }
        if self.tabs.is_empty() {
            self.new_tab(self.settings.default_mode, 0);
            self.act(Action::Focus(ShellFocus::AddressBar));
        }
        if self.active == Some(id) {
            self.active = None;
            let neighbour = at.min(self.tabs.len() - 1);
            let next = self.recent.pop().unwrap_or(self.tabs[neighbour].id);
            self.bring_to_front(Some(next));
        }
    }

    /// Opens what the app was started with.
    pub(super) fn open_all(&mut self, inputs: Vec<String>) {
        for input in inputs {
            let empty = self.active.filter(|id| {
                self.tab(*id)
                    .is_some_and(|tab| tab.url().is_empty() && tab.stream.is_none())
            });
            let opened = match empty {
                Some(id) => self.navigate(id, &input),
                None => {
                    let profile = self.settings.profile.clone();
                    self.open_tab(profile, Some(&input), None, false)
                }
            };
            // A line that is no address must not keep the window from coming up.
            if opened.is_ok() {
                self.settings_shown = false;
            }
        }
    }

    pub(super) fn navigate(&mut self, id: TabId, input: &str) -> Result<(), Problem> {
        let at = self.known(id)?;
        let url = self.read(input)?;
        if let Some(mode) = self.other_mode_for(&self.tabs[at], &url) {
            self.cross_to(id, mode, url)?;
        } else {
            self.forget_toggle(id);
            self.sets_out(id, &url);
            if self.has_page(id) {
                self.heads_for(id, &url, false);
                self.page_action(id, PageAction::Navigate(url));
            } else {
                self.tabs[at].visit(&url, false);
                self.wake(id);
            }
        }
        if self.active == Some(id) {
            self.act(Action::Focus(ShellFocus::Page));
        }
        Ok(())
    }

    /// The person has sent a tab to an address, and nothing is left to be asked.
    pub(super) fn sets_out(&mut self, id: TabId, url: &str) {
        let Some(tab) = self.tab_mut(id) else { return };
        tab.problem = None;
        let profile = tab.profile.clone();
        self.permit(profile, url);
    }

    /// One step back or forward, if there is something.
    pub(super) fn step_to(&mut self, id: TabId, direction: Direction) {
        let Some(tab) = self.tab_mut(id) else { return };
        if direction == Direction::Back && tab.fails_over_a_page() {
            tab.problem = None;
            return;
        }
        let (step, engine) = match direction {
            Direction::Back => (tab.history.back(), PageAction::Back),
            Direction::Forward => (tab.history.forward(), PageAction::Forward),
        };
        self.take_step(id, step, engine);
    }

    pub(super) fn take_step(&mut self, id: TabId, step: Option<Step>, engine: PageAction) {
        let Some(step) = step else { return };
        let Some(tab) = self.tab_mut(id) else { return };
        tab.problem = None;
        tab.heading_for = None;
        let (profile, named) = (tab.profile.clone(), tab.is_unasked());
        match step {
            _ if !self.has_page(id) => self.wake(id),
            Step::Engine => self.page_action(id, engine),
            Step::Load(url) => {
                if !named {
                    self.permit(profile, &url);
                }
                self.page_action(id, PageAction::Navigate(url));
            }
        }
    }

    fn show_settings(&mut self, on: bool) {
        self.settings_shown = on;
        self.forget_look();
        self.act(Action::Focus(if on {
            ShellFocus::Settings
        } else {
            ShellFocus::Page
        }));
    }

    fn quit(&mut self) {
        if self.quitting_since.is_some() {
            return;
        }
        self.quitting_since = Some(self.now);
        self.discard_private_downloads();
        self.dismiss_all_sessions();
        self.close_without_answer();
    }
}

/// Whether the person asks for a tab's page, which the settings would hide.
fn wants_a_page(command: &Command) -> bool {
    match command {
        Command::OpenTab { background, .. } => !background,
        Command::SelectTab(_)
        | Command::OpenTabOf(_)
        | Command::OpenDropped(..)
        | Command::DuplicateTab(_)
        | Command::ReopenTab
        | Command::Navigate(..)
        | Command::SetMode(..)
        | Command::GoBack(_)
        | Command::GoForward(_)
        | Command::Find(..)
        | Command::GoTo(..)
        | Command::ViewSource(_)
        | Command::RunElsewhere(..)
        | Command::TakeProfile(_)
        | Command::Reload(_)
        | Command::ReloadFresh(_)
        | Command::ShowVisits => true,
        Command::CloseTab(_)
        | Command::LeaveTab(_)
        | Command::MayQuit
        | Command::Profile(_)
        | Command::List(_)
        | Command::MoveTab(..)
        | Command::StopLoading(_)
        | Command::SetZoom(..)
        | Command::SetMuted(..)
        | Command::FindStep(..)
        | Command::FindEnd(_)
        | Command::ShowHistory(..)
        | Command::SetBookmarked(..)
        | Command::AddBookmarks(..)
        | Command::RemoveBookmark(..)
        | Command::PutBookmarkBack(..)
        | Command::ForgetVisits(..)
        | Command::Print(_)
        | Command::Answer(..)
        | Command::StopGiving(_)
        | Command::Decide(..)
        | Command::SetSiteCarry(..)
        | Command::SetSiteCookies(..)
        | Command::SetSiteUnblocked(..)
        | Command::SetSiteHome(..)
        | Command::OpenAnyway(_)
        | Command::SetSiteMode(..)
        | Command::Download(..)
        | Command::ForgetDownloads
        | Command::FocusPage
        | Command::FocusAddress
        | Command::CancelStream(_)
        | Command::SetContentArea(_)
        | Command::SetFullScreen(_)
        | Command::ShowSettings(_)
        | Command::FetchEngineImage
        | Command::Switch(..)
        | Command::SetSleepAfter(_)
        | Command::SetSearch(_)
        | Command::LookForUpdate
        | Command::DismissNotice(_)
        | Command::Worker(_)
        | Command::Touch
        | Command::Quit => false,
    }
}
