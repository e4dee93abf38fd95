//! The desktop's own dialog for files.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use duotab_core::giving::FileWish;
use gtk::prelude::*;
use gtk::{FileChooserAction, FileChooserNative, FileFilter, ResponseType};
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
    let dialog = dialog(action, None);
    if let Some(name) = suggested {
        dialog.set_do_overwrite_confirmation(true);
        dialog.set_current_name(&name);
    }
    show(dialog, move |chosen| {
        // The page that asked may be gone.
        let _ = done.send(chosen.into_iter().next());
    });
}

/// Has the person choose files to give to a page; `done` is given none if the person wants none. On
/// the main thread; a dialog that is open already is closed.
pub(crate) fn choose_files(wish: &FileWish, done: impl FnOnce(Vec<String>) + 'static) {
    let title = if wish.many {
        "Choose files for the page"
    } else {
        "Choose a file for the page"
    };
    let dialog = dialog(FileChooserAction::Open, Some(title));
    dialog.set_select_multiple(wish.many);
    if !wish.kinds.is_empty() {
        dialog.add_filter(filter(&wish.kinds));
        let all = FileFilter::new();
        all.set_name(Some("All files"));
        all.add_pattern("*");
        dialog.add_filter(all);
    }
    show(dialog, done);
}

fn dialog(action: FileChooserAction, title: Option<&str>) -> FileChooserNative {
    let windows = gtk::Window::list_toplevels();
    let window = windows
        .iter()
        .find_map(|window| window.downcast_ref::<gtk::ApplicationWindow>());
    let dialog = FileChooserNative::new(title, window, action, None, None);
    dialog.set_modal(true);
    dialog
}

fn filter(kinds: &[String]) -> FileFilter {
    let filter = FileFilter::new();
    filter.set_name(Some("What the page asks for"));
    for kind in kinds {
        match kind.strip_prefix('.') {
            Some(ending) => {
                filter.add_pattern(&format!("*.{ending}"));
                filter.add_pattern(&format!("*.{}", ending.to_ascii_uppercase()));
            }
            None => filter.add_mime_type(kind),
        }
    }
    filter
}

/// What is to be told, once: also when the dialog goes without an answer.
struct Teller<F: FnOnce(Vec<String>)>(Option<F>);

impl<F: FnOnce(Vec<String>)> Teller<F> {
    fn tell(&mut self, chosen: Vec<String>) {
        if let Some(done) = self.0.take() {
            done(chosen);
        }
    }
}

impl<F: FnOnce(Vec<String>)> Drop for Teller<F> {
    fn drop(&mut self) {
        self.tell(Vec::new());
    }
}

fn show(dialog: FileChooserNative, done: impl FnOnce(Vec<String>) + 'static) {
    let teller = Rc::new(RefCell::new(Teller(Some(done))));
    dialog.connect_response(move |dialog, response| {
        // One whose name is no text is not found by it, and the person is told.
        let text = |path: PathBuf| path.to_string_lossy().into_owned();
        let chosen = match response {
            ResponseType::Accept => dialog.filenames().into_iter().map(text).collect(),
            _ => Vec::new(),
        };
        teller.borrow_mut().tell(chosen);
        OPEN.with(|open| open.replace(None));
    });
    dialog.show();
    OPEN.with(|open| open.replace(Some(dialog)));
}
