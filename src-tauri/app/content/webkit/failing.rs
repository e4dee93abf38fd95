//! Pages that do not come, and why.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use duotab_core::address::has_unsafe_port;
use duotab_core::event::PageNews;
use duotab_core::proxy::{Failure, PageFault};
use gtk::gio;
use gtk::glib::{self, Cast};
use soup::SessionError;
use webkit2gtk::{
    LoadEvent, NavigationPolicyDecision, NavigationPolicyDecisionExt, NetworkError, PolicyDecision,
    PolicyDecisionExt, PolicyError, ResponsePolicyDecision, ResponsePolicyDecisionExt,
    URIRequestExt, URIResponse, URIResponseExt, WebResourceExt, WebView, WebViewExt,
};

use super::super::Door;
use super::Failed;

type Report = Rc<dyn Fn(PageNews)>;

/// Listens to all that keeps a page from coming.
pub(super) fn connect(view: &WebView, report: &Report, failed: &Failed, door: &Door) {
    // Where a load that is under way goes, redirects followed.
    let goal: Rc<RefCell<String>> = Rc::default();
    let (told, kept, under_way) = (Rc::clone(report), Rc::clone(failed), Rc::clone(&goal));
    view.connect_load_changed(move |view, event| match event {
        LoadEvent::Started | LoadEvent::Redirected => {
            let url = view.uri().map(String::from).unwrap_or_default();
            if event == LoadEvent::Started || is_of_the_web(&url) {
                under_way.replace(url);
            }
        }
        LoadEvent::Committed => {
            kept.replace(None);
        }
        LoadEvent::Finished if kept.borrow().is_none() => tell_if_empty(view, &told, &kept),
        _ => {}
    });

    let again = Again::connect(view);
    let (told, kept, way) = (Rc::clone(report), Rc::clone(failed), door.clone());
    view.connect_load_failed(move |view, _, url, error| {
        if is_no_failure(error) || again.tries(view, url, error) {
            return true;
        }
        let goal = goal.borrow();
        let misled = is_of_the_web(&goal) && !is_of_the_web(url);
        let fault = if misled {
            Some(PageFault::BadRedirect)
        } else {
            way.fault(url).or_else(|| fault(error, url))
        };
        // Of what the proxy knows better, the engine sees a connection that ends.
        let way = matches!(fault, Some(PageFault::Way { .. }));
        let detail = if way { "" } else { error.message() };
        // What was sent to is no address that the tab could have; trying again begins at the site.
        let url = if misled { &*goal } else { url };
        tell(&told, &kept, url, fault, detail);
        // The shell says what is wrong; the engine's own error page would say it twice.
        true
    });
}

/// Loads that ended without a reason: the engine can lose it with the connection, and the next try
/// has it.
#[derive(Default)]
struct Again {
    /// What was tried once more, and has not come since.
    tried: RefCell<Option<String>>,
    /// What goes on now sends a form, which is not sent twice.
    sends: Cell<bool>,
}

impl Again {
    fn connect(view: &WebView) -> Rc<Self> {
        let new = Rc::new(Self::default());
        let again = Rc::clone(&new);
        view.connect_load_changed(move |_, event| {
            if event == LoadEvent::Committed {
                again.tried.replace(None);
            }
        });
        let again = Rc::clone(&new);
        view.connect_decide_policy(move |_, decision, _| {
            let navigation = decision.downcast_ref::<NavigationPolicyDecision>();
            let action = navigation.and_then(|it| it.navigation_action());
            if let Some(request) = action.and_then(|action| action.request()) {
                let method = request.http_method();
                again.sends.set(method.is_some_and(|it| it != "GET"));
            }
            false
        });
        new
    }

    fn tries(&self, view: &WebView, url: &str, error: &glib::Error) -> bool {
        if !error.matches(gio::IOErrorEnum::Cancelled) || self.sends.get() {
            return false;
        }
        if self.tried.replace(Some(url.to_owned())).as_deref() == Some(url) {
            return false;
        }
        let (view, url) = (view.clone(), url.to_owned());
        // Once the engine is done with the one that failed.
        glib::idle_add_local_once(move || view.load_uri(&url));
        true
    }
}

pub(super) fn tell(
    report: &Report,
    failed: &Failed,
    url: &str,
    fault: Option<PageFault>,
    detail: &str,
) {
    failed.replace(Some(url.to_owned()));
    report(PageNews::Failed {
        url: url.to_owned(),
        fault,
        detail: detail.to_owned(),
    });
}

/// An error that comes without a page would leave the tab white.
fn tell_if_empty(view: &WebView, report: &Report, failed: &Failed) {
    let Some(resource) = view.main_resource() else {
        return;
    };
    let answer = resource.response();
    let status = answer.and_then(|answer| u16::try_from(answer.status_code()).ok());
    let (Some(status @ 400..), Some(url)) = (status, resource.uri()) else {
        return;
    };
    let (told, kept, view) = (Rc::clone(report), Rc::clone(failed), view.clone());
    let asked = resource.clone();
    resource.data(gio::Cancellable::NONE, move |data| {
        // Of no bytes at all the engine makes one that is zero.
        let is_blank = |byte: &u8| *byte == 0 || byte.is_ascii_whitespace();
        let is_empty = data.is_ok_and(|data| data.iter().all(is_blank));
        let is_shown = view.main_resource().as_ref() == Some(&asked);
        if is_empty && is_shown && kept.borrow().is_none() {
            let fault = PageFault::Empty {
                status: Some(status),
            };
            tell(&told, &kept, &url, Some(fault), &format!("HTTP {status}"));
        }
    });
}

/// A load that was stopped, replaced by another, or became a download.
fn is_no_failure(error: &glib::Error) -> bool {
    error.matches(NetworkError::Cancelled)
        || error.matches(PolicyError::FrameLoadInterruptedByPolicyChange)
}

fn is_of_the_web(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// What the engine's own error says, by its kind: its text is in the person's language.
fn fault(error: &glib::Error, url: &str) -> Option<PageFault> {
    let way = |failure| Some(PageFault::Way { failure });
    if error.matches(PolicyError::CannotUseRestrictedPort) && has_unsafe_port(url) {
        return Some(PageFault::UnsafePort);
    }
    if error.matches(PolicyError::CannotShowUri) {
        return Some(PageFault::BadRedirect);
    }
    if let Some(error) = error.kind::<gio::IOErrorEnum>() {
        use gio::IOErrorEnum as Kind;
        return match error {
            Kind::NotFound | Kind::PermissionDenied if url.starts_with("file:") => {
                Some(PageFault::NoFile)
            }
            Kind::PartialInput | Kind::BrokenPipe => way(Failure::ClosedEarly),
            _ => None,
        };
    }
    if error.kind::<gio::TlsError>().is_some() {
        return Some(PageFault::Encryption);
    }
    if let Some(error) = error.kind::<SessionError>() {
        return matches!(error, SessionError::Parsing | SessionError::Encoding).then_some(
            PageFault::Way {
                failure: Failure::BadAnswer,
            },
        );
    }
    // What the engine counts by itself has no kind at all.
    (error.domain().as_str().is_empty() && is_of_the_web(url)).then_some(PageFault::RedirectLoop)
}

/// The answer that a page itself comes in, and none of what is within it.
pub(super) fn of_the_page(decision: &PolicyDecision) -> Option<URIResponse> {
    decision
        .downcast_ref::<ResponsePolicyDecision>()
        .filter(|decision| decision.is_main_frame_main_resource())
        .and_then(ResponsePolicyDecisionExt::response)
}

/// Takes the proxy's own answer for what it is: no page of the site.
pub(super) fn refuse(
    decision: &PolicyDecision,
    report: &Report,
    failed: &Failed,
    door: &Door,
) -> bool {
    let Some(response) = of_the_page(decision).filter(|response| response.status_code() >= 400)
    else {
        return false;
    };
    let Some((fault, url)) = response
        .uri()
        .and_then(|url| Some((door.fault(&url)?, url)))
    else {
        return false;
    };
    decision.ignore();
    let detail = format!("HTTP {} of the proxy", response.status_code());
    tell(report, failed, &url, Some(fault), &detail);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<T: glib::error::ErrorDomain>(kind: T, url: &str) -> Option<PageFault> {
        fault(&glib::Error::new(kind, "words in any language"), url)
    }

    #[test]
    fn the_kind_of_an_error_says_what_happened() {
        let (site, file) = ("http://a.test:9/", "file:///a");
        let way = |failure| Some(PageFault::Way { failure });
        let port = PolicyError::CannotUseRestrictedPort;
        assert_eq!(of(port, site), Some(PageFault::UnsafePort));
        assert_eq!(of(port, "http://a.test/"), None);
        assert_eq!(
            of(PolicyError::CannotShowUri, site),
            Some(PageFault::BadRedirect)
        );
        let not_found = gio::IOErrorEnum::NotFound;
        assert_eq!(of(not_found, file), Some(PageFault::NoFile));
        assert_eq!(of(not_found, site), None);
        let cut = gio::IOErrorEnum::PartialInput;
        assert_eq!(of(cut, site), way(Failure::ClosedEarly));
        let handshake = gio::TlsError::Handshake;
        assert_eq!(of(handshake, site), Some(PageFault::Encryption));
        assert_eq!(of(SessionError::Parsing, site), way(Failure::BadAnswer));
        assert_eq!(of(SessionError::TooManyRestarts, site), None);
    }
}
