//! Input on its way to the server: in order, with moves thinned out.
//!
//! Moves go at most once per frame interval, the first at once; a key or button never waits for
//! one, but takes the newest along so that it lands where the pointer is. Text to paste and text
//! for the clipboard go over the other connection (the WebSocket), so they wait until the server
//! has answered for all input before them, and hold what is behind them until the server has them.

use duotab_core::neko::input::{InputMessage, PASTE_KEPT};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Input that waits; more than a person makes in any outage worth bridging.
const MAX_WAITING: usize = 512;
/// The longest text that is pasted in one piece.
const MAX_TEXT: usize = 1 << 20;
/// How long the answer for the input before a paste is waited for.
const ANSWER_LIMIT: Duration = Duration::from_millis(300);
/// How long the server's word that it has the text is waited for.
/// `koneko` lets the page read an earlier text first; what is behind the text would stand before it,
/// were it let go sooner.
const TAKEN_LIMIT: Duration = PASTE_KEPT.saturating_add(Duration::from_millis(500));
/// What the page takes to read the clipboard after the server has set it.
const READ_TIME: Duration = Duration::from_millis(40);

/// Something that a person did.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    Message(InputMessage),
    Text(String),
    Clipboard(String),
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Send {
    /// On the data channel.
    Message(InputMessage),
    /// On the WebSocket, as a paste.
    Text(String),
    /// On the WebSocket, for the clipboard.
    Clipboard(String),
}

/// Where a paste stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Paste {
    None,
    /// Waits for the pong with this time.
    Answer(u64, Instant),
    /// Waits for the server's word.
    Taken(String, Instant),
    /// The same for a clipboard that a key is going to paste.
    Set(String, Instant),
    /// Gives the page its time.
    Read(Instant),
}

/// The queue.
#[derive(Debug)]
pub(super) struct Queue {
    items: VecDeque<Item>,
    newest_move: Option<InputMessage>,
    move_after: Option<Instant>,
    interval: Duration,
    paste: Paste,
    /// Something went out since the last answered ping.
    unanswered: bool,
    pings: u64,
}

impl Queue {
    pub(super) fn new(interval: Duration) -> Self {
        Self {
            items: VecDeque::new(),
            newest_move: None,
            move_after: None,
            interval,
            paste: Paste::None,
            unanswered: false,
            pings: 0,
        }
    }

    /// Takes input.
    pub(super) fn push(&mut self, message: InputMessage) {
        if let InputMessage::Move { .. } = message {
            self.newest_move = Some(message);
            return;
        }
        if let Some(earlier) = self.newest_move.take() {
            self.items.push_back(Item::Message(earlier));
        }
        self.items.push_back(Item::Message(message));
        self.trim();
    }

    /// Takes text to paste. Texts that follow each other become one.
    pub(super) fn push_text(&mut self, text: &str) {
        if let Some(earlier) = self.newest_move.take() {
            self.items.push_back(Item::Message(earlier));
        }
        if let Some(Item::Text(last)) = self.items.back_mut()
            && last.len() + text.len() <= MAX_TEXT
        {
            last.push_str(text);
            return;
        }
        if !text.is_empty() && text.len() <= MAX_TEXT {
            self.items.push_back(Item::Text(text.to_owned()));
            self.trim();
        }
    }

    /// Takes text for the clipboard: the keys behind it find it there.
    pub(super) fn push_clipboard(&mut self, text: &str) {
        if text.len() <= MAX_TEXT {
            self.items.push_back(Item::Clipboard(text.to_owned()));
            self.trim();
        }
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty() && self.newest_move.is_none()
    }

    /// Forgets everything: the server has let go of all keys as well.
    pub(super) fn clear(&mut self) {
        *self = Self {
            pings: self.pings,
            ..Self::new(self.interval)
        };
    }

    /// A pong came.
    pub(super) fn pong(&mut self, client_ms: u64, now: Instant) {
        if let Paste::Answer(awaited, _) = self.paste
            && awaited == client_ms
        {
            self.unanswered = false;
            self.paste = Paste::Answer(awaited, now);
        }
    }

    /// The server has new clipboard text; true if it is only what is being pasted.
    pub(super) fn clipboard(&mut self, text: &str, now: Instant) -> bool {
        let ours = matches!(&self.paste, Paste::Taken(awaited, _) if awaited == text);
        if ours {
            self.paste = Paste::Read(now + READ_TIME);
        } else if matches!(&self.paste, Paste::Set(awaited, _) if awaited == text) {
            self.paste = Paste::None;
        }
        ours
    }

    /// What goes out now, if anything.
    pub(super) fn next(&mut self, now: Instant) -> Option<Send> {
        match &self.paste {
            Paste::None => {}
            Paste::Answer(_, until) if self.unanswered && now < *until => return None,
            Paste::Answer(..) => {
                self.unanswered = false;
                self.paste = Paste::None;
            }
            Paste::Taken(_, until) | Paste::Set(_, until) | Paste::Read(until) if now >= *until => {
                self.paste = Paste::None;
            }
            Paste::Taken(..) | Paste::Set(..) | Paste::Read(_) => return None,
        }
        match self.items.pop_front() {
            Some(Item::Message(message)) => {
                if matches!(message, InputMessage::Move { .. }) {
                    self.move_after = Some(now + self.interval);
                }
                self.unanswered = true;
                Some(Send::Message(message))
            }
            Some(text @ (Item::Text(_) | Item::Clipboard(_))) if self.unanswered => {
                self.items.push_front(text);
                self.pings += 1;
                // A time before any clock of ours: no measuring ping has it.
                self.paste = Paste::Answer(self.pings, now + ANSWER_LIMIT);
                Some(Send::Message(InputMessage::Ping {
                    client_ms: self.pings,
                }))
            }
            Some(Item::Text(text)) => {
                self.paste = Paste::Taken(text.clone(), now + TAKEN_LIMIT);
                Some(Send::Text(text))
            }
            Some(Item::Clipboard(text)) => {
                self.paste = Paste::Set(text.clone(), now + TAKEN_LIMIT);
                Some(Send::Clipboard(text))
            }
            None if self.move_after.is_none_or(|it| now >= it) => {
                let message = self.newest_move.take()?;
                self.move_after = Some(now + self.interval);
                self.unanswered = true;
                Some(Send::Message(message))
            }
            None => None,
        }
    }

    /// When [`Queue::next`] will have something that it has not now.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.paste {
            Paste::Answer(_, until)
            | Paste::Taken(_, until)
            | Paste::Set(_, until)
            | Paste::Read(until) => Some(*until),
            Paste::None if !self.items.is_empty() => self.move_after,
            Paste::None => self.newest_move.and(self.move_after),
        }
    }

    fn trim(&mut self) {
        if self.items.len() > MAX_WAITING {
            self.items.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: InputMessage = InputMessage::Key {
        down: true,
        keysym: 0x61,
    };
    const FRAME: Duration = Duration::from_millis(33);

    fn at(x: u16) -> InputMessage {
        InputMessage::Move { x, y: 0 }
    }

    #[test]
    fn the_first_move_goes_at_once_and_the_others_once_per_frame() {
        let start = Instant::now();
        let mut queue = Queue::new(FRAME);
        queue.push(at(1));
        assert_eq!(queue.next(start), Some(Send::Message(at(1))));
        queue.push(at(2));
        queue.push(at(3));
        assert_eq!(queue.next(start + FRAME / 2), None);
        assert_eq!(queue.deadline(), Some(start + FRAME));
        assert_eq!(queue.next(start + FRAME), Some(Send::Message(at(3))));
        assert_eq!(queue.next(start + FRAME * 3), None);
    }

    #[test]
    fn a_key_does_not_wait_for_a_move_and_takes_it_along() {
        let start = Instant::now();
        let mut queue = Queue::new(FRAME);
        queue.push(at(1));
        assert!(queue.next(start).is_some());
        queue.push(at(2));
        queue.push(KEY);
        assert_eq!(queue.next(start), Some(Send::Message(at(2))));
        assert_eq!(queue.next(start), Some(Send::Message(KEY)));
    }

    #[test]
    fn a_paste_waits_for_the_keys_before_it_and_holds_those_behind_it() {
        let start = Instant::now();
        let mut queue = Queue::new(FRAME);
        queue.push(KEY);
        queue.push_text("ß");
        queue.push_text("€");
        queue.push(KEY);
        assert_eq!(queue.next(start), Some(Send::Message(KEY)));
        let ping = InputMessage::Ping { client_ms: 1 };
        assert_eq!(queue.next(start), Some(Send::Message(ping)));
        assert_eq!(queue.next(start), None);
        queue.pong(1, start);
        assert_eq!(queue.next(start), Some(Send::Text("ß€".to_owned())));
        assert_eq!(queue.next(start), None);
        assert!(!queue.clipboard("copied there", start));
        assert!(queue.clipboard("ß€", start));
        assert_eq!(queue.next(start), None);
        let later = start + READ_TIME;
        assert_eq!(queue.next(later), Some(Send::Message(KEY)));
    }

    #[test]
    fn a_key_that_pastes_waits_for_the_clipboard_before_it() {
        let start = Instant::now();
        let mut queue = Queue::new(FRAME);
        queue.push_clipboard("mine");
        queue.push(KEY);
        assert_eq!(queue.next(start), Some(Send::Clipboard("mine".to_owned())));
        assert_eq!(queue.next(start), None);
        assert!(!queue.clipboard("theirs", start));
        assert_eq!(queue.next(start), None);
        // It is told: the person's clipboard is what both sides have now.
        assert!(!queue.clipboard("mine", start));
        assert_eq!(queue.next(start), Some(Send::Message(KEY)));
    }

    #[test]
    fn a_server_that_never_answers_holds_nothing_for_long() {
        let start = Instant::now();
        let mut queue = Queue::new(FRAME);
        queue.push(KEY);
        queue.push_text("x");
        queue.push(KEY);
        assert!(queue.next(start).is_some());
        assert!(queue.next(start).is_some());
        let later = start + ANSWER_LIMIT;
        assert_eq!(queue.next(later), Some(Send::Text("x".to_owned())));
        let later = later + TAKEN_LIMIT;
        assert_eq!(queue.next(later), Some(Send::Message(KEY)));
    }
}
