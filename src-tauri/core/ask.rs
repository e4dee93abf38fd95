//! What a page asks the person: a permission, or an answer to a dialog. A page waits for the
//! answer; nothing else does.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::cookie::Realm;
use crate::site::origin_of;

/// Questions of one page that may be open at a time. A page that asks more is answered for.
pub const ASKS_CAP: usize = 8;

/// The longest text of a page that is shown in a question, in characters.
const TEXT_CAP: usize = 2000;

/// A question of a page. Unique within its tab as long as the app runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "number")]
pub struct AskId(pub u32);

impl AskId {
    /// The window's own question whether a page is to be left. No engine has it.
    pub const LEAVE: Self = Self(u32::MAX);

    /// The window's own question whether another program is to open an address. No engine has it.
    pub const PROGRAM: Self = Self(u32::MAX - 1);

    /// The window's own question whether a page that was held back is to be opened. No engine has it.
    pub const WINDOW: Self = Self(u32::MAX - 2);

    /// The window's own question whether it is to be closed while files come. No engine has it.
    pub const FILES: Self = Self(u32::MAX - 3);

    /// Whether an engine waits for the answer.
    #[must_use]
    pub fn is_of_a_page(self) -> bool {
        ![Self::LEAVE, Self::PROGRAM, Self::WINDOW, Self::FILES].contains(&self)
    }
}

/// What a page may be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Wish {
    /// Know where the person is.
    Location,
    /// Show notifications.
    Notifications,
    /// See through the camera.
    Camera,
    /// Hear through the microphone.
    Microphone,
    /// Read what the person has copied.
    Clipboard,
    /// Hide the pointer and take all its moves.
    Pointer,
    /// Use its cookies within another site's page.
    ForeignCookies,
    /// Open other pages without anybody having pressed something.
    Windows,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "question", rename_all = "snake_case")]
pub enum Question {
    /// May the page do these?
    Permission {
        /// All that it asks for at once, never empty.
        wishes: Vec<Wish>,
    },
    /// The page says something.
    Alert {
        /// Its words.
        message: String,
    },
    /// The page wants a yes or a no.
    Confirm {
        /// Its words.
        message: String,
    },
    /// The page wants a text.
    Prompt {
        /// Its words.
        message: String,
        /// The text to begin with.
        default: String,
    },
    /// The page may lose what was typed: leave it?
    Leave,
    /// Files are lost that still come: close the window?
    Files {
        /// The name of one of them.
        name: String,
        /// How many there are besides.
        others: usize,
    },
    /// The page leads to an address that is another program's.
    Program {
        /// It.
        address: String,
        /// The program's name; `None` if this machine has none for it.
        program: Option<String>,
    },
    /// The page opens another one, which nobody asked for.
    Window {
        /// The other one's address.
        address: String,
    },
    /// The page answers nothing: stop it?
    Hung,
    /// A server lets in only whom it knows.
    Login {
        /// What it calls the place, in its own words.
        realm: String,
        /// The last name and password did not fit.
        again: bool,
        /// The origin of the page around, if the server's is another site that has a part in it.
        around: Option<String>,
    },
}

/// A question, and who asks it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Ask {
    /// Its id.
    pub id: AskId,
    /// Who asks: scheme, host and port, as it may be shown.
    pub origin: String,
    /// What is asked.
    #[serde(flatten)]
    pub question: Question,
}

/// A text that is in no log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "string")]
pub struct Unspoken(pub String);

impl std::fmt::Debug for Unspoken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// What the person answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "answer", rename_all = "snake_case")]
#[ts(export)]
pub enum Answer {
    /// No, or: put it away.
    No {
        /// For this site from now on.
        always: bool,
    },
    /// Yes.
    Yes {
        /// For this site from now on.
        always: bool,
    },
    /// The text that was asked for.
    Text {
        /// It.
        text: Unspoken,
    },
    /// The name and the password that were asked for.
    Login {
        /// The name.
        name: Unspoken,
        /// The password.
        password: Unspoken,
    },
    /// No, and to everything else that this page says until it is loaded anew.
    Silence,
}

impl Answer {
    /// What it decides for the site from now on.
    #[must_use]
    pub fn for_good(&self) -> Option<bool> {
        match self {
            Self::Yes { always: true } => Some(true),
            Self::No { always: true } => Some(false),
            _ => None,
        }
    }
}

impl Ask {
    /// The question with its texts cut to what can be shown.
    #[must_use]
    pub fn new(id: AskId, origin: &str, question: Question) -> Self {
        let cut = |text: String| match text.char_indices().nth(TEXT_CAP) {
            Some((at, _)) => format!("{}…", &text[..at]),
            None => text,
        };
        let question = match question {
            Question::Alert { message } => Question::Alert {
                message: cut(message),
            },
            Question::Confirm { message } => Question::Confirm {
                message: cut(message),
            },
            Question::Prompt { message, default } => Question::Prompt {
                message: cut(message),
                default: cut(default),
            },
            Question::Login {
                realm,
                again,
                around,
            } => Question::Login {
                realm: cut(realm),
                again,
                around,
            },
            other @ (Question::Permission { .. }
            | Question::Program { .. }
            | Question::Window { .. }
            | Question::Hung
            | Question::Leave
            | Question::Files { .. }) => other,
        };
        Self {
            id,
            origin: shown(origin),
            question,
        }
    }

    /// Whether it takes the keyboard. What gives something away waits until it is looked at.
    #[must_use]
    pub fn takes_keyboard(&self) -> bool {
        !matches!(
            self.question,
            Question::Permission { .. }
                | Question::Program { .. }
                | Question::Window { .. }
                | Question::Hung
        )
    }

    /// Whether it is a dialog that the page's own script opened.
    #[must_use]
    pub fn is_dialog(&self) -> bool {
        matches!(
            self.question,
            Question::Alert { .. } | Question::Confirm { .. } | Question::Prompt { .. }
        )
    }
}

/// An origin as it may be shown.
fn shown(origin: &str) -> String {
    let shown = crate::address::display(origin);
    shown.trim_end_matches('/').to_owned()
}

/// The origin of the page at an address, as it may be shown, if the server that asks is of another site.
#[must_use]
pub fn around(asking: &str, page: &str) -> Option<String> {
    let host_of = |address: &str| url::Url::parse(address).ok()?.host_str().map(str::to_owned);
    let host = host_of(asking).or_else(|| host_of(&format!("http://{asking}")))?;
    let page = origin_of(page)?;
    let its_own = Realm::of(&page)?.has(&host);
    (!its_own).then(|| shown(&page))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_cannot_fill_the_window_with_words() {
        let message = "ä".repeat(5000);
        let ask = Ask::new(AskId(1), "http://a", Question::Alert { message });
        let Question::Alert { message } = ask.question else {
            panic!("another question");
        };
        assert_eq!(message.chars().count(), TEXT_CAP + 1);
    }

    #[test]
    fn a_server_of_another_site_than_the_page_is_told_from_the_page_s_own() {
        let page = "https://www.a.test/mail?x#y";
        for own in [
            "https://www.a.test",
            "http://a.test:81",
            "login.a.test:8080",
        ] {
            assert_eq!(around(own, page), None, "{own}");
        }
        for other in ["https://b.test", "b.test:80", "https://a.test.b.test"] {
            let told = around(other, page);
            assert_eq!(told.as_deref(), Some("https://www.a.test"), "{other}");
        }
        let told = around("http://localhost:80", "http://127.0.0.1:8080/");
        assert_eq!(told.as_deref(), Some("http://127.0.0.1:8080"));
        assert_eq!(around("https://b.test", "about:blank"), None);
    }

    #[test]
    fn what_is_typed_for_a_page_is_in_no_log() {
        let answer = Answer::Text {
            text: Unspoken("secret".into()),
        };
        assert!(!format!("{answer:?}").contains("secret"));
        let answer = Answer::Login {
            name: Unspoken("secret".into()),
            password: Unspoken("secret".into()),
        };
        assert!(!format!("{answer:?}").contains("secret"));
    }
}
