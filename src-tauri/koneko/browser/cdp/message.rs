//! The few members of a DevTools message that matter on the way. Messages are long, so they are
//! cut and joined as text, not read and written anew.

use serde::Deserialize;

/// The head of a message.
#[derive(Debug, Deserialize)]
pub(super) struct Head {
    #[serde(default)]
    pub id: Option<u64>,
    #[serde(default)]
    pub method: Option<String>,
    #[serde(default, rename = "sessionId")]
    pub session: Option<String>,
}

/// A client's message as one of its session, unless it names one itself. `None` for what is no
/// message.
pub(super) fn with_session(text: &str, session: &str) -> Option<String> {
    let head: Head = serde_json::from_str(text).ok()?;
    head.id?;
    head.method?;
    // NUL ends a message; JSON text has none, but a string inside may not either.
    if text.contains('\0') {
        return None;
    }
    if head.session.is_some_and(|it| !it.is_empty()) {
        return Some(text.to_owned());
    }
    let body = text.trim_start().strip_prefix('{')?;
    Some(format!(r#"{{"sessionId":"{session}",{body}"#))
}

/// A message of the client's session as the browser's own.
pub(super) fn strip_session(text: &str, session: &str) -> String {
    let member = format!(r#","sessionId":"{session}"}}"#);
    match text.trim_end().strip_suffix(&member) {
        Some(rest) => format!("{rest}}}"),
        // Somewhere else: the long way.
        None => match serde_json::from_str::<serde_json::Value>(text) {
            Ok(mut it) => {
                if let Some(members) = it.as_object_mut() {
                    members.remove("sessionId");
                }
                it.to_string()
            }
            Err(_) => text.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_without_a_session_gets_the_clients() {
        let text = with_session(r#" {"id":1,"method":"Browser.getVersion"}"#, "S").unwrap();
        let head: Head = serde_json::from_str(&text).unwrap();
        assert_eq!(head.session.as_deref(), Some("S"));
        assert_eq!(head.id, Some(1));
    }

    #[test]
    fn a_message_of_a_page_stays_as_it_is() {
        let text = r#"{"id":1,"method":"Page.enable","sessionId":"P"}"#;
        assert_eq!(with_session(text, "S").as_deref(), Some(text));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for text in [
            "",
            "{}",
            "[1]",
            r#"{"id":1}"#,
            "{\"id\":1,\"method\":\"\0\"}",
        ] {
            assert_eq!(with_session(text, "S"), None, "{text}");
        }
    }

    #[test]
    fn an_answer_loses_the_session_wherever_it_stands() {
        for text in [
            r#"{"id":1,"result":{"a":"}"},"sessionId":"S"}"#,
            r#"{"sessionId":"S","id":1,"result":{"a":"}"}}"#,
        ] {
            let it: serde_json::Value = serde_json::from_str(&strip_session(text, "S")).unwrap();
            assert_eq!(it, serde_json::json!({"id": 1, "result": {"a": "}"}}));
        }
    }
}
