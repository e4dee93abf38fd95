//! Hands and eyes on an X server: input by XTEST, and the moment a pixel of the framebuffer has
//! its colour. Both on one connection and one clock.

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use duotab_test_support::{Colour, Outcome};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::damage::{ConnectionExt as _, ReportLevel};
use x11rb::protocol::xinput::{ConnectionExt as _, EventMask, XIEventMask};
use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt as _, ImageFormat, KEY_PRESS_EVENT,
    KEY_RELEASE_EVENT, MOTION_NOTIFY_EVENT, Window,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::{DefaultStream, RustConnection};

/// A place of the screen.
pub(crate) type Place = (i16, i16);

/// A connection of its own.
pub(crate) struct Eye {
    x: RustConnection,
    root: Window,
    damage: u32,
}

/// Something that is pressed and let go.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Hand {
    /// The left button.
    Button,
    /// A key by its keysym's X keycode.
    Key(u8),
}

/// What an eye was woken by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// The screen changed.
    Changed,
    /// A raw press arrived, if [`Eye::hear_presses`] was asked for.
    Pressed,
}

impl Eye {
    /// On a display without a secret.
    pub(crate) fn open(display: &str) -> Outcome<Self> {
        let (x, screen) = RustConnection::connect(Some(display))?;
        let root = x.setup().roots[screen].root;
        Self::on(x, root)
    }

    /// On an engine's private display: its number, and the file with its secret.
    pub(crate) fn open_private(number: u32, authority: &std::path::Path) -> Outcome<Self> {
        let entry = std::fs::read(authority)?;
        let cookie = entry
            .len()
            .checked_sub(16)
            .ok_or("the authority is too short")?;
        let stream = UnixStream::connect(format!("/tmp/.X11-unix/X{number}"))?;
        let (stream, _) = DefaultStream::from_unix_stream(stream)?;
        let x = RustConnection::connect_to_stream_with_auth_info(
            stream,
            0,
            b"MIT-MAGIC-COOKIE-1".to_vec(),
            entry[cookie..].to_vec(),
        )?;
        let root = x.setup().roots[0].root;
        Self::on(x, root)
    }

    fn on(x: RustConnection, root: Window) -> Outcome<Self> {
        x.damage_query_version(1, 1)?.reply()?;
        x.xtest_get_version(2, 2)?.reply()?;
        let damage = x.generate_id()?;
        x.damage_create(damage, root, ReportLevel::NON_EMPTY)?
            .check()?;
        Ok(Self { x, root, damage })
    }

    /// From now on raw button presses wake as well.
    pub(crate) fn hear_presses(&self) -> Outcome<()> {
        const ALL_MASTERS: u16 = 1;
        self.x.xinput_xi_query_version(2, 2)?.reply()?;
        let mask = EventMask {
            deviceid: ALL_MASTERS,
            mask: vec![XIEventMask::RAW_BUTTON_PRESS],
        };
        self.x
            .xinput_xi_select_events(self.root, &[mask])?
            .check()?;
        Ok(())
    }

    /// The colour at a place.
    pub(crate) fn at(&self, (x, y): Place) -> Outcome<Colour> {
        let image = self
            .x
            .get_image(ImageFormat::Z_PIXMAP, self.root, x, y, 1, 1, !0)?
            .reply()?;
        match image.data.as_slice() {
            [blue, green, red, ..] => Ok([*red, *green, *blue]),
            _ => Err("no pixel".into()),
        }
    }

    /// Waits until something happens; `None` when the limit is over.
    pub(crate) fn wait(&self, until: Instant) -> Outcome<Option<(Woken, Instant)>> {
        loop {
            while let Some(event) = self.x.poll_for_event()? {
                match event {
                    Event::DamageNotify(_) => {
                        self.x
                            .damage_subtract(self.damage, x11rb::NONE, x11rb::NONE)?;
                        return Ok(Some((Woken::Changed, Instant::now())));
                    }
                    Event::XinputRawButtonPress(_) => {
                        return Ok(Some((Woken::Pressed, Instant::now())));
                    }
                    _ => {}
                }
            }
            self.x.flush()?;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            let left = Timespec::try_from(left)?;
            let mut ready = [PollFd::from_borrowed_fd(
                self.x.stream().as_fd(),
                PollFlags::IN,
            )];
            poll(&mut ready, Some(&left))?;
        }
    }

    /// The moment the place has a colour like this one; looked at whenever the screen changes.
    pub(crate) fn until(
        &self,
        what: &str,
        place: Place,
        colour: Colour,
        limit: Duration,
    ) -> Outcome<Instant> {
        let end = Instant::now() + limit;
        loop {
            let seen = self.at(place)?;
            if alike(seen, colour) {
                return Ok(Instant::now());
            }
            if self.wait(end)?.is_none() {
                return Err(format!("waited in vain for {what}; there is {seen:?}").into());
            }
        }
    }

    /// Moves the pointer.
    pub(crate) fn point(&self, (x, y): Place) -> Outcome<()> {
        self.x
            .xtest_fake_input(MOTION_NOTIFY_EVENT, 0, 0, self.root, x, y, 0)?;
        self.x.flush()?;
        Ok(())
    }

    /// Presses; the moment before it.
    pub(crate) fn press(&self, hand: Hand) -> Outcome<Instant> {
        let before = Instant::now();
        self.fake(hand, true)?;
        Ok(before)
    }

    /// Lets go.
    pub(crate) fn let_go(&self, hand: Hand) -> Outcome<()> {
        self.fake(hand, false)
    }

    fn fake(&self, hand: Hand, down: bool) -> Outcome<()> {
        let (kind, detail) = match (hand, down) {
            (Hand::Button, true) => (BUTTON_PRESS_EVENT, 1),
            (Hand::Button, false) => (BUTTON_RELEASE_EVENT, 1),
            (Hand::Key(code), true) => (KEY_PRESS_EVENT, code),
            (Hand::Key(code), false) => (KEY_RELEASE_EVENT, code),
        };
        self.x
            .xtest_fake_input(kind, detail, 0, self.root, 0, 0, 0)?;
        self.x.flush()?;
        Ok(())
    }

    /// The key that gives this keysym.
    pub(crate) fn key(&self, keysym: u32) -> Outcome<Hand> {
        let setup = self.x.setup();
        let count = setup.max_keycode - setup.min_keycode + 1;
        let map = self
            .x
            .get_keyboard_mapping(setup.min_keycode, count)?
            .reply()?;
        let per = usize::from(map.keysyms_per_keycode).max(1);
        let at = map
            .keysyms
            .chunks(per)
            .position(|of_key| of_key.first() == Some(&keysym))
            .ok_or("no such key")?;
        Ok(Hand::Key(setup.min_keycode + u8::try_from(at)?))
    }
}

/// A coded picture is never exact.
pub(crate) fn alike(seen: Colour, wanted: Colour) -> bool {
    seen.iter()
        .zip(wanted)
        .all(|(seen, wanted)| seen.abs_diff(wanted) <= 40)
}
