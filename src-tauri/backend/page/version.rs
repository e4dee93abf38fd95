//! A browser's own word on where its `DevTools` endpoint is: `GET /json/version`.
//!
//! Asked on the same connection that becomes the WebSocket, for a connection may cost a process.

use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::PageError;

/// The host is checked: only an address or `localhost` is answered.
const QUESTION: &[u8] = b"GET /json/version HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
/// Bytes of the answer's head, and of its body.
const HEAD_LIMIT: usize = 8 * 1024;
const BODY_LIMIT: usize = 16 * 1024;

#[derive(Deserialize)]
struct Version {
    #[serde(rename = "webSocketDebuggerUrl")]
    url: String,
}

/// The browser's endpoint, as a `ws://127.0.0.1/…` address.
pub(super) async fn endpoint(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
) -> Result<String, PageError> {
    let broken = |error: std::io::Error| PageError::Unreachable(error.to_string());
    stream.write_all(QUESTION).await.map_err(broken)?;
    stream.flush().await.map_err(broken)?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= HEAD_LIMIT {
            return Err(no_browser());
        }
        // A byte at a time: what follows the answer is not ours to take.
        head.push(stream.read_u8().await.map_err(broken)?);
    }
    let length = length(&String::from_utf8_lossy(&head))?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.map_err(broken)?;
    let version: Version = serde_json::from_slice(&body).map_err(|_| no_browser())?;
    let path = version
        .url
        .strip_prefix("ws://127.0.0.1")
        .filter(|path| path.contains("/devtools/browser/"))
        .ok_or_else(no_browser)?;
    Ok(format!("ws://127.0.0.1{path}"))
}

fn no_browser() -> PageError {
    PageError::Unreachable("no browser's answer".to_owned())
}

/// How long the body is, if the answer is a good one.
fn length(head: &str) -> Result<usize, PageError> {
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.strip_prefix("HTTP/1.1 "))
        .and_then(|rest| rest.get(..3)?.parse().ok())
        .ok_or_else(no_browser)?;
    if status != 200 {
        return Err(PageError::Refused(status));
    }
    lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .filter(|length| *length <= BODY_LIMIT)
        .ok_or_else(no_browser)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    async fn asked(answer: &[u8]) -> (Result<String, PageError>, Vec<u8>) {
        let (mut ours, mut theirs) = tokio::io::duplex(64 * 1024);
        theirs.write_all(answer).await.unwrap();
        theirs.shutdown().await.unwrap();
        let said = endpoint(&mut ours).await;
        let mut rest = Vec::new();
        ours.read_to_end(&mut rest).await.unwrap();
        (said, rest)
    }

    #[tokio::test]
    async fn a_browser_says_where_its_endpoint_is_and_what_follows_is_left() {
        let body =
            r#"{"Browser":"Chrome/1","webSocketDebuggerUrl":"ws://127.0.0.1/devtools/browser/0a"}"#;
        let length = body.len();
        let answer =
            format!("HTTP/1.1 200 OK\r\nContent-Length:{length}\r\nA: b\r\n\r\n{body}rest");
        let (said, rest) = asked(answer.as_bytes()).await;
        assert_eq!(said, Ok("ws://127.0.0.1/devtools/browser/0a".to_owned()));
        assert_eq!(rest, b"rest");
    }

    #[tokio::test]
    async fn a_refusal_is_told() {
        let answer = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(asked(answer).await.0, Err(PageError::Refused(403)));
    }

    #[tokio::test]
    async fn an_endpoint_elsewhere_is_not_followed() {
        let body = r#"{"webSocketDebuggerUrl":"ws://10.0.0.1/devtools/browser/0a"}"#;
        let length = body.len();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
        assert_eq!(asked(answer.as_bytes()).await.0, Err(no_browser()));
    }

    proptest! {
        #[test]
        fn no_answer_breaks_us(answer in prop::collection::vec(any::<u8>(), 0..600), good in any::<bool>()) {
            let mut bytes = if good {
                b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n".to_vec()
            } else {
                Vec::new()
            };
            bytes.extend(answer);
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            prop_assert!(runtime.block_on(asked(&bytes)).0.is_err());
        }
    }
}
