//! One page in `WebKitGTK`: what can be done to it, and the news it gives.

mod history;
mod signals;

use std::cell::RefCell;
use std::rc::Rc;

use duotab_core::event::PageNews;
use gtk::prelude::*;
use webkit2gtk::{WebView, WebViewExt};

use super::{Door, Profile, address};

/// The address that could not be loaded, for the next try: the engine forgets it.
type Failed = Rc<RefCell<Option<String>>>;

/// A child webview.
pub(super) struct Page {
    view: WebView,
    door: Door,
    failed: Failed,
    report: Rc<dyn Fn(PageNews)>,
}

impl Page {
    /// A page without an address, hidden.
    pub(super) fn new(profile: &Profile, report: impl Fn(PageNews) + 'static) -> Self {
        let report: Rc<dyn Fn(PageNews)> = Rc::new(report);
        let view = WebView::builder()
            .web_context(&profile.context)
            .settings(&profile.settings)
            .build();
        let failed = Failed::default();
        signals::connect(&view, &report, &failed, &profile.door);
        Self {
            view,
            door: profile.door.clone(),
            failed,
            report,
        }
    }

    /// What is laid into the window.
    pub(super) fn widget(&self) -> &WebView {
        &self.view
    }

    /// Goes to `url`, unless a page may not go there.
    pub(super) fn navigate(&self, url: &str) {
        let refused = if !self.door.is_open() {
            "the proxy does not run"
        } else if !address::may_open(url) {
            "address not allowed"
        } else {
            self.failed.replace(None);
            self.view.load_uri(url);
            return;
        };
        (self.report)(PageNews::Failed {
            url: url.to_owned(),
            fault: (!self.door.is_open())
                .then(|| self.door.fault(url))
                .flatten(),
            detail: refused.to_owned(),
        });
    }

    /// One step back.
    pub(super) fn back(&self) {
        self.view.go_back();
    }

    /// One step forward.
    pub(super) fn forward(&self) {
        self.view.go_forward();
    }

    /// Loads again; what failed to load is tried again.
    pub(super) fn reload(&self) {
        match self.failed.take() {
            Some(url) => self.navigate(&url),
            None => self.view.reload(),
        }
    }

    /// Stops loading.
    pub(super) fn stop(&self) {
        self.view.stop_loading();
    }

    /// Zoom in percent.
    pub(super) fn zoom(&self, percent: u16) {
        self.view.set_zoom_level(f64::from(percent) / 100.0);
    }

    /// Makes it visible.
    pub(super) fn show(&self) {
        self.view.show();
    }

    /// Makes it invisible; the engine slows a hidden page down.
    pub(super) fn hide(&self) {
        self.view.hide();
    }

    /// Gives it the keyboard.
    pub(super) fn focus(&self) {
        self.view.grab_focus();
    }
}
