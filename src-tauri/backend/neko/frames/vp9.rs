//! VP9 over RTP (RFC 9628).

use bytes::BytesMut;

use super::assemble::{Malformed, Part};

/// Strips one packet's descriptor and appends the rest.
pub(super) fn take(payload: &[u8], first: bool, out: &mut BytesMut) -> Result<Part, Malformed> {
    let (&head, rest) = payload.split_first().ok_or(Malformed)?;
    let mut rest = Rest(rest);
    let flag = |bit: u8| head & bit != 0;
    if flag(0x80) && rest.byte()? & 0x80 != 0 {
        rest.byte()?;
    }
    let flexible = flag(0x10);
    if flag(0x20) {
        rest.byte()?;
        if !flexible {
            rest.byte()?;
        }
    }
    if flexible && flag(0x40) {
        for left in (0..3).rev() {
            if rest.byte()? & 1 == 0 {
                break;
            }
            if left == 0 {
                return Err(Malformed);
            }
        }
    }
    if flag(0x02) {
        rest.structure()?;
    }
    let begins = flag(0x08);
    let key = first && begins && !flag(0x40) && is_key(*rest.0.first().ok_or(Malformed)?);
    out.extend_from_slice(rest.0);
    Ok(Part { begins, key })
}

/// The uncompressed header's first byte, profiles 0 to 2: marker `10`, two bits of profile,
/// `show_existing_frame`, `frame_type` (0 for a key frame).
const fn is_key(byte: u8) -> bool {
    byte & 0b1100_1100 == 0b1000_0000
}

/// What is left of the payload.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn byte(&mut self) -> Result<u8, Malformed> {
        let (&byte, rest) = self.0.split_first().ok_or(Malformed)?;
        self.0 = rest;
        Ok(byte)
    }

    fn skip(&mut self, count: usize) -> Result<(), Malformed> {
        self.0 = self.0.get(count..).ok_or(Malformed)?;
        Ok(())
    }

    /// The scalability structure.
    fn structure(&mut self) -> Result<(), Malformed> {
        let head = self.byte()?;
        if head & 0x10 != 0 {
            self.skip(4 * (usize::from(head >> 5) + 1))?;
        }
        if head & 0x08 != 0 {
            for _ in 0..self.byte()? {
                let picture = self.byte()?;
                self.skip(usize::from(picture >> 2 & 0x03))?;
            }
        }
        Ok(())
    }
}
