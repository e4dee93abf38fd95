//! What differs from system to system: keys of the window, layers of widgets, the renderer.
//!
//! Linux is built. On macOS and Windows a child webview can be laid over another by Tauri itself,
//! so [`Layers`] becomes thin there, and keys come from a menu.

#[cfg(target_os = "linux")]
mod linux;

#[cfg(target_os = "linux")]
mod choose;
#[cfg(target_os = "linux")]
mod print;
#[cfg(target_os = "linux")]
mod sandbox;
#[cfg(target_os = "linux")]
pub(crate) use choose::{choose_file, choose_files};
#[cfg(target_os = "linux")]
pub(crate) use linux::{
    Layers, has_display, has_software_renderer, listen_to_keys, present, settle_renderer,
};
#[cfg(target_os = "linux")]
pub(crate) use print::print_file;
#[cfg(target_os = "linux")]
pub(crate) use sandbox::has_sandbox;
