//! What all proxied pages of a profile share: cookies, storage, cache, icons and the engine's
//! settings. The shell's own page shares none of it.

use std::path::Path;

use webkit2gtk::{
    CookieManagerExt, CookiePersistentStorage, HardwareAccelerationPolicy, Settings, SettingsExt,
    WebContext, WebContextExt, WebsiteDataManager, WebsiteDataManagerExt,
};

use super::Door;
use super::blocking::Blocking;
use super::decided::Decided;

/// The engine's side of a profile.
#[derive(Clone)]
pub(crate) struct Profile {
    pub(super) door: Door,
    pub(super) context: WebContext,
    pub(super) settings: Settings,
    pub(super) blocking: Blocking,
    pub(super) decided: Decided,
}

impl Profile {
    /// The profile whose data lie in `folder`; one that forgets without a folder, or if it cannot be
    /// used.
    pub(crate) fn open(folder: Option<&Path>, software: bool, door: Door) -> Self {
        let text = folder
            .filter(|folder| usable(folder))
            .and_then(|folder| folder.to_str());
        let data = match text {
            Some(text) => WebsiteDataManager::builder()
                .base_data_directory(text)
                .base_cache_directory(format!("{text}/cache"))
                .build(),
            None => {
                if folder.is_some() {
                    tracing::warn!("proxied pages keep nothing: their folder cannot be used");
                }
                WebsiteDataManager::new_ephemeral()
            }
        };
        door.lead(&data);
        let blocking = Blocking::new(door.clone());
        let context = WebContext::with_website_data_manager(&data);
        // Before it has a process: later would end the app.
        if crate::platform::has_sandbox() {
            context.set_sandbox_enabled(true);
        }
        if let Some(text) = text {
            if let Some(cookies) = data.cookie_manager() {
                cookies.set_persistent_storage(
                    &format!("{text}/cookies.sqlite"),
                    CookiePersistentStorage::Sqlite,
                );
            }
            context.set_favicon_database_directory(Some(&format!("{text}/icons")));
        }
        let decided = Decided::default();
        decided.lead(&context);
        Self {
            door,
            context,
            settings: settings(software),
            blocking,
            decided,
        }
    }
}

fn settings(software: bool) -> Settings {
    let settings = Settings::new();
    settings.set_enable_developer_extras(false);
    settings.set_enable_back_forward_navigation_gestures(true);
    settings.set_enable_smooth_scrolling(!software);
    // What nobody asked for is held back by us: the engine would do so without a word.
    settings.set_javascript_can_open_windows_automatically(true);
    if software {
        // Compositing on a software renderer costs many times what it saves.
        settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
    }
    settings
}

/// Makes the folder, for this person alone, and tries whether it can be written.
fn usable(folder: &Path) -> bool {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .and_then(|()| tempfile_in(folder))
        .inspect_err(|error| tracing::warn!(%error, "the folder of proxied pages"))
        .is_ok()
}

fn tempfile_in(folder: &Path) -> std::io::Result<()> {
    let probe = folder.join(".writable");
    std::fs::write(&probe, b"")?;
    std::fs::remove_file(probe)
}
