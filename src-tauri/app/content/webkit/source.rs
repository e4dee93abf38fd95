//! What a page's server sent, as a page of its own.

use std::rc::Rc;

use duotab_core::address::SOURCE;
use gtk::gio;
use gtk::glib;
use webkit2gtk::{WebResourceExt, WebView, WebViewExt};

use super::Page;

/// Shows the source of a page in a tab.
pub(super) type Show = Rc<dyn Fn(&WebView)>;

/// What is shown of a source, in bytes; the rest is left out.
const LONGEST: usize = 16 << 20;

/// Reads what was sent for `view`, and hands it on as the text of a page made by `make`.
pub(super) fn read(view: &WebView, make: impl FnOnce(String) -> Option<Rc<Page>> + 'static) {
    // The view's own address is already that of the next page while this one is still there.
    let Some(resource) = view.main_resource() else {
        return;
    };
    let Some(url) = resource.uri() else { return };
    if url.starts_with(SOURCE) {
        return;
    }
    resource.data(gio::Cancellable::NONE, move |data| {
        let mut data = match data {
            Ok(data) => data,
            Err(error) => return tracing::warn!(%error, "a page's source"),
        };
        data.truncate(LONGEST);
        let address = format!("{SOURCE}{url}");
        if let Some(page) = make(address.clone()) {
            let text = glib::Bytes::from_owned(data);
            let view = page.widget();
            view.load_bytes(&text, Some("text/plain"), Some("utf-8"), Some(&address));
        }
    });
}
