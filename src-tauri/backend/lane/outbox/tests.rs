use duotab_core::lane::Codec;

use super::*;

fn frame(key: bool, sequence: u32) -> Frame {
    Frame {
        key,
        codec: Codec::Vp8,
        sequence,
        time_us: 0,
        data: Bytes::from_static(b"frame"),
    }
}

fn drain(outbox: &Outbox) -> Vec<Parcel> {
    std::iter::from_fn(|| lock(&outbox.state).next()).collect()
}

fn sequences(outbox: &Outbox) -> Vec<u32> {
    drain(outbox)
        .iter()
        .filter_map(|parcel| match parcel {
            Parcel::Frame(frame) => Some(frame.sequence),
            _ => None,
        })
        .collect()
}

#[test]
fn without_a_view_frames_go_nowhere() {
    let outbox = Outbox::default();
    assert_eq!(outbox.frame(frame(true, 0)), FrameFate::NoView);
}

#[test]
fn a_new_view_begins_with_a_key_frame() {
    let outbox = Outbox::default();
    outbox.connect();
    assert_eq!(outbox.frame(frame(false, 0)), FrameFate::NeedKeyframe);
    assert_eq!(outbox.frame(frame(false, 1)), FrameFate::Skipped);
    assert_eq!(outbox.frame(frame(true, 2)), FrameFate::Queued);
    assert_eq!(outbox.frame(frame(false, 3)), FrameFate::Queued);
    assert_eq!(sequences(&outbox), [2, 3]);
}

#[test]
fn frames_that_pile_up_are_skipped_up_to_the_next_key_frame() {
    let outbox = Outbox::default();
    outbox.connect();
    assert_eq!(outbox.frame(frame(true, 0)), FrameFate::Queued);
    let mut sequence = 0;
    let fate = loop {
        sequence += 1;
        match outbox.frame(frame(false, sequence)) {
            FrameFate::Queued => assert!(sequence < 100),
            fate => break fate,
        }
    };
    assert_eq!(fate, FrameFate::NeedKeyframe);
    assert_eq!(outbox.frame(frame(false, 100)), FrameFate::Skipped);
    assert_eq!(outbox.frame(frame(true, 101)), FrameFate::Queued);
    assert_eq!(sequences(&outbox), [101]);
}

#[test]
fn the_owner_is_reminded_of_a_missing_key_frame() {
    let outbox = Outbox::default();
    outbox.connect();
    let asked = (0..90)
        .filter(|n| outbox.frame(frame(false, *n)) == FrameFate::NeedKeyframe)
        .count();
    assert_eq!(asked, 3);
}

#[test]
fn a_view_that_stops_painting_is_not_fed_but_key_frames() {
    let outbox = Outbox::default();
    outbox.connect();
    let mut sequence = 0;
    let mut feed = |key| {
        sequence += 1;
        let fate = outbox.frame(frame(key, sequence));
        drain(&outbox);
        fate
    };
    assert_eq!(feed(true), FrameFate::Queued);
    outbox.painted(1);
    let fed = (0..100)
        .take_while(|_| feed(false) == FrameFate::Queued)
        .count();
    assert!((55..65).contains(&fed), "{fed}");
    assert_eq!(feed(false), FrameFate::Skipped);
    assert_eq!(feed(true), FrameFate::Queued);
}

#[test]
fn of_a_state_only_the_last_value_is_sent_and_a_later_view_gets_it_again() {
    let outbox = Outbox::default();
    let screen = |width| ToView::Screen { width, height: 1 };
    outbox.show(&screen(1));
    outbox.connect();
    outbox.show(&screen(2));
    outbox.show(&ToView::Clipboard { text: "old" });
    let messages = |outbox: &Outbox| -> Vec<Bytes> {
        drain(outbox)
            .into_iter()
            .filter_map(|parcel| match parcel {
                Parcel::Message(bytes) => Some(bytes),
                _ => None,
            })
            .collect()
    };
    let clipboard = Bytes::from_static(b"\x06old");
    assert_eq!(
        messages(&outbox),
        [Bytes::from(screen(2).encode()), clipboard]
    );
    outbox.disconnect();
    outbox.connect();
    assert_eq!(messages(&outbox), [Bytes::from(screen(2).encode())]);
}

#[test]
fn a_reset_goes_before_the_new_picture_and_takes_the_old_one_along() {
    let outbox = Outbox::default();
    outbox.connect();
    outbox.show(&ToView::CursorPosition { x: 1, y: 1 });
    assert_eq!(outbox.frame(frame(true, 7)), FrameFate::Queued);
    outbox.show(&ToView::Reset { session: 3 });
    assert_eq!(outbox.frame(frame(false, 8)), FrameFate::NeedKeyframe);
    assert_eq!(outbox.frame(frame(true, 0)), FrameFate::Queued);
    let parcels = drain(&outbox);
    assert!(matches!(&parcels[0], Parcel::Message(m) if m[0] == 5));
    assert!(matches!(&parcels[1], Parcel::Frame(f) if f.sequence == 0));
    assert_eq!(parcels.len(), 2);
}

#[test]
fn what_is_heard_goes_on_when_another_picture_follows() {
    let outbox = Outbox::default();
    outbox.connect();
    let packet = |session: u32| ToView::Audio {
        session,
        time_us: 20,
        data: b"opus",
    };
    outbox.show(&packet(2));
    outbox.show(&ToView::Reset { session: 3 });
    outbox.show(&packet(3));
    let messages: Vec<Bytes> = drain(&outbox)
        .into_iter()
        .filter_map(|parcel| match parcel {
            Parcel::Message(bytes) => Some(bytes),
            _ => None,
        })
        .collect();
    for session in [2, 3] {
        let wanted = packet(session).encode();
        assert!(messages.iter().any(|it| *it == wanted), "{session}");
    }
}
