//! The data channel from server to client: cursor and pong.
//!
//! The header's length counts itself as well, and overflows for a cursor of more than 64 KiB:
//! the size of the message is what counts.

use super::Malformed;

/// The base by which clocks are split into two halves: not 2³².
const BASE: u64 = 0xffff_ffff;

/// Splits milliseconds as the protocol does.
#[must_use]
pub fn split_time(ms: u64) -> (u32, u32) {
    let high = u32::try_from(ms / BASE).unwrap_or(u32::MAX);
    let low = u32::try_from(ms % BASE).unwrap_or(u32::MAX);
    (high, low)
}

/// Puts milliseconds together again.
#[must_use]
pub fn join_time(high: u32, low: u32) -> u64 {
    u64::from(high) * BASE + u64::from(low)
}

/// One message from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerMessage {
    /// Somebody else, or the page itself, moved the cursor.
    CursorPosition {
        /// From the left.
        x: u16,
        /// From the top.
        y: u16,
    },
    /// The cursor looks like this; sent when the channel opens and on every change.
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
        png: Vec<u8>,
    },
    /// Answer to a ping.
    Pong {
        /// The client's clock in milliseconds, as it was sent.
        client_ms: u64,
        /// The server's clock in milliseconds.
        server_ms: u64,
    },
}

impl ServerMessage {
    /// The message as it goes on the channel.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(19);
        match self {
            Self::CursorPosition { x, y } => {
                out.extend([0x01, 0, 7]);
                out.extend(x.to_be_bytes());
                out.extend(y.to_be_bytes());
            }
            Self::CursorImage {
                width,
                height,
                hot_x,
                hot_y,
                png,
            } => {
                // Wraps for a large image, as in Neko.
                let length = (11 + png.len()) & 0xffff;
                out.push(0x02);
                out.extend(u16::try_from(length).unwrap_or_default().to_be_bytes());
                for n in [width, height, hot_x, hot_y] {
                    out.extend(n.to_be_bytes());
                }
                out.extend_from_slice(png);
            }
            Self::Pong {
                client_ms,
                server_ms,
            } => {
                out.extend([0x03, 0, 19]);
                for ms in [*client_ms, *server_ms] {
                    let (high, low) = split_time(ms);
                    out.extend(high.to_be_bytes());
                    out.extend(low.to_be_bytes());
                }
            }
        }
        out
    }

    /// Reads one message. The caller caps its size.
    ///
    /// # Errors
    /// [`Malformed`] when it is too short or of no known kind.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let (&[op, _, _], body) = bytes.split_first_chunk().ok_or(Malformed)?;
        let word = |at: usize| -> Result<u16, Malformed> {
            let b = body.get(at..at + 2).ok_or(Malformed)?;
            Ok(u16::from_be_bytes([b[0], b[1]]))
        };
        let time = |at: usize| -> Result<u64, Malformed> {
            let b = body.get(at..at + 8).ok_or(Malformed)?;
            Ok(join_time(
                u32::from_be_bytes([b[0], b[1], b[2], b[3]]),
                u32::from_be_bytes([b[4], b[5], b[6], b[7]]),
            ))
        };
        Ok(match op {
            0x01 => Self::CursorPosition {
                x: word(0)?,
                y: word(2)?,
            },
            0x02 => Self::CursorImage {
                width: word(0)?,
                height: word(2)?,
                hot_x: word(4)?,
                hot_y: word(6)?,
                png: body.get(8..).ok_or(Malformed)?.to_vec(),
            },
            0x03 => Self::Pong {
                client_ms: time(0)?,
                server_ms: time(8)?,
            },
            _ => return Err(Malformed),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_survives_the_odd_split() {
        for ms in [0, 1, BASE - 1, BASE, BASE + 1, 1_790_000_000_000] {
            let (high, low) = split_time(ms);
            assert_eq!(join_time(high, low), ms);
        }
        assert_eq!(split_time(BASE), (1, 0));
    }

    #[test]
    fn a_large_cursor_survives_its_overflowing_length() {
        let message = ServerMessage::CursorImage {
            width: 256,
            height: 256,
            hot_x: 1,
            hot_y: 2,
            png: vec![7; 70_000],
        };
        assert_eq!(ServerMessage::decode(&message.encode()), Ok(message));
    }

    #[test]
    fn what_is_too_short_is_refused() {
        assert_eq!(ServerMessage::decode(&[2, 0, 0, 1, 2, 3]), Err(Malformed));
        assert_eq!(ServerMessage::decode(&[9, 0, 0]), Err(Malformed));
    }
}
