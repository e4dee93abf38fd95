//! What follows from the state after each event: what is in front, what is saved, what is painted.

use super::Browser;
use crate::action::{Action, PageAction};
use crate::message::{Mode, NodeKind, NodeName, SessionId, ShellState, TabId};
use crate::page::PageView;
use crate::record::TabRecord;
use crate::site::origin_of;
use crate::tab::Tab;
use std::collections::BTreeMap;

impl Browser {
    pub(super) fn settle(&mut self) {
        self.forget_private();
        self.forget_asked();
        self.toggle_lost_pages();
        self.go_on_leaving();
        self.forget_settled_toggles();
        self.want_lists();
        self.give_up_unwanted_moves();
        self.drop_stale();
        self.note_away();
        self.keep_promises();
        self.save_tabs();
        self.bring_pages_to_front();
        self.watch();
        self.note_unseen();
        self.paint();
    }

    /// Saves go before everything else: what is done next may be the last thing that is done.
    fn save_tabs(&mut self) {
        let records: BTreeMap<TabId, TabRecord> = self
            .tabs
            .iter()
            .enumerate()
            .filter(|(_, tab)| !tab.profile.is_private())
            .map(|(at, tab)| (tab.id, tab.record(at, self.active == Some(tab.id))))
            .collect();
        if records == self.saved {
            return;
        }
        let deleted = self.saved.keys().filter(|id| !records.contains_key(id));
        let changed = records
            .values()
            .filter(|record| self.saved.get(&record.id) != Some(record));
        let saves: Vec<Action> = deleted
            .map(|id| Action::DeleteTab(*id))
            .chain(changed.cloned().map(Action::SaveTab))
            .collect();
        for save in saves.into_iter().rev() {
            self.actions.push_front(save);
        }
        self.saved = records;
    }

    fn bring_pages_to_front(&mut self) {
        let front = self
            .active
            .and_then(|id| self.tab(id))
            .filter(|tab| tab.mode == Mode::Proxy && tab.proxied && tab.problem.is_none())
            .filter(|_| !self.settings_shown);
        let front = front.map(|tab| tab.id);
        if self.shown != front {
            if let Some(before) = self.shown
                && self.tab(before).is_some_and(|tab| tab.proxied)
            {
                self.act(Action::Proxied(before, PageAction::Hide));
            }
            if let Some(id) = front {
                self.act(Action::Proxied(id, PageAction::Show));
            }
            self.shown = front;
        }
        let streamed = self
            .active
            .and_then(|id| self.tab(id))
            .and_then(|tab| Some((tab.id, tab.session()?)));
        let Some((id, session_id)) = streamed else {
            return;
        };
        let has_page = self.has_page(id);
        if let Some(session) = self.sessions.get_mut(&session_id)
            && has_page
            && session.front != Some(id)
        {
            session.front = Some(id);
            self.act(Action::Streamed(session_id, id, PageAction::Show));
        }
    }

    fn watch(&mut self) {
        let watched: Option<SessionId> = self
            .active
            .and_then(|id| self.tab(id))
            .and_then(|tab| tab.session())
            .filter(|id| {
                self.sessions
                    .get(id)
                    .is_some_and(|session| session.is_attached())
            });
        if self.watched != watched {
            self.watched = watched;
            self.act(Action::Watch(watched));
        }
    }

    fn paint(&mut self) {
        let state = self.view();
        let same = self
            .painted
            .as_ref()
            .is_some_and(|painted| without_clock(painted) == without_clock(&state));
        if !same {
            self.painted = Some(state.clone());
            self.act(Action::Paint(state));
        }
    }

    fn page_view(&self, tab: &Tab) -> PageView {
        let site = origin_of(tab.url()).and_then(|origin| self.sites.of(&tab.profile, &origin));
        PageView {
            site: site.cloned(),
            ..tab.page.clone()
        }
    }

    /// This machine first.
    fn node_names(&self) -> Vec<NodeName> {
        let mut names: Vec<NodeName> = self.roster.names().cloned().collect();
        names.sort_by_key(|name| name.kind != NodeKind::Host);
        names
    }

    /// All that the shell paints.
    #[must_use]
    pub fn view(&self) -> ShellState {
        let session_of = |tab: &Tab| tab.session().and_then(|id| self.sessions.get(&id));
        ShellState {
            tabs: self
                .tabs
                .iter()
                .map(|tab| {
                    let mut view = tab.view(session_of(tab), self.now);
                    view.security = self.security_of(tab.id, view.security);
                    view.page = self.page_view(tab);
                    view.bookmarked = self.bookmarked(tab);
                    view.elsewhere = self.may_leave(tab);
                    view.asleep = self.active != Some(tab.id) && tab.is_asleep();
                    if let Some(stream) = &mut view.stream {
                        stream.moving = self.move_view(&tab.profile);
                    }
                    view
                })
                .collect(),
            active: self.active,
            reopenable: u32::try_from(self.closed.len()).unwrap_or(u32::MAX),
            nodes: self.node_names(),
            notices: self.notices.clone(),
            full_screen: self.full_screen,
            profiles: self.profile_views(),
            settings_shown: self.settings_shown,
            streaming: self.streaming_view(),
            lists: self.list_views(),
            sleep: self.sleep_view(),
            search: self.search.as_str().to_owned(),
            machines: self.machines_view(),
            downloads: self.downloads.view(),
            bookmarks: self.bookmarks.revision(),
        }
    }
}

/// The state without the running time of a stage and the age of a look, which alone are no reason to paint.
fn without_clock(state: &ShellState) -> ShellState {
    let mut state = state.clone();
    for tab in &mut state.tabs {
        if let Some(stream) = &mut tab.stream {
            stream.elapsed_ms = 0;
        }
    }
    for machine in &mut state.machines.known {
        machine.seen_ago_ms = machine.seen_ago_ms.map(|_| 0);
    }
    state
}
