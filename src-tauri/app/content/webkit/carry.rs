//! What a page takes along into its next self.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use duotab_core::carry::{Order, Storage};
use duotab_core::leave;
use duotab_core::site::origin_of;
use gtk::gio;
use webkit2gtk::{
    LoadEvent, UserContentInjectedFrames, UserContentManagerExt, UserScript,
    UserScriptInjectionTime, WebViewExt,
};

use super::Page;

/// The world of our scripts, out of the page's reach.
pub(super) const WORLD: &str = "duotab";

impl Page {
    /// Has the page say or take it. Nobody waits for a page that does not answer.
    pub(in super::super) fn carry(&self, order: Order) {
        let (script, report) = (order.script(), Rc::clone(&self.report));
        let heard = move |answer: Option<String>| {
            answer
                .and_then(|answer| order.heard(&answer))
                .into_iter()
                .for_each(&*report);
        };
        let none = gio::Cancellable::NONE;
        self.view
            .evaluate_javascript(&script, Some(WORLD), None, none, move |answer| {
                heard(answer.ok().map(|value| value.to_string()));
            });
    }

    /// Has the first page of the site find what that kept in the tab. Only that one: a page that clears
    /// all of it and goes on to another is not to find it again.
    pub(in super::super) fn restore(&self, kept: &Storage) {
        let Some(manager) = self.view.user_content_manager() else {
            return;
        };
        let (frames, start) = (
            UserContentInjectedFrames::TopFrame,
            UserScriptInjectionTime::Start,
        );
        let script = UserScript::for_world(&kept.script(), frames, start, WORLD, &[], &[]);
        manager.add_script(&script);
        // A load that fails ends without a page, and one may lead by another site, to log in there: the
        // next try is to find it.
        let (given, site) = (RefCell::new(Some(script)), origin_of(&kept.url));
        let is_there = Cell::new(false);
        self.view
            .connect_load_changed(move |view, event| match event {
                LoadEvent::Committed => {
                    is_there.set(origin_of(&view.uri().unwrap_or_default()) == site)
                }
                LoadEvent::Started | LoadEvent::Finished if is_there.get() => {
                    if let Some(script) = given.take() {
                        manager.remove_script(&script);
                    }
                }
                _ => {}
            });
    }

    /// Has the page say whether something would be lost if it were closed.
    pub(in super::super) fn may_close(&self) {
        let report = Rc::clone(&self.report);
        let none = gio::Cancellable::NONE;
        let (script, world) = (leave::SCRIPT, Some(WORLD));
        self.view
            .evaluate_javascript(script, world, None, none, move |answer| {
                let answer = answer.map(|value| value.to_string());
                report(leave::heard(&answer.unwrap_or_default()));
            });
    }
}
