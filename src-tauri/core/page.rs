//! What a tab's page does besides being shown, alike in both modes: how far it is loaded, and what
//! is looked for in it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::ask::{Ask, AskId};
use crate::giving::Giving;
use crate::site::Site;

/// The longest text that is looked for, in characters.
const FIND_CAP: usize = 300;

/// The zoom steps, in percent.
const ZOOM: [u16; 17] = [
    25, 33, 50, 67, 75, 80, 90, 100, 110, 125, 150, 175, 200, 250, 300, 400, 500,
];

/// The zoom step above `percent`.
#[must_use]
pub fn zoom_in(percent: u16) -> u16 {
    let above = ZOOM.into_iter().find(|step| *step > percent);
    above.unwrap_or(ZOOM[ZOOM.len() - 1])
}

/// The zoom step below `percent`.
#[must_use]
pub fn zoom_out(percent: u16) -> u16 {
    let below = ZOOM.into_iter().rev().find(|step| *step < percent);
    below.unwrap_or(ZOOM[0])
}

/// One step of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Direction {
    /// To the next match, or closer.
    Forward,
    /// To the match before, or farther away.
    Back,
}

/// What is looked for in a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Find {
    /// The text; empty while nothing was typed.
    pub text: String,
    /// How many matches there are; `None` until the engine has answered.
    pub matches: Option<u32>,
    /// Which of them is in sight, from 1; `None` where the engine does not tell.
    pub at: Option<u32>,
}

impl Find {
    /// Begins to look for a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self {
            text: text.chars().take(FIND_CAP).collect(),
            ..Self::default()
        }
    }
}

/// What a page does besides being shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PageView {
    /// How much of the page is loaded, in percent; `None` while it does not load, or where the
    /// engine does not tell.
    pub progress: Option<u8>,
    /// What is looked for; `None` while the person looks for nothing.
    pub find: Option<Find>,
    /// What it asks the person, the oldest first.
    pub asks: Vec<Ask>,
    /// Files of the person that are on their way to it, or did not come there.
    pub giving: Option<Giving>,
    /// How many dialogs it has opened since it was loaded.
    pub dialogs: u32,
    /// The person wants to hear no more of it.
    #[serde(skip)]
    pub silenced: bool,
    /// What the window has asked about it by itself, and the person has answered.
    #[serde(skip)]
    pub answered: Vec<AskId>,
    /// Whether it has something to show. A proxied page that has not lies unseen over what was in
    /// its place before.
    pub painted: bool,
    /// What is decided for its site; `None` if nothing is, or for a page of no site.
    pub site: Option<Site>,
}

impl PageView {
    /// Whether the window asks this about it, or has asked and been answered.
    pub(crate) fn has_asked(&self, ask: AskId) -> bool {
        self.answered.contains(&ask) || self.asks.iter().any(|open| open.id == ask)
    }

    /// The page began or ended loading.
    pub(crate) fn loads(&mut self, loading: bool) {
        self.progress = None;
        if loading {
            self.asks.retain(|ask| ask.id.is_of_a_page());
            self.dialogs = 0;
            self.answered.clear();
            self.silenced = false;
        }
        if loading && let Some(find) = &mut self.find {
            // What was found is on a page that goes.
            (find.matches, find.at) = (None, None);
        }
    }

    /// The page is gone, or another engine's comes.
    pub(crate) fn gone(&mut self) {
        self.loads(false);
        self.asks.clear();
        self.giving = None;
    }

    /// The engine has looked.
    pub(crate) fn found(&mut self, matches: u32, at: Option<u32>) {
        if let Some(find) = self.find.as_mut().filter(|find| !find.text.is_empty()) {
            find.matches = Some(matches);
            find.at = at.filter(|at| (1..=matches).contains(at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zoom_goes_from_step_to_step_and_stops_at_both_ends() {
        assert_eq!((zoom_in(100), zoom_in(101), zoom_in(500)), (110, 110, 500));
        assert_eq!((zoom_out(100), zoom_out(101), zoom_out(25)), (90, 100, 25));
    }

    #[test]
    fn an_engine_cannot_point_beyond_its_own_matches() {
        let mut page = PageView {
            find: Some(Find::of("a")),
            ..PageView::default()
        };
        page.found(3, Some(4));
        assert_eq!(page.find.as_ref().and_then(|find| find.at), None);
        page.found(3, Some(3));
        assert_eq!(page.find.as_ref().and_then(|find| find.at), Some(3));
    }

    #[test]
    fn an_answer_that_nobody_waits_for_is_dropped() {
        let mut page = PageView::default();
        page.found(3, None);
        assert_eq!(page, PageView::default());
        page.find = Some(Find::default());
        page.found(3, None);
        assert_eq!(page.find, Some(Find::default()));
    }
}
