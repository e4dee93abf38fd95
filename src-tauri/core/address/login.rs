//! A name and password that stand in an address. They answer the server that asks for them; nobody
//! sees them, no engine's history has them, and no disk.

use percent_encoding::percent_decode_str;
use url::Url;

use crate::ask::{Answer, Ask, Question, Unspoken};

/// What stood before the `@` of an address, and for whom it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Scheme, host and port.
    origin: String,
    name: Unspoken,
    password: Unspoken,
}

impl Login {
    /// The answer to a server's question for a name and a password, if it is for that server's own
    /// page, and if this has not been tried.
    #[must_use]
    pub fn answer(&self, ask: &Ask) -> Option<Answer> {
        let Question::Login {
            again: false,
            around: None,
            ..
        } = ask.question
        else {
            return None;
        };
        (ask.origin == self.origin).then(|| Answer::Login {
            name: self.name.clone(),
            password: self.password.clone(),
        })
    }
}

/// The address without its login, and the login; `None` if there is none in it.
#[must_use]
pub fn split_login(address: &str) -> Option<(String, Login)> {
    // Most have none, and a history asks for many.
    if !address.contains('@') {
        return None;
    }
    let mut url = Url::parse(address).ok()?;
    let has_login = !url.username().is_empty() || url.password().is_some();
    if !has_login || !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let decode = |text: &str| Unspoken(percent_decode_str(text).decode_utf8_lossy().into_owned());
    let login = Login {
        origin: url.origin().ascii_serialization(),
        name: decode(url.username()),
        password: decode(url.password().unwrap_or_default()),
    };
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    Some((url.into(), login))
}

#[cfg(test)]
mod tests {
    use super::split_login;
    use crate::ask::{Answer, Ask, AskId, Question, Unspoken};

    fn ask(origin: &str, again: bool, around: Option<&str>) -> Ask {
        Ask {
            id: AskId(1),
            origin: origin.into(),
            question: Question::Login {
                realm: String::new(),
                again,
                around: around.map(str::to_owned),
            },
        }
    }

    #[test]
    fn a_login_is_taken_out_and_answers_its_own_server_once() {
        let (bare, login) = split_login("http://ann:s%40y%20it@a.test:8080/x?y#z").unwrap();
        assert_eq!(bare, "http://a.test:8080/x?y#z");
        let own = "http://a.test:8080";
        let answer = Answer::Login {
            name: Unspoken("ann".into()),
            password: Unspoken("s@y it".into()),
        };
        assert_eq!(login.answer(&ask(own, false, None)), Some(answer));
        for other in [
            ask(own, true, None),
            ask(own, false, Some("http://b.test")),
            ask("https://a.test:8080", false, None),
            ask("http://a.test", false, None),
        ] {
            assert_eq!(login.answer(&other), None, "{other:?}");
        }
        assert!(!format!("{login:?}").contains("it"));
    }

    #[test]
    fn a_name_alone_is_a_login_and_a_sign_elsewhere_is_none() {
        for whole in ["https://ann@a.test/", "https://:x@a.test/"] {
            assert_eq!(split_login(whole).unwrap().0, "https://a.test/");
        }
        for none in [
            "https://a.test/@b",
            "mailto:a@b.test",
            "ftp://a@b.test/",
            "file:///@",
            "a@b",
            "http://@a.test/",
        ] {
            assert_eq!(split_login(none), None, "{none}");
        }
    }
}
