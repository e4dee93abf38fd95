//! The Browser app: the only code that knows Tauri.
