//! What the page shows, as a picture.

use webkit2gtk::{SnapshotOptions, SnapshotRegion, WebViewExt};

use super::Page;
use crate::content::raster;

/// The longest edge, in pixels. It stands dimmed behind something else.
const EDGE: i32 = 960;

impl Page {
    /// What of it can be seen, as a JPEG; `None` if there is nothing to be seen.
    pub(in super::super) fn picture(&self, done: impl FnOnce(Option<Vec<u8>>) + 'static) {
        let jpeg = |surface| {
            raster::shrunk(surface, EDGE)?
                .save_to_bufferv("jpeg", &[("quality", "80")])
                .ok()
        };
        self.view.snapshot(
            SnapshotRegion::Visible,
            SnapshotOptions::NONE,
            gtk::gio::Cancellable::NONE,
            move |surface| {
                done(surface.ok().and_then(jpeg));
            },
        );
    }
}
