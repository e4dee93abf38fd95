//! A fleet of 10 000 nodes through 100 000 arrivals and as many departures, beside best-fit.
//!
//! "Most free room first" spreads sessions, and best-fit packs them. With sessions of one size,
//! as the app has them, both must admit the same: what is left over on a node is less than a
//! session either way. With sessions of several sizes spreading leaves pieces that are too small
//! for the large ones; what is lost by that, where room is compared in steps, is measured here too.

use super::*;

/// A tenth without the compiler's help, which is slow.
const PART: usize = if cfg!(debug_assertions) { 10 } else { 1 };
const NODES: usize = 10_000 / PART;
const TURNS: u32 = 100_000 / PART as u32;
const SEED: u64 = 0x0005_eed0_f00d;

/// A generator of numbers that look random: xorshift64*.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.next()).unwrap() % all.len()]
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next()).unwrap() % limit
    }
}

/// The fullest node that has room.
struct BestFit {
    free: Vec<u64>,
    order: BTreeSet<(u64, usize)>,
    placed: BTreeMap<u32, (usize, u64)>,
    held_in_all: u64,
}

impl BestFit {
    fn new(rooms: &[u64]) -> Self {
        Self {
            free: rooms.to_vec(),
            order: rooms
                .iter()
                .enumerate()
                .map(|(n, room)| (*room, n))
                .collect(),
            placed: BTreeMap::new(),
            held_in_all: 0,
        }
    }

    fn change(&mut self, node: usize, to: u64) {
        self.order.remove(&(self.free[node], node));
        self.free[node] = to;
        self.order.insert((to, node));
    }

    fn arrive(&mut self, who: u32, mib: u64) -> bool {
        let Some((free, node)) = self.order.range((mib, 0)..).next().copied() else {
            return false;
        };
        self.change(node, free - mib);
        self.held_in_all += mib;
        self.placed.insert(who, (node, mib));
        true
    }

    fn depart(&mut self, who: u32) {
        if let Some((node, mib)) = self.placed.remove(&who) {
            self.change(node, self.free[node] + mib);
            self.held_in_all -= mib;
        }
    }
}

/// The app's own order, whose nodes are looked at again now and then.
struct Ours {
    roster: Roster,
    rooms: Vec<u64>,
    held: Vec<u64>,
    placed: BTreeMap<u32, (usize, u64)>,
    held_in_all: u64,
}

impl Ours {
    fn new(rooms: &[u64]) -> Self {
        let mut ours = Self {
            roster: Roster::new(Demand::default()),
            rooms: rooms.to_vec(),
            held: vec![0; rooms.len()],
            placed: BTreeMap::new(),
            held_in_all: 0,
        };
        (0..rooms.len()).for_each(|node| ours.look(node));
        ours
    }

    fn look(&mut self, node: usize) {
        let facts = WorkerFacts {
            round_trip_ms: u32::try_from(node % 40).unwrap(),
            ..WorkerFacts::default()
        };
        let seen = Node {
            id: NodeId(format!("w{node}")),
            name: format!("node {node}"),
            kind: NodeKind::Worker,
            arch: "x86_64".into(),
            cores: 8,
            total_memory_mib: self.rooms[node] + 4_096,
            available_memory_mib: self.rooms[node] - self.held[node],
            gpu: node.is_multiple_of(10),
            engine: EngineHealth::Healthy,
        };
        self.roster.see(seen, Some(facts));
    }

    fn arrive(&mut self, who: u32, mib: u64) -> bool {
        let Ok(placed) = self.roster.place(mib, None, None) else {
            return false;
        };
        let node: usize = placed.id.0[1..].parse().unwrap();
        // They are in use at once, before anybody has looked again.
        let taken = Some(self.roster.now);
        let holder = Holder::Session(SessionId(who));
        self.roster.hold(holder, &placed.id, mib, taken);
        self.held[node] += mib;
        self.held_in_all += mib;
        assert!(
            self.held[node] <= self.rooms[node],
            "node {node} is over-committed"
        );
        self.placed.insert(who, (node, mib));
        true
    }

    fn depart(&mut self, who: u32) {
        if let Some((node, mib)) = self.placed.remove(&who) {
            self.roster.release(&Holder::Session(SessionId(who)));
            self.held[node] -= mib;
            self.held_in_all -= mib;
            self.look(node);
        }
    }
}

/// What came of the arrivals.
#[derive(Clone, Copy, Debug, Default)]
struct Score {
    admitted: u64,
    /// MiB that are held, summed over all turns.
    held: u64,
}

impl Score {
    fn count(&mut self, admitted: bool, held: u64) {
        self.admitted += u64::from(admitted);
        self.held += held;
    }

    /// Per mille of what the other has.
    fn of(self, other: Self) -> (u64, u64) {
        (
            self.admitted * 1_000 / other.admitted,
            self.held * 1_000 / other.held,
        )
    }
}

/// What the app's order and best-fit make of the same arrivals and departures.
fn simulate(sizes: &[u64]) -> (Score, Score) {
    let mut numbers = Numbers(SEED);
    let totals = [4, 4, 4, 4, 4, 8, 8, 8, 16, 16].map(|gib: u64| gib * 1_024);
    let rooms: Vec<u64> = (0..NODES)
        .map(|_| numbers.one_of(&totals) - 512 - numbers.next() % 1_024)
        .collect();
    let (mut ours, mut best) = (Ours::new(&rooms), BestFit::new(&rooms));
    let (mut us, mut them) = (Score::default(), Score::default());
    // A tenth more is wanted than there is room for.
    let mean = sizes.iter().sum::<u64>() / u64::try_from(sizes.len()).unwrap();
    let wanted = u32::try_from(rooms.iter().sum::<u64>() / mean * 11 / 10).unwrap();
    let mut here: Vec<u32> = Vec::new();
    for who in 0..wanted + TURNS {
        let mib = numbers.one_of(sizes);
        if who >= wanted {
            // A turn takes a millisecond; all nodes are looked at every 15 seconds.
            let turn = who - wanted + 1;
            ours.roster.pass(Millis(u64::from(turn)));
            if turn.is_multiple_of(15_000) {
                (0..NODES).for_each(|node| ours.look(node));
            }
            let goes = here.swap_remove(numbers.below(here.len()));
            ours.depart(goes);
            best.depart(goes);
        }
        here.push(who);
        let admitted = (ours.arrive(who, mib), best.arrive(who, mib));
        if who >= wanted {
            us.count(admitted.0, ours.held_in_all);
            them.count(admitted.1, best.held_in_all);
        }
    }
    (us, them)
}

fn row(what: &str, sizes: &[u64]) -> (u64, u64) {
    let (ours, best) = simulate(sizes);
    let (admitted, held) = ours.of(best);
    println!(
        "{what}: {} of {TURNS} admitted, best-fit {}; {:.1} % of its sessions, {:.1} % of its memory",
        ours.admitted,
        best.admitted,
        admitted as f64 / 10.0,
        held as f64 / 10.0,
    );
    (admitted, held)
}

#[test]
fn sessions_of_one_size_are_packed_as_well_as_by_best_fit() {
    assert_eq!(row("2 GiB each", &[2_048]), (1_000, 1_000));
}

#[test]
fn sessions_of_several_sizes_are_packed_within_a_twentieth_of_best_fit() {
    let (admitted, held) = row("1, 2 or 3 GiB", &[1_024, 2_048, 3_072]);
    assert!(admitted >= 950 && held >= 950, "{admitted} {held}");
}
