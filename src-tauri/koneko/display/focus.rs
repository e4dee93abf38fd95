//! The keyboard belongs to the page: whenever no window is active, the topmost is made so. The
//! window manager gives a new window the focus only if it was there before the window.

use crate::xlink::{Address, XError};
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    AtomEnum, ChangeWindowAttributesAux, ClientMessageEvent, ConnectionExt as _, EventMask,
};
use x11rb::rust_connection::RustConnection;

/// More windows are not looked at.
const MAX_WINDOWS: u32 = 1024;
/// A wish of the person, not of a program: it is always granted.
const FROM_PAGER: u32 = 2;

x11rb::atom_manager! {
    /// The names used (EWMH).
    Atoms: AtomsCookie {
        _NET_ACTIVE_WINDOW,
        _NET_CLIENT_LIST,
        _NET_CLIENT_LIST_STACKING,
    }
}

/// Looks after the focus until the X server is gone.
pub(crate) fn keep(address: &Address) -> Result<(), XError> {
    let connection = address.connect()?;
    let root = connection.setup().roots.first().map(|it| it.root);
    let root = root.ok_or(XError::Lacks("a screen"))?;
    let atoms = Atoms::new(&connection)?.reply()?;
    let watch = ChangeWindowAttributesAux::new().event_mask(EventMask::PROPERTY_CHANGE);
    connection.change_window_attributes(root, &watch)?.check()?;
    std::thread::Builder::new()
        .name("focus".to_owned())
        .spawn(move || {
            let ended = look(&connection, root, &atoms);
            tracing::debug!(?ended, "focus");
        })?;
    Ok(())
}

fn look(connection: &RustConnection, root: u32, atoms: &Atoms) -> Result<(), XError> {
    loop {
        let windows = |list: u32, kind: AtomEnum| -> Result<Vec<u32>, XError> {
            let property = connection
                .get_property(false, root, list, kind, 0, MAX_WINDOWS)?
                .reply()?;
            Ok(property.value32().into_iter().flatten().collect())
        };
        let active = windows(atoms._NET_ACTIVE_WINDOW, AtomEnum::WINDOW)?;
        if active.iter().all(|it| *it == x11rb::NONE) {
            let stack = windows(atoms._NET_CLIENT_LIST_STACKING, AtomEnum::WINDOW)?;
            if let Some(top) = stack.last() {
                let data = [FROM_PAGER, x11rb::CURRENT_TIME, x11rb::NONE, 0, 0];
                let message = ClientMessageEvent::new(32, *top, atoms._NET_ACTIVE_WINDOW, data);
                let to = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
                connection.send_event(false, root, to, message)?;
                connection.flush()?;
            }
        }
        loop {
            let Event::PropertyNotify(it) = connection.wait_for_event()? else {
                continue;
            };
            if it.atom == atoms._NET_ACTIVE_WINDOW || it.atom == atoms._NET_CLIENT_LIST {
                break;
            }
        }
    }
}
