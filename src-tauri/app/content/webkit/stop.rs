//! A load that the person does not wait for: by the button or by Escape, as everywhere.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gtk::gdk::ModifierType;
use gtk::gdk::keys::constants::Escape;
use gtk::gio;
use gtk::glib::Propagation;
use gtk::prelude::*;
use webkit2gtk::{InputMethodContextExt, LoadEvent, WebView, WebViewExt};

/// The address whose load was stopped, until it has ended or another page is there.
#[derive(Clone, Default)]
pub(super) struct Stopped(Rc<RefCell<Option<String>>>);

impl Stopped {
    /// To be connected before whatever listens to failures: a load that has hardly begun ends as one
    /// that the engine lost, which would be tried once more.
    pub(super) fn connect(view: &WebView) -> Self {
        let new = Self::default();
        let stopped = new.clone();
        view.connect_load_failed(move |_, _, url, error| {
            let stopped = stopped.0.take();
            error.matches(gio::IOErrorEnum::Cancelled) && stopped.as_deref() == Some(url)
        });
        let stopped = new.clone();
        view.connect_load_changed(move |_, event| {
            if event == LoadEvent::Committed {
                stopped.0.replace(None);
            }
        });
        let (fills_screen, composes) = (filling(view), composing(view));
        let stopped = new.clone();
        view.connect_key_press_event(move |view, event| {
            let chord =
                ModifierType::CONTROL_MASK | ModifierType::SHIFT_MASK | ModifierType::MOD1_MASK;
            let is_escape = event.keyval() == Escape && !event.state().intersects(chord);
            // It leads out of a full screen or a word that is being composed, and then no further.
            let leads_out = fills_screen.get() || composes.get();
            if is_escape && view.is_loading() && !leads_out {
                stopped.stop(view);
            }
            // The page sees the key all the same.
            Propagation::Proceed
        });
        new
    }

    /// Stops what is loading.
    pub(super) fn stop(&self, view: &WebView) {
        if view.is_loading() {
            self.0.replace(view.uri().map(String::from));
        }
        view.stop_loading();
    }
}

/// Whether a part of the page fills the screen.
fn filling(view: &WebView) -> Rc<Cell<bool>> {
    let new: Rc<Cell<bool>> = Rc::default();
    let fills = Rc::clone(&new);
    view.connect_enter_fullscreen(move |_| {
        fills.set(true);
        false
    });
    let fills = Rc::clone(&new);
    view.connect_leave_fullscreen(move |_| {
        fills.set(false);
        false
    });
    new
}

/// Whether a word is being composed in the page by an input method.
fn composing(view: &WebView) -> Rc<Cell<bool>> {
    let new: Rc<Cell<bool>> = Rc::default();
    if let Some(method) = view.input_method_context() {
        let composes = Rc::clone(&new);
        method.connect_preedit_started(move |_| composes.set(true));
        let composes = Rc::clone(&new);
        method.connect_preedit_finished(move |_| composes.set(false));
    }
    new
}
