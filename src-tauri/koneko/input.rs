//! The person's hands: pointer, wheel, buttons and keys by XTEST, and the screen's size. One
//! thread with a connection of its own, so that a stopped X server holds up nobody else.

mod keyboard;
mod keymap;

use crate::display::Randr;
use crate::xlink::{Address, XError};
use keyboard::Keyboard;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;
use tokio::sync::oneshot;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, KEY_PRESS_EVENT, KEY_RELEASE_EVENT,
    MOTION_NOTIFY_EVENT,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

/// Commands that may wait; a person does not get there.
const MAX_WAITING: usize = 4096;
/// Wheel clicks of one message; more is a broken or hostile client.
const MAX_CLICKS: i32 = 16;
/// The highest button that X's core protocol knows here.
const MAX_BUTTON: u32 = 9;
/// How long a question may wait for the thread.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// Modifiers as bits of X's mask: shift 1, lock 2, control 4, Mod1…Mod5 8…128.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ModifierBits {
    /// Which are meant.
    pub which: u8,
    /// Which of them are on.
    pub on: u8,
}

/// Something to be done on the screen.
#[derive(Debug)]
pub(crate) enum Gesture {
    /// Pointer to a point.
    Move { x: i32, y: i32 },
    /// Wheel clicks, positive up and left.
    Scroll { x: i32, y: i32, control: bool },
    /// A button of X.
    Button { down: bool, button: u32 },
    /// A key by its keysym.
    Key { down: bool, keysym: u32 },
    /// Keys down in this order and up again.
    Chord(Vec<u32>),
    /// All keys and buttons up.
    Release,
    /// Locks or unlocks modifiers.
    Lock(ModifierBits),
    /// Which modifiers are locked?
    Locked(oneshot::Sender<u8>),
    /// A new size for the screen; the answer says whether it has it.
    Resize {
        width: u16,
        height: u16,
        done: oneshot::Sender<bool>,
    },
}

/// The handle of the thread, which ends when this is dropped.
pub(crate) struct Input {
    gestures: SyncSender<Gesture>,
}

impl Input {
    pub(crate) fn start(address: &Address, randr: Randr) -> Result<Self, XError> {
        let (gestures, waiting) = sync_channel(MAX_WAITING);
        let hand = Hand::open(address, randr)?;
        std::thread::Builder::new()
            .name("input".to_owned())
            .spawn(move || {
                if let Err(error) = hand.run(&waiting) {
                    tracing::error!(%error, "input ended");
                }
            })?;
        Ok(Self { gestures })
    }

    /// Does it soon. Too many at once are dropped.
    pub(crate) fn send(&self, gesture: Gesture) {
        if self.gestures.try_send(gesture).is_err() {
            tracing::warn!("input dropped");
        }
    }

    /// Gives the screen a size; false when it cannot have it.
    pub(crate) async fn resize(&self, width: u16, height: u16) -> bool {
        let (done, answer) = oneshot::channel();
        self.send(Gesture::Resize {
            width,
            height,
            done,
        });
        matches!(
            tokio::time::timeout(ANSWER_LIMIT, answer).await,
            Ok(Ok(true))
        )
    }

    /// The locked modifiers, as X's mask.
    pub(crate) async fn locked(&self) -> Option<u8> {
        let (send, answer) = oneshot::channel();
        self.send(Gesture::Locked(send));
        tokio::time::timeout(ANSWER_LIMIT, answer).await.ok()?.ok()
    }
}

/// What the thread owns.
struct Hand {
    connection: RustConnection,
    root: u32,
    randr: Randr,
    keyboard: Keyboard,
    buttons: Vec<u8>,
}

impl Hand {
    fn open(address: &Address, randr: Randr) -> Result<Self, XError> {
        let connection = address.connect()?;
        let root = connection.setup().roots.first().map(|it| it.root);
        let root = root.ok_or(XError::Lacks("a screen"))?;
        connection.xtest_get_version(2, 2)?.reply()?;
        let keyboard = Keyboard::open(&connection)?;
        Ok(Self {
            connection,
            root,
            randr,
            keyboard,
            buttons: Vec::new(),
        })
    }

    fn run(mut self, waiting: &Receiver<Gesture>) -> Result<(), XError> {
        while let Ok(first) = waiting.recv() {
            self.keyboard.take_events(&self.connection)?;
            let mut next = Some(first);
            while let Some(gesture) = next {
                next = waiting.try_recv().ok();
                // Of moves in a row only the last one matters.
                if !matches!(
                    (&gesture, &next),
                    (Gesture::Move { .. }, Some(Gesture::Move { .. }))
                ) {
                    self.perform(gesture)?;
                }
            }
            self.connection.flush()?;
        }
        Ok(())
    }

    fn perform(&mut self, gesture: Gesture) -> Result<(), XError> {
        tracing::trace!(?gesture, "input");
        match gesture {
            Gesture::Move { x, y } => self.point(x, y),
            Gesture::Scroll { x, y, control } => self.scroll(x, y, control),
            Gesture::Button { down, button } => match u8::try_from(button) {
                Ok(number @ 1..) if button <= MAX_BUTTON => self.button(number, down),
                _ => Ok(()),
            },
            Gesture::Key { down, keysym } => self.key(keysym, down),
            Gesture::Chord(keysyms) => {
                for keysym in &keysyms {
                    self.key(*keysym, true)?;
                }
                for keysym in keysyms.iter().rev() {
                    self.key(*keysym, false)?;
                }
                Ok(())
            }
            Gesture::Release => self.release(),
            Gesture::Lock(bits) => self.keyboard.lock(&self.connection, bits),
            Gesture::Locked(answer) => {
                let _ = answer.send(self.keyboard.locked(&self.connection)?);
                Ok(())
            }
            Gesture::Resize {
                width,
                height,
                done,
            } => {
                let resized = self.randr.resize(width, height);
                if let Err(error) = &resized {
                    tracing::warn!(%error, width, height, "resize");
                }
                let _ = done.send(resized.is_ok());
                Ok(())
            }
        }
    }

    fn fake(&self, kind: u8, detail: u8, x: i16, y: i16) -> Result<(), XError> {
        self.connection
            .xtest_fake_input(kind, detail, x11rb::CURRENT_TIME, self.root, x, y, 0)?;
        Ok(())
    }

    fn point(&self, x: i32, y: i32) -> Result<(), XError> {
        let on_screen = |it: i32| i16::try_from(it.clamp(0, i16::MAX.into())).unwrap_or(0);
        self.fake(MOTION_NOTIFY_EVENT, 0, on_screen(x), on_screen(y))
    }

    fn button(&mut self, number: u8, down: bool) -> Result<(), XError> {
        let held = self.buttons.contains(&number);
        if held == down {
            return Ok(());
        }
        if down {
            self.buttons.push(number);
        } else {
            self.buttons.retain(|it| *it != number);
        }
        let kind = if down {
            BUTTON_PRESS_EVENT
        } else {
            BUTTON_RELEASE_EVENT
        };
        self.fake(kind, number, 0, 0)
    }

    fn scroll(&mut self, x: i32, y: i32, control: bool) -> Result<(), XError> {
        const CONTROL_L: u32 = 0xffe3;
        let press = control && !self.keyboard.holds(CONTROL_L);
        if press {
            self.key(CONTROL_L, true)?;
        }
        for (clicks, positive, negative) in [(y, 4, 5), (x, 6, 7)] {
            let number = if clicks > 0 { positive } else { negative };
            for _ in 0..clicks.saturating_abs().min(MAX_CLICKS) {
                self.fake(BUTTON_PRESS_EVENT, number, 0, 0)?;
                self.fake(BUTTON_RELEASE_EVENT, number, 0, 0)?;
            }
        }
        if press {
            self.key(CONTROL_L, false)?;
        }
        Ok(())
    }

    fn key(&mut self, keysym: u32, down: bool) -> Result<(), XError> {
        let code = if down {
            self.keyboard.press(&self.connection, keysym)?
        } else {
            self.keyboard.let_go(keysym)
        };
        match code {
            Some(code) if down => self.fake(KEY_PRESS_EVENT, code, 0, 0),
            Some(code) => self.fake(KEY_RELEASE_EVENT, code, 0, 0),
            None => Ok(()),
        }
    }

    fn release(&mut self) -> Result<(), XError> {
        for code in self.keyboard.let_all_go() {
            self.fake(KEY_RELEASE_EVENT, code, 0, 0)?;
        }
        for number in std::mem::take(&mut self.buttons) {
            self.fake(BUTTON_RELEASE_EVENT, number, 0, 0)?;
        }
        Ok(())
    }
}
