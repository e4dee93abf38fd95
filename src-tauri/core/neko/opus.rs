//! What can be told of an Opus packet without decoding it (RFC 6716).

/// The first of the configurations that are CELT alone (table 2).
const CELT: u8 = 16;

/// Whether it is a single frame of digital silence: CELT's silence flag (4.3), which is the first thing
/// coded, with nothing behind it. An encoder with a constant bit rate fills up with zeros.
#[must_use]
pub fn is_silent(packet: &[u8]) -> bool {
    let [head, 0xff, 0xfe, rest @ ..] = packet else {
        return false;
    };
    let (configuration, frames) = (head >> 3, head & 3);
    configuration >= CELT && frames == 0 && rest.iter().all(|it| *it == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_of_silence_is_known_at_any_bit_rate() {
        assert!(is_silent(&[0xfc, 0xff, 0xfe]));
        assert!(is_silent(&[&[0xf8, 0xff, 0xfe][..], &[0; 317]].concat()));
    }

    #[test]
    fn whatever_else_there_is_may_be_heard() {
        for packet in [
            &[][..],
            &[0xfc],
            &[0xfc, 0xff],
            &[0xfc, 0xff, 0xfd],
            &[0xfc, 0xff, 0xfe, 0, 1],
            // Two frames; SILK.
            &[0xfd, 0xff, 0xfe],
            &[0x08, 0xff, 0xfe],
        ] {
            assert!(!is_silent(packet), "{packet:02x?}");
        }
    }
}
