//! What a page has asked and waits for: passwords, files, and answers to dialogs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use duotab_core::ask::{ASKS_CAP, Answer, AskId};

use super::permission::{self, Wanted};
use super::{PageError, Shared, follow, login};

/// Far from the row of proxied pages: a tab can have pages of both kinds after one another.
static LAST: AtomicU32 = AtomicU32::new(1 << 31);

/// A question in the browser's hands.
pub(super) enum Open {
    /// A server wants a name and a password for this request.
    Login(String),
    /// This node takes files.
    Files(Input),
    /// A script waits for a permission.
    Permission(Wanted),
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
    /// The request that was answered last.
    pub(super) answered: String,
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

    /// A frame has gone with its session. Which questions have gone with it.
    pub(super) fn forget_of(&mut self, session: &str) -> Vec<AskId> {
        let is_its =
            |_: &AskId, open: &mut Open| matches!(open, Open::Files(it) if it.session == session);
        self.open.extract_if(.., is_its).map(|it| it.0).collect()
    }

    /// The page that asked has gone. Which questions have gone with it.
    pub(super) fn forget(&mut self) -> Vec<AskId> {
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
    let session = follow::session(shared, target).await?;
    let open = {
        let mut book = shared.book();
        let page = book.page(target).ok_or(PageError::UnknownTarget)?;
        let open = page.asked.open.remove(&id);
        if let Some(Open::Login(request)) = &open {
            page.asked.answered.clone_from(request);
        }
        open
    };
    match open {
        Some(Open::Login(request)) => login::answer(shared, &session, &request, answer),
        Some(Open::Permission(wanted)) => {
            permission::answer(shared, target, &session, wanted, &answer);
        }
        Some(Open::Files(_)) | None => {}
    }
    Ok(())
}
