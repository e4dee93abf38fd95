//! The way of updates to the shell's page: those of the controller, and the keyboard focus that
//! this floor moves by itself.

use std::sync::{Mutex, PoisonError};

use duotab_backend::controller::Controller;
use duotab_core::message::Update;
use tauri::ipc::Channel;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;

/// The shell's page as the one listener there is.
#[derive(Debug, Default)]
pub(crate) struct Updates {
    current: Mutex<Option<Listener>>,
}

#[derive(Debug)]
struct Listener {
    own: UnboundedSender<Update>,
    task: AbortHandle,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Updates {
    /// Sends everything to `page` from now on, and nothing more to the page before it.
    pub(crate) fn forward(&self, controller: &Controller, page: Channel<Update>) {
        let mut news = controller.subscribe();
        let (own, mut owned) = unbounded_channel();
        let task = tauri::async_runtime::spawn(async move {
            loop {
                let update = tokio::select! {
                    Some(update) = news.recv() => update,
                    Some(update) = owned.recv() => update,
                    else => return,
                };
                if let Err(error) = page.send(update) {
                    tracing::debug!(%error, "the shell's page is gone");
                    return;
                }
            }
        });
        let listener = Listener {
            own,
            task: task.inner().abort_handle(),
        };
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(listener);
    }

    /// Sends an update of this floor.
    pub(crate) fn send(&self, update: Update) {
        if let Some(listener) = &*self.current.lock().unwrap_or_else(PoisonError::into_inner) {
            // A page that went away has nothing to focus.
            let _ = listener.own.send(update);
        }
    }
}
