use super::*;
use crate::runtime::data::is_kept;
use crate::runtime::docker::owner::OWN;
use std::path::Path;

#[test]
fn what_a_task_says_is_four_numbers_or_nothing() {
    let said = Said {
        used: 12,
        free: 34,
        names: 5,
        goes: 6,
    };
    assert_eq!(parse("12 34 5 6\n"), Some(said));
    for text in [
        "",
        "12",
        "1 2 3",
        "a b 3 4",
        "-1 2 3 4",
        "1 99999999999999999999999 3 4",
    ] {
        assert_eq!(parse(text), None, "{text}");
    }
}

/// Has the real script do its work, without a container. Gives its end.
fn run(home: &Path, task: &str) -> std::process::ExitStatus {
    let etc = home.join("etc");
    std::fs::create_dir_all(&etc).unwrap();
    for (name, text) in [
        ("duotab-task", task.to_owned()),
        ("duotab-settle.sh", SETTLE.to_owned()),
        ("duotab-kept", lines(&KEPT_TOP)),
        ("duotab-kept-within", lines(&KEPT_PROFILE)),
        ("duotab-left-out", lines(&LEFT_OUT)),
        ("duotab-own.sh", OWN.replace("/tmp", "/etc/neko")),
        ("duotab-claim", "here 0 0 here\n".to_owned()),
    ] {
        let text = text.replace("/etc/neko", &etc.display().to_string());
        std::fs::write(etc.join(name), text).unwrap();
    }
    let script = TASK
        .replace("/etc/neko", &etc.display().to_string())
        .replace(SAID, &home.join("said").display().to_string());
    std::process::Command::new("bash")
        .args(["-c", &script, "task.sh"])
        .arg(home.join("profile"))
        .status()
        .unwrap()
}

fn files(folder: &Path) -> Vec<String> {
    let found = std::process::Command::new("find")
        .args([".", "-type", "f", "-printf", "%P %n\n"])
        .current_dir(folder)
        .output();
    let found = String::from_utf8(found.unwrap().stdout).unwrap();
    let lines = found.lines().filter(|it| !it.starts_with(".duotab-owner"));
    let mut all: Vec<String> = lines.map(str::to_owned).collect();
    all.sort();
    all
}

fn write(home: &Path, names: &[&str]) {
    for name in names {
        let path = home.join("profile").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, name).unwrap();
    }
}

#[test]
fn what_stays_when_site_data_go_is_the_same_as_in_an_embedded_engine_and_stays_once() {
    let home = tempfile::tempdir().unwrap();
    let mut all: Vec<String> = KEPT_TOP.iter().map(|&name| name.to_owned()).collect();
    for within in ["Default", "Profile 1", "Profile 2 *"] {
        all.extend(KEPT_PROFILE.iter().map(|name| format!("{within}/{name}")));
        all.push(format!("{within}/Login Data-journal"));
        for name in [
            "Cookies",
            "Cookies-journal",
            "IndexedDB/x",
            "Local Storage/a b",
        ] {
            all.push(format!("{within}/{name}"));
        }
    }
    all.retain(|name| !name.ends_with("/Extensions"));
    all.push("Default/Extensions/abc/1.0 x/manifest.json".to_owned());
    all.push("Profile 1/Extensions/abc/manifest.json".to_owned());
    all.push("Guest Profile/Bookmarks".to_owned());
    let names: Vec<&str> = all.iter().map(String::as_str).collect();
    write(home.path(), &names);
    assert!(run(home.path(), "keep").success());
    assert!(run(home.path(), "put").success());
    // Each has one name only: an archive has nothing of a second one.
    let mut stay: Vec<String> = names
        .iter()
        .filter(|name| is_kept(Path::new(name)))
        .map(|name| format!("{name} 1"))
        .collect();
    stay.sort();
    assert_eq!(files(&home.path().join("profile")), stay);
    assert!(stay.contains(&"Profile 1/Login Data 1".to_owned()));
    let said = std::fs::read_to_string(home.path().join("said")).unwrap();
    assert!(parse(&said).is_some_and(|said| said.used > 0), "{said}");
}

#[test]
fn what_is_dropped_before_it_was_decided_on_is_never_put_in_and_what_was_is_ended() {
    // How far it had come, how the drop ends, and what is there from then on.
    for (left, code, mark) in [
        (".duotab-import", DROPPED, "old"),
        (".duotab-ready", 0, "new"),
        (".duotab-move", 0, "new"),
    ] {
        let home = tempfile::tempdir().unwrap();
        let profile = home.path().join("profile");
        std::fs::create_dir_all(profile.join(left)).unwrap();
        std::fs::write(profile.join("mark"), "old").unwrap();
        std::fs::write(profile.join(left).join("mark"), "new").unwrap();
        let ended = run(home.path(), "drop").code().map(i64::from);
        assert_eq!(ended, Some(code), "{left}");
        assert!(run(home.path(), "measure").success());
        // It, and whose all of it is.
        let all = std::fs::read_dir(&profile).unwrap().count();
        assert_eq!(all, 2, "{left}");
        let there = std::fs::read_to_string(profile.join("mark")).unwrap();
        assert_eq!(there, mark, "{left}");
        let said = std::fs::read_to_string(home.path().join("said")).unwrap();
        assert_eq!(parse(&said).map(|said| said.names), Some(2), "{said}");
    }
}
