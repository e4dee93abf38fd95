//! Whether a page has what could not be had again: what was typed into it, or the answer to a form.
//!
//! What is typed is seen as the engine's own events, in every frame: a text that is no field's, in a
//! frame or behind a shadow root, is nowhere to be looked for, and a script may call any of it its own.

use std::cell::Cell;
use std::rc::Rc;

use duotab_core::event::PageNews;
use gtk::glib::Cast;
use webkit2gtk::{
    LoadEvent, PolicyDecision, PolicyDecisionType, ResponsePolicyDecision,
    ResponsePolicyDecisionExt, URIRequestExt, UserContentInjectedFrames, UserContentManagerExt,
    UserScript, UserScriptInjectionTime, WebView, WebViewExt,
};

use super::carry::WORLD;

const SCRIPT: &str = include_str!("typed.js");
/// The name that the script calls.
const TYPED: &str = "typed";

/// Listens to both.
pub(super) fn connect(view: &WebView, report: &Rc<dyn Fn(PageNews)>) {
    let Some(manager) = view.user_content_manager() else {
        return;
    };
    let told = Rc::clone(report);
    manager.connect_script_message_received(Some(TYPED), move |_, _| told(PageNews::Unique(true)));
    if !manager.register_script_message_handler_in_world(TYPED, WORLD) {
        tracing::warn!("what is typed into a page is not seen");
    }
    let (frames, start) = (
        UserContentInjectedFrames::AllFrames,
        UserScriptInjectionTime::Start,
    );
    manager.add_script(&UserScript::for_world(
        SCRIPT,
        frames,
        start,
        WORLD,
        &[],
        &[],
    ));

    let answers = Rc::new(Cell::new(false));
    let coming = Rc::clone(&answers);
    view.connect_decide_policy(move |_, decision, kind| {
        if kind == PolicyDecisionType::Response
            && let Some(is_answer) = is_answer(decision)
        {
            coming.set(is_answer);
        }
        false
    });
    let told = Rc::clone(report);
    view.connect_load_changed(move |_, event| {
        if event == LoadEvent::Committed {
            told(PageNews::Unique(answers.take()));
        }
    });
}

/// Whether what a page comes in answers a form that was posted; `None` for what is within a page.
fn is_answer(decision: &PolicyDecision) -> Option<bool> {
    let decision = decision.downcast_ref::<ResponsePolicyDecision>()?;
    if !decision.is_main_frame_main_resource() {
        return None;
    }
    let method = decision.request()?.http_method()?;
    Some(method.eq_ignore_ascii_case("POST"))
}
