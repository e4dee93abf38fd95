//! VP8 over RTP (RFC 7741).

use bytes::BytesMut;

use super::assemble::{Malformed, Part};

/// Strips one packet's descriptor and appends the rest.
pub(super) fn take(payload: &[u8], first: bool, out: &mut BytesMut) -> Result<Part, Malformed> {
    let (&head, mut rest) = payload.split_first().ok_or(Malformed)?;
    if head & 0x80 != 0 {
        let (&extension, after) = rest.split_first().ok_or(Malformed)?;
        rest = after;
        if extension & 0x80 != 0 {
            let long = rest.first().ok_or(Malformed)? & 0x80 != 0;
            rest = rest.get(1 + usize::from(long)..).ok_or(Malformed)?;
        }
        if extension & 0x40 != 0 {
            rest = rest.get(1..).ok_or(Malformed)?;
        }
        if extension & 0x30 != 0 {
            rest = rest.get(1..).ok_or(Malformed)?;
        }
    }
    let begins = head & 0x10 != 0 && head & 0x07 == 0;
    // RFC 6386, 9.1: the lowest bit is 0 in a key frame, whose fourth byte begins a start code.
    let key = first
        && begins
        && rest.first().ok_or(Malformed)? & 1 == 0
        && rest.get(3..6) == Some(&[0x9d, 0x01, 0x2a]);
    out.extend_from_slice(rest);
    Ok(Part { begins, key })
}
