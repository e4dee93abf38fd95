//! Block lists: which there are, that they are in use where a profile wants them, and which sites are
//! excepted.

use super::Browser;
use crate::action::Action;
use crate::blocking::{FIRST, LISTS_CAP, ListCommand, ListNews, ListView, address};
use crate::message::{Problem, TabId};

/// The lists, and whether they are in use.
#[derive(Clone, Debug, Default)]
pub(super) struct Lists {
    all: Vec<ListView>,
    used: bool,
}

impl Lists {
    /// The lists as they were saved; the first one where none ever were.
    pub(super) fn restore(saved: Option<Vec<String>>) -> Self {
        let urls = saved.unwrap_or_else(|| vec![FIRST.to_owned()]);
        Self {
            all: urls.into_iter().map(ListView::unknown).collect(),
            used: false,
        }
    }

    fn urls(&self) -> Vec<String> {
        self.all.iter().map(|list| list.url.clone()).collect()
    }
}

impl Browser {
    pub(super) fn list_command(&mut self, command: ListCommand) -> Result<(), Problem> {
        match command {
            ListCommand::Add(typed) => {
                let url = address(&typed).ok_or(Problem::BadAddress { input: typed })?;
                let known = self.lists.all.iter().any(|list| list.url == url);
                if known || self.lists.all.len() >= LISTS_CAP {
                    return Ok(());
                }
                self.lists.all.push(ListView::unknown(url));
                self.lists_changed();
            }
            ListCommand::Remove(url) => {
                self.lists.all.retain(|list| list.url != url);
                self.lists_changed();
            }
            ListCommand::Fetch => self.use_lists(true),
        }
        Ok(())
    }

    fn lists_changed(&mut self) {
        self.act(Action::SaveLists(self.lists.urls()));
        if self.lists.used {
            self.use_lists(false);
        }
    }

    fn use_lists(&mut self, anew: bool) {
        self.act(Action::UseLists {
            urls: self.lists.urls(),
            anew,
        });
    }

    /// Lists that no profile wants take no memory.
    pub(super) fn want_lists(&mut self) {
        let wanted = self.any_profile_blocks();
        if wanted != self.lists.used {
            self.lists.used = wanted;
            if wanted {
                self.use_lists(false);
            } else {
                self.act(Action::DropLists);
                for list in &mut self.lists.all {
                    *list = ListView::unknown(std::mem::take(&mut list.url));
                }
            }
        }
    }

    /// Excepts the site of a tab from the lists, or does so no more.
    pub(super) fn set_unblocked(&mut self, id: TabId, on: bool) -> Result<(), Problem> {
        self.change_site(id, |site| site.unblocked = on.then_some(true))?;
        let profile = self.tab(id).map(|tab| tab.profile.clone());
        profile.into_iter().for_each(|it| self.tell_unblocked(it));
        Ok(())
    }

    pub(super) fn list_news(&mut self, url: &str, news: ListNews) {
        let list = self.lists.all.iter_mut().find(|list| list.url == url);
        if let Some(list) = list {
            list.hear(news);
        }
    }

    pub(super) fn list_views(&self) -> Vec<ListView> {
        self.lists.all.clone()
    }
}
