//! A page's icon as the shell shows it.

use gtk::cairo::{ImageSurface, Surface};
use gtk::{gdk, gdk_pixbuf, glib};

/// The edge of the icon that the shell is given, in pixels: a tab shows 16 at up to double scale.
const EDGE: i32 = 32;

/// The icon as a `data:` URL with a PNG; `None` if it cannot be drawn.
pub(super) fn data_url(icon: Surface) -> Option<String> {
    let icon = ImageSurface::try_from(icon).ok()?;
    let (width, height) = (icon.width(), icon.height());
    let mut pixels = gdk::pixbuf_get_from_surface(&icon, 0, 0, width, height)?;
    if width > EDGE || height > EDGE {
        let long = width.max(height);
        let shrink = |edge: i32| (edge * EDGE / long).max(1);
        pixels = pixels.scale_simple(
            shrink(width),
            shrink(height),
            gdk_pixbuf::InterpType::Bilinear,
        )?;
    }
    let png = pixels.save_to_bufferv("png", &[]).ok()?;
    Some(format!(
        "data:image/png;base64,{}",
        glib::base64_encode(&png)
    ))
}
