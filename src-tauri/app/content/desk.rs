//! Files and addresses in the desktop's other programs.

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
    launch(&gio::File::for_path(path).uri());
}

/// Opens an address with the desktop's program for it.
pub(crate) fn open_in_program(address: &str) {
    launch(address);
}

/// The name of the desktop's program for an address.
pub(crate) fn program_for(address: &str) -> Option<String> {
    let url = url::Url::parse(address).ok()?;
    let program = gio::AppInfo::default_for_uri_scheme(url.scheme())?;
    Some(program.display_name().into())
}

pub(super) fn reveal(path: &Path) {
    let folder = path.parent().unwrap_or(path);
    launch(&gio::File::for_path(folder).uri());
}

fn launch(uri: &str) {
    gio::AppInfo::launch_default_for_uri_async(
        uri,
        gio::AppLaunchContext::NONE,
        gio::Cancellable::NONE,
        |launched| {
            if let Err(error) = launched {
                tracing::warn!(%error, "no program opens it");
            }
        },
    );
}
