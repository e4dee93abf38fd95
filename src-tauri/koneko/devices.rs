//! What a room has of its screen: the picture, the hands, cursor and clipboard.

use crate::capture::Capture;
use crate::desktop::{Content, Desktop};
use crate::display::{self, Randr};
use crate::input::Input;
use crate::room::Terms;
use crate::xlink::{Address, XError};
use tokio::sync::mpsc;

/// Copies that may wait to be told.
const MAX_WAITING: usize = 16;

/// All of it.
pub(crate) struct Devices {
    pub capture: Capture,
    pub input: Input,
    pub desktop: Desktop,
    /// What is copied from now on.
    pub copied: mpsc::Receiver<Content>,
}

/// Opens them, on a screen that has the size to begin with. On a screen of our own the keyboard
/// always belongs to a window.
pub(crate) async fn open(address: &Address, terms: &Terms, ours: bool) -> Result<Devices, XError> {
    let (codec, rate) = (terms.codec, terms.screen.rate);
    let (width, height) = terms.first_size();
    let address = address.clone();
    let opening = tokio::task::spawn_blocking(move || {
        let mut randr = Randr::open(&address)?;
        randr.resize(width, height)?;
        if ours {
            display::keep_focus(&address)?;
        }
        let (copied_in, copied) = mpsc::channel(MAX_WAITING);
        Ok(Devices {
            capture: Capture::start(&address, codec, rate)?,
            input: Input::start(&address, randr)?,
            desktop: Desktop::start(&address, copied_in)?,
            copied,
        })
    });
    opening.await.unwrap_or(Err(XError::Lacks("an answer")))
}
