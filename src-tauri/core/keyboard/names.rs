//! Keys with a name, as <https://www.w3.org/TR/uievents-key/> lists them, and their X keysyms.

/// `KeyboardEvent.DOM_KEY_LOCATION_RIGHT`.
const RIGHT: u8 = 2;
/// `KeyboardEvent.DOM_KEY_LOCATION_NUMPAD`.
const NUMPAD: u8 = 3;

/// Whether an event says nothing of a key: dead keys and what an input method has swallowed.
pub(super) fn is_no_key(key: &str) -> bool {
    matches!(
        key,
        "" | "Dead" | "Process" | "Unidentified" | "CapsLock" | "NumLock"
    )
}

/// Whether it is a modifier key.
pub(super) fn is_modifier(key: &str) -> bool {
    matches!(
        key,
        "Shift" | "Control" | "Alt" | "AltGraph" | "Meta" | "OS" | "Super" | "Hyper"
    )
}

/// The keysym of a named key, or of a key of the number pad.
pub(super) fn keysym(key: &str, location: u8) -> Option<u32> {
    if location == NUMPAD
        && let Some(keysym) = numpad(key)
    {
        return Some(keysym);
    }
    let right = u32::from(location == RIGHT);
    Some(match key {
        "Shift" => 0xffe1 + right,
        "Control" => 0xffe3 + right,
        "Alt" => 0xffe9 + right,
        "Meta" | "OS" | "Super" => 0xffeb + right,
        "Hyper" => 0xffed + right,
        "AltGraph" => 0xfe03,
        "Backspace" => 0xff08,
        "Tab" => 0xff09,
        "Enter" => 0xff0d,
        "Pause" => 0xff13,
        "ScrollLock" => 0xff14,
        "Escape" => 0xff1b,
        "Home" => 0xff50,
        "ArrowLeft" => 0xff51,
        "ArrowUp" => 0xff52,
        "ArrowRight" => 0xff53,
        "ArrowDown" => 0xff54,
        "PageUp" => 0xff55,
        "PageDown" => 0xff56,
        "End" => 0xff57,
        "PrintScreen" => 0xff61,
        "Insert" => 0xff63,
        "Undo" => 0xff65,
        "Redo" => 0xff66,
        "ContextMenu" => 0xff67,
        "Find" => 0xff68,
        "Help" => 0xff6a,
        "Delete" => 0xffff,
        "AudioVolumeDown" => 0x1008_ff11,
        "AudioVolumeMute" => 0x1008_ff12,
        "AudioVolumeUp" => 0x1008_ff13,
        "MediaPlayPause" | "MediaPlay" => 0x1008_ff14,
        "MediaStop" => 0x1008_ff15,
        "MediaTrackPrevious" => 0x1008_ff16,
        "MediaTrackNext" => 0x1008_ff17,
        "BrowserSearch" => 0x1008_ff1b,
        "BrowserBack" => 0x1008_ff26,
        "BrowserForward" => 0x1008_ff27,
        "BrowserRefresh" => 0x1008_ff29,
        "Copy" => 0x1008_ff57,
        "Cut" => 0x1008_ff58,
        "Paste" => 0x1008_ff6d,
        _ => return function_key(key),
    })
}

/// F1 to F24.
fn function_key(key: &str) -> Option<u32> {
    let n: u32 = key.strip_prefix('F')?.parse().ok()?;
    (1..=24).contains(&n).then(|| 0xffbe + n - 1)
}

/// `KP_*` keysyms.
fn numpad(key: &str) -> Option<u32> {
    Some(match key {
        "Enter" => 0xff8d,
        "Home" => 0xff95,
        "ArrowLeft" => 0xff96,
        "ArrowUp" => 0xff97,
        "ArrowRight" => 0xff98,
        "ArrowDown" => 0xff99,
        "PageUp" => 0xff9a,
        "PageDown" => 0xff9b,
        "End" => 0xff9c,
        "Clear" => 0xff9d,
        "Insert" => 0xff9e,
        "Delete" => 0xff9f,
        "=" => 0xffbd,
        "*" => 0xffaa,
        "+" => 0xffab,
        "," => 0xffac,
        "-" => 0xffad,
        "." => 0xffae,
        "/" => 0xffaf,
        digit => {
            let n: u32 = digit.parse().ok()?;
            return (digit.len() == 1).then_some(0xffb0 + n);
        }
    })
}
