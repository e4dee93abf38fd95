//! A server's wish for a name and a password.
//!
//! The engine's bindings have no way to give it both, but its own form has. So that is filled in and
//! pressed, before anybody has seen it. Should it ever look otherwise than known here, it stays, and
//! asks by itself.

use duotab_core::ask::{self, Answer, Question};
use gtk::glib::{Cast, IsA, ObjectExt};
use gtk::prelude::*;
use webkit2gtk::{AuthenticationRequest, AuthenticationRequestExt, AuthenticationScheme, WebView};

/// What is asked, and within the page at which address; `None` for what no name and password answer.
pub(super) fn question(request: &AuthenticationRequest, page: &str) -> Option<Question> {
    match request.scheme() {
        AuthenticationScheme::Default
        | AuthenticationScheme::HttpBasic
        | AuthenticationScheme::HttpDigest
        | AuthenticationScheme::Ntlm
        | AuthenticationScheme::Negotiate => Some(Question::Login {
            realm: request.realm().map(String::from).unwrap_or_default(),
            again: request.is_retry(),
            around: ask::around(&origin(request), page),
        }),
        _ => None,
    }
}

/// Who asks.
pub(super) fn origin(request: &AuthenticationRequest) -> String {
    let known = request.security_origin();
    let origin: String = known.map_or_else(
        || format!("{}:{}", request.host().unwrap_or_default(), request.port()),
        |known| known.to_str().into(),
    );
    // So the engine calls the port that a scheme has anyway.
    match origin.strip_suffix(":0") {
        Some(origin) => origin.to_owned(),
        None => origin,
    }
}

/// Gives the answer to the engine. Without a name, the server shows what it has for strangers.
pub(super) fn answer(view: &WebView, request: &AuthenticationRequest, answer: &Answer) {
    let _: bool = view.emit_by_name("authenticate", &[request]);
    let mut form = Form::default();
    form.look(view);
    let Form {
        name: Some(name),
        password: Some(password),
        enter: Some(enter),
        leave: Some(leave),
    } = form
    else {
        tracing::warn!("the engine asks for name and password by itself");
        return;
    };
    match answer {
        Answer::Login {
            name: said,
            password: hush,
        } => {
            name.set_text(&said.0);
            password.set_text(&hush.0);
            enter.clicked();
        }
        _ => leave.clicked(),
    }
}

/// The parts of the engine's form.
#[derive(Default)]
struct Form {
    name: Option<gtk::Entry>,
    password: Option<gtk::Entry>,
    enter: Option<gtk::Button>,
    leave: Option<gtk::Button>,
}

impl Form {
    fn look(&mut self, within: &impl IsA<gtk::Container>) {
        within.forall(|part| {
            if let Some(entry) = part.downcast_ref::<gtk::Entry>() {
                let place = if entry.property::<bool>("visibility") {
                    &mut self.name
                } else {
                    &mut self.password
                };
                place.get_or_insert_with(|| entry.clone());
            } else if part.is::<gtk::CheckButton>() {
            } else if let Some(button) = part.downcast_ref::<gtk::Button>() {
                let place = if button.can_default() {
                    &mut self.enter
                } else {
                    &mut self.leave
                };
                place.get_or_insert_with(|| button.clone());
            } else if let Some(more) = part.downcast_ref::<gtk::Container>() {
                self.look(more);
            }
        });
    }
}
