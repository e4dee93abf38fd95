//! Starting and ending again and again leaves no growth: sessions in one life of the app, and
//! whole lives.

use std::fs;

use duotab_backend::controller::{ContentOrder, Controller};
use duotab_core::event::Command;
use duotab_core::message::{Mode, Stage, Update};
use tokio::sync::mpsc;

use super::{ends_well, until_stage};
use crate::app::{config, is_live};
use crate::home::Home;
use crate::site::Site;
use crate::within;

/// A few each time; `DUOTAB_TEST_CYCLES` says how many for those who have the time.
const CYCLES: usize = 4;
/// Sessions that make what is made once, before anything is counted.
const FIRST: usize = 2;
/// Each so many sessions one is given up on its way.
const GIVEN_UP: usize = 4;
/// What the app may hold besides: a connection to the engine that is kept for the next question.
const KEPT: usize = 4;
/// What plays the window keeps of each life of the app, in bytes: Tauri's own state for tests never
/// ends. Without it nothing grows, as the lives of all but the window show.
const WINDOW: u64 = 384 << 10;
/// How often it is told how far it is.
const TELL_EVERY: usize = 20;
/// What a database, a log and a browser's profile may grow meanwhile, in bytes.
const GROWTH: u64 = 64 << 20;
/// What the app's own memory may grow, in bytes: an allocator keeps some.
const MEMORY_GROWTH: u64 = 48 << 20;

/// What would grow if something was forgotten.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    descriptors: usize,
    threads: usize,
    interfaces: usize,
    volumes: usize,
    networks: usize,
}

fn count(folder: &str) -> usize {
    fs::read_dir(folder).unwrap().count()
}

/// Those of this network, whatever the folder of interfaces belongs to.
fn interfaces() -> usize {
    fs::read_to_string("/proc/self/net/dev")
        .unwrap()
        .lines()
        .count()
}

fn held(home: &Home) -> Held {
    let engine = home.beside.as_ref().unwrap();
    Held {
        descriptors: count("/proc/self/fd"),
        threads: count("/proc/self/task"),
        interfaces: interfaces(),
        volumes: engine.docker(&["volume", "ls", "--quiet"]).len(),
        networks: engine.docker(&["network", "ls", "--quiet"]).len(),
    }
}

fn used(home: &Home) -> u64 {
    let disk = rustix::fs::statvfs(&home.beside.as_ref().unwrap().disk).unwrap();
    (disk.f_blocks - disk.f_bfree) * disk.f_frsize
}

/// The memory of this process, in which the app lives, in bytes.
fn memory() -> u64 {
    let sizes = fs::read_to_string("/proc/self/statm").unwrap();
    let resident: u64 = sizes.split(' ').nth(1).unwrap().parse().unwrap();
    resident * rustix::param::page_size() as u64
}

fn cycles() -> usize {
    std::env::var("DUOTAB_TEST_CYCLES").map_or(CYCLES, |it| it.parse().unwrap())
}

#[tokio::test]
async fn many_sessions_in_one_life_leave_nothing_and_no_growth() {
    let Some(mut home) = Home::contained() else {
        return;
    };
    // A session whose last tab goes is put to sleep, and ended at once.
    home.settings.suspended_limit_ms = 0;
    let site = Site::of(&home).await;
    let mut app = home.app().await;
    let mut before = None;
    for cycle in 0..cycles() + FIRST {
        if cycle == FIRST {
            before = Some((held(&home), used(&home), memory()));
        }
        let tab = app.open(&site.url("/page/one"), "streamed").await;
        if cycle % GIVEN_UP == GIVEN_UP - 1 {
            until_stage(&mut app, tab, ("starting", Stage::Starting)).await;
        } else {
            app.until_live(tab).await;
        }
        app.act("close_tab", tab).await;
        home.until_nothing_is_left().await;
        if cycle % TELL_EVERY == 0 {
            println!("measured: {cycle}: {} bytes, {:?}", memory(), held(&home));
        }
    }
    let (before, used_before, memory_before) = before.unwrap();
    let (after, memory_after) = (held(&home), memory());
    println!(
        "measured: {} sessions in one life: {after:?} {memory_after} bytes",
        cycles()
    );
    println!("measured: before them: {before:?} {memory_before} bytes");
    assert!(memory_after < memory_before + MEMORY_GROWTH);
    assert!(
        after.descriptors <= before.descriptors + KEPT,
        "{after:?} {before:?} {:#?}",
        descriptors()
    );
    assert!(after.threads <= before.threads + 2, "{after:?} {before:?}");
    assert_eq!(
        (after.interfaces, after.volumes, after.networks),
        (before.interfaces, before.volumes, before.networks)
    );
    assert!(used(&home) < used_before + GROWTH);
    ends_well(&home, app).await;
}

/// What each of this process's descriptors leads to.
fn descriptors() -> Vec<String> {
    let all = fs::read_dir("/proc/self/fd").unwrap().flatten();
    let mut all: Vec<String> = all
        .filter_map(|it| Some(fs::read_link(it.path()).ok()?.display().to_string()))
        .collect();
    all.sort();
    all
}

/// A whole life of all that is the app's own, without Tauri: what plays the window does not end.
async fn life(home: &Home, url: &str) {
    let (to_content, mut orders) = mpsc::unbounded_channel();
    let controller = Controller::start(config(home), to_content).await.unwrap();
    let mut updates = controller.subscribe();
    let open = Command::OpenTab {
        input: Some(url.to_owned()),
        mode: Some(Mode::Streamed),
        background: false,
    };
    controller.command(open).await.unwrap();
    let live = async {
        while let Some(update) = updates.recv().await {
            if let Update::State { state } = update
                && state.tabs.iter().any(is_live)
            {
                return;
            }
        }
        panic!("the controller has ended");
    };
    within("a live tab", live).await;
    controller.command(Command::Quit).await.unwrap();
    let exit = async { while !matches!(orders.recv().await, Some(ContentOrder::Exit) | None) {} };
    within("the end", exit).await;
}

#[tokio::test]
async fn many_lives_of_all_but_the_window_leave_nothing_and_no_growth() {
    let Some(home) = Home::contained() else {
        return;
    };
    let site = Site::of(&home).await;
    let mut before = None;
    for cycle in 0..cycles() + FIRST {
        if cycle == FIRST {
            before = Some((held(&home), memory()));
        }
        life(&home, &site.url("/page/one")).await;
        home.until_nothing_is_left().await;
    }
    let (before, memory_before) = before.unwrap();
    let (after, memory_after) = (held(&home), memory());
    println!(
        "measured: {} lives: {after:?} {memory_after} bytes",
        cycles()
    );
    println!("measured: before them: {before:?} {memory_before} bytes");
    assert!(memory_after < memory_before + MEMORY_GROWTH);
    assert!(
        after.descriptors <= before.descriptors + KEPT,
        "{after:?} {before:?} {:#?}",
        descriptors()
    );
    assert!(after.threads <= before.threads + 2, "{after:?} {before:?}");
}

#[tokio::test]
async fn many_starts_and_ends_leave_nothing_and_no_growth() {
    let Some(home) = Home::contained() else {
        return;
    };
    let site = Site::of(&home).await;
    let cycles = cycles();
    let mut first = None;
    for cycle in 0..cycles {
        let mut app = home.app().await;
        let tab = app.open(&site.url("/page/one"), "streamed").await;
        app.until_live(tab).await;
        app.act("close_tab", tab).await;
        ends_well(&home, app).await;
        // The first makes what is made once.
        if cycle == 1 {
            first = Some((held(&home), used(&home), memory()));
        }
    }
    let (before, used_before, memory_before) = first.unwrap();
    let after = held(&home);
    println!("measured: after {cycles} cycles {after:?}, before {before:?}");
    let memory = memory();
    println!("measured: memory {memory}, before {memory_before}");
    let window = WINDOW * cycles as u64;
    assert!(memory < memory_before + MEMORY_GROWTH + window);
    assert!(
        after.descriptors <= before.descriptors + KEPT,
        "{after:?} {before:?} {:#?}",
        descriptors()
    );
    assert!(after.threads <= before.threads + 2, "{after:?} {before:?}");
    assert_eq!(
        (after.interfaces, after.volumes, after.networks),
        (before.interfaces, before.volumes, before.networks)
    );
    assert!(used(&home) < used_before + GROWTH);
}
