//! Starting and ending again and again leaves no growth.

use std::fs;

use super::ends_well;
use crate::home::Home;
use crate::site::Site;

/// A few each time; `DUOTAB_TEST_CYCLES` says how many for those who have the time.
const CYCLES: usize = 4;
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

fn held(home: &Home) -> Held {
    let engine = home.beside.as_ref().unwrap();
    Held {
        descriptors: count("/proc/self/fd"),
        threads: count("/proc/self/task"),
        interfaces: count("/sys/class/net"),
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

#[tokio::test]
async fn many_starts_and_ends_leave_nothing_and_no_growth() {
    let Some(home) = Home::contained() else {
        return;
    };
    let site = Site::of(&home).await;
    let cycles = std::env::var("DUOTAB_TEST_CYCLES").map_or(CYCLES, |it| it.parse().unwrap());
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
    assert!(memory < memory_before + MEMORY_GROWTH);
    // Each life of the app leaves one socket to the process that plays it, and no more.
    let descriptors = before.descriptors + cycles;
    assert!(after.descriptors <= descriptors, "{after:?} {before:?}");
    assert!(after.threads <= before.threads + 2, "{after:?} {before:?}");
    assert_eq!(
        (after.interfaces, after.volumes, after.networks),
        (before.interfaces, before.volumes, before.networks)
    );
    assert!(used(&home) < used_before + GROWTH);
}
