//! Files in the desktop's other programs.

use std::path::Path;

use gtk::gio;
use gtk::prelude::*;

/// Opens a file with the desktop's program for it; shows it in its folder where that would run it.
pub(super) fn open(path: &Path) {
    let (kind, _) = gio::content_type_guess(Some(path), &[]);
    // All text may be a script for it; an editor is what opens that.
    if gio::content_type_can_be_executable(&kind) && !kind.starts_with("text/") {
        return reveal(path);
    }
    launch(path);
}

pub(super) fn reveal(path: &Path) {
    launch(path.parent().unwrap_or(path));
}

fn launch(path: &Path) {
    let uri = gio::File::for_path(path).uri();
    gio::AppInfo::launch_default_for_uri_async(
        &uri,
        gio::AppLaunchContext::NONE,
        gio::Cancellable::NONE,
        |launched| {
            if let Err(error) = launched {
                tracing::warn!(%error, "no program shows the file");
            }
        },
    );
}
