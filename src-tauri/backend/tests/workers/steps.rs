//! What goes wrong at each step of a start, an end and a move. A step is a question to the engine: a
//! fault comes at the first one, then all is begun anew and it comes at the second one, and so on to
//! the last. Afterwards nothing is lost and nothing is left, and it was said that something was wrong.
//!
//! `DUOTAB_TEST_STEPS=all` takes them all, and a number each third one from that one on; else each test
//! takes the one that it names, for all of them take half an hour.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use duotab_backend::endpoint::Endpoint;
use duotab_backend::runtime::StartError;
use duotab_backend::runtime::data::{DataError, Job};
use duotab_core::message::{ProfileName, SessionId};
use duotab_core::node::NodeId;
use duotab_test_support::worker::Undo;

use crate::home::{Home, attic, within};
use crate::wire::{Fault, Wire};

/// No run has more.
const MOST: usize = 200;

/// Within which a person is told that it did not work.
const PATIENCE: Duration = Duration::from_secs(25);

struct Bench {
    home: Home,
    wire: Wire,
    last: u32,
    undo: Arc<Mutex<Option<Undo>>>,
}

impl Bench {
    async fn new(install: &str) -> Option<Self> {
        let far = duotab_test_support::worker::Far::here()?;
        let wire = Wire::new(&far).await;
        let home = Home::by(install, |_| wire.address())?;
        Some(Self {
            home,
            wire,
            last: 0,
            undo: Arc::default(),
        })
    }

    fn next(&mut self) -> u32 {
        self.last += 1;
        self.last
    }

    /// Something that the profile has from now on.
    async fn mark(&mut self) {
        let session = self.next();
        self.home.start(session).await.unwrap();
        let folder = "/home/neko/.config/chromium/Default";
        self.home
            .run(&format!("mkdir -p {folder}; echo kept >{folder}/mark"));
        self.home.stop(session).await;
    }

    /// It has it still.
    async fn marked(&mut self) {
        let session = self.next();
        self.home.start(session).await.unwrap();
        let kept = self
            .home
            .run("cat /home/neko/.config/chromium/Default/mark");
        assert_eq!(kept, ["kept"], "the profile has lost something");
        self.home.stop(session).await;
        assert_eq!(self.home.containers("{{.ID}}"), [""; 0]);
    }

    /// As the app does when it hears that the machine is back.
    async fn back(&mut self) {
        for engine in self.home.back().await {
            self.home.stop(engine.session.0).await;
        }
    }

    /// Waits until no container is left; what goes by itself goes soon.
    async fn empty(&self, step: usize) {
        let mut glance = tokio::time::interval(Duration::from_millis(250));
        let mut left = Vec::new();
        for _ in 0..60 {
            glance.tick().await;
            left = self.home.containers("{{.Names}} {{.Status}}");
            if left.is_empty() {
                return;
            }
        }
        panic!("left after a fault at step {step}: {left:?}");
    }
}

/// Which steps are taken, if one is named.
fn steps(named: usize) -> Box<dyn Iterator<Item = usize>> {
    let wanted = std::env::var("DUOTAB_TEST_STEPS").unwrap_or_default();
    match wanted.parse() {
        Ok(first) => Box::new((first..MOST).step_by(3)),
        Err(_) if wanted == "all" => Box::new(1..MOST),
        Err(_) => Box::new(std::iter::once(named)),
    }
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bad {
    /// The way is cut before the question arrives.
    Unheard,
    /// The way is cut before the answer arrives.
    Unanswered,
    /// Packets are dropped from then on.
    Dropped,
    EngineKilled,
    ContainerKilled,
    DiskFull,
}

impl Bench {
    /// At the question of that number that goes wrong.
    fn arm(&self, step: usize, bad: Bad) {
        let far = self.home.far.clone();
        let undo = Arc::clone(&self.undo);
        let keep = move |it: Undo| *undo.lock().unwrap() = Some(it);
        let label = self.home.label();
        let fault = match bad {
            Bad::Unheard => Fault::Unheard,
            Bad::Unanswered => Fault::Unanswered,
            Bad::Dropped => Fault::Dropped,
            Bad::EngineKilled => Fault::Other(Arc::new(move || keep(far.kill()))),
            Bad::DiskFull => Fault::Other(Arc::new(move || keep(far.fill_disk()))),
            Bad::ContainerKilled => Fault::Other(Arc::new(move || {
                for id in far.docker(&["ps", "--quiet", "--filter", &label]) {
                    far.tell(&["kill", &id]);
                }
            })),
        };
        self.wire.arm(step, fault);
    }

    /// All is well again. Whether it was not.
    async fn heal(&self) -> bool {
        let fired = self.wire.heal().await;
        let undo = Arc::clone(&self.undo);
        let healing = tokio::task::spawn_blocking(move || drop(undo.lock().unwrap().take()));
        healing.await.unwrap();
        fired
    }

    async fn start_at(&mut self, step: usize, bad: Bad) -> bool {
        let session = self.next();
        self.arm(step, bad);
        let began = Instant::now();
        let started = self.home.start(session).await;
        let took = began.elapsed();
        if !self.heal().await {
            started.unwrap();
            self.home.stop(session).await;
            return false;
        }
        eprintln!("start, {bad:?} at {step}: {} in {took:?}", told(&started));
        assert!(took < PATIENCE, "nobody waits so long");
        self.back().await;
        if started.is_ok() {
            self.home.stop(session).await;
        }
        self.empty(step).await;
        true
    }

    async fn end_at(&mut self, step: usize, bad: Bad) -> bool {
        let session = self.next();
        self.home.start(session).await.unwrap();
        self.arm(step, bad);
        let (began, node) = (Instant::now(), attic());
        let stopping = self.home.runtime.stop(SessionId(session), &node);
        let stopped = within("a stop", stopping).await;
        let took = began.elapsed();
        let fired = self.heal().await;
        if fired {
            eprintln!("end, {bad:?} at {step}: {stopped:?} in {took:?}");
            self.back().await;
        }
        self.empty(step).await;
        fired
    }
}

impl Bench {
    /// The profile as this machine has it.
    fn here(&self) -> std::path::PathBuf {
        self.home.profiles().join("default")
    }

    /// What a file of the profile holds in its volume there, if it is there.
    fn there(&self, file: &str) -> Option<String> {
        let volume = self.home.volumes().pop()?;
        let mount = format!("{volume}:/profile:ro");
        let command = format!("cat '/profile/{file}' 2>/dev/null | md5sum; ls -A /profile");
        let run = [
            "run",
            "--rm",
            "--network=none",
            "--volume",
            &mount,
            "--entrypoint",
            "bash",
        ];
        let image = self.home.far.image.clone();
        let said = self
            .home
            .far
            .docker(&[run.as_slice(), &[&image, "-c", &command]].concat());
        let names = said.get(1..).unwrap_or_default();
        names
            .iter()
            .any(|name| name == "Default")
            .then(|| said[0].split_whitespace().next().unwrap().to_owned())
    }

    async fn carry(&self, from: &NodeId, to: &NodeId) -> Result<(), DataError> {
        let profile = ProfileName("default".into());
        let moving = self
            .home
            .runtime
            .move_profile(&profile, from, to, Job::unwatched());
        within("a move", moving).await
    }

    /// A move there with a fault; whatever comes of it, each side has the whole or nothing new.
    async fn move_at(&mut self, step: usize, bad: Bad, sum: &str) -> bool {
        let (here, there) = (NodeId::host(), attic());
        self.arm(step, bad);
        let began = Instant::now();
        let moved = self.carry(&here, &there).await;
        let took = began.elapsed();
        let fired = self.heal().await;
        if fired {
            eprintln!("move there, {bad:?} at {step}: {moved:?} in {took:?}");
            self.back().await;
        }
        assert!(took < PATIENCE, "nobody waits so long");
        self.empty(step).await;
        assert!(self.here().join("Default/Bookmarks").exists(), "lost here");
        let arrived = self.there("Default/Own Data");
        match &moved {
            Ok(()) => assert_eq!(arrived.as_deref(), Some(sum), "not there at step {step}"),
            // What was begun may be there whole; a part of it never is.
            Err(_) => assert!(arrived.is_none_or(|there| there == sum), "step {step}"),
        }
        self.forget_there().await;
        fired
    }

    /// The same the other way.
    async fn move_back_at(&mut self, step: usize, bad: Bad, sum: &str) -> bool {
        let (here, there) = (NodeId::host(), attic());
        let _gone = std::fs::remove_dir_all(self.here());
        self.arm(step, bad);
        let began = Instant::now();
        let moved = self.carry(&there, &here).await;
        let took = began.elapsed();
        let fired = self.heal().await;
        if fired {
            eprintln!("move back, {bad:?} at {step}: {moved:?} in {took:?}");
            self.back().await;
        }
        assert!(took < PATIENCE, "nobody waits so long");
        self.empty(step).await;
        let arrived = std::fs::read(self.here().join("Default/Own Data")).ok();
        match &moved {
            Ok(()) => assert_eq!(arrived.as_deref().map(md5), Some(sum.to_owned())),
            Err(_) => assert_eq!(arrived, None, "step {step}"),
        }
        assert_eq!(
            self.there("Default/Own Data").as_deref(),
            Some(sum),
            "lost there"
        );
        fired
    }

    /// No volume is there any more.
    async fn forget_there(&self) {
        let profile = ProfileName("default".into());
        let (runtime, node) = (&self.home.runtime, attic());
        within("the end of a copy", runtime.drop_copy(&profile, &node)).await;
        assert_eq!(self.home.volumes(), [""; 0]);
    }

    /// A profile on this machine, of some size; gives the sum of its largest file.
    fn fill(&self) -> String {
        let folder = self.here().join("Default");
        std::fs::create_dir_all(&folder).unwrap();
        let bytes: Vec<u8> = (0_u32..1 << 20)
            .flat_map(|it| (it ^ 77).to_le_bytes())
            .collect();
        std::fs::write(folder.join("Own Data"), &bytes).unwrap();
        std::fs::write(folder.join("Bookmarks"), "kept").unwrap();
        md5(&bytes)
    }
}

/// By a program, as it is there.
fn md5(bytes: &[u8]) -> String {
    use std::io::Write as _;
    let mut sum = std::process::Command::new("md5sum")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    sum.stdin.take().unwrap().write_all(bytes).unwrap();
    let said = String::from_utf8(sum.wait_with_output().unwrap().stdout).unwrap();
    said.split_whitespace().next().unwrap().to_owned()
}

async fn moves(install: &str, bad: Bad, (there, back): (usize, usize)) {
    let Some(mut bench) = Bench::new(install).await else {
        return;
    };
    let sum = bench.fill();
    for step in steps(there) {
        if !bench.move_at(step, bad, &sum).await {
            assert_ne!(step, there, "there is no such step");
            break;
        }
    }
    bench.carry(&NodeId::host(), &attic()).await.unwrap();
    for step in steps(back) {
        if !bench.move_back_at(step, bad, &sum).await {
            assert_ne!(step, back, "there is no such step");
            break;
        }
    }
}

/// What came of a start, in a word.
fn told(started: &Result<Endpoint, StartError>) -> String {
    match started {
        Ok(_) => "it runs".to_owned(),
        Err(StartError::Failed { failure, .. }) => format!("{failure:?}"),
        Err(other) => panic!("nobody is told anything: {other:?}"),
    }
}

async fn starts(install: &str, bad: Bad, named: usize) {
    let Some(mut bench) = Bench::new(install).await else {
        return;
    };
    bench.mark().await;
    for step in steps(named) {
        if !bench.start_at(step, bad).await {
            assert_ne!(step, named, "there is no such step");
            break;
        }
    }
    bench.marked().await;
}

async fn ends(install: &str, bad: Bad, named: usize) {
    let Some(mut bench) = Bench::new(install).await else {
        return;
    };
    bench.mark().await;
    for step in steps(named) {
        if !bench.end_at(step, bad).await {
            assert_ne!(step, named, "there is no such step");
            break;
        }
    }
    bench.marked().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_whose_way_is_cut_leaves_nothing() {
    starts("start-a", Bad::Unheard, 6).await;
    starts("start-b", Bad::Unanswered, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_whose_packets_are_lost_leaves_nothing() {
    starts("start-c", Bad::Dropped, 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_whose_engine_is_killed_leaves_nothing() {
    starts("start-d", Bad::EngineKilled, 7).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_whose_container_is_killed_leaves_nothing() {
    starts("start-e", Bad::ContainerKilled, 8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_on_a_disk_that_gets_full_leaves_nothing() {
    starts("start-f", Bad::DiskFull, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_whose_way_is_cut_leaves_the_data_where_they_were_or_brings_all_of_them() {
    moves("move-a", Bad::Unheard, (9, 6)).await;
    moves("move-b", Bad::Unanswered, (12, 8)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_whose_packets_are_lost_leaves_the_data_where_they_were_or_brings_all_of_them() {
    moves("move-c", Bad::Dropped, (15, 7)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_whose_engine_is_killed_leaves_the_data_where_they_were_or_brings_all_of_them() {
    moves("move-d", Bad::EngineKilled, (11, 9)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_whose_container_is_killed_leaves_the_data_where_they_were_or_brings_all_of_them() {
    moves("move-e", Bad::ContainerKilled, (16, 5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_to_a_disk_that_gets_full_leaves_the_data_where_they_were_or_brings_all_of_them() {
    moves("move-f", Bad::DiskFull, (10, 4)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_whose_way_is_cut_is_an_end_all_the_same() {
    ends("end-a", Bad::Unheard, 2).await;
    ends("end-b", Bad::Unanswered, 3).await;
}
