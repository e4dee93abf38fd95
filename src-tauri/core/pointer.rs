//! Buttons and wheel: from the DOM's numbers and signs to Neko's.

use crate::neko::input::InputMessage;

/// Wheel clicks that one message may ask for: a server plays them all, one by one.
const MOST_CLICKS: i16 = 10;

/// X's number of a DOM button: 1 left, 2 middle, 3 right, 8 back, 9 forward.
#[must_use]
pub const fn button(dom: u8) -> Option<u32> {
    match dom {
        0 => Some(1),
        1 => Some(2),
        2 => Some(3),
        3 => Some(8),
        4 => Some(9),
        _ => None,
    }
}

/// Wheel steps, positive right and down as in the DOM; Neko's are positive left and up.
#[must_use]
pub fn scroll(x: i16, y: i16, control: bool) -> InputMessage {
    let turned = |n: i16| -n.clamp(-MOST_CLICKS, MOST_CLICKS);
    InputMessage::Scroll {
        delta_x: turned(x),
        delta_y: turned(y),
        control,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn down_in_the_view_is_down_in_the_page() {
        assert_eq!(
            scroll(0, 3, false),
            InputMessage::Scroll {
                delta_x: 0,
                delta_y: -3,
                control: false
            }
        );
        assert_eq!(
            scroll(i16::MIN, i16::MAX, true),
            InputMessage::Scroll {
                delta_x: 10,
                delta_y: -10,
                control: true
            }
        );
    }
}
