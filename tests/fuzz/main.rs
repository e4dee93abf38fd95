//! Bytes of any kind for everything that reads a server's bytes: nothing panics, nothing grows,
//! and what was written is read back. `corpus/` holds true messages to be bent.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use bytes::Bytes;
use duotab_backend::neko::frames::{Frames, Output, Packet};
use duotab_core::lane::{Codec, FromView};
use duotab_core::neko::data::ServerMessage;
use duotab_core::neko::event::{ClientEvent, ServerEvent};
use duotab_core::neko::input::{InputMessage, TouchPhase};
use proptest::prelude::*;
use std::time::{Duration, Instant};

/// True messages, one a line, to be bent.
const EVENTS: &str = include_str!("corpus/events.jsonl");

fn bent(line: &str, cuts: &[(usize, u8)]) -> String {
    let mut bytes = line.as_bytes().to_vec();
    for (at, byte) in cuts {
        let at = at % bytes.len().max(1);
        match byte {
            0 => bytes.truncate(at),
            it if it % 2 == 0 => bytes[at] = *it,
            it => bytes.insert(at, *it),
        }
        if bytes.is_empty() {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn codec() -> impl Strategy<Value = Codec> {
    prop_oneof![
        Just(Codec::Vp8),
        Just(Codec::Vp9),
        Just(Codec::H264),
        Just(Codec::Av1),
    ]
}

fn packet() -> impl Strategy<Value = (u16, u32, bool, Vec<u8>, u16)> {
    let sequence = prop_oneof![any::<u16>(), 0..200_u16, 65_400..=u16::MAX];
    let timestamp = prop_oneof![any::<u32>(), 0..4_u32];
    (
        sequence,
        timestamp,
        any::<bool>(),
        proptest::collection::vec(any::<u8>(), 0..64),
        0..300_u16,
    )
}

fn input() -> impl Strategy<Value = InputMessage> {
    let phase = prop_oneof![
        Just(TouchPhase::Begin),
        Just(TouchPhase::Update),
        Just(TouchPhase::End)
    ];
    prop_oneof![
        any::<(u16, u16)>().prop_map(|(x, y)| InputMessage::Move { x, y }),
        any::<(i16, i16, bool)>().prop_map(|(delta_x, delta_y, control)| {
            InputMessage::Scroll {
                delta_x,
                delta_y,
                control,
            }
        }),
        any::<(bool, u32)>().prop_map(|(down, keysym)| InputMessage::Key { down, keysym }),
        any::<(bool, u32)>().prop_map(|(down, button)| InputMessage::Button { down, button }),
        (0..1_u64 << 60).prop_map(|client_ms| InputMessage::Ping { client_ms }),
        (phase, any::<(u32, i32, i32, u8)>()).prop_map(|(phase, (id, x, y, pressure))| {
            InputMessage::Touch {
                phase,
                id,
                x,
                y,
                pressure,
            }
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_an_event_or_refused(text in ".{0,200}") {
        let _ = ServerEvent::decode(&text);
        let _ = ClientEvent::decode(&text);
    }

    #[test]
    fn a_bent_event_is_an_event_or_refused(
        line in 0..64_usize,
        cuts in proptest::collection::vec(any::<(usize, u8)>(), 0..6),
    ) {
        let lines: Vec<&str> = EVENTS.lines().collect();
        let text = bent(lines[line % lines.len()], &cuts);
        if let Ok(event) = ServerEvent::decode(&text) {
            let again = ServerEvent::decode(&event.encode());
            prop_assert!(again.is_ok() || matches!(event, ServerEvent::Unknown(_)));
        }
        if let Ok(event) = ClientEvent::decode(&text) {
            let _ = ClientEvent::decode(&event.encode());
        }
    }

    #[test]
    fn any_bytes_on_the_channel_are_a_message_or_refused(
        bytes in proptest::collection::vec(any::<u8>(), 0..64),
        op in 0..12_u8,
    ) {
        let mut bytes = bytes;
        let _ = ServerMessage::decode(&bytes);
        let _ = InputMessage::decode(&bytes);
        let _ = FromView::decode(&bytes);
        if let Some(first) = bytes.first_mut() {
            *first = op;
            let _ = ServerMessage::decode(&bytes);
            let _ = InputMessage::decode(&bytes);
            let _ = FromView::decode(&bytes);
        }
    }

    #[test]
    fn input_is_read_as_it_was_written(message in input()) {
        prop_assert_eq!(InputMessage::decode(&message.encode()), Ok(message));
    }

    #[test]
    fn any_packets_make_frames_in_order_and_time_ends_every_wait(
        codec in codec(),
        packets in proptest::collection::vec(packet(), 0..200),
    ) {
        let mut frames = Frames::new(codec);
        let mut now = Instant::now();
        let mut begun = false;
        for (sequence, timestamp, marker, payload, pause) in packets {
            now += Duration::from_millis(u64::from(pause));
            frames.push(Packet { sequence, timestamp, marker, payload: Bytes::from(payload) }, now);
            while let Some(output) = frames.poll() {
                if let Output::Frame(frame) = output {
                    prop_assert!(begun || frame.key, "the first frame is a key frame");
                    prop_assert!(!frame.lost_before || frame.key);
                    prop_assert!(!frame.data.is_empty());
                    begun = true;
                }
            }
        }
        for _ in 0..200 {
            let Some(deadline) = frames.deadline() else { break };
            now = now.max(deadline);
            frames.timeout(now);
            while frames.poll().is_some() {}
        }
        prop_assert_eq!(frames.deadline(), None);
    }
}
