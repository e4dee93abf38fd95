//! Before the end: the server puts its capture down while somebody still waits for it.
//!
//! Behind a logout Neko does that in its own time. In a container that is paused meanwhile it is half
//! done when it wakes: the next client waits for it, and then gets a picture that began before and has
//! no key frame for seconds. What it is told on the signalling socket it answers when it has done it.

use duotab_core::neko::event::{ClientEvent, ServerEvent};
use duotab_core::neko::signal::AudioRequest;
use std::time::Duration;
use tokio::sync::mpsc;

use super::Client;
use crate::neko::signal::SignalNews;

/// How long that is waited for; it takes a third of a second on a busy machine.
const LIMIT: Duration = Duration::from_millis(800);

impl Client {
    /// Has picture and sound put down, if they come.
    pub(super) async fn put_down(&mut self, signals: &mut mpsc::Receiver<SignalNews>) {
        if !self.signalling.is_open() || !self.media.is_connected() {
            return;
        }
        let mut video = self.unwatched.is_paused();
        let mut audio = !self.options.audio;
        if !video {
            self.disable_video(true);
        }
        if !audio {
            let disabled = Some(true);
            self.send(ClientEvent::SignalAudio(AudioRequest { disabled }));
        }
        let answered = async {
            while !(video && audio) {
                match signals.recv().await {
                    Some(SignalNews::Event(_, event)) => match *event {
                        ServerEvent::SignalVideo(it) => video |= it.disabled,
                        ServerEvent::SignalAudio(it) => audio |= it.disabled,
                        _ => {}
                    },
                    Some(SignalNews::LoggedIn(..)) => {}
                    Some(SignalNews::Ended(..)) | None => return,
                }
            }
        };
        if tokio::time::timeout(LIMIT, answered).await.is_err() {
            tracing::debug!("the server does not say that it has put its capture down");
        }
    }
}
