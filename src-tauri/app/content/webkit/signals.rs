//! What the engine says about a page, turned into news.

use std::cell::Cell;
use std::rc::Rc;

use duotab_core::address::SOURCE;
use duotab_core::ask::Wish;
use duotab_core::event::PageNews;
use gtk::gdk::ModifierType;
use gtk::glib::{self, Cast, ObjectExt};
use webkit2gtk::{
    BackForwardListExt, LoadEvent, MediaCaptureState, NavigationPolicyDecision,
    NavigationPolicyDecisionExt, NavigationType, PolicyDecision, PolicyDecisionExt,
    PolicyDecisionType, URIRequestExt, URIResponseExt, WebProcessTerminationReason, WebView,
    WebViewExt,
};

use super::super::blocking::Blocked;
use super::super::{Door, Profile, address, desk, favicon};
use super::{Failed, failing, file, history};

type Report = Rc<dyn Fn(PageNews)>;

/// Listens to all that the shell must know of the page.
pub(super) fn connect(
    view: &WebView,
    report: &Report,
    failed: &Failed,
    profile: &Profile,
    blocked: Rc<Blocked>,
) {
    let door = &profile.door;
    paint(view, report);
    arriving(view, &blocked);
    loading(view, report);
    failing::connect(view, report, failed, door);
    opening(view, report, failed, door, blocked);
    ending(view, report);
    occupied(view, report);
    let told = Rc::clone(report);
    view.connect_notify_local(Some("is-playing-audio"), move |view, _| {
        told(PageNews::Audible(view.is_playing_audio()));
    });
    let told = Rc::clone(report);
    view.connect_notify_local(Some("is-muted"), move |view, _| {
        told(PageNews::Muted(view.is_muted()));
    });
}

/// Sound, camera, microphone and screen, all as one, and the camera and the microphone by name.
fn occupied(view: &WebView, report: &Report) {
    for property in [
        "is-playing-audio",
        "camera-capture-state",
        "microphone-capture-state",
        "display-capture-state",
    ] {
        let told = Rc::clone(report);
        view.connect_notify_local(Some(property), move |view, _| {
            let uses = [
                (Wish::Camera, view.camera_capture_state()),
                (Wish::Microphone, view.microphone_capture_state()),
            ];
            let of = |state| state != MediaCaptureState::None;
            let uses: Vec<_> = uses
                .into_iter()
                .filter_map(|(wish, state)| of(state).then_some(wish))
                .collect();
            let captures = !uses.is_empty() || of(view.display_capture_state());
            told(PageNews::Occupied(captures || view.is_playing_audio()));
            told(PageNews::Uses(uses));
        });
    }
}

fn paint(view: &WebView, report: &Report) {
    let told = Rc::clone(report);
    view.connect_title_notify(move |view| {
        told(PageNews::Title(
            view.title().map(String::from).unwrap_or_default(),
        ));
        history::news(view).into_iter().for_each(&*told);
    });
    let told = Rc::clone(report);
    view.connect_favicon_notify(move |view| {
        told(PageNews::Favicon(
            view.favicon().and_then(favicon::data_url),
        ));
    });
    let told = Rc::clone(report);
    view.connect_uri_notify(move |view| history::news(view).into_iter().for_each(&*told));
    if let Some(list) = view.back_forward_list() {
        let told = Rc::clone(report);
        let view = view.downgrade();
        list.connect_local("changed", true, move |_| {
            let view = view.upgrade()?;
            history::news(&view).into_iter().for_each(&*told);
            None
        });
    }
}

fn loading(view: &WebView, report: &Report) {
    let told = Rc::clone(report);
    view.connect_is_loading_notify(move |view| told(PageNews::Loading(view.is_loading())));
    let told = Rc::clone(report);
    view.connect_load_changed(move |view, event| {
        if event == LoadEvent::Committed {
            told(PageNews::Committed);
            history::news(view).into_iter().for_each(&*told);
        }
    });
    let told = Rc::clone(report);
    let last = Cell::new(0);
    view.connect_estimated_load_progress_notify(move |view| {
        let percent = percent(view.estimated_load_progress());
        if view.is_loading() && last.replace(percent) != percent {
            told(PageNews::Progress(percent));
        }
    });
}

/// In steps that an eye can tell apart: each is painted.
fn percent(progress: f64) -> u8 {
    let mut percent = 0;
    while percent < 100 && f64::from(percent + 5) / 100.0 <= progress {
        percent += 5;
    }
    percent
}

/// Pages that come back as they were left have no answer of a server.
fn arriving(view: &WebView, blocked: &Rc<Blocked>) {
    let blocked = Rc::clone(blocked);
    view.connect_load_changed(move |view, event| {
        if event == LoadEvent::Committed {
            blocked.at(&view.uri().unwrap_or_default());
        }
    });
}

fn opening(view: &WebView, report: &Report, failed: &Failed, door: &Door, blocked: Rc<Blocked>) {
    let told = Rc::clone(report);
    let kept = Rc::clone(failed);
    let way = door.clone();
    view.connect_decide_policy(move |view, decision, kind| match kind {
        PolicyDecisionType::NavigationAction | PolicyDecisionType::NewWindowAction => {
            decide(view, decision, &told)
        }
        PolicyDecisionType::Response => {
            let taken =
                failing::refuse(decision, &told, &kept, &way) || file::keep(view, decision, &told);
            if !taken
                && let Some(url) = failing::of_the_page(decision).and_then(|answer| answer.uri())
            {
                // Before the engine goes on: what the page loads comes after this answer.
                blocked.at(&url);
            }
            taken
        }
        _ => false,
    });
}

/// Takes a navigation in hand that the engine must not do; `false` leaves it to the engine.
fn decide(view: &WebView, decision: &PolicyDecision, report: &Report) -> bool {
    let Some(navigation) = decision.downcast_ref::<NavigationPolicyDecision>() else {
        return false;
    };
    let Some(action) = navigation.navigation_action() else {
        return false;
    };
    let url = action.request().and_then(|request| request.uri());
    let control = ModifierType::CONTROL_MASK.bits();
    let aside = action.navigation_type() == NavigationType::LinkClicked
        && (action.mouse_button() == 2 || action.modifiers() & control != 0);
    if aside {
        open(view, report, url, false);
        decision.ignore();
        return true;
    }
    // A source that we show has such an address, in a view that has shown nothing yet. Where a page
    // went to one, the engine could not load it, and the tab would show an error in the page's place.
    let shown = action.navigation_type() == NavigationType::Other
        && url.as_deref().is_some_and(|url| url.starts_with(SOURCE))
        && view
            .back_forward_list()
            .is_none_or(|list| list.current_item().is_none());
    if !shown && !url.as_deref().is_some_and(address::may_hold) {
        decision.ignore();
        if let Some(address) = url {
            report(PageNews::ProgramWanted {
                program: desk::program_for(&address),
                address: address.into(),
                by_hand: action.is_user_gesture(),
            });
        }
        return true;
    }
    false
}

fn open(view: &WebView, report: &Report, url: Option<glib::GString>, foreground: bool) {
    // An empty window that a script fills later cannot be had without its opener.
    if let Some(url) = url.filter(|url| address::may_lead(view.uri().as_deref(), url)) {
        report(PageNews::OpenedPage {
            url: url.into(),
            target: None,
            foreground,
        });
    }
}

fn ending(view: &WebView, report: &Report) {
    let told = Rc::clone(report);
    view.connect_close(move |_| told(PageNews::Closed));
    let told = Rc::clone(report);
    view.connect_web_process_terminated(move |_, reason| {
        told(if reason == WebProcessTerminationReason::TerminatedByApi {
            PageNews::Stopped
        } else {
            PageNews::Crashed
        });
    });
}
