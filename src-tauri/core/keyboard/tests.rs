use super::*;
use KeyOutput::{Locks, Paste, Press, Release};
use proptest::prelude::*;

const NONE: Modifiers = Modifiers(0);
const SHIFT: Modifiers = Modifiers(Modifiers::SHIFT);

fn down(keyboard: &mut Keyboard, modifiers: Modifiers, code: &str, key: &str) -> Vec<KeyOutput> {
    keyboard.key(true, modifiers, 0, code, key, &LayoutSymbols::us())
}

fn up(keyboard: &mut Keyboard, code: &str, key: &str) -> Vec<KeyOutput> {
    keyboard.key(false, NONE, 0, code, key, &LayoutSymbols::us())
}

#[test]
fn a_release_is_that_of_the_press_although_the_modifiers_have_changed() {
    let mut k = Keyboard::default();
    assert_eq!(down(&mut k, NONE, "ShiftLeft", "Shift"), [Press(0xffe1)]);
    assert_eq!(down(&mut k, SHIFT, "KeyA", "A"), [Press(0x41)]);
    assert_eq!(up(&mut k, "ShiftLeft", "Shift"), [Release(0xffe1)]);
    assert_eq!(up(&mut k, "KeyA", "a"), [Release(0x41)]);
}

#[test]
fn what_the_layout_cannot_type_goes_as_text_with_nothing_held() {
    let mut k = Keyboard::default();
    down(&mut k, NONE, "ShiftLeft", "Shift");
    let sent = down(&mut k, SHIFT, "Minus", "ß");
    assert_eq!(sent, [Release(0xffe1), Paste("ß".into())]);
    assert_eq!(up(&mut k, "Minus", "ß"), []);
    assert_eq!(down(&mut k, NONE, "", "😀"), [Paste("😀".into())]);
}

#[test]
fn a_key_of_the_layout_is_a_key() {
    let german: LayoutSymbols = (0x20..0x7f).chain([0xdf, 0x20ac]).collect();
    let mut k = Keyboard::default();
    let sent = k.key(true, NONE, 0, "Minus", "ß", &german);
    assert_eq!(sent, [Press(0xdf)]);
    k.key(true, NONE, 2, "AltRight", "AltGraph", &german);
    let alt_gr = Modifiers(Modifiers::ALT_GRAPH);
    assert_eq!(
        k.key(true, alt_gr, 0, "KeyE", "€", &german),
        [Press(0x20ac)]
    );
}

#[test]
fn a_capital_without_shift_goes_as_text() {
    let mut k = Keyboard::default();
    assert_eq!(down(&mut k, NONE, "", "A"), [Paste("A".into())]);
}

#[test]
fn a_modifier_that_was_never_seen_going_down_is_pressed_and_let_go_again() {
    let mut k = Keyboard::default();
    assert_eq!(
        down(&mut k, SHIFT, "KeyA", "A"),
        [Press(0xffe1), Press(0x41)]
    );
    up(&mut k, "KeyA", "A");
    assert_eq!(
        down(&mut k, NONE, "KeyB", "b"),
        [Release(0xffe1), Press(0x62)]
    );
}

#[test]
fn locks_are_told_only_when_they_change() {
    let mut k = Keyboard::default();
    let caps = Modifiers(Modifiers::CAPS_LOCK);
    let on = Locks {
        caps: true,
        num: false,
    };
    assert_eq!(down(&mut k, caps, "KeyA", "A"), [on, Press(0x41)]);
    assert_eq!(down(&mut k, caps, "KeyB", "B"), [Press(0x42)]);
}

#[test]
fn dead_and_composing_keys_send_nothing() {
    let mut k = Keyboard::default();
    for key in ["Dead", "Process", "Unidentified", ""] {
        assert_eq!(down(&mut k, NONE, "Equal", key), []);
    }
}

#[test]
fn the_number_pad_has_keys_of_its_own() {
    let mut k = Keyboard::default();
    let us = LayoutSymbols::us();
    assert_eq!(k.key(true, NONE, 3, "Numpad5", "5", &us), [Press(0xffb5)]);
    assert_eq!(k.key(true, NONE, 0, "F12", "F12", &us), [Press(0xffc9)]);
}

proptest! {
    #[test]
    fn after_a_blur_nothing_is_held_and_every_release_had_its_press(
        events in prop::collection::vec(
            (any::<bool>(), any::<u8>(), 0_u8..4, 0_usize..9, 0_usize..12), 0..60)
    ) {
        let codes = ["KeyA", "ShiftLeft", "ControlLeft", "AltRight", "AltLeft", "Minus", "", "Numpad1", "MetaLeft"];
        let keys = ["a", "A", "Shift", "Control", "AltGraph", "Alt", "ß", "1", "Meta", "Dead", "Enter", "日本"];
        let mut keyboard = Keyboard::default();
        let mut pressed: Vec<u32> = Vec::new();
        let mut follow = |outputs: Vec<KeyOutput>| -> Result<(), TestCaseError> {
            for output in outputs {
                match output {
                    Press(keysym) => pressed.push(keysym),
                    Release(keysym) => {
                        let at = pressed.iter().position(|p| *p == keysym);
                        prop_assert!(at.is_some(), "release without press");
                        pressed.remove(at.unwrap_or_default());
                    }
                    Paste(_) => prop_assert!(pressed.is_empty(), "paste with keys held"),
                    Locks { .. } => {}
                }
            }
            Ok(())
        };
        for (down, modifiers, location, code, key) in events {
            follow(keyboard.key(down, Modifiers(modifiers), location, codes[code], keys[key], &LayoutSymbols::us()))?;
        }
        follow(keyboard.blur())?;
        prop_assert!(pressed.is_empty());
    }
}
