//! Another program's window, which hides all that is below it.

use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ConnectionExt as _, CreateWindowAux, Window, WindowClass};
use x11rb::rust_connection::RustConnection;

use crate::{Colour, Display, Outcome};

/// A window over all of a display. Dropped, it is gone.
#[derive(Debug)]
pub struct Cover {
    x: RustConnection,
    window: Window,
}

impl Cover {
    /// Comes up in this colour, is clicked, and so has the focus, as what a person works in.
    ///
    /// # Errors
    /// If it does not come up.
    pub async fn over(display: &Display, [red, green, blue]: Colour) -> Outcome<Self> {
        let (x, screen) = RustConnection::connect(Some(display.name()))?;
        let root = x.setup().roots[screen].root;
        let size = x.get_geometry(root)?.reply()?;
        let window = x.generate_id()?;
        let look =
            CreateWindowAux::new().background_pixel(u32::from_be_bytes([0, red, green, blue]));
        let (width, height, class) = (size.width, size.height, WindowClass::INPUT_OUTPUT);
        x.create_window(0, window, root, 0, 0, width, height, 0, class, 0, &look)?
            .check()?;
        x.map_window(window)?.check()?;
        let middle = (u32::from(width) / 2, u32::from(height) / 2);
        display
            .until("another program's window", |picture| {
                picture.is(middle.0, middle.1, [red, green, blue], 2)
            })
            .await?;
        display.click(middle.0, middle.1, 1).await?;
        Ok(Self { x, window })
    }
}

impl Drop for Cover {
    fn drop(&mut self) {
        let _ = self.x.destroy_window(self.window);
        let _ = self.x.flush();
    }
}
