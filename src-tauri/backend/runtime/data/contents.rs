//! What lies in a browser's data folder: what leaves with a profile, and what stays when its
//! cookies and site data are cleared.
//!
//! Names as in Chromium's `chrome/common/chrome_constants.cc` and `content/public/common`.

use std::ffi::OsStr;
use std::path::{Component, Path};

/// Caches, locks and what the browser fetches anew by itself: in the folder itself, or in one of
/// its profiles.
pub(crate) const LEFT_OUT: [&str; 29] = [
    "BrowserMetrics",
    "BrowserMetrics-spare.pma",
    "Cache",
    "Code Cache",
    "Crash Reports",
    "CrashpadMetrics-active.pma",
    "Crashpad",
    "DawnCache",
    "DawnGraphiteCache",
    "DawnWebGPUCache",
    "DevToolsActivePort",
    "GPUCache",
    "GrShaderCache",
    "GraphiteDawnCache",
    "Safe Browsing",
    "ShaderCache",
    "SingletonCookie",
    "SingletonLock",
    "SingletonSocket",
    "Subresource Filter",
    "WidevineCdm",
    "LOCK",
    ".koneko-lock",
    // The browser's home in an embedded engine.
    "home",
    "component_crx_cache",
    "extensions_crx_cache",
    "lost+found",
    "optimization_guide_model_store",
    "segmentation_platform",
];

/// What stays in the folder itself when site data go, beside the profiles.
pub(crate) const KEPT_TOP: [&str; 5] = [
    "First Run",
    "Last Version",
    "Local State",
    "Variations",
    ".koneko-lock",
];

/// What stays in a profile when site data go: what the person made. All else is a site's, or can
/// be had again; what a later Chromium adds is taken for a site's.
pub(crate) const KEPT_PROFILE: [&str; 20] = [
    "AutofillStrikeDatabase",
    "Bookmarks",
    "Bookmarks.bak",
    "Custom Dictionary.txt",
    "Extension Rules",
    "Extension Scripts",
    "Extension State",
    "Extensions",
    "Favicons",
    "History",
    "Local Extension Settings",
    "Login Data",
    "Login Data For Account",
    "Preferences",
    "Secure Preferences",
    "Shortcuts",
    "Sync Data",
    "Top Sites",
    "Visited Links",
    "Web Data",
];

/// Whether `path`, within the data folder, is left out of an export.
pub(crate) fn is_left_out(path: &Path) -> bool {
    let mut parts = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name),
        _ => None,
    });
    let first = parts.next();
    first.is_some_and(|name| is_among(name, &LEFT_OUT) || is_ours(name))
        || parts.next().is_some_and(|name| is_among(name, &LEFT_OUT))
}

/// Whether `path`, within the data folder, stays when cookies and site data go.
pub(crate) fn is_kept(path: &Path) -> bool {
    let names: Vec<&OsStr> = path.iter().collect();
    match names.as_slice() {
        [] => true,
        [name] if is_profile(name) => true,
        [name, ..] if is_among(name, &KEPT_TOP) => true,
        [profile] if is_profile(profile) => true,
        [profile, name, ..] if is_profile(profile) => is_among(base(name), &KEPT_PROFILE),
        _ => false,
    }
}

fn is_profile(name: &OsStr) -> bool {
    let name = name.to_str().unwrap_or_default();
    name == "Default" || name.starts_with("Profile ")
}

/// A database's journal goes with its database.
fn base(name: &OsStr) -> &OsStr {
    let text = name.to_str().unwrap_or_default();
    text.strip_suffix("-journal").map_or(name, OsStr::new)
}

fn is_among(name: &OsStr, names: &[&str]) -> bool {
    names.iter().any(|other| name == *other)
}

/// What is being put in place.
fn is_ours(name: &OsStr) -> bool {
    name.to_str()
        .is_some_and(|name| name.starts_with(".duotab-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caches_and_locks_stay_behind_and_what_a_site_has_stored_leaves() {
        for out in [
            "SingletonLock",
            "ShaderCache/data_0",
            "Default/Cache/Cache_Data/index",
            "Default/Code Cache/js/index",
            ".duotab-import/Default/Cookies",
            "home/.config/x",
        ] {
            assert!(is_left_out(Path::new(out)), "{out}");
        }
        for there in [
            "Local State",
            "Default/Cookies",
            "Default/Network/Cookies",
            "Default/Service Worker/CacheStorage/x/Cache",
            "Default/Local Storage/leveldb/000003.log",
        ] {
            assert!(!is_left_out(Path::new(there)), "{there}");
        }
    }

    #[test]
    fn what_a_person_made_stays_when_site_data_go() {
        for kept in [
            "Local State",
            "Default",
            "Default/Bookmarks",
            "Default/History-journal",
            "Default/Extensions/abc/1.0/manifest.json",
        ] {
            assert!(is_kept(Path::new(kept)), "{kept}");
        }
        for gone in [
            "Default/Cookies",
            "Default/Cookies-journal",
            "Default/Network/Cookies",
            "Default/IndexedDB/x",
            "Default/Something New",
            "ShaderCache",
            "home",
        ] {
            assert!(!is_kept(Path::new(gone)), "{gone}");
        }
    }
}
