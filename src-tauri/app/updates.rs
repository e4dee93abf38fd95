//! The way of the controller's updates to the shell's page.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use duotab_backend::controller::Controller;
use duotab_core::message::Update;
use tauri::ipc::Channel;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

/// The least time between two states, about two frames of a screen. The beginning of a load alone
/// brings five within it, and each is drawn beside the page that loads.
const PACE: Duration = Duration::from_millis(40);

/// The shell's page as the one listener there is.
#[derive(Debug, Default)]
pub(crate) struct Updates {
    current: Mutex<Option<Listener>>,
}

#[derive(Debug)]
struct Listener(AbortHandle);

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Updates {
    /// Sends everything to `page` from now on, and nothing more to the page before it.
    pub(crate) fn forward(&self, controller: &Controller, page: Channel<Update>) {
        let mut news = controller.subscribe();
        let task = tauri::async_runtime::spawn(async move {
            let mut paced = Paced::new(Instant::now());
            loop {
                let ready = tokio::select! {
                    Some(update) = news.recv() => paced.take(update, Instant::now()),
                    () = sleep_until(paced.next), if paced.held.is_some() => paced.release(Instant::now()),
                    else => return,
                };
                for update in ready.into_iter().flatten() {
                    if let Err(error) = page.send(update) {
                        tracing::debug!(%error, "the shell's page is gone");
                        return;
                    }
                }
            }
        });
        let listener = Listener(task.inner().abort_handle());
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(listener);
    }
}

/// States at a pace that the page can draw them at. A state is a whole one: of those that come too
/// soon the last is kept, and sent when its time has come. All else goes at once, behind the state
/// that came before it.
#[derive(Debug)]
struct Paced {
    held: Option<Update>,
    next: Instant,
}

/// What is to be sent now, in this order.
type Ready = [Option<Update>; 2];

impl Paced {
    fn new(now: Instant) -> Self {
        Self {
            held: None,
            next: now,
        }
    }

    fn take(&mut self, update: Update, now: Instant) -> Ready {
        match update {
            Update::State { .. } if now < self.next => {
                self.held = Some(update);
                [None, None]
            }
            Update::State { .. } => {
                self.held = None;
                self.next = now + PACE;
                [Some(update), None]
            }
            Update::Focus { .. } => [self.held.take(), Some(update)],
        }
    }

    /// What was held, when its time has come.
    fn release(&mut self, now: Instant) -> Ready {
        self.next = now + PACE;
        [self.held.take(), None]
    }
}

#[cfg(test)]
mod tests {
    use duotab_core::message::{ShellFocus, ShellState};

    use super::*;

    fn state(reopenable: u32) -> Update {
        Update::State {
            state: ShellState {
                reopenable,
                ..ShellState::default()
            },
        }
    }

    #[test]
    fn a_state_goes_at_once_and_of_those_right_behind_it_the_last() {
        let start = Instant::now();
        let mut paced = Paced::new(start);
        assert_eq!(paced.take(state(1), start), [Some(state(1)), None]);
        assert_eq!(paced.take(state(2), start + PACE / 4), [None, None]);
        assert_eq!(paced.take(state(3), start + PACE / 2), [None, None]);
        assert_eq!(paced.next, start + PACE);
        assert_eq!(paced.release(paced.next), [Some(state(3)), None]);
        assert_eq!(paced.take(state(4), start + PACE), [None, None]);
        assert_eq!(
            paced.take(state(5), start + PACE * 2),
            [Some(state(5)), None],
            "its time has come: the one that waited is older"
        );
        assert_eq!(paced.held, None);
    }

    #[test]
    fn the_focus_waits_for_nothing_and_takes_the_state_before_it_along() {
        let start = Instant::now();
        let mut paced = Paced::new(start);
        let focus = Update::Focus {
            target: ShellFocus::Find,
            tab: None,
        };
        paced.take(state(1), start);
        paced.take(state(2), start);
        assert_eq!(
            paced.take(focus.clone(), start),
            [Some(state(2)), Some(focus)]
        );
        assert_eq!(paced.held, None, "it is not sent again");
    }
}
