//! The clipboard of a display, as any program on it sees it.

use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xfixes::{ConnectionExt as _, SelectionEventMask};
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ConnectionExt as _, CreateWindowAux, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;

use crate::{Display, Outcome, within};

/// Waits until the clipboard holds `wanted`, asking whenever it has another owner.
///
/// # Errors
/// If it does not hold it in time.
pub async fn holds(display: &Display, wanted: &str) -> Outcome<()> {
    let reader = Reader::open(display.name())?;
    let text = wanted.to_owned();
    // The thread ends with the server at the latest.
    let found = tokio::task::spawn_blocking(move || reader.until(&text));
    within(&format!("“{wanted}” in the clipboard"), found).await??
}

struct Reader {
    x: RustConnection,
    window: Window,
    clipboard: Atom,
    text: Atom,
    property: Atom,
}

impl Reader {
    fn open(display: &str) -> Outcome<Self> {
        let (x, screen) = RustConnection::connect(Some(display))?;
        let root = x.setup().roots[screen].root;
        let atom = |name: &[u8]| -> Outcome<Atom> { Ok(x.intern_atom(false, name)?.reply()?.atom) };
        let (clipboard, text) = (atom(b"CLIPBOARD")?, atom(b"UTF8_STRING")?);
        let property = atom(b"DUOTAB_TEST")?;
        let window = x.generate_id()?;
        let (class, look) = (WindowClass::INPUT_ONLY, CreateWindowAux::new());
        x.create_window(0, window, root, 0, 0, 1, 1, 0, class, 0, &look)?
            .check()?;
        x.xfixes_query_version(5, 0)?.reply()?;
        x.xfixes_select_selection_input(root, clipboard, SelectionEventMask::SET_SELECTION_OWNER)?
            .check()?;
        Ok(Self {
            x,
            window,
            clipboard,
            text,
            property,
        })
    }

    fn until(&self, wanted: &str) -> Outcome<()> {
        self.ask()?;
        loop {
            match self.x.wait_for_event()? {
                Event::XfixesSelectionNotify(_) => self.ask()?,
                Event::SelectionNotify(answer) if answer.property != x11rb::NONE => {
                    let (window, property) = (self.window, self.property);
                    let text = self
                        .x
                        .get_property(true, window, property, AtomEnum::ANY, 0, 1 << 18)?
                        .reply()?;
                    if text.value == wanted.as_bytes() {
                        return Ok(());
                    }
                }
                _ => {}
            }
        }
    }

    fn ask(&self) -> Outcome<()> {
        let (window, now) = (self.window, x11rb::CURRENT_TIME);
        self.x
            .convert_selection(window, self.clipboard, self.text, self.property, now)?;
        self.x.flush()?;
        Ok(())
    }
}
