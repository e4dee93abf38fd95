//! What is heard of HTTP while its bytes pass: where a site sends its visitor on to.
//!
//! The engine asks for one thing at a time on a connection, so what a site says first after it was
//! asked is the head of an answer. Whatever it is goes on as it is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use httparse::{EMPTY_HEADER, Response, Status};

/// A head that comes in parts is waited for, so that what it says is known before the client acts on
/// it.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);
/// A longer head is not read.
pub(super) const LONGEST: usize = 16 * 1024;
const MOST_HEADERS: usize = 128;
/// How each answer begins, up to the version's last digit.
const BEGINNING: &[u8] = b"HTTP/1.";

/// Listens to a connection.
pub(in crate::proxy) struct Ear<'a> {
    /// Whether the head of an answer comes next.
    asked: AtomicBool,
    /// Whether it is HTTP no longer.
    deaf: AtomicBool,
    /// Is told each place that the site sends its visitor on to, as the site says it.
    sent_on: &'a (dyn Fn(&str) + Send + Sync),
}

/// What the first bytes of an answer are.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    /// Too few to tell.
    Part,
    /// A head before another one, and its length.
    Interim(usize),
    /// The last head of HTTP on this connection.
    Upgrade,
    SentOn(String),
    Other,
}

impl<'a> Ear<'a> {
    pub(in crate::proxy) fn new(sent_on: &'a (dyn Fn(&str) + Send + Sync)) -> Self {
        Self {
            asked: AtomicBool::new(false),
            deaf: AtomicBool::new(false),
            sent_on,
        }
    }

    /// The client has said something.
    pub(super) fn asks(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    /// Whether what the site says next is to be heard.
    pub(super) fn waits(&self) -> bool {
        self.asked.load(Ordering::Relaxed) && !self.deaf.load(Ordering::Relaxed)
    }

    /// Whether more of what comes next is needed.
    pub(super) fn wants_more(bytes: &[u8]) -> bool {
        let (heard, rest) = past_interim(bytes);
        // A head before another one goes on at once: the client may wait for it.
        heard == Heard::Part && !rest.is_empty() && bytes.len() < LONGEST
    }

    /// Takes note of what came.
    pub(super) fn hear(&self, bytes: &[u8]) {
        let (heard, rest) = past_interim(bytes);
        // After a head before another one, that one is still to come.
        let is_asked = heard == Heard::Part && rest.is_empty();
        self.asked.store(is_asked, Ordering::Relaxed);
        match heard {
            Heard::SentOn(place) => (self.sent_on)(&place),
            Heard::Upgrade => self.deaf.store(true, Ordering::Relaxed),
            Heard::Part | Heard::Interim(_) | Heard::Other => {}
        }
    }
}

/// What the first bytes are that are no head before another one, and they themselves.
fn past_interim(mut bytes: &[u8]) -> (Heard, &[u8]) {
    loop {
        match read(bytes) {
            Heard::Interim(length) => bytes = bytes.get(length..).unwrap_or_default(),
            heard => return (heard, bytes),
        }
    }
}

fn read(bytes: &[u8]) -> Heard {
    let common = bytes.len().min(BEGINNING.len());
    if bytes.get(..common) != BEGINNING.get(..common) {
        return Heard::Other;
    }
    let mut headers = [EMPTY_HEADER; MOST_HEADERS];
    let mut response = Response::new(&mut headers);
    let parsed = httparse::ParserConfig::default()
        .ignore_invalid_headers_in_responses(true)
        .parse_response(&mut response, bytes);
    match (parsed, response.code) {
        (Ok(Status::Complete(_)), Some(101)) => Heard::Upgrade,
        (Ok(Status::Complete(length)), Some(100..=199)) => Heard::Interim(length),
        (Ok(Status::Complete(_)), Some(300..=399)) => {
            let is_place = |it: &&httparse::Header<'_>| it.name.eq_ignore_ascii_case("location");
            let place = response.headers.iter().find(is_place);
            place
                .and_then(|it| std::str::from_utf8(it.value).ok())
                .map_or(Heard::Other, |place| Heard::SentOn(place.to_owned()))
        }
        // What sends nobody on need not be read to its end.
        (Ok(Status::Partial), None | Some(100..=199 | 300..=399)) => Heard::Part,
        (Ok(_) | Err(_), _) => Heard::Other,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::Mutex;

    const SENT_ON: &[u8] = b"HTTP/1.1 302 Found\r\nServer: x\r\nlocation: //r:8080/\r\n\r\nbody";

    /// What is heard of what a site says in these parts, each after the client has asked.
    fn heard(parts: &[&[u8]]) -> (Vec<String>, bool) {
        let places = Mutex::new(Vec::new());
        let sent_on = |place: &str| places.lock().unwrap().push(place.to_owned());
        let ear = Ear::new(&sent_on);
        for part in parts {
            ear.asks();
            if ear.waits() {
                ear.hear(part);
            }
        }
        let waits = ear.waits();
        (places.into_inner().unwrap(), waits)
    }

    #[test]
    fn who_is_sent_on_is_heard_of_and_nothing_else_is() {
        let places = |bytes: &[u8]| heard(&[bytes]).0;
        assert_eq!(places(SENT_ON), ["//r:8080/"]);
        let old = b"HTTP/1.0 301\r\nLOCATION:http://r:81/\r\n\r\n";
        assert_eq!(places(old), ["http://r:81/"]);
        for nothing in [
            &b"HTTP/1.1 200 OK\r\nLocation: //r:8080/\r\n\r\n"[..],
            b"HTTP/1.1 302 Found\r\n\r\nLocation: //r:8080/\r\n\r\n",
            b"<p>HTTP/1.1 302 Found\r\nLocation: //r:8080/\r\n\r\n",
            b"HTTP/2 302\r\nLocation: //r:8080/\r\n\r\n",
            b"",
        ] {
            assert_eq!(places(nothing), [""; 0]);
        }
    }

    #[test]
    fn a_head_before_another_one_is_passed_over() {
        let interim = b"HTTP/1.1 103 Early Hints\r\nLocation: /x\r\n\r\n";
        let whole = [interim, SENT_ON].concat();
        assert_eq!(heard(&[&whole]).0, ["//r:8080/"]);
        assert!(!Ear::wants_more(interim));
        let (nothing, waits) = heard(&[interim]);
        assert!(
            nothing.is_empty() && waits,
            "the other one is still to come"
        );
    }

    #[test]
    fn what_is_http_no_longer_is_not_listened_to() {
        let upgrade = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
        assert_eq!(heard(&[upgrade, SENT_ON]), (vec![], false));
    }

    #[test]
    fn only_a_head_that_may_send_on_is_waited_for() {
        let head = SENT_ON.len() - "body".len();
        for length in 1..head {
            assert!(Ear::wants_more(&SENT_ON[..length]), "{length}");
        }
        assert!(!Ear::wants_more(&SENT_ON[..head]));
        assert!(!Ear::wants_more(b"HTTP/1.1 200 OK\r\nServer: "));
        assert!(!Ear::wants_more(b"HTML"));
        let endless = [b"HTTP/1.1 302 Found\r\nx: ".as_slice(), &[b'a'; LONGEST]].concat();
        assert!(!Ear::wants_more(&endless));
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_heard(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Ear::wants_more(&bytes);
            let _ = heard(&[&bytes, &[b"HTTP/1.1 3".as_slice(), &bytes].concat()]);
        }
    }
}
