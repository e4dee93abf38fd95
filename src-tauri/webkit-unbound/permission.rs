//! A page that looks up what it may (`navigator.permissions`) before it asks. Source:
//! `WebKitPermissionStateQuery.h` of `WebKitGTK` 2.40 and later.

use std::ffi::{CStr, c_char};

use webkit2gtk::WebView;
use webkit2gtk::ffi;
use webkit2gtk::glib::ffi::{GTRUE, gboolean, gpointer};
use webkit2gtk::glib::object::ObjectType as _;
use webkit2gtk::glib::signal::{SignalHandlerId, connect_raw};

/// Has `answer` say whether the page of a view may do something, by its name in the Permissions standard;
/// `None` where the person would be asked.
pub fn connect_permission_query<F>(view: &WebView, answer: F) -> SignalHandlerId
where
    F: Fn(&str) -> Option<bool> + 'static,
{
    let answer = Box::into_raw(Box::new(answer));
    // SAFETY: the view is live. The handler has the signal's own shape, and gets the box, which
    // `connect_raw` frees with the handler.
    unsafe {
        connect_raw(
            view.as_ptr().cast(),
            c"query-permission-state".as_ptr().cast::<c_char>(),
            Some(std::mem::transmute::<
                unsafe extern "C" fn(
                    *mut ffi::WebKitWebView,
                    *mut ffi::WebKitPermissionStateQuery,
                    gpointer,
                ) -> gboolean,
                unsafe extern "C" fn(),
            >(asked::<F>)),
            answer,
        )
    }
}

unsafe extern "C" fn asked<F>(
    _view: *mut ffi::WebKitWebView,
    query: *mut ffi::WebKitPermissionStateQuery,
    answer: gpointer,
) -> gboolean
where
    F: Fn(&str) -> Option<bool> + 'static,
{
    // SAFETY: the query is live for the call, and so is its name. `answer` is the box that
    // `connect_permission_query` has handed over.
    let (name, answer) = unsafe {
        let name = CStr::from_ptr(ffi::webkit_permission_state_query_get_name(query));
        (name, &*answer.cast::<F>())
    };
    let known = name.to_str().ok().and_then(answer);
    let state = match known {
        Some(true) => ffi::WEBKIT_PERMISSION_STATE_GRANTED,
        Some(false) => ffi::WEBKIT_PERMISSION_STATE_DENIED,
        None => ffi::WEBKIT_PERMISSION_STATE_PROMPT,
    };
    // SAFETY: as above; each query is answered once.
    unsafe { ffi::webkit_permission_state_query_finish(query, state) };
    GTRUE
}
