//! Content filters: rules about what a page may load and what of it is hidden, compiled once into a
//! form that the engine maps into its processes. Source: `WebKitUserContentFilterStore.h`,
//! `WebKitUserContent.h` and `WebKitUserContentManager.h` of `WebKitGTK` 2.24 and later.

use std::fmt;
use std::path::Path;
use std::ptr::{self, NonNull};

use webkit2gtk::UserContentManager;
use webkit2gtk::ffi;
use webkit2gtk::gio::{self, GioFutureResult};
use webkit2gtk::glib::object::ObjectType as _;
use webkit2gtk::glib::translate::{ToGlibPtr as _, from_glib_full};
use webkit2gtk::glib::{self, GString};

/// A compiled filter. It stays on the thread that the engine runs on.
pub struct Filter(NonNull<ffi::WebKitUserContentFilter>);

/// A folder with compiled filters.
#[derive(Clone, Debug)]
pub struct Store(glib::Object);

/// What waits for a filter, and how it is taken out of the result.
struct Waiting {
    finish: Finish,
    done: GioFutureResult<Result<Filter, glib::Error>>,
}

type Finish = unsafe extern "C" fn(
    *mut ffi::WebKitUserContentFilterStore,
    *mut gio::ffi::GAsyncResult,
    *mut *mut glib::ffi::GError,
) -> *mut ffi::WebKitUserContentFilter;

impl Filter {
    /// Has all pages of the manager keep to the filter from now on, beside those it has.
    pub fn add_to(&self, manager: &UserContentManager) {
        // SAFETY: both are live objects of this thread; the manager takes a reference of its own.
        unsafe {
            ffi::webkit_user_content_manager_add_filter(manager.as_ptr(), self.0.as_ptr());
        }
    }
}

impl Clone for Filter {
    fn clone(&self) -> Self {
        // SAFETY: `self` owns a reference, so the object lives.
        unsafe { ffi::webkit_user_content_filter_ref(self.0.as_ptr()) };
        Self(self.0)
    }
}

impl Drop for Filter {
    fn drop(&mut self) {
        // SAFETY: `self` owns the reference that it gives back, once.
        unsafe { ffi::webkit_user_content_filter_unref(self.0.as_ptr()) };
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Filter").finish()
    }
}

impl Store {
    /// A store in a folder, which the engine makes when it first writes.
    #[must_use]
    pub fn open(folder: &Path) -> Self {
        // SAFETY: the path is a C string that the store copies; what comes back is a new object that
        // nobody else owns.
        unsafe {
            let store = ffi::webkit_user_content_filter_store_new(folder.to_glib_none().0);
            Self(from_glib_full(store.cast::<glib::gobject_ffi::GObject>()))
        }
    }

    /// A filter that was compiled before.
    ///
    /// # Errors
    /// [`UserContentFilterError::NotFound`](webkit2gtk::UserContentFilterError) if there is none of
    /// that name, or it is of another version of the engine.
    pub async fn load(&self, name: &str) -> Result<Filter, glib::Error> {
        let name = GString::from(name);
        self.wait(
            ffi::webkit_user_content_filter_store_load_finish,
            move |store, cancel, data| {
                // SAFETY: all are live for the call, the store copies the name, and `ready` gets
                // `data` once.
                unsafe {
                    ffi::webkit_user_content_filter_store_load(
                        store,
                        name.as_ptr(),
                        cancel,
                        Some(ready),
                        data,
                    );
                }
            },
        )
        .await
    }

    /// Compiles rules, and keeps the filter under a name in place of one that has it.
    ///
    /// The rules are a list in JSON, in the syntax of `WebKit`'s content extensions. It takes seconds
    /// for tens of thousands, on a thread of the engine.
    ///
    /// # Errors
    /// [`UserContentFilterError::InvalidSource`](webkit2gtk::UserContentFilterError) if the engine
    /// does not understand the rules, and what the system says if the folder cannot be written.
    pub async fn compile(&self, name: &str, rules: String) -> Result<Filter, glib::Error> {
        let name = GString::from(name);
        let rules = glib::Bytes::from_owned(rules.into_bytes());
        self.wait(
            ffi::webkit_user_content_filter_store_save_finish,
            move |store, cancel, data| {
                // SAFETY: all are live for the call, the store copies the name and takes a reference
                // to the rules, and `ready` gets `data` once.
                unsafe {
                    ffi::webkit_user_content_filter_store_save(
                        store,
                        name.as_ptr(),
                        rules.to_glib_none().0,
                        cancel,
                        Some(ready),
                        data,
                    );
                }
            },
        )
        .await
    }

    async fn wait(
        &self,
        finish: Finish,
        begin: impl FnOnce(
            *mut ffi::WebKitUserContentFilterStore,
            *mut gio::ffi::GCancellable,
            glib::ffi::gpointer,
        ) + 'static,
    ) -> Result<Filter, glib::Error> {
        gio::GioFuture::new(&self.0, move |store, cancel, done| {
            let waiting = Box::new(Waiting { finish, done });
            begin(
                store.as_ptr().cast(),
                cancel.as_ptr(),
                Box::into_raw(waiting).cast(),
            );
        })
        .await
    }
}

/// Called by the engine once for each `Waiting`, on the thread that asked.
unsafe extern "C" fn ready(
    store: *mut glib::gobject_ffi::GObject,
    result: *mut gio::ffi::GAsyncResult,
    data: glib::ffi::gpointer,
) {
    let mut error = ptr::null_mut();
    // SAFETY: `data` is the box that `Store::wait` has leaked for this one call. `finish` is the half
    // that belongs to the call that `result` is of; it gives a new reference, or sets an error of
    // which we are the owner.
    let (filter, done) = unsafe {
        let waiting = Box::from_raw(data.cast::<Waiting>());
        let filter = (waiting.finish)(store.cast(), result, &raw mut error);
        (NonNull::new(filter), waiting.done)
    };
    done.resolve(match filter {
        Some(filter) => Ok(Filter(filter)),
        None if error.is_null() => Err(glib::Error::new(
            webkit2gtk::UserContentFilterError::NotFound,
            "no filter, and no reason",
        )),
        // SAFETY: an error that is set is a whole one, and ours.
        None => Err(unsafe { from_glib_full(error) }),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use webkit2gtk::UserContentFilterError;

    const RULES: &str = r#"[{"trigger":{"url-filter":"/banner/"},"action":{"type":"block"}}]"#;

    #[test]
    fn a_filter_is_compiled_once_and_loaded_by_its_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let context = glib::MainContext::default();
        context.block_on(async {
            let store = Store::open(folder.path());
            let missing = store.load("one").await.expect_err("nothing there yet");
            assert!(
                missing.matches(UserContentFilterError::NotFound),
                "{missing}"
            );
            let broken = store.compile("one", "[{}]".to_owned()).await;
            let broken = broken.expect_err("no rule");
            assert!(
                broken.matches(UserContentFilterError::InvalidSource),
                "{broken}"
            );
            let filter = store.compile("one", RULES.to_owned()).await;
            drop(filter.expect("compiled").clone());
            // Another one, as the next start has it.
            let store = Store::open(folder.path());
            store.load("one").await.expect("loaded");
        });
    }
}
