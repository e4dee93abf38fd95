//! A page's icon as the shell shows it.

use gtk::cairo::Surface;
use gtk::glib;

use super::raster;

/// The edge of the icon that the shell is given, in pixels: a tab shows 16 at up to double scale.
const EDGE: i32 = 32;

/// The icon as a `data:` URL with a PNG; `None` if it cannot be drawn.
pub(super) fn data_url(icon: Surface) -> Option<String> {
    let pixels = raster::shrunk(icon, EDGE)?;
    let png = pixels.save_to_bufferv("png", &[]).ok()?;
    Some(format!(
        "data:image/png;base64,{}",
        glib::base64_encode(&png)
    ))
}
