//! A profile's data in its volume, against a real engine.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

use duotab_backend::runtime::data::{DataError, Job};
use duotab_core::message::{ProfileName, SessionId};
use duotab_core::profile::ProfileFault;
use duotab_test_support::engine::Engine;
use tokio_util::sync::CancellationToken;

use crate::home::{Home, within};

const ONE: SessionId = SessionId(1);
const PROFILE: &str = "/home/neko/.config/chromium";

static DEFAULT: LazyLock<ProfileName> = LazyLock::new(|| ProfileName("default".into()));

/// A profile that a browser has used, and its mark; no engine runs any more.
async fn used(home: &Home) {
    home.start(1).await.unwrap();
    home.run_beside_page(&format!(
        "mkdir -p {PROFILE}/Default/Cache {PROFILE}/Default/IndexedDB;
         echo kept >{PROFILE}/Default/Bookmarks; echo site >{PROFILE}/Default/IndexedDB/mark;
         echo cached >{PROFILE}/Default/Cache/mark; ln -s gone-1 {PROFILE}/link"
    ));
    within("the stop", home.docker.stop(ONE)).await.unwrap();
}

/// Somebody's doing in the profile's folder, while no engine has it.
fn in_volume(home: &Home, doing: &str) {
    let volume = home.volumes().remove(0);
    let mount = format!("{volume}:{PROFILE}");
    let doing = format!("cd {PROFILE}; {doing}");
    let run = [
        "run",
        "--rm",
        "--user=neko",
        "--entrypoint=bash",
        "--volume",
    ];
    home.order(&[&run[..], &[&mount, &home.engine.image, "-c", &doing]].concat());
}

async fn export(home: &Home, to: &Path) {
    let out = home
        .docker
        .export_profile(&DEFAULT, to.to_owned(), Job::unwatched());
    within("the export", out).await.unwrap();
}

async fn import(home: &Home, from: &Path) -> Result<(), DataError> {
    let put_in = home
        .docker
        .import_profile(&DEFAULT, from.to_owned(), Job::unwatched());
    within("the import", put_in).await
}

fn names(file: &Path) -> Vec<String> {
    let listed = std::process::Command::new("tar")
        .arg("tf")
        .arg(file)
        .output();
    let listed = String::from_utf8(listed.unwrap().stdout).unwrap();
    listed.lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_goes_out_to_a_file_and_into_another_install() {
    let (Some(home), Some(other)) = (Home::new("data-out"), Home::new("data0-in")) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out.tar");
    used(&home).await;
    let size = home.docker.profile_size(&DEFAULT, Job::unwatched());
    assert!(within("the size", size).await.unwrap() > 100_000);
    export(&home, &file).await;
    assert_eq!(home.containers("{{.Names}}"), [""; 0], "nobody is left");
    let all = names(&file);
    let has = |name: &str| all.iter().any(|it| it.starts_with(name));
    assert!(has("data/Default/IndexedDB/mark") && has("data/Local State"));
    for out in ["data/Default/Cache", "data/Singleton", "data/link"] {
        assert!(!has(out), "{out}");
    }

    used(&other).await;
    other.start(1).await.unwrap();
    other.run(&format!("echo old >{PROFILE}/Default/old"));
    // A profile that is in use is not touched.
    let in_use = Err(DataError::Fault(ProfileFault::InUse));
    assert_eq!(import(&other, &file).await, in_use);
    within("the stop", other.docker.stop(ONE)).await.unwrap();
    import(&other, &file).await.unwrap();
    assert_eq!(other.containers("{{.Names}}"), [""; 0]);
    other.start(2).await.unwrap();
    let told = other.run_beside_page(&format!(
        "cat {PROFILE}/Default/IndexedDB/mark; ls -a {PROFILE} | grep duotab | grep -v owner; ls {PROFILE}/Default/old;
         find {PROFILE} ! -user neko; true"
    ));
    assert_eq!(told, ["site"]);
    other.docker.stop(SessionId(2)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_cut_short_leaves_the_volume_as_it_was() {
    let Some(home) = Home::new("data-cut") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (file, cut) = (folder.path().join("a.tar"), folder.path().join("b.tar"));
    used(&home).await;
    export(&home, &file).await;
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() * 2 / 3]).unwrap();
    let path = cut.display().to_string();
    assert_eq!(
        import(&home, &cut).await,
        Err(DataError::Fault(ProfileFault::Incomplete { path }))
    );
    home.start(1).await.unwrap();
    let mark = home.run(&format!("cat {PROFILE}/Default/IndexedDB/mark"));
    assert_eq!(mark, ["site"]);
    home.docker.stop(ONE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn clearing_leaves_what_the_person_made_and_deleting_leaves_no_volume() {
    let Some(home) = Home::new("data-clear") else {
        return;
    };
    used(&home).await;
    // What the browser itself has made has names with blanks.
    in_volume(
        &home,
        "mkdir -p 'Profile 1/Extensions/a b' Default/Extensions/abc
         echo secret >'Profile 1/Login Data'; echo secret >'Default/Login Data'
         echo extension >Default/Extensions/abc/x.js; echo site >'Profile 1/Cookies'
         echo extension >'Profile 1/Extensions/a b/y.js'",
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("before.tar");
    export(&home, &file).await;
    let kept = |name: &String| {
        let made = ["Login Data", "Local State", "Preferences", "x.js", "y.js"];
        made.iter().any(|it| name.ends_with(&format!("/{it}")))
    };
    let before: Vec<String> = names(&file).into_iter().filter(kept).collect();
    for name in [
        "Local State",
        "Default/Login Data",
        "Default/Preferences",
        "Default/Extensions/abc/x.js",
        "Profile 1/Login Data",
        "Profile 1/Extensions/a b/y.js",
    ] {
        assert!(before.contains(&format!("data/{name}")), "{name}");
    }
    let clear = home.docker.clear_profile(&DEFAULT, Job::unwatched());
    within("the clearing", clear).await.unwrap();
    let file = folder.path().join("after.tar");
    export(&home, &file).await;
    let mut after = names(&file);
    assert!(
        !after.iter().any(|it| it.ends_with("/Cookies")),
        "{after:?}"
    );
    after.retain(|name| kept(name));
    let sorted = |mut all: Vec<String>| {
        all.sort();
        all
    };
    assert_eq!(sorted(after), sorted(before));
    home.start(1).await.unwrap();
    let told = home.run(&format!(
        "cat {PROFILE}/Default/Bookmarks; ls -d {PROFILE}/Default/IndexedDB/mark {PROFILE}/.duotab-*; true"
    ));
    // Whose it is stays.
    assert_eq!(
        told,
        ["kept".to_owned(), format!("{PROFILE}/.duotab-owner")]
    );
    let in_use = Err(DataError::Fault(ProfileFault::InUse));
    assert_eq!(home.docker.delete_profile(&DEFAULT).await, in_use);
    home.docker.stop(ONE).await.unwrap();
    home.docker.delete_profile(&DEFAULT).await.unwrap();
    home.docker.delete_profile(&DEFAULT).await.unwrap();
    assert_eq!(home.volumes(), [""; 0]);
    let size = home.docker.profile_size(&DEFAULT, Job::unwatched());
    assert_eq!(size.await, Ok(0));
    assert_eq!(home.volumes(), [""; 0], "looking makes none");
    let file = folder.path().join("a.tar");
    let out = home
        .docker
        .export_profile(&DEFAULT, file.clone(), Job::unwatched());
    assert_eq!(out.await, Err(DataError::Fault(ProfileFault::Empty)));
    assert!(!file.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_a_volume_is_known_by_the_next_life_of_the_app_before_the_engine_answers() {
    let Some(mut home) = Home::new("data-held") else {
        return;
    };
    assert!(!home.docker.may_hold(&DEFAULT));
    home.start(1).await.unwrap();
    within("the stop", home.docker.stop(ONE)).await.unwrap();
    let kept = home.kept_volumes();
    assert_eq!(kept, r#"["default"]"#);
    // The app has died before that was kept: the engine knows it too.
    home.restart();
    assert!(!home.docker.may_hold(&DEFAULT));
    home.docker.health().await.unwrap();
    assert!(home.docker.may_hold(&DEFAULT));
    let mut home = home.with(|with, _| with.volumes = kept);
    assert!(home.docker.may_hold(&DEFAULT));
    home.docker.delete_profile(&DEFAULT).await.unwrap();
    assert!(!home.docker.may_hold(&DEFAULT));
    assert_eq!(home.kept_volumes(), "[]");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_is_given_up_leaves_no_container_and_no_file() {
    let Some(home) = Home::new("data-given") else {
        return;
    };
    used(&home).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.tar");
    let cancel = CancellationToken::new();
    // The first it says of itself.
    let at_once = cancel.clone();
    let progress = std::sync::Arc::new(move |_, _| at_once.cancel());
    let job = Job::new(progress, cancel);
    let out = home.docker.export_profile(&DEFAULT, file.clone(), job);
    assert_eq!(within("giving up", out).await, Err(DataError::Cancelled));
    // The volume is free for whoever comes next.
    within("the next start", async {
        while home.start(2).await.is_err() {}
    })
    .await;
    assert_eq!(home.containers("{{.ID}}").len(), 1);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    home.docker.stop(SessionId(2)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn data_are_worked_on_with_the_image_in_use_and_a_look_at_them_fetches_none() {
    let Some(mut home) = Home::new("data-image") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    used(&home).await;
    let kept = home.kept_image();
    // In the registry and not here.
    let elsewhere = home.engine.image("neko:data-image");
    home.order(&["tag", &home.engine.image, &elsewhere]);
    home.order(&["push", "--quiet", &elsewhere]);
    home.order(&["image", "rm", &elsewhere]);
    let home = home.with(|with, _| {
        with.image.clone_from(&elsewhere);
        with.kept = kept;
    });
    export(&home, &folder.path().join("a.tar")).await;
    let home = home.with(|with, _| with.kept.clear());
    let size = home.docker.profile_size(&DEFAULT, Job::unwatched());
    assert!(within("the size", size).await.is_err());
    let here = home.engine.docker(&["images", "--quiet", &elsewhere]);
    assert_eq!(here, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_is_given_up_at_its_last_step_is_what_it_is_said_to_be() {
    let Some(home) = Home::new("data-late") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.tar");
    used(&home).await;
    export(&home, &file).await;
    in_volume(&home, "echo before >Default/IndexedDB/mark");
    let cancel = CancellationToken::new();
    let at_last = cancel.clone();
    // First the file is read, then it is sent.
    let begun = AtomicU32::new(0);
    let progress = Arc::new(move |done, total| {
        let begun = begun.fetch_add(u32::from(done == 0), Ordering::Relaxed);
        if begun == 2 && done >= total / 100 * 98 {
            at_last.cancel();
        }
    });
    let job = Job::new(progress, cancel.clone());
    let put_in = home.docker.import_profile(&DEFAULT, file, job);
    let expected = match within("the import", put_in).await {
        Ok(()) => "site",
        Err(DataError::Cancelled) => "before",
        Err(other) => panic!("{other:?}"),
    };
    assert!(cancel.is_cancelled());
    within("the next start", async {
        while home.start(1).await.is_err() {}
    })
    .await;
    let mark = home.run(&format!("cat {PROFILE}/Default/IndexedDB/mark"));
    assert_eq!(mark, [expected]);
    home.docker.stop(ONE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_goes_away_during_an_import_is_the_reason_that_is_given() {
    let Some(home) = Home::new("data-away") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.tar");
    used(&home).await;
    in_volume(&home, "head -c 30M /dev/urandom >Default/History");
    export(&home, &file).await;
    let engine = Engine::here().unwrap();
    let begun = AtomicU32::new(0);
    let progress = Arc::new(move |done, _| {
        // First the file is read, then it is sent.
        if done == 0 && begun.fetch_add(1, Ordering::Relaxed) == 1 {
            engine.kill();
        }
    });
    let job = Job::new(progress, CancellationToken::new());
    let put_in = home.docker.import_profile(&DEFAULT, file, job);
    let refused = within("the import", put_in).await;
    home.engine.start();
    assert!(
        matches!(
            refused,
            Err(DataError::Fault(ProfileFault::EngineAway { .. }))
        ),
        "{refused:?}"
    );
    within("the next start", async {
        while home.start(1).await.is_err() {}
    })
    .await;
    let mark = home.run(&format!("cat {PROFILE}/Default/IndexedDB/mark"));
    assert_eq!(mark, ["site"]);
    home.docker.stop(ONE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cut_short_between_two_steps_is_ended_by_the_next_start() {
    let Some(mut home) = Home::new("data-steps") else {
        return;
    };
    used(&home).await;
    // The states in which a dead machine can leave a volume, and what has to come of each.
    for (left, expected) in [
        (
            "mkdir .duotab-import; echo new >.duotab-import/mark",
            "site",
        ),
        (
            "mkdir -p .duotab-ready/Default/IndexedDB; echo new >.duotab-ready/Default/IndexedDB/mark",
            "new",
        ),
        (
            "mkdir .duotab-move; mv Default .duotab-move/; mkdir -p .duotab-move/x",
            "new",
        ),
    ] {
        in_volume(&home, left);
        home.start(1).await.unwrap();
        let told = home.run(&format!(
            "cd {PROFILE}; until [ -s /tmp/duotab-sandbox ]; do sleep 0.05; done;
             until [ -e Default/Preferences ]; do sleep 0.05; done;
             cat Default/IndexedDB/mark; ls -d .duotab-* | grep -v owner; true"
        ));
        assert_eq!(told, [expected], "{left}");
        home.docker.stop(ONE).await.unwrap();
    }
    // A room that an app was killed in.
    let label = format!("io.duotab.install={}", home.with.install);
    let mount = format!("{}:{PROFILE}", home.volumes().remove(0));
    let image = &home.engine.image;
    home.order(&["create", "--label", &label, "--volume", &mount, image]);
    home.restart();
    home.docker.find().await;
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
}
