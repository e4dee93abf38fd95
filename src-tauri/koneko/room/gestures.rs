//! Input and clipboard as the protocol words them, turned into gestures.

use super::{MapTurn, Room};
use crate::desktop::Content;
use crate::input::{Gesture, ModifierBits};
use duotab_core::neko::event::{Button, Key, Scroll};
use duotab_core::neko::input::InputMessage;
use duotab_core::neko::shape::{KeyboardMap, KeyboardModifiers};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

/// `setxkbmap` compiles a map in a fraction of this.
const MAP_LIMIT: Duration = Duration::from_secs(5);
const CONTROL_L: u32 = 0xffe3;

impl Room {
    fn gesture(&self, gesture: Gesture) {
        if !self.is_suspended() {
            self.tools.input.send(gesture);
        }
    }

    /// Any input takes control (implicit hosting).
    pub(crate) fn take_control(&self) {
        let id = self.terms.username.clone();
        self.set_hosting(&id, true);
    }

    /// Input from the data channel.
    pub(super) fn input(&self, message: InputMessage) {
        self.gesture(match message {
            InputMessage::Move { x, y } => {
                self.state().pointer = (x, y);
                Gesture::Move {
                    x: x.into(),
                    y: y.into(),
                }
            }
            InputMessage::Scroll {
                delta_x,
                delta_y,
                control,
            } => Gesture::Scroll {
                x: delta_x.into(),
                y: delta_y.into(),
                control,
            },
            InputMessage::Key { down, keysym } => Gesture::Key { down, keysym },
            InputMessage::Button { down, button } => Gesture::Button { down, button },
            // Xvfb has no touch screen.
            InputMessage::Touch { .. } | InputMessage::Ping { .. } => return,
        });
    }

    pub(crate) fn point(&self, x: i32, y: i32) {
        let on_screen = |it: i32| u16::try_from(it.max(0)).unwrap_or(u16::MAX);
        self.state().pointer = (on_screen(x), on_screen(y));
        self.gesture(Gesture::Move { x, y });
    }

    fn point_if(&self, x: Option<i32>, y: Option<i32>) {
        if let (Some(x), Some(y)) = (x, y) {
            self.point(x, y);
        }
    }

    pub(crate) fn scroll(&self, it: Scroll) {
        self.gesture(Gesture::Scroll {
            x: it.delta_x,
            y: it.delta_y,
            control: it.control_key,
        });
    }

    /// A button goes down, up, or both.
    pub(crate) fn button(&self, it: Button, downs: &[bool]) {
        self.point_if(it.x, it.y);
        for down in downs {
            let button = it.code;
            self.gesture(Gesture::Button {
                down: *down,
                button,
            });
        }
    }

    /// A key goes down, up, or both.
    pub(crate) fn key(&self, it: Key, downs: &[bool]) {
        self.point_if(it.x, it.y);
        for down in downs {
            let keysym = it.keysym;
            self.gesture(Gesture::Key {
                down: *down,
                keysym,
            });
        }
    }

    /// Ctrl and a letter.
    pub(crate) fn shortcut(&self, letter: u32) {
        self.gesture(Gesture::Chord(vec![CONTROL_L, letter]));
    }

    /// Puts the text into the clipboard, if there is one, and pastes it.
    pub(crate) async fn paste(&self, text: Option<String>) {
        let press = || self.shortcut('v'.into());
        let Some(text) = text.filter(|it| !it.is_empty()) else {
            return press();
        };
        let html = String::new();
        if !self.paste_text(Content { text, html }, press).await {
            tracing::warn!("clipboard not set");
        }
    }

    /// The right to set the keyboard's layout, one after the other; it holds the last one set.
    pub(crate) async fn map_turn(&self) -> MapTurn {
        Arc::clone(&self.map).lock_owned().await
    }

    /// Sets the keyboard's layout; false when there is no such. Ends within seconds.
    pub(crate) async fn set_map(&self, mut turn: MapTurn, map: KeyboardMap) -> bool {
        if turn.as_ref() == Some(&map) {
            return true;
        }
        let plain = |it: &str| {
            it.len() <= 64
                && it
                    .bytes()
                    .all(|it| it.is_ascii_alphanumeric() || b"_-,()+".contains(&it))
                && !it.starts_with('-')
        };
        if map.layout.is_empty() || !plain(&map.layout) || !plain(&map.variant) {
            return false;
        }
        // Keys that are down would have other names when they come up.
        self.gesture(Gesture::Release);
        let arguments = ["-layout", &map.layout, "-variant", &map.variant];
        let set = self.setxkbmap(&arguments).await.is_some();
        *turn = set.then_some(map);
        set
    }

    pub(crate) async fn map(&self) -> Option<KeyboardMap> {
        let text = self.setxkbmap(&["-query"]).await?;
        let value = |name: &str| {
            text.lines()
                .find_map(|it| it.strip_prefix(name))
                .map(|it| it.trim().to_owned())
                .unwrap_or_default()
        };
        Some(KeyboardMap {
            layout: value("layout:"),
            variant: value("variant:"),
        })
    }

    async fn setxkbmap(&self, arguments: &[&str]) -> Option<String> {
        if self.is_suspended() {
            return None;
        }
        let program = crate::programs::find("setxkbmap")?;
        let mut command = self.x_command(&program);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        let output = tokio::time::timeout(MAP_LIMIT, command.output()).await;
        let output = output.ok()?.ok().filter(|it| it.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Locks and unlocks modifiers.
    pub(crate) fn set_modifiers(&self, it: &KeyboardModifiers) {
        let mut bits = ModifierBits::default();
        for (wish, bit) in [
            (it.shift, 1),
            (it.capslock, 2),
            (it.control, 4),
            (it.alt, 8),
            (it.numlock, 16),
            (it.meta, 32),
            (it.super_, 64),
            (it.altgr, 128),
        ] {
            if let Some(on) = wish {
                bits.which |= bit;
                bits.on |= if on { bit } else { 0 };
            }
        }
        self.gesture(Gesture::Lock(bits));
    }

    pub(crate) async fn modifiers(&self) -> Option<KeyboardModifiers> {
        if self.is_suspended() {
            return None;
        }
        let locked = self.tools.input.locked().await?;
        let on = |bit: u8| Some(locked & bit != 0);
        Some(KeyboardModifiers {
            shift: on(1),
            capslock: on(2),
            control: on(4),
            alt: on(8),
            numlock: on(16),
            meta: on(32),
            super_: on(64),
            altgr: on(128),
        })
    }
}
