//! A new page is not to be seen before it has something to show: what was in its place stays.
//!
//! It is there all the same, in its place and of its size, so that it lays itself out and takes the
//! keyboard; it is drawn, but so faintly that nobody sees it. The engine tells of no first picture,
//! so the page is asked by a script in our own world.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use duotab_core::event::PageNews;
use gtk::prelude::*;
use gtk::{gio, glib};
use webkit2gtk::{LoadEvent, WebView, WebViewExt};

use super::carry::WORLD;

/// Not nothing: what is not drawn at all does not ask for its next picture either.
const FAINT: f64 = 0.01;

/// How long a page that has come may take to have something to show.
const LIMIT: Duration = Duration::from_secs(2);

/// Answers once the page has painted: something to look at, or all that it has.
const PAINTED: &str = "return new Promise((done) => {
    const shown = () => requestAnimationFrame(() => requestAnimationFrame(() => done(true)));
    if (document.readyState === 'complete') shown();
    else addEventListener('load', shown, { once: true });
    new PerformanceObserver(shown).observe({ type: 'paint', buffered: true });
})";

/// Hides what a view shows until that is something, and tells then.
pub(super) fn draw(view: &WebView, report: &Rc<dyn Fn(PageNews)>) {
    view.set_opacity(FAINT);
    let lifted = Rc::new(Cell::new(false));
    let seen = Rc::clone(&lifted);
    let told = Rc::clone(report);
    let weak = view.downgrade();
    let lift: Rc<dyn Fn()> = Rc::new(move || {
        if !lifted.replace(true)
            && let Some(view) = weak.upgrade()
        {
            view.set_opacity(1.0);
            told(PageNews::Painted);
        }
    });
    let ended = Rc::clone(&lift);
    view.connect_load_failed(move |_, _, _, _| {
        ended();
        false
    });
    let ended = Rc::clone(&lift);
    view.connect_web_process_terminated(move |_, _| ended());
    view.connect_load_changed(move |view, event| match event {
        // The pages after the first one are not asked.
        _ if seen.get() => {}
        LoadEvent::Committed => {
            let shown = Rc::clone(&lift);
            let none = gio::Cancellable::NONE;
            view.call_async_javascript_function(
                PAINTED,
                None,
                Some(WORLD),
                None,
                none,
                move |it| {
                    // One that was left before it had painted has no say.
                    if it.is_ok() {
                        shown();
                    }
                },
            );
            let late = Rc::clone(&lift);
            glib::timeout_add_local_once(LIMIT, move || late());
        }
        // Nothing has come, and nothing will.
        LoadEvent::Finished if view.uri().is_none() => lift(),
        _ => {}
    });
}
