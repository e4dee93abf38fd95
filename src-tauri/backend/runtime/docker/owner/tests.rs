use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::*;

/// A volume, and the copies of the app that want it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        std::fs::create_dir(place.path().join("volume")).unwrap();
        Self(place)
    }

    fn volume(&self) -> PathBuf {
        self.0.path().join("volume")
    }

    /// The real script for a copy, without a container; `then` is what it is taken for.
    fn script(&self, owner: &Owner, then: &str) -> Command {
        let etc = self.0.path().join(&owner.id);
        std::fs::create_dir_all(&etc).unwrap();
        let [program, claim] = owner.files(&profile());
        std::fs::write(etc.join("claim"), claim.text).unwrap();
        let program = program
            .text
            .replace(CLAIM, &etc.join("claim").display().to_string())
            .replace(OWNER, &etc.join("owner").display().to_string());
        let mut bash = Command::new("bash");
        bash.args(["-c", &format!("{program}\nown || exit 4\n{then}")])
            .current_dir(self.volume())
            .stdin(Stdio::null());
        bash
    }

    /// What a copy is told.
    fn told(&self, owner: &Owner) -> Option<Taken> {
        let said = std::fs::read_to_string(self.0.path().join(&owner.id).join("owner"));
        owner.read(&said.unwrap())
    }

    /// Takes the volume, and lets go of it at once.
    fn take(&self, owner: &Owner) -> Option<Taken> {
        let ended = self.script(owner, "").status().unwrap();
        let told = self.told(owner);
        let ours = matches!(told, Some(Taken::Ours(_)));
        assert_eq!(ended.code(), Some(if ours { 0 } else { 4 }));
        if let Some(Taken::Ours(epoch)) = told {
            owner.took(&profile(), epoch);
        }
        told
    }

    /// Takes the volume, and keeps it until its input ends.
    fn keep(&self, owner: &Owner) -> Child {
        let mut bash = self.script(owner, "echo; exec cat");
        let mut kept = bash.stdin(Stdio::piped()).stdout(Stdio::piped());
        kept = kept.stderr(Stdio::inherit());
        let mut child = kept.spawn().unwrap();
        let mut line = [0];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut line).unwrap();
        child
    }
}

fn profile() -> ProfileName {
    ProfileName("default".into())
}

fn owner(name: &str) -> Owner {
    Owner::new(format!("id-of-{name}"), &format!("The {name}"), "")
}

fn theirs(name: &str) -> Option<Taken> {
    Some(Taken::Theirs(format!("The {name}")))
}

#[test]
fn a_volume_is_taken_again_by_the_copy_that_had_it_whatever_it_knows() {
    let place = Place::new();
    let attic = owner("attic");
    assert_eq!(place.take(&attic), Some(Taken::Ours(1)));
    assert_eq!(place.take(&attic), Some(Taken::Ours(2)));
    // It was killed before it could note anything.
    let again = Owner::new(attic.id, "The attic", "");
    assert_eq!(place.take(&again), Some(Taken::Ours(3)));
}

#[test]
fn a_copy_that_was_overtaken_gets_nothing_until_the_person_wants_it_there() {
    let place = Place::new();
    let (attic, den) = (owner("attic"), owner("den"));
    assert_eq!(place.take(&attic), Some(Taken::Ours(1)));
    assert_eq!(place.take(&den), theirs("attic"));
    assert_eq!(place.take(&den), theirs("attic"), "trying again is no use");
    den.want(&profile());
    assert_eq!(place.take(&den), Some(Taken::Ours(2)));
    assert!(!den.wants(&profile()), "once");
    assert_eq!(place.take(&attic), theirs("den"));
    assert_eq!(place.take(&den), Some(Taken::Ours(3)));
}

#[test]
fn what_is_known_goes_along_to_another_machine() {
    let place = Place::new();
    let attic = owner("attic");
    assert_eq!(place.take(&attic), Some(Taken::Ours(1)));
    let kept = attic.took(&profile(), 1);
    let moved = Owner::new("another".into(), "The den", &kept);
    assert_eq!(place.take(&moved), Some(Taken::Ours(2)));
    // What stayed behind knows less.
    let behind = Owner::new(attic.id, "The attic", &kept);
    assert_eq!(place.take(&behind), theirs("den"));
}

#[test]
fn nobody_gets_what_is_in_use_and_its_end_is_enough() {
    let place = Place::new();
    let (attic, den) = (owner("attic"), owner("den"));
    let mut kept = place.keep(&attic);
    den.want(&profile());
    assert_eq!(place.take(&den), theirs("attic"), "not even by force");
    let ended = place.script(&attic, "").status().unwrap();
    assert_eq!(ended.code(), Some(4));
    assert_eq!(place.told(&attic), Some(Taken::InUse));
    kept.kill().unwrap();
    kept.wait().unwrap();
    assert_eq!(place.take(&den), Some(Taken::Ours(2)));
}

#[test]
fn of_two_that_come_at_once_one_gets_it() {
    for _ in 0..10 {
        let place = Place::new();
        let both = [owner("attic"), owner("den")];
        let children = both
            .each_ref()
            .map(|owner| place.script(owner, "").spawn().unwrap());
        for mut child in children {
            child.wait().unwrap();
        }
        let told = both.each_ref().map(|owner| place.told(owner));
        let ours = told.iter().filter(|it| **it == Some(Taken::Ours(1)));
        assert_eq!(ours.count(), 1, "{told:?}");
    }
}

#[test]
fn a_note_that_is_broken_is_none() {
    for text in ["", "x", "-1 a b\n", "99999999999999999999 a b\n", "\0\0\0"] {
        let place = Place::new();
        std::fs::write(place.volume().join(".duotab-owner"), text).unwrap();
        assert_eq!(place.take(&owner("den")), Some(Taken::Ours(1)), "{text:?}");
        let note = std::fs::read_to_string(note(&place.volume())).unwrap();
        assert!(note.starts_with("1 id-of-den The den\n"), "{note:?}");
    }
}

fn note(volume: &Path) -> PathBuf {
    volume.join(".duotab-owner")
}

#[test]
fn what_a_container_says_is_read_or_is_nothing() {
    let den = owner("den");
    for text in ["", "ours", "ours x", "theirs", "mine 3", "\0"] {
        assert_eq!(den.read(text), None, "{text:?}");
    }
    let long = format!("theirs other {}\u{7}", "ä".repeat(1000));
    let Some(Taken::Theirs(name)) = den.read(&long) else {
        panic!("{long}");
    };
    assert_eq!(name.chars().count(), NAME_CAP);
}
