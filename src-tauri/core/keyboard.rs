//! Keys: from the words of the DOM to X keysyms, with the state that keeps them in step.
//!
//! A key's release is that of the keysym its press sent, whatever the modifiers are by then. A
//! character that the remote layout cannot type goes as text.

mod names;
#[cfg(test)]
mod tests;

use crate::lane::Modifiers;
use std::collections::{BTreeMap, BTreeSet};
use xkeysym::Keysym;

/// The modifier keys that are kept in step with the view: flag, the keys that set it, and the one
/// that is pressed when none of them was seen going down.
const STEPPED: [(u8, &[&str], u32); 5] = [
    (Modifiers::SHIFT, &["ShiftLeft", "ShiftRight"], 0xffe1),
    (Modifiers::CONTROL, &["ControlLeft", "ControlRight"], 0xffe3),
    (Modifiers::ALT, &["AltLeft", "AltRight"], 0xffe9),
    (
        Modifiers::META,
        &["MetaLeft", "MetaRight", "OSLeft", "OSRight"],
        0xffeb,
    ),
    (Modifiers::ALT_GRAPH, &["AltRight", "AltGraph"], 0xfe03),
];

/// Keysyms that a keyboard layout can type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayoutSymbols(BTreeSet<u32>);

impl LayoutSymbols {
    /// Those of the US layout: printable ASCII.
    #[must_use]
    pub fn us() -> Self {
        Self((0x20..0x7f).collect())
    }

    /// Whether the layout can type it.
    #[must_use]
    pub fn contains(&self, keysym: u32) -> bool {
        self.0.contains(&keysym)
    }
}

impl Default for LayoutSymbols {
    fn default() -> Self {
        Self::us()
    }
}

impl FromIterator<u32> for LayoutSymbols {
    fn from_iter<I: IntoIterator<Item = u32>>(symbols: I) -> Self {
        Self(symbols.into_iter().collect())
    }
}

/// What is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyOutput {
    /// A key goes down.
    Press(u32),
    /// A key goes up.
    Release(u32),
    /// Text that is no key.
    Paste(String),
    /// The locks have another state.
    Locks {
        /// Caps lock.
        caps: bool,
        /// Num lock.
        num: bool,
    },
}

/// The keys that are held.
#[derive(Clone, Debug, Default)]
pub struct Keyboard {
    /// By `code` (by `key` for keys without one): the keysym that was pressed.
    held: BTreeMap<String, u32>,
    locks: Option<(bool, bool)>,
}

impl Keyboard {
    /// Takes a key event: `modifiers`, `location`, `code` and `key` as the DOM has them, the
    /// modifiers without the key itself.
    pub fn key(
        &mut self,
        down: bool,
        modifiers: Modifiers,
        location: u8,
        code: &str,
        key: &str,
        layout: &LayoutSymbols,
    ) -> Vec<KeyOutput> {
        let id = if code.is_empty() { key } else { code };
        if !down {
            let released = self.held.remove(id);
            return released.map(KeyOutput::Release).into_iter().collect();
        }
        if names::is_no_key(key) || self.held.contains_key(id) {
            // A dead key's text comes composed; a held key is repeated by X itself.
            return Vec::new();
        }
        let is_modifier = names::is_modifier(key);
        let mut outputs = self.sync_locks(modifiers);
        if !is_modifier {
            self.sync_modifiers(modifiers, &mut outputs);
        }
        let keysym = match names::keysym(key, location) {
            Some(keysym) => keysym,
            None => match typed(key, modifiers, layout) {
                Typed::Key(keysym) => keysym,
                Typed::Text => {
                    // Held modifiers would make another shortcut of the paste.
                    outputs.extend(self.blur());
                    outputs.push(KeyOutput::Paste(key.to_owned()));
                    return outputs;
                }
                Typed::Nothing => return outputs,
            },
        };
        self.held.insert(id.to_owned(), keysym);
        outputs.push(KeyOutput::Press(keysym));
        outputs
    }

    /// Lets go of everything.
    pub fn blur(&mut self) -> Vec<KeyOutput> {
        let held = std::mem::take(&mut self.held);
        held.into_values().map(KeyOutput::Release).collect()
    }

    fn sync_locks(&mut self, modifiers: Modifiers) -> Vec<KeyOutput> {
        let caps = modifiers.has(Modifiers::CAPS_LOCK);
        let num = modifiers.has(Modifiers::NUM_LOCK);
        // A fresh server has no lock on.
        let before = self.locks.replace((caps, num)).unwrap_or((false, false));
        if before == (caps, num) {
            Vec::new()
        } else {
            vec![KeyOutput::Locks { caps, num }]
        }
    }

    /// A modifier may have changed while the view had no focus.
    fn sync_modifiers(&mut self, modifiers: Modifiers, outputs: &mut Vec<KeyOutput>) {
        for (flag, codes, keysym) in STEPPED {
            let wanted = modifiers.has(flag);
            let stand_in = format!("modifier {flag}");
            let held: Vec<String> = codes
                .iter()
                .copied()
                .chain([stand_in.as_str()])
                .filter(|code| self.held.get(*code).is_some_and(|k| sets(*k, flag)))
                .map(str::to_owned)
                .collect();
            if wanted && held.is_empty() {
                self.held.insert(stand_in, keysym);
                outputs.push(KeyOutput::Press(keysym));
            } else if !wanted {
                for code in held {
                    outputs.extend(self.held.remove(&code).map(KeyOutput::Release));
                }
            }
        }
    }
}

/// Whether a modifier keysym is of that flag: the right Alt key is one or the other.
fn sets(keysym: u32, flag: u8) -> bool {
    match keysym {
        0xfe03 => flag == Modifiers::ALT_GRAPH,
        _ => flag != Modifiers::ALT_GRAPH,
    }
}

enum Typed {
    Key(u32),
    Text,
    Nothing,
}

/// How a printable `key` is typed.
fn typed(key: &str, modifiers: Modifiers, layout: &LayoutSymbols) -> Typed {
    let mut chars = key.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => {
            let keysym = Keysym::from_char(c).raw();
            let shifted = modifiers.has(Modifiers::SHIFT) || modifiers.has(Modifiers::CAPS_LOCK);
            if layout.contains(keysym) && (!c.is_uppercase() || shifted) {
                Typed::Key(keysym)
            } else if c.is_control() {
                Typed::Nothing
            } else {
                Typed::Text
            }
        }
        // The names of keys are ASCII; several characters beyond it are one composed text.
        (Some(_), Some(_)) if !key.is_ascii() => Typed::Text,
        _ => Typed::Nothing,
    }
}
