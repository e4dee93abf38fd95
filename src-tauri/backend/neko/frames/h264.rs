//! H.264 over RTP (RFC 6184, packetization mode 1), to Annex B.

use bytes::BytesMut;

use super::assemble::{Malformed, Part};

const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// Unwraps one packet's units and appends them with start codes.
pub(super) fn take(payload: &[u8], out: &mut BytesMut) -> Result<Part, Malformed> {
    let (&head, rest) = payload.split_first().ok_or(Malformed)?;
    match head & 0x1f {
        1..=23 => Ok(unit(payload, out)),
        24 => {
            let mut part = Part::default();
            let mut rest = rest;
            let mut first = true;
            while !rest.is_empty() {
                let (&[high, low], after) = rest.split_first_chunk().ok_or(Malformed)?;
                let size = usize::from(u16::from_be_bytes([high, low]));
                let inner = after.get(..size).ok_or(Malformed)?;
                if inner.is_empty() {
                    return Err(Malformed);
                }
                let it = unit(inner, out);
                part.begins |= first && it.begins;
                part.key |= it.key;
                first = false;
                rest = &after[size..];
            }
            Ok(part)
        }
        28 => {
            let (&second, data) = rest.split_first().ok_or(Malformed)?;
            if second & 0x80 == 0 {
                if out.is_empty() {
                    return Err(Malformed);
                }
                out.extend_from_slice(data);
                return Ok(Part::default());
            }
            let header = head & 0xe0 | second & 0x1f;
            out.extend_from_slice(&START_CODE);
            out.extend_from_slice(&[header]);
            out.extend_from_slice(data);
            Ok(kind(header, data))
        }
        _ => Err(Malformed),
    }
}

fn unit(unit: &[u8], out: &mut BytesMut) -> Part {
    out.extend_from_slice(&START_CODE);
    out.extend_from_slice(unit);
    kind(unit[0], &unit[1..])
}

/// What a unit says of its frame: parameter sets, delimiters and a picture's first slice (whose
/// first bit says "macroblock 0") may begin one; IDR slices make it a key frame.
fn kind(header: u8, data: &[u8]) -> Part {
    let first_slice = data.first().is_some_and(|it| it & 0x80 != 0);
    match header & 0x1f {
        5 => Part {
            begins: first_slice,
            key: true,
        },
        1 => Part {
            begins: first_slice,
            key: false,
        },
        6..=9 => Part {
            begins: true,
            key: false,
        },
        _ => Part::default(),
    }
}
