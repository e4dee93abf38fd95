//! The screen's size, by `RandR`. Xvfb takes any size up to the one it was started with, but
//! only through a mode of just that size, so one is made for each.

use crate::config::{MAX_EDGE, Size};
use crate::xlink::{Address, XError};
use x11rb::connection::Connection;
use x11rb::protocol::randr::{self, ConnectionExt as _};
use x11rb::protocol::xproto::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

/// Chromium paints as often as the mode says; slower than this and each click waits.
const REFRESH_HZ: u32 = 60;
/// For the size in millimetres: 96 dots per inch.
const MM_PER_PIXEL: f64 = 25.4 / 96.0;

/// The screen, as one connection sees it.
pub(crate) struct Randr {
    connection: RustConnection,
    root: u32,
    crtc: u32,
    output: u32,
    /// The mode that we made and that is in use.
    mode: Option<u32>,
}

impl Randr {
    pub(crate) fn open(address: &Address) -> Result<Self, XError> {
        let connection = address.connect()?;
        let root = connection.setup().roots.first().map(|it| it.root);
        let root = root.ok_or(XError::Lacks("a screen"))?;
        connection.randr_query_version(1, 5)?.reply()?;
        let all = connection.randr_get_screen_resources(root)?.reply()?;
        let crtc = *all.crtcs.first().ok_or(XError::Lacks("a RandR CRTC"))?;
        let output = *all.outputs.first().ok_or(XError::Lacks("a RandR output"))?;
        Ok(Self {
            connection,
            root,
            crtc,
            output,
            mode: None,
        })
    }

    /// The largest screen there can be.
    pub(crate) fn most(&self) -> Result<Size, XError> {
        let range = self.connection.randr_get_screen_size_range(self.root)?;
        let range = range.reply()?;
        Ok(Size {
            width: range.max_width.min(MAX_EDGE),
            height: range.max_height.min(MAX_EDGE),
        })
    }

    /// Gives the screen just this size.
    pub(crate) fn resize(&mut self, width: u16, height: u16) -> Result<(), XError> {
        let now = self.connection.get_geometry(self.root)?.reply()?;
        if (now.width, now.height) == (width, height) {
            return Ok(());
        }
        let name = format!("{width}x{height}-koneko");
        let info = randr::ModeInfo {
            width,
            height,
            dot_clock: u32::from(width) * u32::from(height) * REFRESH_HZ,
            hsync_start: width,
            hsync_end: width,
            htotal: width,
            vsync_start: height,
            vsync_end: height,
            vtotal: height,
            name_len: u16::try_from(name.len()).unwrap_or_default(),
            ..Default::default()
        };
        let c = &self.connection;
        let mode = c
            .randr_create_mode(self.root, info, name.as_bytes())?
            .reply()?
            .mode;
        c.randr_add_output_mode(self.output, mode)?.check()?;
        // Nobody is to see the half of it.
        c.grab_server()?;
        let done = self.switch(mode, width, height);
        c.ungrab_server()?;
        c.flush()?;
        let old = match &done {
            Ok(()) => self.mode.replace(mode),
            Err(_) => Some(mode),
        };
        if let Some(old) = old {
            self.connection
                .randr_delete_output_mode(self.output, old)?
                .ignore_error();
            self.connection.randr_destroy_mode(old)?.ignore_error();
            self.connection.flush()?;
        }
        done
    }

    fn switch(&self, mode: u32, width: u16, height: u16) -> Result<(), XError> {
        let c = &self.connection;
        let stamp = x11rb::CURRENT_TIME;
        let none = randr::Rotation::ROTATE0;
        // A screen smaller than what a CRTC shows is refused, so it shows nothing for a moment.
        c.randr_set_crtc_config(self.crtc, stamp, stamp, 0, 0, 0, none, &[])?
            .reply()?;
        c.randr_set_screen_size(self.root, width, height, mm(width), mm(height))?
            .check()?;
        c.randr_set_crtc_config(self.crtc, stamp, stamp, 0, 0, mode, none, &[self.output])?
            .reply()?;
        Ok(())
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a quarter of a u16, positive"
)]
fn mm(pixels: u16) -> u32 {
    (f64::from(pixels) * MM_PER_PIXEL).round() as u32
}
