//! Asking for key frames.

use duotab_core::neko::event::ClientEvent;
use duotab_core::neko::signal::VideoRequest;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::Client;
use crate::neko::keyframe::Ask;

impl Client {
    /// Asks for a key frame; `restart` drops what comes before it.
    pub(super) fn need_key(&mut self, restart: bool) {
        if let Some(peer) = &self.media.peer
            && restart
        {
            peer.video.restart.store(true, Ordering::Release);
        }
        if self.unwatched.is_paused() {
            return;
        }
        let ask = self.media.keyframes.want(Instant::now());
        self.ask_for_key(ask);
    }

    pub(super) fn ask_for_key(&self, ask: Ask) {
        if ask.pli {
            tracing::debug!(switch = ask.switch, "asking for a key frame");
        }
        if ask.pli
            && let Some(peer) = &self.media.peer
        {
            peer.video.want_key.notify_one();
        }
        if ask.switch {
            for disabled in [true, false] {
                self.disable_video(disabled);
            }
        }
    }

    pub(super) fn disable_video(&self, disabled: bool) {
        self.send(ClientEvent::SignalVideo(VideoRequest {
            disabled: Some(disabled),
            ..VideoRequest::default()
        }));
    }
}
