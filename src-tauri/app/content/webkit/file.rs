//! What is no page, and becomes a file.

use std::cell::RefCell;
use std::rc::Rc;

use duotab_core::event::PageNews;
use gtk::glib::{Cast, ObjectExt, SignalHandlerId};
use webkit2gtk::{
    BackForwardListExt, Download, DownloadExt, PolicyDecision, PolicyDecisionExt,
    ResponsePolicyDecision, ResponsePolicyDecisionExt, URIResponseExt, WebContextExt, WebView,
    WebViewExt,
};

type Report = Rc<dyn Fn(PageNews)>;

/// Has what is no page become a file; `true` if it does.
pub(super) fn keep(view: &WebView, decision: &PolicyDecision, report: &Report) -> bool {
    let Some(decision) = decision.downcast_ref::<ResponsePolicyDecision>() else {
        return false;
    };
    let attached = decision
        .response()
        .and_then(|response| response.http_headers()?.one("Content-Disposition"))
        .is_some_and(|says| {
            let kind = says.split(';').next().unwrap_or_default();
            kind.trim().eq_ignore_ascii_case("attachment")
        });
    if !attached && decision.is_mime_type_supported() {
        return false;
    }
    if !attached && !decision.is_main_frame_main_resource() {
        return false;
    }
    let shows_nothing = view
        .back_forward_list()
        .is_none_or(|list| list.current_item().is_none());
    if shows_nothing {
        let told = Rc::clone(report);
        when_it_stands_alone(view, move || told(PageNews::BecameFile));
    }
    decision.download();
    true
}

/// Calls `then` as soon as the view's next download no longer needs the view: the engine hands the
/// transfer on from the page, and gives it up if the page goes before.
fn when_it_stands_alone(view: &WebView, then: impl Fn() + 'static) {
    let Some(context) = view.web_context() else {
        return;
    };
    let then: Rc<dyn Fn()> = Rc::new(then);
    let view = view.downgrade();
    let begun: Rc<RefCell<Option<SignalHandlerId>>> = Rc::default();
    let connected = Rc::clone(&begun);
    let id = context.connect_download_started(move |context, download| {
        let ours = view.upgrade();
        if ours.is_some() && download.web_view() != ours {
            return;
        }
        if let Some(id) = connected.take() {
            context.disconnect(id);
        }
        if ours.is_some() {
            watch(download, &then);
        }
    });
    begun.replace(Some(id));
}

fn watch(download: &Download, then: &Rc<dyn Fn()>) {
    let call = Rc::clone(then);
    download.connect_created_destination(move |_, _| call());
    let call = Rc::clone(then);
    // Also comes after a failure. A page that has gone by then is told nothing.
    download.connect_finished(move |_| call());
}
