//! Files that the person gives to streamed pages.

use super::Browser;
use crate::action::{Action, PageAction};
use crate::ask::AskId;
use crate::giving::{FileWish, Giving};
use crate::message::TabId;

impl Browser {
    /// A page wants files. A page that nobody looks at gets none.
    pub(super) fn wants_files(&mut self, id: TabId, ask: AskId, wish: FileWish) {
        let underway = |giving: &Giving| matches!(giving, Giving::UnderWay { .. });
        let busy = self
            .tab(id)
            .and_then(|tab| tab.page.giving.as_ref())
            .is_some_and(underway);
        if self.active != Some(id) || self.settings_shown || busy {
            return self.page_action(id, PageAction::GiveFiles(ask, Vec::new()));
        }
        self.act(Action::ChooseFiles(id, ask, wish));
    }

    /// The person has chosen, or not.
    pub(super) fn files_chosen(&mut self, id: TabId, ask: AskId, files: Vec<String>) {
        if let Some(tab) = self.tab_mut(id) {
            tab.page.giving = None;
        }
        self.page_action(id, PageAction::GiveFiles(ask, files));
    }

    /// Gives it up, or puts away what came of it.
    pub(super) fn stop_giving(&mut self, id: TabId) {
        let Some(tab) = self.tab_mut(id) else { return };
        if let Some(Giving::UnderWay { .. }) = tab.page.giving.take() {
            self.page_action(id, PageAction::StopGiving);
        }
    }
}
