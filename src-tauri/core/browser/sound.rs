//! Sound: a tab whose pages are not to be heard.

use super::Browser;
use crate::action::{Action, PageAction};
use crate::message::{Problem, TabId};

impl Browser {
    /// Mutes the pages of a tab, the one that is there and those to come, or lets them be heard.
    pub(super) fn set_muted(&mut self, id: TabId, muted: bool) -> Result<(), Problem> {
        let tab = self.tab_mut(id).ok_or(Problem::UnknownTab { tab: id })?;
        if tab.proxied {
            // Told by the engine when it is so.
            self.act(Action::Proxied(id, PageAction::Mute(muted)));
        } else if tab.is_heard_here() {
            tab.muted = muted;
        }
        Ok(())
    }

    /// A page has been opened in a tab: it comes as one that is heard.
    pub(super) fn mute_as_tab(&mut self, id: TabId) {
        if self.tab(id).is_some_and(|tab| tab.muted) {
            self.act(Action::Proxied(id, PageAction::Mute(true)));
        }
    }
}
