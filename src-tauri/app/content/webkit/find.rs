//! Looking for text in a page.

use std::rc::Rc;

use duotab_core::event::PageNews;
use duotab_core::page::Direction;
use webkit2gtk::{FindControllerExt, FindOptions, WebView, WebViewExt};

use super::Page;

/// Matches that are counted and marked; no person steps through more.
const MOST: u32 = 1000;

/// Hears what the engine finds.
pub(super) fn connect(view: &WebView, report: &Rc<dyn Fn(PageNews)>) {
    let Some(find) = view.find_controller() else {
        return;
    };
    let told = Rc::clone(report);
    find.connect_counted_matches(move |_, matches| {
        // The engine says "more than the limit" by the highest number there is.
        let matches = matches.min(MOST);
        told(PageNews::Found { matches, at: None });
    });
    let told = Rc::clone(report);
    find.connect_failed_to_find_text(move |_| {
        let (matches, at) = (0, None);
        told(PageNews::Found { matches, at });
    });
}

impl Page {
    /// Looks for a text and marks what is found.
    pub(in super::super) fn find(&self, text: &str) {
        let options = (FindOptions::CASE_INSENSITIVE | FindOptions::WRAP_AROUND).bits();
        if let Some(find) = self.view.find_controller() {
            find.count_matches(text, options, MOST);
            find.search(text, options, MOST);
        }
    }

    /// Goes to another match.
    pub(in super::super) fn find_step(&self, direction: Direction) {
        if let Some(find) = self.view.find_controller() {
            match direction {
                Direction::Forward => find.search_next(),
                Direction::Back => find.search_previous(),
            }
        }
    }

    /// Takes the marks away.
    pub(in super::super) fn find_end(&self) {
        if let Some(find) = self.view.find_controller() {
            find.search_finish();
        }
    }
}
