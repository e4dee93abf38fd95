//! What must come out of packets that come whole, late, twice, in disorder, or not at all.

use super::*;
use std::collections::BTreeMap;

const TICKS: u32 = 3000;

/// One VP8 frame as packets: `size` bytes in pieces of 100.
fn vp8(sequence: &mut u16, number: u32, key: bool, size: usize) -> (Vec<Packet>, Vec<u8>) {
    let mut data = vec![u8::from(!key), 0, 0, 0x9d, 0x01, 0x2a];
    data.extend(number.to_be_bytes());
    data.resize(size.max(10), number.to_le_bytes()[0]);
    let last = data.len().div_ceil(100) - 1;
    let packets = data
        .chunks(100)
        .enumerate()
        .map(|(i, chunk)| {
            let mut payload = vec![if i == 0 { 0x90 } else { 0x80 }, 0x80, 0x80, 0x01];
            payload.extend_from_slice(chunk);
            let packet = Packet {
                sequence: *sequence,
                timestamp: number.wrapping_mul(TICKS).wrapping_add(u32::MAX - 9000),
                marker: i == last,
                payload: payload.into(),
            };
            *sequence = sequence.wrapping_add(1);
            packet
        })
        .collect();
    (packets, data)
}

/// Frames 0..count, the first and every tenth a key frame.
fn stream(first: u16, count: u32) -> (Vec<Packet>, Vec<Vec<u8>>) {
    let mut sequence = first;
    let mut packets = Vec::new();
    let mut frames = Vec::new();
    for number in 0..count {
        let key = number % 10 == 0;
        let (its, data) = vp8(&mut sequence, number, key, if key { 950 } else { 250 });
        packets.extend(its);
        frames.push(data);
    }
    (packets, frames)
}

fn frames(from: &mut Frames) -> (Vec<Whole>, Vec<u16>, usize) {
    let (mut whole, mut nacks, mut keys) = (Vec::new(), Vec::new(), 0);
    while let Some(output) = from.poll() {
        match output {
            Output::Frame(it) => whole.push(it),
            Output::Nack(it) => nacks.extend(it),
            Output::NeedKey => keys += 1,
        }
    }
    (whole, nacks, keys)
}

#[test]
fn packets_in_order_become_frames_at_once() {
    let now = Instant::now();
    let mut it = Frames::new(Codec::Vp8);
    let (packets, wanted) = stream(65_500, 30);
    let mut got = Vec::new();
    for packet in packets {
        let marker = packet.marker;
        it.push(packet, now);
        let (whole, nacks, keys) = frames(&mut it);
        assert_eq!(
            (whole.len(), nacks.len(), keys),
            (usize::from(marker), 0, 0)
        );
        assert_eq!(it.deadline(), None, "nothing is waited for");
        got.extend(whole);
    }
    assert_eq!(got.len(), wanted.len());
    for (number, (got, wanted)) in got.iter().zip(&wanted).enumerate() {
        assert_eq!(got.data, wanted[..]);
        assert_eq!(got.key, number % 10 == 0);
        assert_eq!(got.time_us, number as u64 * 100_000 / 3);
        assert!(!got.lost_before);
    }
}

#[test]
fn a_missing_packet_is_asked_for_at_once_and_its_frames_wait_for_it() {
    let now = Instant::now();
    let mut it = Frames::new(Codec::Vp8);
    let (mut packets, wanted) = stream(10, 4);
    let missing = packets.remove(11);
    for packet in packets {
        it.push(packet, now);
    }
    let (whole, nacks, keys) = frames(&mut it);
    assert_eq!((whole.len(), nacks, keys), (1, vec![21], 0));
    it.push(missing, now + Duration::from_millis(3));
    let (whole, _, _) = frames(&mut it);
    assert_eq!(whole.len(), 3);
    assert_eq!(whole[2].data, wanted[3][..]);
    assert!(!whole[0].lost_before);
    assert_eq!(it.counts().recovered, 1);
}

#[test]
fn a_packet_that_never_comes_costs_the_frames_up_to_the_next_key_frame() {
    let now = Instant::now();
    let mut it = Frames::new(Codec::Vp8);
    let (mut packets, _) = stream(0, 12);
    packets.remove(11);
    for packet in packets {
        it.push(packet, now);
    }
    assert_eq!(frames(&mut it).0.len(), 1);
    let mut later = now;
    let mut asked = 0;
    while let Some(deadline) = it.deadline() {
        assert!(deadline > later, "time goes on");
        assert!(deadline < now + Duration::from_millis(500), "and ends");
        later = deadline;
        it.timeout(later);
        let (whole, nacks, keys) = frames(&mut it);
        asked += nacks.len();
        if !whole.is_empty() {
            assert!(keys >= 1);
            assert!(whole[0].key && whole[0].lost_before);
            assert_eq!(whole.len(), 2, "frames 10 and 11");
        }
    }
    assert!(asked >= 1, "it was asked for again");
    assert_eq!(it.counts().lost, 1);
}

#[test]
fn the_window_follows_the_repairs_that_were_measured() {
    let now = Instant::now();
    let mut fast = Frames::new(Codec::Vp8);
    let mut slow = Frames::new(Codec::Vp8);
    let mut windows = Vec::new();
    for (it, trip) in [(&mut fast, 2), (&mut slow, 150)] {
        let (packets, _) = stream(0, 60);
        let mut clock = now;
        let mut late: Option<(Packet, Instant)> = None;
        for (i, packet) in packets.into_iter().enumerate() {
            clock += Duration::from_millis(1);
            if let Some((packet, due)) = late.take() {
                if clock >= due {
                    it.push(packet, due);
                } else {
                    late = Some((packet, due));
                }
            }
            if i % 20 == 15 && late.is_none() {
                late = Some((packet, clock + Duration::from_millis(trip)));
            } else {
                it.push(packet, clock);
            }
        }
        windows.push(it.order.window());
    }
    assert!(windows[0] < windows[1], "{windows:?}");
    assert_eq!(windows[0], Duration::from_millis(25));
}

#[test]
fn a_stream_that_jumps_is_taken_up_where_it_goes_on() {
    let now = Instant::now();
    let mut it = Frames::new(Codec::Vp8);
    for packet in stream(100, 3).0 {
        it.push(packet, now);
    }
    assert_eq!(frames(&mut it).0.len(), 3);
    let mut sequence = 30_000;
    let (stray, _) = vp8(&mut 50_000, 9, true, 50);
    it.push(stray[0].clone(), now);
    assert_eq!(frames(&mut it).0.len(), 0);
    let mut got = Vec::new();
    for number in 10..25 {
        let (packets, _) = vp8(&mut sequence, number, number % 10 == 0, 300);
        for packet in packets {
            it.push(packet, now);
        }
        got.extend(frames(&mut it).0);
    }
    assert_eq!(got.len(), 5, "frames 20 to 24");
    assert!(got[0].key && got[0].lost_before);
}

#[test]
fn joining_in_the_middle_gives_nothing_before_a_key_frame() {
    let now = Instant::now();
    let mut it = Frames::new(Codec::Vp8);
    let (packets, _) = stream(0, 13);
    for packet in packets.into_iter().skip(4) {
        it.push(packet, now);
    }
    let (whole, _, _) = frames(&mut it);
    assert_eq!(whole.len(), 3);
    assert!(whole[0].key);
}

/// A die that falls the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

#[test]
fn whatever_the_network_does_what_comes_out_is_whole_and_in_order() {
    for seed in 1..200_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let start = Instant::now();
        let mut it = Frames::new(Codec::Vp8);
        it.set_round_trip(Duration::from_millis(10));
        let (packets, wanted) = stream(u16::try_from(dice.roll(65_536)).unwrap(), 100);
        let sent: BTreeMap<u16, Packet> =
            packets.iter().map(|it| (it.sequence, it.clone())).collect();
        // Arrivals by time in µs.
        let mut arrivals: BTreeMap<(u64, u64), Packet> = BTreeMap::new();
        let mut order = 0;
        for (i, packet) in packets.into_iter().enumerate() {
            let at = i as u64 * 5_000;
            order += 1;
            match dice.roll(100) {
                0..6 => continue,
                6..12 => {
                    arrivals.insert((at + dice.roll(30_000), order), packet.clone());
                    order += 1;
                }
                12..20 => {
                    arrivals.insert((at + dice.roll(30_000), order), packet);
                    continue;
                }
                _ => {}
            }
            arrivals.insert((at, order), packet);
        }
        let mut out = Vec::new();
        let mut clock = 0;
        loop {
            let due = it
                .deadline()
                .map(|it| u64::try_from(it.duration_since(start).as_micros()).unwrap() + 1);
            let next = arrivals.first_key_value().map(|(at, _)| *at);
            match (next, due) {
                (Some(next), due) if due.is_none_or(|due| next.0 <= due) => {
                    clock = clock.max(next.0);
                    let packet = arrivals.remove(&next).unwrap();
                    it.push(packet, start + Duration::from_micros(clock));
                }
                (_, Some(due)) => {
                    clock = clock.max(due);
                    it.timeout(start + Duration::from_micros(clock));
                }
                (_, None) => break,
            }
            let (whole, nacks, _) = frames(&mut it);
            out.extend(whole);
            for number in nacks {
                order += 1;
                if dice.roll(10) > 0
                    && let Some(packet) = sent.get(&number)
                {
                    arrivals.insert((clock + 10_000, order), packet.clone());
                }
            }
        }
        let mut last = None;
        let mut decodable = false;
        for whole in &out {
            let number = usize::try_from(u32::from_be_bytes([
                whole.data[6],
                whole.data[7],
                whole.data[8],
                whole.data[9],
            ]))
            .unwrap();
            assert_eq!(
                whole.data,
                wanted[number][..],
                "seed {seed}: frame {number}"
            );
            decodable = whole.key || (decodable && last == Some(number.wrapping_sub(1)));
            assert!(decodable, "seed {seed}: frame {number} after {last:?}");
            assert!(last.is_none_or(|it| it < number), "seed {seed}: in order");
            if let Some(last) = last {
                let gap = last + 1 != number;
                assert_eq!(whole.lost_before, gap, "seed {seed}: frame {number}");
            }
            last = Some(number);
        }
        assert!(out.len() > 50, "seed {seed}: {} of 100", out.len());
    }
}

#[test]
fn h264_units_come_out_as_annex_b() {
    let now = Instant::now();
    let mut it = Frames::new(Codec::H264);
    let packet = |sequence, timestamp, marker, payload: &[u8]| Packet {
        sequence,
        timestamp,
        marker,
        payload: Bytes::copy_from_slice(payload),
    };
    // STAP-A with SPS and PPS, an IDR slice in two fragments, then a plain slice.
    it.push(
        packet(1, 0, false, &[24, 0, 2, 0x67, 1, 0, 2, 0x68, 2]),
        now,
    );
    it.push(packet(2, 0, false, &[0x7c, 0x85, 0x88, 3]), now);
    it.push(packet(3, 0, true, &[0x7c, 0x45, 4]), now);
    it.push(packet(4, 3000, true, &[0x41, 0x9a, 5]), now);
    let (whole, _, _) = frames(&mut it);
    assert_eq!(
        whole[0].data[..],
        [
            0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 2, 0, 0, 0, 1, 0x65, 0x88, 3, 4
        ]
    );
    assert!(whole[0].key && !whole[1].key);
    assert_eq!(whole[1].data[..], [0, 0, 0, 1, 0x41, 0x9a, 5]);
}

#[test]
fn vp9_descriptors_are_stripped() {
    let now = Instant::now();
    let mut it = Frames::new(Codec::Vp9);
    let packet = |sequence, timestamp, marker, payload: &[u8]| Packet {
        sequence,
        timestamp,
        marker,
        payload: Bytes::copy_from_slice(payload),
    };
    // I, F, B, V with a 15-bit picture id and a structure of one layer with its size.
    let first = [0x9a, 0x81, 0x02, 0x10, 5, 0, 2, 0xd0, 0x82, 0x49];
    it.push(packet(1, 0, false, &first), now);
    it.push(packet(2, 0, true, &[0x94, 0x81, 0x02, 7]), now);
    // Predicted from the picture before.
    it.push(
        packet(3, 3000, true, &[0xdc, 0x81, 0x03, 0x02, 0x86, 8]),
        now,
    );
    let (whole, _, _) = frames(&mut it);
    assert_eq!(whole[0].data[..], [0x82, 0x49, 7]);
    assert!(whole[0].key && !whole[1].key);
    assert_eq!(whole[1].data[..], [0x86, 8]);
}

#[test]
fn a_flood_of_gaps_keeps_the_memory_small() {
    let now = Instant::now();
    let mut it = Frames::new(Codec::Vp8);
    for i in 0..70_000_u32 {
        let packet = Packet {
            sequence: u16::try_from(i * 7 % 65_536).unwrap(),
            timestamp: i,
            marker: false,
            payload: Bytes::from_static(&[0x10, 0, 0, 0]),
        };
        it.push(packet, now);
        while it.poll().is_some() {}
        assert!(it.order.held() <= 4_700);
    }
}
