//! The desktop's own dialog for a file.

use std::cell::RefCell;
use std::rc::Rc;

use gtk::prelude::*;
use gtk::{FileChooserAction, FileChooserNative, ResponseType};
use tokio::sync::oneshot;

thread_local! {
    /// The dialog that is open: it goes when nobody holds it.
    static OPEN: RefCell<Option<FileChooserNative>> = const { RefCell::new(None) };
}

/// Has the person choose a file to write, under a name that is suggested, or one to read. On the
/// main thread; a dialog that is open already is closed.
pub(crate) fn choose_file(suggested: Option<String>, done: oneshot::Sender<Option<String>>) {
    let action = if suggested.is_some() {
        FileChooserAction::Save
    } else {
        FileChooserAction::Open
    };
    let windows = gtk::Window::list_toplevels();
    let window = windows
        .iter()
        .find_map(|window| window.downcast_ref::<gtk::ApplicationWindow>());
    let dialog = FileChooserNative::new(None, window, action, None, None);
    dialog.set_modal(true);
    if let Some(name) = suggested {
        dialog.set_do_overwrite_confirmation(true);
        dialog.set_current_name(&name);
    }
    let done = Rc::new(RefCell::new(Some(done)));
    dialog.connect_response(move |dialog, response| {
        let chosen = (response == ResponseType::Accept)
            .then(|| dialog.filename()?.into_os_string().into_string().ok())
            .flatten();
        if let Some(done) = done.take() {
            // The page that asked may be gone.
            let _ = done.send(chosen);
        }
        OPEN.with(|open| open.replace(None));
    });
    dialog.show();
    OPEN.with(|open| open.replace(Some(dialog)));
}
