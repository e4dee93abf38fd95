//! What a page has asked and waits for: passwords, files, and answers to dialogs.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use duotab_core::ask::{ASKS_CAP, Answer, AskId};

use super::permission::{self, Wanted};
use super::{PageError, Shared, follow, login};

/// Far from the row of proxied pages: a tab can have pages of both kinds after one another.
static LAST: AtomicU32 = AtomicU32::new(1 << 31);

/// A question in the browser's hands.
pub(super) enum Open {
    /// A server wants a name and a password.
    Login(Request),
    /// This node takes files.
    Files(Input),
    /// A script waits for a permission.
    Permission(Wanted),
}

/// A request that waits for a name and a password, and the frame that it is to fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) session: String,
    pub(super) frame: String,
    pub(super) id: String,
}

/// A node that takes files, and the session of its frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Input {
    pub(super) session: String,
    pub(super) node: u64,
}

/// The open questions of one page.
#[derive(Default)]
pub(super) struct Asked {
    open: BTreeMap<AskId, Open>,
    /// The requests that were answered last. Frames ask beside each other.
    answered: VecDeque<Request>,
}

impl Asked {
    /// Takes a question, unless there are too many.
    pub(super) fn open(&mut self, open: Open) -> Option<AskId> {
        if self.open.len() >= ASKS_CAP {
            return None;
        }
        let id = AskId(LAST.fetch_add(1, Ordering::Relaxed));
        self.open.insert(id, open);
        Some(id)
    }

    /// Takes a question out that is answered.
    fn close(&mut self, id: AskId) -> Option<Open> {
        let open = self.open.remove(&id);
        if let Some(Open::Login(request)) = &open {
            if self.answered.len() >= ASKS_CAP {
                self.answered.pop_front();
            }
            self.answered.push_back(request.clone());
        }
        open
    }

    /// Whether it waits for an answer.
    pub(super) fn is_open(&self, id: AskId) -> bool {
        self.open.contains_key(&id)
    }

    /// The node that takes files. That it does is forgotten.
    pub(super) fn files(&mut self, id: AskId) -> Option<Input> {
        match self.open.remove(&id)? {
            Open::Files(input) => Some(input),
            Open::Login(_) | Open::Permission(_) => None,
        }
    }

    /// Whether the person is asked for this permission already, by the script's name for it.
    pub(super) fn wants(&self, key: &str) -> bool {
        let mut open = self.open.values();
        open.any(|it| matches!(it, Open::Permission(wanted) if wanted.key == key))
    }

    /// Whether the same request has been answered before, and is asked about again.
    pub(super) fn again(&self, request: &Request) -> bool {
        self.answered.contains(request)
    }

    /// A session has gone. Which questions have gone with it.
    pub(super) fn forget_of(&mut self, session: &str) -> Vec<AskId> {
        self.answered.retain(|it| it.session != session);
        self.take(|open| match open {
            Open::Login(it) => it.session == session,
            Open::Files(it) => it.session == session,
            Open::Permission(_) => false,
        })
    }

    /// A frame wants something else than what it waited for, or has gone from a session. Which
    /// questions have gone with that.
    pub(super) fn forget_frame(&mut self, session: &str, frame: &str) -> Vec<AskId> {
        self.take(
            |open| matches!(open, Open::Login(it) if it.session == session && it.frame == frame),
        )
    }

    /// What a frame waits for.
    pub(super) fn login(&self, session: &str, frame: &str) -> Option<Request> {
        self.open.values().find_map(|open| match open {
            Open::Login(it) if it.session == session && it.frame == frame => Some(it.clone()),
            _ => None,
        })
    }

    fn take(&mut self, is_gone: impl Fn(&Open) -> bool) -> Vec<AskId> {
        let gone = self.open.extract_if(.., |_, open| is_gone(open));
        gone.map(|it| it.0).collect()
    }

    /// The page that asked has gone. Which questions have gone with it.
    pub(super) fn forget(&mut self) -> Vec<AskId> {
        self.answered.clear();
        std::mem::take(&mut self.open).into_keys().collect()
    }
}

/// The person has answered. A question that is gone is no error.
pub(super) async fn answer(
    shared: &Arc<Shared>,
    target: &str,
    id: AskId,
    answer: Answer,
) -> Result<(), PageError> {
    let open = {
        let mut book = shared.book();
        let page = book.page(target).ok_or(PageError::UnknownTarget)?;
        page.asked.close(id)
    };
    match open {
        Some(Open::Login(request)) => login::answer(shared, &request, answer),
        Some(Open::Permission(wanted)) => {
            let session = follow::session(shared, target).await?;
            permission::answer(shared, target, &session, wanted, &answer);
        }
        Some(Open::Files(_)) | None => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(session: &str, frame: &str, id: &str) -> Request {
        Request {
            session: session.to_owned(),
            frame: frame.to_owned(),
            id: id.to_owned(),
        }
    }

    #[test]
    fn a_question_goes_with_its_own_frame_and_session_and_with_no_other() {
        let mut asked = Asked::default();
        let mut open = |session, frame, id| {
            let login = Open::Login(request(session, frame, id));
            asked.open(login).unwrap()
        };
        let (page, frame) = (open("s", "page", "1"), open("s", "f", "2"));
        let (other, same_id) = (open("t", "f", "3"), open("t", "g", "1"));
        let input = Input {
            session: "t".into(),
            node: 7,
        };
        let files = asked.open(Open::Files(input)).unwrap();
        assert_eq!(asked.forget_frame("s", "g"), []);
        assert_eq!(asked.forget_frame("s", "f"), [frame]);
        assert_eq!(asked.login("s", "f"), None);
        assert_eq!(asked.login("t", "f"), Some(request("t", "f", "3")));
        assert_eq!(asked.forget_of("t"), [other, same_id, files]);
        assert!(asked.is_open(page));
        assert_eq!(asked.forget(), [page]);
    }

    #[test]
    fn requests_that_are_answered_in_turn_are_each_known_again() {
        let mut asked = Asked::default();
        let (a, b) = (request("s", "f", "1"), request("t", "g", "1"));
        for it in [&a, &b] {
            assert!(!asked.again(it));
            let id = asked.open(Open::Login(it.clone())).unwrap();
            assert!(asked.close(id).is_some());
            assert!(asked.close(id).is_none());
        }
        assert!(asked.again(&a) && asked.again(&b));
        for n in 0..ASKS_CAP {
            let id = asked.open(Open::Login(request("s", "f", &format!("n{n}"))));
            asked.close(id.unwrap());
        }
        assert!(!asked.again(&a) && asked.answered.len() == ASKS_CAP);
    }
}
