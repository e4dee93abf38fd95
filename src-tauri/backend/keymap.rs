//! The keyboard layout of this desktop, so that a remote one can be set alike.

use duotab_core::keyboard::LayoutSymbols;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{AtomEnum, ConnectionExt};

/// Bytes of the root window's property that are read: five short names.
const RULES_CAP: u32 = 4096;

/// Where Debian keeps the layout of the console and of new X servers.
const DEFAULT_FILE: &str = "/etc/default/keyboard";

/// A layout in XKB's words, and what it can type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    /// Such as `de`; several, separated by commas, where the person switches.
    pub layout: String,
    /// Such as `nodeadkeys`; may be empty.
    pub variant: String,
    /// The keysyms of all its keys.
    pub symbols: LayoutSymbols,
}

impl Default for Keymap {
    fn default() -> Self {
        Self {
            layout: "us".to_owned(),
            variant: String::new(),
            symbols: LayoutSymbols::us(),
        }
    }
}

/// The layout of the X server of this desktop; without one, that of the system's file; else US.
/// A Wayland compositor's own layout goes first: its X server knows the keys, but not the name.
/// Blocks for some milliseconds.
#[must_use]
pub fn local() -> Keymap {
    let display = from_display();
    if std::env::var_os("WAYLAND_DISPLAY").is_some()
        && let Some(mut keymap) = from_environment().or_else(from_file)
    {
        if let Some(display) = display {
            keymap.symbols = display.symbols;
        }
        return keymap;
    }
    display.or_else(from_file).unwrap_or_default()
}

/// What compositors that are no desktop of their own take their layout from.
fn from_environment() -> Option<Keymap> {
    let value = |name: &str| std::env::var(name).ok().as_deref().and_then(word);
    Some(Keymap {
        layout: value("XKB_DEFAULT_LAYOUT")?,
        variant: value("XKB_DEFAULT_VARIANT").unwrap_or_default(),
        symbols: LayoutSymbols::us(),
    })
}

fn from_display() -> Option<Keymap> {
    let (connection, screen) = x11rb::connect(None).ok()?;
    let setup = connection.setup();
    let root = setup.roots.get(screen)?.root;
    let (first, last) = (setup.min_keycode, setup.max_keycode);
    let rules = connection
        .intern_atom(true, b"_XKB_RULES_NAMES")
        .ok()?
        .reply()
        .ok()?
        .atom;
    let names = connection
        .get_property(false, root, rules, AtomEnum::STRING, 0, RULES_CAP / 4)
        .ok()?;
    let mapping = connection
        .get_keyboard_mapping(first, last.checked_sub(first)?.saturating_add(1))
        .ok()?;
    let names = names.reply().ok()?.value;
    let symbols = mapping.reply().ok()?.keysyms;
    let (layout, variant) = read_rules(&names)?;
    Some(Keymap {
        layout,
        variant,
        symbols: symbols.into_iter().filter(|keysym| *keysym != 0).collect(),
    })
}

/// `rules\0model\0layout\0variant\0options\0`.
fn read_rules(names: &[u8]) -> Option<(String, String)> {
    let mut names = names.split(|byte| *byte == 0).skip(2);
    let layout = word(std::str::from_utf8(names.next()?).ok()?)?;
    let variant = names.next().and_then(|v| std::str::from_utf8(v).ok());
    Some((layout, variant.and_then(word).unwrap_or_default()))
}

fn from_file() -> Option<Keymap> {
    let text = std::fs::read_to_string(DEFAULT_FILE).ok()?;
    let value = |name: &str| {
        text.lines()
            .find_map(|line| line.trim().strip_prefix(name)?.strip_prefix('='))
            .and_then(|value| word(value.trim_matches(['"', '\''])))
    };
    Some(Keymap {
        layout: value("XKBLAYOUT")?,
        variant: value("XKBVARIANT").unwrap_or_default(),
        // Without a display to ask, what every Latin layout has.
        symbols: LayoutSymbols::us(),
    })
}

/// A name as XKB has them; anything else could be an argument to somebody.
fn word(text: &str) -> Option<String> {
    let known = |c: char| c.is_ascii_alphanumeric() || "_-,()".contains(c);
    (!text.is_empty() && text.len() < 128 && text.chars().all(known)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_the_root_window_name_layout_and_variant() {
        let names = b"evdev\0pc105\0de,us\0nodeadkeys,\0compose:menu\0";
        assert_eq!(
            read_rules(names),
            Some(("de,us".to_owned(), "nodeadkeys,".to_owned()))
        );
        assert_eq!(read_rules(b"evdev\0pc105\0--help x\0\0"), None);
        assert_eq!(read_rules(b""), None);
    }
}
