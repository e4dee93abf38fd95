//! Questions of pages: which are answered from what is known, which the person has to answer.

use super::Browser;
use crate::action::{Action, PageAction};
use crate::address::is_of_a_program;
use crate::ask::{ASKS_CAP, Answer, Ask, AskId, Question, Wish};
use crate::message::{Problem, ProfileName, SessionId, ShellFocus, TabId};
use crate::session::Session;
use crate::site::{SitePermission, origin_of};

impl Browser {
    /// A page asks.
    pub(super) fn asked(&mut self, id: TabId, ask: Ask) {
        let Some(tab) = self.tab(id) else { return };
        let known = match &ask.question {
            Question::Permission { wishes } => origin_of(&ask.origin)
                .and_then(|origin| self.sites.answer(&tab.profile, &origin, wishes))
                .map(|yes| {
                    let always = false;
                    if yes {
                        Answer::Yes { always }
                    } else {
                        Answer::No { always }
                    }
                }),
            _ if tab.page.silenced && ask.is_dialog() => Some(Answer::No { always: false }),
            _ => tab.history.login().and_then(|login| login.answer(&ask)),
        };
        let full = tab.page.asks.len() >= ASKS_CAP;
        let known = known.or(full.then_some(Answer::No { always: false }));
        if let Some(answer) = known {
            return self.page_action(id, PageAction::Answer(ask.id, answer));
        }
        if self.active == Some(id) && ask.takes_keyboard() {
            self.act(Action::Focus(ShellFocus::Ask));
        }
        if let Some(tab) = self.tab_mut(id) {
            tab.page.dialogs += u32::from(ask.is_dialog());
            tab.page.asks.push(ask);
        }
    }

    /// The page waits no longer.
    pub(super) fn ask_gone(&mut self, id: TabId, ask: AskId) {
        if let Some(tab) = self.tab_mut(id) {
            tab.page.asks.retain(|open| open.id != ask);
        }
    }

    /// A page leads to another program's address. One that does so by itself is asked about once,
    /// and only if there is such a program.
    pub(super) fn program_wanted(
        &mut self,
        id: TabId,
        address: String,
        program: Option<String>,
        by_hand: bool,
    ) {
        let Some(tab) = self.tab(id) else { return };
        let unwanted = tab.page.has_asked(AskId::PROGRAM) || program.is_none();
        if is_of_a_program(&address) && (by_hand || !unwanted) {
            let question = Question::Program { address, program };
            self.ask_of_a_page(id, AskId::PROGRAM, question);
        }
    }

    /// A page has opened another one that nobody asked for. It is asked about once.
    pub(super) fn window_held_back(&mut self, id: TabId, address: String) {
        let Some(tab) = self.tab(id) else { return };
        let decided = origin_of(tab.url())
            .and_then(|origin| self.sites.answer(&tab.profile, &origin, &[Wish::Windows]));
        let unwanted = tab.page.has_asked(AskId::WINDOW) || decided == Some(false);
        if origin_of(&address).is_none() {
            return;
        }
        if decided == Some(true) {
            // Decided after the engine has held it back.
            self.open_in_front(id, &address);
        } else if !unwanted {
            self.ask_of_a_page(id, AskId::WINDOW, Question::Window { address });
        }
    }

    /// Asks about a page; what was asked of the same kind before is out of date.
    fn ask_of_a_page(&mut self, id: TabId, ask: AskId, question: Question) {
        let Some(tab) = self.tab_mut(id) else { return };
        let origin = origin_of(tab.url()).unwrap_or_default();
        tab.page.asks.retain(|open| open.id != ask);
        tab.page.asks.push(Ask::new(ask, &origin, question));
    }

    fn of_a_page_answered(&mut self, id: TabId, ask: AskId, answer: &Answer) {
        let (opens, decided) = (matches!(answer, Answer::Yes { .. }), answer.for_good());
        let Some(tab) = self.tab_mut(id) else { return };
        let asks = &mut tab.page.asks;
        let Some(at) = asks.iter().position(|open| open.id == ask) else {
            return;
        };
        let asked = asks.remove(at);
        tab.page.answered.push(ask);
        let profile = tab.profile.clone();
        match asked.question {
            Question::Program {
                address,
                program: Some(_),
            } if opens => self.act(Action::OpenInProgram(address)),
            Question::Window { address } => {
                if let (Some(_), Some(origin)) = (decided, origin_of(&asked.origin)) {
                    self.decide(&profile, &origin, Wish::Windows, decided);
                }
                if opens {
                    self.open_in_front(id, &address);
                }
            }
            _ => {}
        }
    }

    /// The person answers. A question that is gone is no error.
    pub(super) fn answer(&mut self, id: TabId, ask: AskId, answer: Answer) {
        if ask == AskId::LEAVE {
            let leaves = matches!(answer, Answer::Yes { .. });
            return self.leave_answered(id, leaves);
        }
        if ask == AskId::FILES {
            return self.files_answered(id, matches!(answer, Answer::Yes { .. }));
        }
        if [AskId::PROGRAM, AskId::WINDOW].contains(&ask) {
            return self.of_a_page_answered(id, ask, &answer);
        }
        let Some(tab) = self.tab_mut(id) else { return };
        let Some(at) = tab.page.asks.iter().position(|open| open.id == ask) else {
            return;
        };
        let asked = tab.page.asks.remove(at);
        if answer == Answer::Silence {
            tab.page.silenced = true;
        }
        let profile = tab.profile.clone();
        let decided = answer.for_good();
        self.page_action(id, PageAction::Answer(ask, answer));
        if let (Some(allowed), Question::Permission { wishes }, Some(origin)) =
            (decided, asked.question, origin_of(&asked.origin))
        {
            for wish in wishes {
                self.decide(&profile, &origin, wish, Some(allowed));
            }
        }
    }

    /// Gives the keyboard to the page in front, or to what it asks.
    pub(super) fn focus_page(&mut self) {
        let front = self.active.and_then(|id| self.tab(id));
        let ask = front.and_then(|tab| tab.page.asks.first());
        self.act(Action::Focus(if ask.is_some_and(Ask::takes_keyboard) {
            ShellFocus::Ask
        } else {
            ShellFocus::Page
        }));
    }

    /// The page is to wait for nothing more: each of its questions is answered with a no.
    pub(super) fn answer_all(&mut self, id: TabId) {
        let asks = self
            .tab_mut(id)
            .map(|tab| std::mem::take(&mut tab.page.asks));
        let of_page = |ask: &Ask| ask.id.is_of_a_page();
        for ask in asks.into_iter().flatten().filter(of_page) {
            let no = Answer::No { always: false };
            self.page_action(id, PageAction::Answer(ask.id, no));
        }
    }

    /// Decides about a wish of the site of a tab, or leaves it open again.
    pub(super) fn decide_here(
        &mut self,
        id: TabId,
        wish: Wish,
        allowed: Option<bool>,
    ) -> Result<(), Problem> {
        let tab = self.tab(id).ok_or(Problem::UnknownTab { tab: id })?;
        if let Some(origin) = origin_of(tab.url()) {
            let profile = tab.profile.clone();
            self.decide(&profile, &origin, wish, allowed);
        }
        Ok(())
    }

    fn decide(&mut self, profile: &ProfileName, origin: &str, wish: Wish, allowed: Option<bool>) {
        let site = self.sites.decide(profile, origin, wish, allowed);
        let of_profile = |session: &&Session| session.profile == *profile && session.is_attached();
        let sessions = self.sessions.values().filter(of_profile);
        let sessions: Vec<SessionId> = sessions.map(|session| session.id).collect();
        for session in sessions {
            let origin = origin.to_owned();
            let decided = SitePermission {
                origin,
                wish,
                allowed,
            };
            self.act(Action::SetPermissions(session, vec![decided]));
        }
        self.tell_decided(profile.clone());
        if allowed != Some(true) {
            self.release(profile, origin, wish);
        }
        if !site.profile.is_private() {
            self.act(Action::SaveSite(site));
        }
    }

    /// Ends what pages of an origin do with what they may not use any more.
    fn release(&mut self, profile: &ProfileName, origin: &str, wish: Wish) {
        let users = self.tabs.iter().filter(|tab| {
            tab.profile == *profile
                && tab.uses.contains(&wish)
                && tab.site_of_proxied().as_deref() == Some(origin)
        });
        let users: Vec<TabId> = users.map(|tab| tab.id).collect();
        for id in users {
            self.act(Action::Proxied(id, PageAction::Release(wish)));
        }
    }
}
