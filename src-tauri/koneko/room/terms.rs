//! What a room is held to, whoever started it.

use crate::config::{Codec, Screen, Size};
use crate::sender::Way;

/// Who may come in, and what there is to see.
#[derive(Clone)]
pub(crate) struct Terms {
    /// Who may log in.
    pub username: String,
    /// With which password.
    pub password: String,
    /// How the picture is encoded.
    pub codec: Codec,
    /// The screen to begin with.
    pub screen: Screen,
    /// The largest screen there will be.
    pub max_screen: Size,
    /// The narrowest, in pixels.
    pub min_width: u16,
    /// Widths are multiples of this many pixels.
    pub width_step: u16,
    /// Where a viewer finds the peer.
    pub way: Way,
}

impl Terms {
    /// The size nearest to this that screen, browser and codec can have.
    pub(crate) fn fit(&self, width: u16, height: u16) -> (u16, u16) {
        let width = width.max(self.min_width);
        let width = width - width % self.width_step.max(1);
        // H.264's colours come in pairs of pixels.
        match self.codec {
            Codec::Vp8 => (width, height),
            Codec::H264 => (width & !1, height & !1),
        }
    }

    /// The size to begin with.
    pub(crate) fn first_size(&self) -> (u16, u16) {
        self.fit(self.screen.width, self.screen.height)
    }
}
