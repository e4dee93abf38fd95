//! Pixels of the engine's, made smaller.

use gtk::cairo::{ImageSurface, Surface};
use gtk::gdk;
use gtk::gdk_pixbuf::{InterpType, Pixbuf};

/// The picture with no edge longer than `edge` pixels; `None` if it cannot be drawn.
pub(super) fn shrunk(surface: Surface, edge: i32) -> Option<Pixbuf> {
    let surface = ImageSurface::try_from(surface).ok()?;
    let (width, height) = (surface.width(), surface.height());
    let pixels = gdk::pixbuf_get_from_surface(&surface, 0, 0, width, height)?;
    let long = width.max(height);
    if long <= edge {
        return Some(pixels);
    }
    let shrink = |length: i32| {
        let length = i64::from(length) * i64::from(edge) / i64::from(long);
        i32::try_from(length).unwrap_or(edge).max(1)
    };
    pixels.scale_simple(shrink(width), shrink(height), InterpType::Bilinear)
}
