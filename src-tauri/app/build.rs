//! Compiles `tauri.conf.json`, the capabilities and the shell's permission into the app.
fn main() {
    // What a new command is allowed counts at once, not at the next change of this file.
    println!("cargo:rerun-if-changed=src-tauri/app/permissions");
    let app = tauri_build::AppManifest::new()
        .permissions_path_pattern("src-tauri/app/permissions/*.toml");
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(app))
        .unwrap_or_else(|error| panic!("{error:#}"));
}
