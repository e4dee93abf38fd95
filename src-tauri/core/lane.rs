//! The two byte lanes between the view and the Rust side: frames out, input in.
//!
//! One binary WebSocket message each. All integers are big-endian. The view's first message is
//! the ticket's secret as text; what follows is described by [`ToView`] and [`FromView`].

/// A video codec of the frame lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// VP8.
    Vp8,
    /// VP9, profile 0.
    Vp9,
    /// H.264 in Annex B form.
    H264,
    /// AV1.
    Av1,
}

impl Codec {
    /// Its number on the lane.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Vp8 => 0,
            Self::Vp9 => 1,
            Self::H264 => 2,
            Self::Av1 => 3,
        }
    }
}

/// Rust to view.
///
/// | op | message | body |
/// |---|---|---|
/// | 1 | frame | u8 flags (1 key), u8 codec (0 VP8, 1 VP9, 2 H.264, 3 AV1), u32 sequence, u64 media time in µs, data |
/// | 2 | cursor image | u16 width, u16 height, u16 hot x, u16 hot y, PNG |
/// | 3 | cursor position | u16 x, u16 y in remote pixels |
/// | 4 | screen | u16 width, u16 height in remote pixels |
/// | 5 | reset | u32 session: another picture follows, beginning with a key frame |
/// | 6 | clipboard | UTF-8 |
/// | 7 | audio | u32 session, u64 media time in µs, one Opus packet |
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToView<'a> {
    /// One encoded frame, whole.
    Frame {
        /// Whether it can be decoded without another.
        key: bool,
        /// Its codec.
        codec: Codec,
        /// Counts up by one within a picture.
        sequence: u32,
        /// Media time.
        time_us: u64,
        /// The encoded frame.
        data: &'a [u8],
    },
    /// A new cursor image.
    CursorImage {
        /// Width in pixels.
        width: u16,
        /// Height in pixels.
        height: u16,
        /// Hot spot from the left.
        hot_x: u16,
        /// Hot spot from the top.
        hot_y: u16,
        /// PNG bytes.
        png: &'a [u8],
    },
    /// The remote cursor moved by itself.
    CursorPosition {
        /// From the left.
        x: u16,
        /// From the top.
        y: u16,
    },
    /// The remote screen's size.
    Screen {
        /// Width in pixels.
        width: u16,
        /// Height in pixels.
        height: u16,
    },
    /// Another picture follows.
    Reset {
        /// Of this session; 0 for none.
        session: u32,
    },
    /// The remote clipboard has new text.
    Clipboard {
        /// It.
        text: &'a str,
    },
    /// One audio packet.
    Audio {
        /// Whose; all are heard, whichever is seen.
        session: u32,
        /// Media time, which begins anew with each connection.
        time_us: u64,
        /// One Opus packet.
        data: &'a [u8],
    },
}

impl ToView<'_> {
    /// The message as it goes on the lane.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Frame {
                key,
                codec,
                sequence,
                time_us,
                data,
            } => {
                out.reserve(15 + data.len());
                out.extend([1, u8::from(*key), codec.number()]);
                out.extend(sequence.to_be_bytes());
                out.extend(time_us.to_be_bytes());
                out.extend_from_slice(data);
            }
            Self::CursorImage {
                width,
                height,
                hot_x,
                hot_y,
                png,
            } => {
                out.push(2);
                for n in [width, height, hot_x, hot_y] {
                    out.extend(n.to_be_bytes());
                }
                out.extend_from_slice(png);
            }
            Self::CursorPosition { x, y } => {
                out.push(3);
                out.extend(x.to_be_bytes());
                out.extend(y.to_be_bytes());
            }
            Self::Screen { width, height } => {
                out.push(4);
                out.extend(width.to_be_bytes());
                out.extend(height.to_be_bytes());
            }
            Self::Reset { session } => {
                out.push(5);
                out.extend(session.to_be_bytes());
            }
            Self::Clipboard { text } => {
                out.push(6);
                out.extend_from_slice(text.as_bytes());
            }
            Self::Audio {
                session,
                time_us,
                data,
            } => {
                out.push(7);
                out.extend(session.to_be_bytes());
                out.extend(time_us.to_be_bytes());
                out.extend_from_slice(data);
            }
        }
        out
    }
}

/// The state of the modifier keys with a key event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modifiers(pub u8);

impl Modifiers {
    /// Shift.
    pub const SHIFT: u8 = 1;
    /// Control.
    pub const CONTROL: u8 = 2;
    /// Alt.
    pub const ALT: u8 = 4;
    /// Super or Command.
    pub const META: u8 = 8;
    /// `AltGraph`.
    pub const ALT_GRAPH: u8 = 16;
    /// Caps lock is on.
    pub const CAPS_LOCK: u8 = 32;
    /// Num lock is on.
    pub const NUM_LOCK: u8 = 64;

    /// Whether all of `bits` are set.
    #[must_use]
    pub const fn has(self, bits: u8) -> bool {
        self.0 & bits == bits
    }
}

/// View to Rust.
///
/// | op | message | body |
/// |---|---|---|
/// | 1 | move | u16 x, u16 y in remote pixels |
/// | 2 | scroll | i16 x, i16 y in wheel steps, positive right and down, u8 1 with Control |
/// | 3 | key | u8 1 down, u8 modifiers, u8 location, u8 code length, `code`, `key` as the DOM names them |
/// | 4 | button | u8 1 down, u8 DOM button, u16 x, u16 y |
/// | 5 | text | UTF-8: composed text, emoji |
/// | 6 | blur | let go of all keys and buttons |
/// | 7 | viewport | u16 width, u16 height in device pixels, u16 scale in percent |
/// | 8 | need key frame | |
/// | 9 | painted | u32 sequence, u16 frames waiting in the decoder |
/// | 10 | clipboard | UTF-8: the local text |
/// | 11 | touch | u8 0 begin 1 move 2 end, u32 id, u16 x, u16 y, u8 pressure |
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromView {
    /// The pointer moved.
    Move {
        /// From the left.
        x: u16,
        /// From the top.
        y: u16,
    },
    /// The wheel turned.
    Scroll {
        /// Steps to the right.
        x: i16,
        /// Steps down.
        y: i16,
        /// With Control (zoom).
        control: bool,
    },
    /// A key went down or up.
    Key {
        /// Down, else up.
        down: bool,
        /// Modifiers held.
        modifiers: Modifiers,
        /// `KeyboardEvent.location`.
        location: u8,
        /// `KeyboardEvent.code`.
        code: String,
        /// `KeyboardEvent.key`.
        key: String,
    },
    /// A mouse button went down or up.
    Button {
        /// Down, else up.
        down: bool,
        /// `MouseEvent.button`.
        button: u8,
        /// From the left.
        x: u16,
        /// From the top.
        y: u16,
    },
    /// Text that is no key: composed, pasted by the IME, emoji.
    Text(String),
    /// The view lost the focus.
    Blur,
    /// The view's size has settled.
    Viewport {
        /// Device pixels.
        width: u16,
        /// Device pixels.
        height: u16,
        /// Device pixels per CSS pixel, in percent.
        scale_percent: u16,
    },
    /// The decoder lost its place.
    NeedKeyframe,
    /// A frame stands on the canvas.
    Painted {
        /// Which.
        sequence: u32,
        /// Frames still in the decoder.
        waiting: u16,
    },
    /// The local clipboard's text, to be set remotely.
    Clipboard(String),
    /// A finger.
    Touch {
        /// 0 begin, 1 move, 2 end.
        phase: u8,
        /// Which finger.
        id: u32,
        /// From the left.
        x: u16,
        /// From the top.
        y: u16,
        /// 0 to 255.
        pressure: u8,
    },
}

/// Why bytes from the view were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed lane message")]
pub struct Malformed;

impl FromView {
    /// Reads one message.
    ///
    /// # Errors
    /// [`Malformed`] for anything but exactly one whole message.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let (&op, body) = bytes.split_first().ok_or(Malformed)?;
        let text = |b: &[u8]| String::from_utf8(b.to_vec()).map_err(|_| Malformed);
        let word = |at: usize| u16::from_be_bytes([body[at], body[at + 1]]);
        let long =
            |at: usize| u32::from_be_bytes([body[at], body[at + 1], body[at + 2], body[at + 3]]);
        Ok(match (op, body.len()) {
            (1, 4) => Self::Move {
                x: word(0),
                y: word(2),
            },
            (2, 5) => Self::Scroll {
                x: word(0).cast_signed(),
                y: word(2).cast_signed(),
                control: body[4] == 1,
            },
            (3, 4..) => {
                let end = 4 + usize::from(body[3]);
                Self::Key {
                    down: body[0] == 1,
                    modifiers: Modifiers(body[1]),
                    location: body[2],
                    code: text(body.get(4..end).ok_or(Malformed)?)?,
                    key: text(&body[end..])?,
                }
            }
            (4, 6) => Self::Button {
                down: body[0] == 1,
                button: body[1],
                x: word(2),
                y: word(4),
            },
            (5, _) => Self::Text(text(body)?),
            (6, 0) => Self::Blur,
            (7, 6) => Self::Viewport {
                width: word(0),
                height: word(2),
                scale_percent: word(4),
            },
            (8, 0) => Self::NeedKeyframe,
            (9, 6) => Self::Painted {
                sequence: long(0),
                waiting: word(4),
            },
            (10, _) => Self::Clipboard(text(body)?),
            (11, 10) => Self::Touch {
                phase: body[0],
                id: long(1),
                x: word(5),
                y: word(7),
                pressure: body[9],
            },
            _ => return Err(Malformed),
        })
    }
}
