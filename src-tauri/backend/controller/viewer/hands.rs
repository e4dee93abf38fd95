//! The person's hands on a picture: keys, buttons and wheel, from the view's words to Neko's.

use crate::keymap::Keymap;
use crate::neko::Neko;
use duotab_core::keyboard::{KeyOutput, Keyboard};
use duotab_core::lane::FromView;
use duotab_core::neko::input::{InputMessage, TouchPhase};
use duotab_core::neko::shape::KeyboardMap;
use duotab_core::pointer;
use std::collections::BTreeSet;

/// What is held, and which keys this desktop has.
#[derive(Default)]
pub(super) struct Hands {
    keyboard: Keyboard,
    /// X buttons that are down.
    buttons: BTreeSet<u32>,
    keymap: Keymap,
}

impl Hands {
    pub(super) fn set_keymap(&mut self, keymap: Keymap) {
        self.keymap = keymap;
    }

    pub(super) fn keyboard_map(&self) -> Option<KeyboardMap> {
        Some(KeyboardMap {
            layout: self.keymap.layout.clone(),
            variant: self.keymap.variant.clone(),
        })
    }

    /// Does what the view says to a picture.
    pub(super) fn act(&mut self, neko: &Neko, message: FromView) {
        match message {
            FromView::Move { x, y } => neko.input(InputMessage::Move { x, y }),
            FromView::Button { down, button, x, y } => {
                let Some(button) = pointer::button(button) else {
                    return;
                };
                neko.input(InputMessage::Move { x, y });
                let changed = if down {
                    self.buttons.insert(button)
                } else {
                    self.buttons.remove(&button)
                };
                if changed {
                    neko.input(InputMessage::Button { down, button });
                }
            }
            FromView::Scroll { x, y, control } => {
                neko.input(pointer::scroll(x, y, control));
            }
            FromView::Key {
                down,
                modifiers,
                location,
                code,
                key,
            } => {
                let symbols = &self.keymap.symbols;
                let outputs = self
                    .keyboard
                    .key(down, modifiers, location, &code, &key, symbols);
                type_all(neko, outputs);
            }
            FromView::Text(text) => {
                type_all(neko, self.keyboard.blur());
                neko.paste(&text);
            }
            FromView::Clipboard(text) => neko.set_clipboard(&text),
            FromView::Blur => {
                type_all(neko, self.keyboard.blur());
                for button in std::mem::take(&mut self.buttons) {
                    neko.input(InputMessage::Button {
                        down: false,
                        button,
                    });
                }
            }
            FromView::Touch {
                phase,
                id,
                x,
                y,
                pressure,
            } => neko.input(InputMessage::Touch {
                phase: match phase {
                    0 => TouchPhase::Begin,
                    1 => TouchPhase::Update,
                    _ => TouchPhase::End,
                },
                id,
                x: i32::from(x),
                y: i32::from(y),
                pressure,
            }),
            FromView::Viewport { .. } | FromView::NeedKeyframe | FromView::Painted { .. } => {}
        }
    }
}

fn type_all(neko: &Neko, outputs: Vec<KeyOutput>) {
    for output in outputs {
        match output {
            KeyOutput::Press(keysym) => neko.input(InputMessage::Key { down: true, keysym }),
            KeyOutput::Release(keysym) => neko.input(InputMessage::Key {
                down: false,
                keysym,
            }),
            KeyOutput::Paste(text) => neko.paste(&text),
            KeyOutput::Locks { caps, num } => neko.set_modifiers(caps, num),
        }
    }
}
