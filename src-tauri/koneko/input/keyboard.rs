//! Keys held, and characters that stand on no key: those are put on spare keys, the one used
//! longest ago first, so that they never run out.

use super::ModifierBits;
use super::keymap::{Keymap, Level};
use crate::xlink::XError;
use std::collections::VecDeque;
use std::time::Duration;
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xkb::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{ConnectionExt as _, Mapping};
use x11rb::rust_connection::RustConnection;

const SHIFT: [u32; 2] = [0xffe1, 0xffe2];
const LEVEL3: [u32; 2] = [0xfe03, 0xff7e];
/// What Chromium needs to take in a changed map. It is told by the server at the same moment as
/// we are, but nothing says when it is done.
const SETTLE: Duration = Duration::from_millis(60);
/// More keys are not held by anybody.
const MAX_HELD: usize = 64;
/// XKB's name for the keyboard all use.
const CORE: u16 = 0x100;

pub(super) struct Keyboard {
    map: Keymap,
    /// What is held, and by which key.
    held: Vec<(u32, u8)>,
    /// Spare keys and what was put on them, the one used longest ago first.
    spare: VecDeque<(u8, Option<u32>)>,
    stale: bool,
}

impl Keyboard {
    pub(super) fn open(connection: &RustConnection) -> Result<Self, XError> {
        connection.xkb_use_extension(1, 0)?.reply()?;
        // A client that speaks XKB is not told of a new map in the old way.
        let new = xkb::EventType::NEW_KEYBOARD_NOTIFY;
        let nothing = xkb::MapPart::from(0u16);
        connection
            .xkb_select_events(
                CORE,
                xkb::EventType::from(0u16),
                new,
                nothing,
                nothing,
                &xkb::SelectEventsAux::new(),
            )?
            .check()?;
        let map = read(connection)?;
        let spare = map.spare().into_iter().map(|it| (it, None)).collect();
        Ok(Self {
            map,
            held: Vec::new(),
            spare,
            stale: false,
        })
    }

    /// Notices that the map was changed.
    pub(super) fn take_events(&mut self, connection: &RustConnection) -> Result<(), XError> {
        while let Some(event) = connection.poll_for_event()? {
            self.stale |= match event {
                Event::MappingNotify(it) => it.request == Mapping::KEYBOARD,
                Event::XkbNewKeyboardNotify(_) => true,
                _ => false,
            };
        }
        if self.stale {
            self.stale = false;
            self.map = read(connection)?;
            let free = self.map.spare();
            // A new layout takes what was put on spare keys away.
            let ours: Vec<u8> = self.spare.iter().map(|it| it.0).collect();
            let map = &self.map;
            self.spare.retain_mut(|(code, keysym)| {
                if keysym.is_some_and(|it| map.find(it, Level::default()) != Some(*code)) {
                    *keysym = None;
                }
                keysym.is_some() || free.contains(code)
            });
            for code in free.into_iter().filter(|it| !ours.contains(it)) {
                self.spare.push_front((code, None));
            }
        }
        Ok(())
    }

    pub(super) fn holds(&self, keysym: u32) -> bool {
        self.held.iter().any(|it| it.0 == keysym)
    }

    fn level(&self) -> Level {
        Level {
            shift: SHIFT.iter().any(|it| self.holds(*it)),
            level3: LEVEL3.iter().any(|it| self.holds(*it)),
        }
    }

    /// The key to press for a keysym; `None` when it is held already or cannot be had.
    pub(super) fn press(
        &mut self,
        connection: &RustConnection,
        keysym: u32,
    ) -> Result<Option<u8>, XError> {
        if keysym == 0 || self.holds(keysym) || self.held.len() >= MAX_HELD {
            return Ok(None);
        }
        let code = match self.map.find(keysym, self.level()) {
            Some(code) => {
                if let Some(at) = self.spare.iter().position(|it| it.0 == code)
                    && let Some(used) = self.spare.remove(at)
                {
                    self.spare.push_back(used);
                }
                code
            }
            None => match self.put_on_spare(connection, keysym)? {
                Some(code) => code,
                None => return Ok(None),
            },
        };
        if self.held.iter().any(|it| it.1 == code) {
            // The same key with another modifier is down: X knows keys, not characters.
            self.held.push((keysym, code));
            return Ok(None);
        }
        self.held.push((keysym, code));
        Ok(Some(code))
    }

    /// The key to let go of. With Shift let go first, `A` comes down and `a` goes up: then it is
    /// the key that is found by its place on the map.
    pub(super) fn let_go(&mut self, keysym: u32) -> Option<u8> {
        let at = self.held.iter().position(|it| it.0 == keysym).or_else(|| {
            let code = self.map.find(keysym, self.level())?;
            self.held.iter().position(|it| it.1 == code)
        })?;
        let (_, code) = self.held.remove(at);
        self.held.retain(|it| it.1 != code);
        Some(code)
    }

    /// All keys that are down, which they are no more.
    pub(super) fn let_all_go(&mut self) -> Vec<u8> {
        let mut codes: Vec<u8> = self.held.drain(..).map(|it| it.1).collect();
        codes.dedup();
        codes
    }

    fn put_on_spare(
        &mut self,
        connection: &RustConnection,
        keysym: u32,
    ) -> Result<Option<u8>, XError> {
        let free = |it: &(u8, Option<u32>)| !self.held.iter().any(|held| held.1 == it.0);
        let Some(at) = self.spare.iter().position(free) else {
            tracing::warn!("no spare key");
            return Ok(None);
        };
        let Some((code, _)) = self.spare.remove(at) else {
            return Ok(None);
        };
        connection
            .change_keyboard_mapping(1, code, 2, &[keysym, keysym])?
            .check()?;
        self.spare.push_back((code, Some(keysym)));
        self.map = read(connection)?;
        std::thread::sleep(SETTLE);
        Ok(Some(code))
    }

    pub(super) fn lock(
        &self,
        connection: &RustConnection,
        bits: ModifierBits,
    ) -> Result<(), XError> {
        connection.xkb_latch_lock_state(
            CORE,
            u16::from(bits.which).into(),
            u16::from(bits.on).into(),
            false,
            xkb::Group::M1,
            0u16.into(),
            false,
            0,
        )?;
        Ok(())
    }

    pub(super) fn locked(&self, connection: &RustConnection) -> Result<u8, XError> {
        let state = connection.xkb_get_state(CORE)?.reply()?;
        Ok(u8::try_from(u16::from(state.locked_mods) & 0xff).unwrap_or_default())
    }
}

fn read(connection: &RustConnection) -> Result<Keymap, XError> {
    let (first, last) = (
        connection.setup().min_keycode,
        connection.setup().max_keycode,
    );
    let map = connection
        .get_keyboard_mapping(first, (last - first).saturating_add(1))?
        .reply()?;
    Ok(Keymap::new(first, map.keysyms_per_keycode, map.keysyms))
}
