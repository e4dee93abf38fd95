//! Who may use what.

use crate::tree::files;

/// Longest source file, in lines. Past 400 one looks for the second noun inside.
const LONGEST: usize = 450;

/// Longest file of tests.
const LONGEST_TEST: usize = 500;

/// Tests that pause: to see that nothing happens for a while, to time a fault, or to ask again
/// where a foreign program tells of no event.
const PAUSES: [&str; 8] = [
    "src-tauri/backend/tests/embedded/faults.rs",
    "src-tauri/backend/tests/embedded/real.rs",
    "src-tauri/koneko/tests/engine/sleep.rs",
    "tests/conformance/fixture.rs",
    "tests/conformance/picture.rs",
    "tests/conformance/raw.rs",
    "tests/conformance/relay.rs",
    "tests/support/lib.rs",
];

/// The lines of files in which one of `words` stands, outside the allowed paths.
fn found(endings: &[&str], words: &[&str], allowed: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in files(endings) {
        if path.starts_with("tests/tidy/") || allowed.iter().any(|a| path.starts_with(a)) {
            continue;
        }
        for (n, line) in text.lines().enumerate() {
            let code = line.trim_start();
            if code.starts_with("//") {
                continue;
            }
            if words.iter().any(|word| line.contains(word)) {
                found.push(format!("{path}:{}: {}", n + 1, code));
            }
        }
    }
    found
}

fn none(found: &[String]) {
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn each_foreign_crate_has_one_door() {
    for (words, doors) in [
        (&["tauri::"][..], &["src-tauri/app/", "tests/"][..]),
        (
            &["gtk::", "gdkx11::", "webkit2gtk::"],
            &[
                "src-tauri/app/",
                "src-tauri/webkit-unbound/",
                // The desktop, as the app finds it.
                "tests/window/front/notes",
            ],
        ),
        (
            &["use webrtc::", "webrtc::peer", "use rtc::"],
            &["src-tauri/backend/neko/peer", "src-tauri/koneko/sender"],
        ),
        (
            &["use sysinfo", "sysinfo::"],
            &["src-tauri/backend/capacity"],
        ),
        (
            &["use rusqlite", "rusqlite::"],
            &["src-tauri/backend/store", "src-tauri/backend/tests/store"],
        ),
        (
            &["use bollard", "bollard::"],
            &["src-tauri/backend/runtime/docker"],
        ),
        (&["hickory_resolver::"], &["src-tauri/backend/proxy"]),
        (&["adblock::"], &["src-tauri/backend/proxy/blocking"]),
        (&["gstreamer::", "gstreamer_app::"], &["src-tauri/koneko/"]),
    ] {
        none(&found(&[".rs"], words, doors));
    }
}

#[test]
fn the_core_has_no_world() {
    let world = [
        "tokio",
        "async fn",
        "std::fs",
        "std::net",
        "std::thread",
        "std::process",
        "std::env",
        "SystemTime",
        "Instant::now",
        "getrandom",
    ];
    let guilty: Vec<String> = found(&[".rs"], &world, &[])
        .into_iter()
        .filter(|line| line.starts_with("src-tauri/core/"))
        .collect();
    none(&guilty);
}

#[test]
fn floors_do_not_point_up() {
    let up: Vec<String> = found(&[".rs"], &["duotab_backend", "use duotab::"], &[])
        .into_iter()
        .filter(|line| line.starts_with("src-tauri/core/") || line.starts_with("src-tauri/koneko/"))
        // koneko's picture is tested with the client that shows it.
        .filter(|line| !line.starts_with("src-tauri/koneko/tests/"))
        .collect();
    none(&up);
    none(&found(
        &[".rs"],
        &["use duotab::", "duotab::commands"],
        &["src-tauri/app/", "tests/"],
    ));
}

#[test]
fn only_one_file_of_the_ui_talks_to_tauri() {
    none(&found(
        &[".ts", ".svelte"],
        &["@tauri-apps/"],
        &["ui/src/backend.ts"],
    ));
}

#[test]
fn unsafe_code_stays_in_one_crate() {
    none(&found(
        &[".rs"],
        &["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"],
        &["src-tauri/webkit-unbound/"],
    ));
}

#[test]
fn no_test_is_switched_off() {
    // A test that another one starts as a process of its own says so.
    let played = [
        "by another test",
        "by the test above",
        "by the other tests",
        "`make demo` plays it",
    ];
    let off: Vec<String> = found(&[".rs"], &["#[ignore"], &[])
        .into_iter()
        .filter(|line| !played.iter().any(|by| line.contains(by)))
        .collect();
    none(&off);
    none(&found(&[".ts"], &[".skip(", ".only("], &[]));
}

#[test]
fn no_test_sleeps_to_wait_for_a_state() {
    let asleep: Vec<String> = found(&[".rs"], &["thread::sleep(", "time::sleep("], &PAUSES)
        .into_iter()
        .filter(|line| line.contains("tests/") && !line.starts_with("tests/bench/"))
        .collect();
    none(&asleep);
}

#[test]
fn nothing_is_left_to_do_later() {
    none(&found(
        &[".rs", ".ts", ".svelte"],
        &[
            "todo!(",
            "unimplemented!(",
            "FIXME",
            "XXX",
            "@ts-ignore",
            "as any",
            "dbg!(",
        ],
        &[],
    ));
}

#[test]
fn no_file_grows_without_end() {
    let long: Vec<String> = files(&[".rs", ".ts", ".svelte"])
        .into_iter()
        .filter(|(path, _)| !path.contains("/messages/"))
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(path, lines)| {
            let test = path.contains("tests/");
            *lines > if test { LONGEST_TEST } else { LONGEST }
        })
        .map(|(path, lines)| format!("{path}: {lines} lines"))
        .collect();
    none(&long);
}
