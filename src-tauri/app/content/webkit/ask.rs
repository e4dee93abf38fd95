//! What a page asks the person. The engine would ask in windows of its own; here it waits, that
//! page alone, until the shell has brought the answer.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use duotab_core::ask::{self, Answer, Ask, AskId, Question, Wish};
use duotab_core::event::PageNews;
use gtk::gio;
use gtk::glib::{self, Cast, ObjectExt};
use webkit2gtk::{
    AuthenticationRequest, AuthenticationRequestExt, GeolocationPermissionRequest, LoadEvent,
    NotificationPermissionRequest, PermissionRequest, PermissionRequestExt,
    PointerLockPermissionRequest, ScriptDialog, ScriptDialogType, UserMediaPermissionRequest,
    UserMediaPermissionRequestExt, WebView, WebViewExt, WebsiteDataAccessPermissionRequest,
};

use super::super::Door;
use super::carry::WORLD;
use super::login;

/// How long a page that hangs is waited for before the person is asked again.
const PATIENCE: Duration = Duration::from_secs(10);

/// A question in the engine's hands.
enum Open {
    Permission(PermissionRequest),
    Dialog(ScriptDialog),
    Login(AuthenticationRequest),
    /// The page answers nothing at all.
    Hung(glib::WeakRef<WebView>),
}

/// The open questions of one page.
pub(super) struct Asked {
    report: Rc<dyn Fn(PageNews)>,
    open: RefCell<BTreeMap<AskId, Open>>,
    /// The address of the page that is there. The view's own is already that of the next page
    /// while this one still runs.
    shown: RefCell<String>,
    view: glib::WeakRef<WebView>,
    /// The engine's own form is being filled in.
    answers_login: Cell<bool>,
    /// The page has answered nothing for a while.
    hangs: Cell<bool>,
}

thread_local! {
    /// One row for all pages: a tab's next page must not be given the answer to its last one.
    static LAST: Cell<u32> = const { Cell::new(0) };
}

impl Drop for Asked {
    fn drop(&mut self) {
        for (_, open) in std::mem::take(self.open.get_mut()) {
            open.answer(&Answer::No { always: false });
        }
    }
}

impl Asked {
    /// Has all questions of a page come here.
    pub(super) fn connect(view: &WebView, report: &Rc<dyn Fn(PageNews)>) -> Rc<Self> {
        let asked = Rc::new(Self {
            report: Rc::clone(report),
            open: RefCell::default(),
            shown: RefCell::default(),
            view: view.downgrade(),
            answers_login: Cell::new(false),
            hangs: Cell::new(false),
        });
        let weak = Rc::downgrade(&asked);
        view.connect_permission_request(move |_, request| {
            match (weak.upgrade(), wishes(request)) {
                (Some(asked), Some(wishes)) => {
                    let question = Question::Permission { wishes };
                    asked.ask(question, Open::Permission(request.clone()));
                }
                // Nobody could say what it means, or nobody is there.
                _ => request.deny(),
            }
            true
        });
        let weak = Rc::downgrade(&asked);
        view.connect_script_dialog(move |_, dialog| {
            let Some(asked) = weak.upgrade() else {
                return false;
            };
            asked.ask(question(dialog), Open::Dialog(dialog.clone()));
            true
        });
        let weak = Rc::downgrade(&asked);
        view.connect_authenticate(move |view, request| {
            if Door::keep(request) {
                return true;
            }
            // What is typed is kept for as long as the app runs, by the engine and nowhere else.
            request.set_can_save_credentials(false);
            let asked = weak.upgrade().filter(|it| !it.answers_login.get());
            // The engine's own form.
            let Some(asked) = asked else { return false };
            let page = asked.page_around(view, request);
            let Some(question) = login::question(request, &page) else {
                return false;
            };
            asked.ask_login(question, request);
            true
        });
        let weak = Rc::downgrade(&asked);
        view.connect_is_web_process_responsive_notify(move |view| {
            if let Some(asked) = weak.upgrade() {
                asked.responds(view);
            }
        });
        let weak = Rc::downgrade(&asked);
        view.connect_load_changed(move |view, event| {
            // The page that asked is going, or has gone.
            if matches!(event, LoadEvent::Started | LoadEvent::Committed)
                && let Some(asked) = weak.upgrade()
            {
                asked.dismiss();
                if event == LoadEvent::Committed {
                    asked.hangs.set(false);
                    asked
                        .shown
                        .replace(view.uri().map(String::from).unwrap_or_default());
                }
            }
        });
        asked
    }

    /// The address of the page that is there.
    pub(super) fn shown(&self) -> String {
        self.shown.borrow().clone()
    }

    /// Whether the page answers has changed, as far as the engine knows: a page that goes out of
    /// sight counts as one that does, until it is asked for something.
    fn responds(self: &Rc<Self>, view: &WebView) {
        if !view.is_web_process_responsive() {
            self.hangs.set(true);
            self.ask_whether_to_stop();
        } else if self.hangs.get() {
            let weak = Rc::downgrade(self);
            let none = gio::Cancellable::NONE;
            view.evaluate_javascript("", Some(WORLD), None, none, move |_| {
                if let Some(asked) = weak.upgrade() {
                    asked.answers_again();
                }
            });
        }
    }

    fn ask_whether_to_stop(&self) {
        // A page that waits for an answer does nothing else.
        let waits = |open: &Open| matches!(open, Open::Dialog(_) | Open::Hung(_));
        if !self.open.borrow().values().any(waits) {
            self.ask(Question::Hung, Open::Hung(self.view.clone()));
        }
    }

    fn answers_again(&self) {
        self.hangs.set(false);
        let is_about = |open: &mut Open| matches!(open, Open::Hung(_));
        let mut open = self.open.borrow_mut();
        let gone: Vec<_> = open.extract_if(.., |_, open| is_about(open)).collect();
        drop(open);
        for (id, _) in gone {
            (self.report)(PageNews::AskGone(id));
        }
    }

    fn ask(&self, question: Question, open: Open) {
        let origin = origin(&self.shown.borrow());
        self.ask_of(&origin, question, open);
    }

    fn ask_of(&self, origin: &str, question: Question, open: Open) -> AskId {
        let id = LAST.with(|last| {
            last.set(last.get().wrapping_add(1));
            AskId(last.get())
        });
        self.open.borrow_mut().insert(id, open);
        (self.report)(PageNews::Asks(Ask::new(id, origin, question)));
        id
    }

    /// The page that a server may ask within: the one that is there, unless the next one asks.
    fn page_around(&self, view: &WebView, request: &AuthenticationRequest) -> String {
        let next = view.uri().map(String::from).unwrap_or_default();
        match ask::around(&login::origin(request), &next) {
            Some(_) => self.shown.borrow().clone(),
            None => next,
        }
    }

    /// It is the server that asks, which may be another one than the page's.
    fn ask_login(self: &Rc<Self>, question: Question, request: &AuthenticationRequest) {
        let open = Open::Login(request.clone());
        let id = self.ask_of(&login::origin(request), question, open);
        let weak = Rc::downgrade(self);
        request.connect_cancelled(move |_| {
            if let Some(asked) = weak.upgrade()
                && asked.open.borrow_mut().remove(&id).is_some()
            {
                (asked.report)(PageNews::AskGone(id));
            }
        });
    }

    /// The person has answered.
    pub(super) fn answer(self: &Rc<Self>, id: AskId, answer: &Answer) {
        // Taken out first: the answer may bring the next question.
        let open = self.open.borrow_mut().remove(&id);
        match (open, self.view.upgrade()) {
            (Some(Open::Login(request)), Some(view)) => {
                self.answers_login.set(true);
                login::answer(&view, &request, answer);
                self.answers_login.set(false);
            }
            (Some(open @ Open::Hung(_)), _) => {
                open.answer(answer);
                self.look_again();
            }
            (Some(open), _) => open.answer(answer),
            (None, _) => {}
        }
    }

    /// The engine tells once that a page hangs; whoever waits for it is asked once more.
    fn look_again(self: &Rc<Self>) {
        let weak = Rc::downgrade(self);
        glib::timeout_add_local_once(PATIENCE, move || {
            if let Some(asked) = weak.upgrade().filter(|it| it.hangs.get()) {
                asked.ask_whether_to_stop();
            }
        });
    }

    /// Puts all questions away: the page that asked them is to go.
    pub(super) fn dismiss(&self) {
        let open = self.open.take();
        for (id, open) in open {
            open.answer(&Answer::No { always: false });
            (self.report)(PageNews::AskGone(id));
        }
    }
}

impl Open {
    fn answer(&self, answer: &Answer) {
        let yes = matches!(answer, Answer::Yes { .. });
        match self {
            Self::Permission(request) if yes => request.allow(),
            Self::Permission(request) => request.deny(),
            Self::Hung(view) => {
                if let Some(view) = view.upgrade().filter(|_| yes) {
                    view.terminate_web_process();
                }
            }
            // An answer that lets in goes another way.
            Self::Login(request) => request.cancel(),
            Self::Dialog(dialog) => {
                match (dialog.dialog_type(), answer) {
                    (ScriptDialogType::Confirm | ScriptDialogType::BeforeUnloadConfirm, _) => {
                        dialog.confirm_set_confirmed(yes);
                    }
                    (ScriptDialogType::Prompt, Answer::Text { text }) => {
                        dialog.prompt_set_text(&text.0);
                    }
                    _ => {}
                }
                dialog.close();
            }
        }
    }
}

/// The binding is older than this kind of request.
const CLIPBOARD: &str = "WebKitClipboardPermissionRequest";

/// What a page looks up under this name, if that is something about which it would ask.
pub(super) fn wish_named(name: &str) -> Option<Wish> {
    Some(match name {
        "geolocation" => Wish::Location,
        "notifications" => Wish::Notifications,
        "camera" => Wish::Camera,
        "microphone" => Wish::Microphone,
        "clipboard-read" => Wish::Clipboard,
        _ => return None,
    })
}

/// What a request is for; `None` for what nobody can be asked about in plain words: lists of
/// devices, protected media, codecs.
fn wishes(request: &PermissionRequest) -> Option<Vec<Wish>> {
    if let Some(media) = request.downcast_ref::<UserMediaPermissionRequest>() {
        let camera = media.is_for_video_device().then_some(Wish::Camera);
        let microphone = media.is_for_audio_device().then_some(Wish::Microphone);
        let wishes: Vec<_> = camera.into_iter().chain(microphone).collect();
        return (!wishes.is_empty()).then_some(wishes);
    }
    let wish = if request.is::<GeolocationPermissionRequest>() {
        Wish::Location
    } else if request.is::<NotificationPermissionRequest>() {
        Wish::Notifications
    } else if request.is::<PointerLockPermissionRequest>() {
        Wish::Pointer
    } else if request.is::<WebsiteDataAccessPermissionRequest>() {
        Wish::ForeignCookies
    } else if request.type_().name() == CLIPBOARD {
        Wish::Clipboard
    } else {
        return None;
    };
    Some(vec![wish])
}

fn question(dialog: &ScriptDialog) -> Question {
    let text = |text: Option<glib::GString>| text.map(String::from).unwrap_or_default();
    let message = text(dialog.message());
    match dialog.dialog_type() {
        ScriptDialogType::Confirm => Question::Confirm { message },
        ScriptDialogType::Prompt => Question::Prompt {
            message,
            default: text(dialog.prompt_get_default_text()),
        },
        ScriptDialogType::BeforeUnloadConfirm => Question::Leave,
        _ => Question::Alert { message },
    }
}

/// The page's own origin. The engine lets no frame of another one open a dialog, and asks for
/// permissions in the name of the page.
fn origin(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(url) if url.origin().is_tuple() => url.origin().ascii_serialization(),
        _ => url.to_owned(),
    }
}
