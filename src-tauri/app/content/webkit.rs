//! One page in `WebKitGTK`: what can be done to it, and the news it gives.

mod ask;
mod carry;
mod cookies;
mod failing;
mod file;
mod find;
mod history;
mod login;
mod menu;
mod picture;
mod print;
mod side;
mod signals;
mod source;
mod spelling;
mod stop;
mod trust;
mod unique;
mod veil;
mod wheel;

use std::cell::RefCell;
use std::rc::Rc;

use duotab_core::address::{SOURCE, has_unsafe_port};
use duotab_core::ask::{Answer, AskId, Wish};
use duotab_core::event::PageNews;
use duotab_core::message::TabId;
use duotab_core::proxy::PageFault;
use gtk::prelude::*;
use webkit_unbound::connect_permission_query;
use webkit2gtk::{
    BackForwardListExt, MediaCaptureState, NotificationExt, URIRequestExt, WebView, WebViewExt,
};

use super::blocking::Blocked;
use super::opened::{Opened, Route};
use super::{Door, Profile, address, desk};
use ask::Asked;
pub(super) use cookies::cookies;
use stop::Stopped;

/// The address that could not be loaded, for the next try: the engine forgets it.
type Failed = Rc<RefCell<Option<String>>>;

/// A child webview.
pub(super) struct Page {
    view: WebView,
    door: Door,
    failed: Failed,
    stopped: Stopped,
    doubted: trust::Doubted,
    asked: Rc<Asked>,
    report: Rc<dyn Fn(PageNews)>,
    route: Rc<Route>,
    show_source: source::Show,
}

/// What is decided for the site of the page that is there. The view's own address is already the next
/// page's.
fn decided(profile: &Profile, asked: &Rc<Asked>) -> impl Fn(Wish) -> Option<bool> + 'static {
    let (decided, asked) = (profile.decided.clone(), Rc::downgrade(asked));
    move |wish| decided.about(wish, &asked.upgrade()?.shown())
}

/// Has other pages that a page opens become tabs.
fn opening(
    view: &WebView,
    report: &Rc<dyn Fn(PageNews)>,
    profile: &Profile,
    opened: &Opened,
    asked: &Rc<Asked>,
) {
    let (told, profile, opened) = (Rc::clone(report), profile.clone(), opened.clone());
    let decided = decided(&profile, asked);
    view.connect_create(move |view, action| {
        let url = action.clone().request().and_then(|request| request.uri());
        let url = url.map(String::from).filter(|url| !url.is_empty());
        let url = url.unwrap_or_else(|| "about:blank".to_owned());
        if !address::may_lead(view.uri().as_deref(), &url) {
            told(PageNews::ProgramWanted {
                program: desk::program_for(&url),
                address: url,
                by_hand: action.is_user_gesture(),
            });
            return None;
        }
        if !action.is_user_gesture() && decided(Wish::Windows) != Some(true) {
            told(PageNews::WindowHeldBack { url });
            return None;
        }
        let related = |route: Rc<Route>, opened| Page::related(view, &profile, &route, &opened);
        let (target, page) = opened.keep(related);
        told(PageNews::OpenedPage {
            url,
            target: Some(target),
            foreground: true,
        });
        Some(page.view.clone().upcast())
    });
}

/// A page that looks up what it may is told what it would be told if it asked.
fn looking_up(view: &WebView, profile: &Profile, asked: &Rc<Asked>) {
    let decided = decided(profile, asked);
    connect_permission_query(view, move |name| decided(ask::wish_named(name)?));
}

/// What a page notifies of leads back to the page. One that may not any more is not heard: its process
/// goes by what it was told when it started.
fn notifying(view: &WebView, report: &Rc<dyn Fn(PageNews)>, profile: &Profile, asked: &Rc<Asked>) {
    let (told, decided) = (Rc::clone(report), decided(profile, asked));
    view.connect_show_notification(move |_, notification| {
        if decided(Wish::Notifications) == Some(false) {
            return true;
        }
        let told = Rc::clone(&told);
        notification.connect_clicked(move |_| told(PageNews::Called));
        // The engine hands it to the desktop.
        false
    });
}

/// Shows sources as pages of their own.
fn source_of(report: &Rc<dyn Fn(PageNews)>, profile: &Profile, opened: &Opened) -> source::Show {
    let (report, profile, opened) = (Rc::clone(report), profile.clone(), opened.clone());
    Rc::new(move |view| {
        let (report, profile, opened) = (Rc::clone(&report), profile.clone(), opened.clone());
        source::read(view, move |url| {
            let new = |route: Rc<Route>, opened| Page::new(&profile, &route, &opened);
            let (target, page) = opened.keep(new);
            report(PageNews::OpenedPage {
                url,
                target: Some(target),
                foreground: true,
            });
            Some(page)
        });
    })
}

impl Page {
    /// A page without an address, hidden.
    pub(super) fn new(profile: &Profile, route: &Rc<Route>, opened: &Opened) -> Rc<Self> {
        let blocked = profile.blocking.page();
        let view = WebView::builder()
            .web_context(&profile.context)
            .user_content_manager(blocked.manager())
            .settings(&profile.settings)
            .build();
        Self::over(view, blocked, profile, route, opened)
    }

    /// The same, for what `opener` opens: the two know each other, as pages may.
    fn related(
        opener: &WebView,
        profile: &Profile,
        route: &Rc<Route>,
        opened: &Opened,
    ) -> Rc<Self> {
        let blocked = profile.blocking.page();
        let view = WebView::builder()
            .related_view(opener)
            .user_content_manager(blocked.manager())
            .settings(&profile.settings)
            .build();
        Self::over(view, blocked, profile, route, opened)
    }

    fn over(
        view: WebView,
        blocked: Rc<Blocked>,
        profile: &Profile,
        route: &Rc<Route>,
        opened: &Opened,
    ) -> Rc<Self> {
        let told = Rc::clone(route);
        let report: Rc<dyn Fn(PageNews)> = Rc::new(move |news| told.tell(news));
        let failed = Failed::default();
        let stopped = Stopped::connect(&view);
        unique::connect(&view, &report);
        signals::connect(&view, &report, &failed, profile, blocked);
        let doubted = trust::connect(&view, &report, &failed);
        let asked = Asked::connect(&view, &report);
        opening(&view, &report, profile, opened, &asked);
        notifying(&view, &report, profile, &asked);
        looking_up(&view, profile, &asked);
        find::connect(&view, &report);
        wheel::connect(&view, &report);
        side::connect(&view, &report);
        spelling::connect(&view);
        let show_source = source_of(&report, profile, opened);
        menu::connect(&view, &report, Rc::clone(&show_source));
        Rc::new(Self {
            view,
            door: profile.door.clone(),
            failed,
            stopped,
            doubted,
            asked,
            report,
            route: Rc::clone(route),
            show_source,
        })
    }

    /// It has a tab now.
    pub(super) fn bind(&self, tab: TabId) {
        self.route.bind(tab);
    }

    /// What is laid into the window.
    pub(super) fn widget(&self) -> &WebView {
        &self.view
    }

    /// Goes to `url`, unless a page may not go there.
    pub(super) fn navigate(&self, url: &str) {
        self.asked.dismiss();
        // Of a source, only the page itself can be had again.
        let url = url.strip_prefix(SOURCE).unwrap_or(url);
        let (fault, detail) = if !self.door.is_open() {
            (self.door.fault(url), "the proxy does not run")
        } else if !address::may_open(url) {
            (Some(PageFault::Scheme), "address not allowed")
        } else if has_unsafe_port(url) {
            // The engine would show an empty page and say nothing.
            (Some(PageFault::UnsafePort), "port not allowed")
        } else {
            self.failed.replace(None);
            self.view.load_uri(url);
            return;
        };
        (self.report)(PageNews::Failed {
            url: url.to_owned(),
            fault,
            detail: detail.to_owned(),
        });
    }

    /// So many steps in the history.
    pub(super) fn step(&self, steps: isize) {
        let list = self.view.back_forward_list();
        let item = list.and_then(|list| list.nth_item(i32::try_from(steps).ok()?));
        if let Some(item) = item {
            self.asked.dismiss();
            self.view.go_to_back_forward_list_item(&item);
        }
    }

    /// Prints it.
    pub(super) fn print(&self) {
        print::ask(&self.view);
    }

    /// Shows its source in a tab.
    pub(super) fn show_source(&self) {
        (self.show_source)(&self.view);
    }

    /// One step back.
    pub(super) fn back(&self) {
        self.asked.dismiss();
        self.view.go_back();
    }

    /// One step forward.
    pub(super) fn forward(&self) {
        self.asked.dismiss();
        self.view.go_forward();
    }

    /// Loads again; what failed to load is tried again.
    pub(super) fn reload(&self) {
        self.reload_by(WebViewExt::reload);
    }

    /// The same, without what is kept.
    pub(super) fn reload_fresh(&self) {
        self.reload_by(WebViewExt::reload_bypass_cache);
    }

    fn reload_by(&self, way: fn(&WebView)) {
        self.asked.dismiss();
        match self.failed.take() {
            Some(url) => self.navigate(&url),
            None => way(&self.view),
        }
    }

    /// Stops loading.
    pub(super) fn stop(&self) {
        self.asked.dismiss();
        self.stopped.stop(&self.view);
    }

    /// Answers a question of the page.
    pub(super) fn answer(&self, id: AskId, answer: &Answer) {
        self.asked.answer(id, answer);
    }

    /// Nobody is to see it before it has something to show.
    pub(super) fn veil(&self) {
        veil::draw(&self.view, &self.report);
    }

    /// Zoom in percent.
    pub(super) fn zoom(&self, percent: u16) {
        self.view.set_zoom_level(f64::from(percent) / 100.0);
    }

    /// Plays no sound, or is heard again.
    pub(super) fn mute(&self, muted: bool) {
        self.view.set_is_muted(muted);
    }

    /// Takes the camera or the microphone from it.
    pub(super) fn release(&self, wish: Wish) {
        match wish {
            Wish::Camera => self.view.set_camera_capture_state(MediaCaptureState::None),
            Wish::Microphone => {
                self.view
                    .set_microphone_capture_state(MediaCaptureState::None);
            }
            // The engine takes nothing else back.
            _ => {}
        }
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
