//! GStreamer and the few plugins that are needed, each by its file: a registry of all that is
//! installed takes seconds to make.

use gstreamer as gst;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// What every pipeline has.
const COMMON: [&str; 2] = ["libgstcoreelements.so", "libgstapp.so"];

/// Loads GStreamer and the plugins in these files, for whoever comes first; the others wait for it. A
/// file that is not there is passed over.
pub(crate) fn load(names: &[&str]) -> Result<(), gst::glib::Error> {
    static LOADED: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let mut loaded = crate::room::lock(&LOADED);
    gst::init()?;
    let missing = |name: &&&str| !loaded.iter().any(|it| it == **name);
    let names: Vec<&str> = COMMON
        .iter()
        .chain(names)
        .filter(missing)
        .copied()
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    let Some(folder) = folder() else {
        tracing::error!("no folder with GStreamer's plugins");
        return Ok(());
    };
    for name in names {
        let path = folder.join(name);
        if path.exists()
            && let Err(error) = gst::Plugin::load_file(&path)
        {
            tracing::warn!(%error, name, "GStreamer plugin");
        }
        loaded.push(name.to_owned());
    }
    Ok(())
}

fn folder() -> Option<PathBuf> {
    let named = std::env::var_os("GST_PLUGIN_SYSTEM_PATH_1_0").map(PathBuf::from);
    let triplet = format!(
        "/usr/lib/{}-linux-gnu/gstreamer-1.0",
        std::env::consts::ARCH
    );
    let known = [
        triplet.as_str(),
        "/usr/lib/arm-linux-gnueabihf/gstreamer-1.0",
        "/usr/lib64/gstreamer-1.0",
        "/usr/lib/gstreamer-1.0",
    ];
    named
        .into_iter()
        .chain(known.iter().map(PathBuf::from))
        .find(|it| has_plugins(it))
}

fn has_plugins(folder: &Path) -> bool {
    folder.join("libgstapp.so").exists()
}
