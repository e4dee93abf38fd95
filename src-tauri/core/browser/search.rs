//! Where words are searched for that are typed in the place of an address.

use super::Browser;
use crate::action::Action;
use crate::address;
use crate::message::Problem;
use crate::search::Search;

impl Browser {
    pub(super) fn set_search(&mut self, typed: &str) -> Result<(), Problem> {
        let search = Search::read(typed)?;
        if self.search != search {
            self.search = search.clone();
            self.act(Action::SaveSearch(search));
        }
        Ok(())
    }

    /// The address to open for what was typed.
    pub(super) fn read(&self, input: &str) -> Result<String, Problem> {
        address::read(input, &self.search)
            .map(String::from)
            .ok_or_else(|| Problem::BadAddress {
                input: input.to_owned(),
            })
    }
}
