//! Printing a page, by the desktop's own dialog.

use gtk::glib;
use gtk::prelude::*;
use webkit2gtk::{PrintOperation, PrintOperationExt, WebView};

/// Asks how to print, and prints.
pub(super) fn ask(view: &WebView) {
    let view = view.clone();
    // The dialog runs a loop of its own, in which everything else goes on; but what called this
    // must have ended before.
    glib::idle_add_local_once(move || {
        let window = view.toplevel().and_downcast::<gtk::Window>();
        let print = PrintOperation::new(&view);
        print.connect_failed(|_, error| tracing::warn!(%error, "printing"));
        print.run_dialog(window.as_ref());
    });
}
