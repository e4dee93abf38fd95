//! The selection `CLIPBOARD`, both ways: read when somebody else takes it, served when it is
//! ours. Long content goes in pieces (INCR), as ICCCM 2.7.2 says.

use super::{Content, MAX_TEXT};
use crate::xlink::XError;
use std::collections::HashMap;
use tokio::sync::watch;
use tokio::time::Instant;
use x11rb::connection::{Connection, RequestConnection};
use x11rb::protocol::Event;
use x11rb::protocol::xfixes::{ConnectionExt as _, SelectionEventMask};
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ChangeWindowAttributesAux, ConnectionExt as _, CreateWindowAux, EventMask,
    PropMode, Property, PropertyNotifyEvent, SELECTION_NOTIFY_EVENT, SelectionNotifyEvent,
    SelectionRequestEvent, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// Bytes of one piece; a single request takes no more than four times that without extensions.
const PIECE: usize = 64 << 10;
/// Others that read from us in pieces at once.
const MAX_READERS: usize = 16;

x11rb::atom_manager! {
    /// The names used.
    Atoms: AtomsCookie {
        CLIPBOARD,
        TARGETS,
        INCR,
        UTF8_STRING,
        TEXT,
        STRING,
        KONEKO_IN,
        PLAIN: b"text/plain",
        PLAIN_UTF8: b"text/plain;charset=utf-8",
        HTML: b"text/html",
    }
}

pub(super) struct Clipboard {
    window: u32,
    atoms: Atoms,
    ours: Option<Content>,
    /// A text that comes in pieces.
    coming: Option<Vec<u8>>,
    /// What others have yet to read, by their window and property.
    going: HashMap<(u32, Atom), Going>,
    /// How often others have read our text, and when they did last.
    reads: watch::Sender<(u64, Instant)>,
}

struct Going {
    bytes: Vec<u8>,
    at: usize,
    kind: Atom,
}

impl Clipboard {
    pub(super) fn open(
        connection: &RustConnection,
        root: u32,
        reads: watch::Sender<(u64, Instant)>,
    ) -> Result<Self, XError> {
        let atoms = Atoms::new(connection)?.reply()?;
        let window = connection.generate_id()?;
        connection
            .create_window(
                0,
                window,
                root,
                -1,
                -1,
                1,
                1,
                0,
                WindowClass::INPUT_ONLY,
                x11rb::COPY_FROM_PARENT,
                &CreateWindowAux::new().event_mask(EventMask::PROPERTY_CHANGE),
            )?
            .check()?;
        connection
            .xfixes_select_selection_input(
                root,
                atoms.CLIPBOARD,
                SelectionEventMask::SET_SELECTION_OWNER,
            )?
            .check()?;
        Ok(Self {
            window,
            atoms,
            ours: None,
            coming: None,
            going: HashMap::new(),
            reads,
        })
    }

    /// Takes the selection.
    pub(super) fn own(&mut self, c: &RustConnection, content: Content) -> Result<(), XError> {
        self.ours = Some(content);
        self.coming = None;
        c.set_selection_owner(self.window, self.atoms.CLIPBOARD, x11rb::CURRENT_TIME)?;
        // The answer to any question says that the server is through with it.
        c.get_selection_owner(self.atoms.CLIPBOARD)?.reply()?;
        Ok(())
    }

    /// Takes one event; what the clipboard holds now if it says that.
    pub(super) fn take(
        &mut self,
        c: &RustConnection,
        event: &Event,
    ) -> Result<Option<Content>, XError> {
        match event {
            Event::XfixesSelectionNotify(it) if it.selection == self.atoms.CLIPBOARD => {
                if it.owner == self.window {
                    return Ok(self.ours.clone());
                }
                self.ours = None;
                if it.owner != x11rb::NONE {
                    self.ask(c)?;
                }
                Ok(None)
            }
            Event::SelectionNotify(it) if it.requestor == self.window => self.arrived(c, it),
            Event::SelectionRequest(it) => {
                self.serve(c, it)?;
                Ok(None)
            }
            Event::PropertyNotify(it) => self.property(c, it),
            _ => Ok(None),
        }
    }

    fn ask(&mut self, c: &RustConnection) -> Result<(), XError> {
        self.coming = None;
        c.convert_selection(
            self.window,
            self.atoms.CLIPBOARD,
            self.atoms.UTF8_STRING,
            self.atoms.KONEKO_IN,
            x11rb::CURRENT_TIME,
        )?;
        Ok(())
    }

    fn arrived(
        &mut self,
        c: &RustConnection,
        it: &SelectionNotifyEvent,
    ) -> Result<Option<Content>, XError> {
        if it.property != self.atoms.KONEKO_IN {
            // It holds no text.
            return Ok(None);
        }
        let (kind, bytes) = self.read(c)?;
        if kind == self.atoms.INCR {
            self.coming = Some(Vec::new());
            return Ok(None);
        }
        Ok(Some(text(&bytes)))
    }

    /// Reads what was brought, and takes it away: that asks for the next piece.
    fn read(&self, c: &RustConnection) -> Result<(Atom, Vec<u8>), XError> {
        let most = u32::try_from(MAX_TEXT / 4 + 1).unwrap_or(u32::MAX);
        let property = c
            .get_property(
                true,
                self.window,
                self.atoms.KONEKO_IN,
                AtomEnum::ANY,
                0,
                most,
            )?
            .reply()?;
        if property.bytes_after > 0 {
            c.delete_property(self.window, self.atoms.KONEKO_IN)?;
        }
        Ok((property.type_, property.value))
    }

    fn property(
        &mut self,
        c: &RustConnection,
        it: &PropertyNotifyEvent,
    ) -> Result<Option<Content>, XError> {
        if it.window == self.window {
            let piece = it.atom == self.atoms.KONEKO_IN && it.state == Property::NEW_VALUE;
            if !piece || self.coming.is_none() {
                return Ok(None);
            }
            let (_, bytes) = self.read(c)?;
            if bytes.is_empty() {
                return Ok(self.coming.take().map(|it| text(&it)));
            }
            if let Some(coming) = &mut self.coming {
                let room = MAX_TEXT.saturating_sub(coming.len());
                coming.extend(bytes.iter().take(room));
            }
            return Ok(None);
        }
        if it.state == Property::DELETE {
            self.next_piece(c, (it.window, it.atom))?;
        }
        Ok(None)
    }

    fn serve(&mut self, c: &RustConnection, it: &SelectionRequestEvent) -> Result<(), XError> {
        // Old programs name no property.
        let property = match it.property {
            x11rb::NONE => it.target,
            named => named,
        };
        let served = it.selection == self.atoms.CLIPBOARD && self.put(c, it, property)?;
        let answer = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: it.time,
            requestor: it.requestor,
            selection: it.selection,
            target: it.target,
            property: if served { property } else { x11rb::NONE },
        };
        c.send_event(false, it.requestor, EventMask::NO_EVENT, answer)?
            .ignore_error();
        Ok(())
    }

    fn put(
        &mut self,
        c: &RustConnection,
        it: &SelectionRequestEvent,
        property: Atom,
    ) -> Result<bool, XError> {
        let Some(ours) = &self.ours else {
            return Ok(false);
        };
        let a = &self.atoms;
        let texts = [a.UTF8_STRING, a.PLAIN_UTF8, a.PLAIN, a.TEXT, a.STRING];
        let mode = PropMode::REPLACE;
        if it.target == a.TARGETS {
            let mut targets = vec![a.TARGETS];
            targets.extend(texts);
            if !ours.html.is_empty() {
                targets.push(a.HTML);
            }
            c.change_property32(mode, it.requestor, property, AtomEnum::ATOM, &targets)?
                .ignore_error();
            return Ok(true);
        }
        let bytes = if texts.contains(&it.target) {
            ours.text.as_bytes()
        } else if it.target == a.HTML && !ours.html.is_empty() {
            ours.html.as_bytes()
        } else {
            return Ok(false);
        };
        if bytes.len() <= PIECE.min(c.maximum_request_bytes() / 2) {
            c.change_property8(mode, it.requestor, property, it.target, bytes)?
                .ignore_error();
            self.was_read();
            return Ok(true);
        }
        if self.going.len() >= MAX_READERS {
            return Ok(false);
        }
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let watch = ChangeWindowAttributesAux::new().event_mask(EventMask::PROPERTY_CHANGE);
        c.change_window_attributes(it.requestor, &watch)?
            .ignore_error();
        c.change_property32(mode, it.requestor, property, a.INCR, &[length])?
            .ignore_error();
        let going = Going {
            bytes: bytes.to_vec(),
            at: 0,
            kind: it.target,
        };
        self.going.insert((it.requestor, property), going);
        Ok(true)
    }

    fn was_read(&self) {
        self.reads
            .send_modify(|reads| *reads = (reads.0 + 1, Instant::now()));
    }

    fn next_piece(&mut self, c: &RustConnection, key: (u32, Atom)) -> Result<(), XError> {
        let Some(going) = self.going.get_mut(&key) else {
            return Ok(());
        };
        let end = (going.at + PIECE).min(going.bytes.len());
        let piece = going.bytes.get(going.at..end).unwrap_or_default();
        c.change_property8(PropMode::REPLACE, key.0, key.1, going.kind, piece)?
            .ignore_error();
        // An empty piece is the last one.
        if piece.is_empty() {
            self.going.remove(&key);
            self.was_read();
        } else {
            going.at = end;
        }
        Ok(())
    }
}

fn text(bytes: &[u8]) -> Content {
    let bytes = bytes.get(..MAX_TEXT).unwrap_or(bytes);
    Content {
        text: String::from_utf8_lossy(bytes).into_owned(),
        html: String::new(),
    }
}
