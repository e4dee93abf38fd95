//! Compiles `tauri.conf.json` and the capabilities into the app.
fn main() {
    tauri_build::build();
}
