//! The data channel from client to server: input.
//!
//! One binary message per event, big-endian, after a header of `u8 op, u16 length` whose length
//! counts the body only.

use super::Malformed;
use super::data::{join_time, split_time};
use std::time::Duration;

/// The longest, counted from its keys, that a pasted text is kept from the next one for the page to
/// read it. The client waits somewhat longer for the word that the next one is there.
pub const PASTE_KEPT: Duration = Duration::from_millis(4500);

/// What a finger does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TouchPhase {
    /// Down.
    Begin,
    /// Moved.
    Update,
    /// Up.
    End,
}

/// One input event. Only `Move` and `Ping` are taken from a client that is not host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputMessage {
    /// The pointer moved to this point of the remote screen.
    Move {
        /// From the left.
        x: u16,
        /// From the top.
        y: u16,
    },
    /// Wheel clicks, **positive up** and (X's button 6) left: the DOM's signs turned round.
    Scroll {
        /// Clicks to the left.
        delta_x: i16,
        /// Clicks up.
        delta_y: i16,
        /// With Control held around them.
        control: bool,
    },
    /// A key.
    Key {
        /// Down, else up.
        down: bool,
        /// X keysym.
        keysym: u32,
    },
    /// A mouse button.
    Button {
        /// Down, else up.
        down: bool,
        /// X's number: 1 left, 2 middle, 3 right, 8 back, 9 forward.
        button: u32,
    },
    /// Asks for a pong.
    Ping {
        /// The client's clock in milliseconds.
        client_ms: u64,
    },
    /// A finger.
    Touch {
        /// What it does.
        phase: TouchPhase,
        /// Which finger.
        id: u32,
        /// From the left.
        x: i32,
        /// From the top.
        y: i32,
        /// 0 to 255.
        pressure: u8,
    },
}

impl InputMessage {
    /// The message as it goes on the channel.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(16);
        let mut head = |op: u8, length: u16| {
            out.push(op);
            out.extend(length.to_be_bytes());
        };
        match *self {
            Self::Move { x, y } => {
                head(0x01, 4);
                out.extend(x.to_be_bytes());
                out.extend(y.to_be_bytes());
            }
            Self::Scroll {
                delta_x,
                delta_y,
                control,
            } => {
                head(0x02, 5);
                out.extend(delta_x.to_be_bytes());
                out.extend(delta_y.to_be_bytes());
                out.push(u8::from(control));
            }
            Self::Key { down, keysym } => {
                head(if down { 0x03 } else { 0x04 }, 4);
                out.extend(keysym.to_be_bytes());
            }
            Self::Button { down, button } => {
                head(if down { 0x05 } else { 0x06 }, 4);
                out.extend(button.to_be_bytes());
            }
            Self::Ping { client_ms } => {
                head(0x07, 8);
                let (high, low) = split_time(client_ms);
                out.extend(high.to_be_bytes());
                out.extend(low.to_be_bytes());
            }
            Self::Touch {
                phase,
                id,
                x,
                y,
                pressure,
            } => {
                let op = match phase {
                    TouchPhase::Begin => 0x08,
                    TouchPhase::Update => 0x09,
                    TouchPhase::End => 0x0a,
                };
                head(op, 13);
                out.extend(id.to_be_bytes());
                out.extend(x.to_be_bytes());
                out.extend(y.to_be_bytes());
                out.push(pressure);
            }
        }
        out
    }

    /// Reads one message, as lenient as Neko: bytes behind the body are ignored, and a scroll
    /// whose header says 4 has no Control flag.
    ///
    /// # Errors
    /// [`Malformed`] when it is too short or of no known kind.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let (&[op, high, low], body) = bytes.split_first_chunk().ok_or(Malformed)?;
        let length = u16::from_be_bytes([high, low]);
        let mut body = Body(body);
        Ok(match op {
            0x01 => Self::Move {
                x: u16::from_be_bytes(body.take()?),
                y: u16::from_be_bytes(body.take()?),
            },
            0x02 => Self::Scroll {
                delta_x: i16::from_be_bytes(body.take()?),
                delta_y: i16::from_be_bytes(body.take()?),
                control: length != 4 && body.take::<1>()? != [0],
            },
            0x03 | 0x04 => Self::Key {
                down: op == 0x03,
                keysym: u32::from_be_bytes(body.take()?),
            },
            0x05 | 0x06 => Self::Button {
                down: op == 0x05,
                button: u32::from_be_bytes(body.take()?),
            },
            0x07 => Self::Ping {
                client_ms: join_time(
                    u32::from_be_bytes(body.take()?),
                    u32::from_be_bytes(body.take()?),
                ),
            },
            0x08..=0x0a => Self::Touch {
                phase: match op {
                    0x08 => TouchPhase::Begin,
                    0x09 => TouchPhase::Update,
                    _ => TouchPhase::End,
                },
                id: u32::from_be_bytes(body.take()?),
                x: i32::from_be_bytes(body.take()?),
                y: i32::from_be_bytes(body.take()?),
                pressure: body.take::<1>()?[0],
            },
            _ => return Err(Malformed),
        })
    }
}

/// Bytes still to be read.
struct Body<'a>(&'a [u8]);

impl Body<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (&taken, rest) = self.0.split_first_chunk().ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_of_the_protocol() {
        let m = InputMessage::Move { x: 0x0102, y: 3 };
        assert_eq!(m.encode(), [1, 0, 4, 1, 2, 0, 3]);
        let m = InputMessage::Scroll {
            delta_x: 0,
            delta_y: -1,
            control: true,
        };
        assert_eq!(m.encode(), [2, 0, 5, 0, 0, 0xff, 0xff, 1]);
        let m = InputMessage::Key {
            down: true,
            keysym: 0xffe1,
        };
        assert_eq!(m.encode(), [3, 0, 4, 0, 0, 0xff, 0xe1]);
    }

    #[test]
    fn the_old_scroll_has_no_flag() {
        assert_eq!(
            InputMessage::decode(&[2, 0, 4, 0, 1, 0, 2]),
            Ok(InputMessage::Scroll {
                delta_x: 1,
                delta_y: 2,
                control: false
            })
        );
    }

    #[test]
    fn what_is_too_short_is_refused() {
        assert_eq!(InputMessage::decode(&[]), Err(Malformed));
        assert_eq!(InputMessage::decode(&[1, 0, 4, 0]), Err(Malformed));
        assert_eq!(InputMessage::decode(&[0x0b, 0, 0]), Err(Malformed));
    }
}
