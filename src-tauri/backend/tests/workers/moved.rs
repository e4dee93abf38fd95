//! A profile's data, from this machine to another and back.

use std::fs;
use std::sync::{Arc, Mutex};

use duotab_backend::runtime::data::{DataError, Job};
use duotab_core::message::ProfileName;
use duotab_core::node::NodeId;
use duotab_core::profile::ProfileFault;
use tokio_util::sync::CancellationToken;

use crate::home::{Home, attic, within};

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_s_data_go_there_and_come_back_the_same_and_nothing_is_left_on_the_way() {
    let Some(home) = Home::new("far-moved") else {
        return;
    };
    let (profile, here, there) = (ProfileName("default".into()), NodeId::host(), attic());
    let folder = home.profiles().join("default").join("Default");
    fs::create_dir_all(&folder).unwrap();
    // Without room for a pattern: nothing on the way may make it smaller.
    let mib = std::env::var("DUOTAB_TEST_MOVED_MIB").map_or(8, |text| text.parse().unwrap());
    let mut state = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state.to_be_bytes()
    })
    .take(mib << 17)
    .flatten()
    .collect();
    fs::write(folder.join("Own Data"), &noise).unwrap();
    fs::write(folder.join("Bookmarks"), "kept").unwrap();
    let steps = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&steps);
    let progress = Arc::new(move |done, total| told.lock().unwrap().push((done, total)));
    let job = Job::new(progress, CancellationToken::new());
    let began = std::time::Instant::now();
    let moving = home.runtime.move_profile(&profile, &here, &there, job);
    within("the way there", moving).await.unwrap();
    eprintln!("{mib} MiB moved in {:?}", began.elapsed());
    let began = std::time::Instant::now();
    let copied = std::process::Command::new("scp")
        .args([
            "-O",
            "-q",
            &folder.join("Own Data").display().to_string(),
            "worker:/dev/null",
        ])
        .status();
    assert!(copied.is_ok_and(|it| it.success()));
    eprintln!("and by scp in {:?}", began.elapsed());
    assert_eq!(home.volumes().len(), 1);
    assert!(folder.join("Own Data").exists(), "the source is kept");
    {
        let steps = steps.lock().unwrap();
        assert!(steps.is_sorted_by_key(|(done, _)| done), "{steps:?}");
        let (done, total) = *steps.last().unwrap();
        assert!(steps.len() > 9 && done * 10 > total * 9, "{steps:?}");
    }

    // A session there has them.
    home.start(1).await.unwrap();
    let held = home.run("cat /home/neko/.config/chromium/Default/Bookmarks");
    assert_eq!(held, ["kept"]);
    let used = home
        .runtime
        .move_profile(&profile, &there, &here, Job::unwatched());
    let used = within("a refusal", used).await;
    assert_eq!(used, Err(DataError::Fault(ProfileFault::InUse)));
    home.stop(1).await;

    fs::remove_dir_all(home.profiles().join("default")).unwrap();
    let moving = home
        .runtime
        .move_profile(&profile, &there, &here, Job::unwatched());
    within("the way back", moving).await.unwrap();
    assert_eq!(fs::read(folder.join("Own Data")).unwrap(), noise);
    within(
        "the end of a copy",
        home.runtime.drop_copy(&profile, &there),
    )
    .await;
    assert_eq!(home.volumes(), [""; 0]);
    // Nothing lay anywhere in between.
    let beside = fs::read_dir(home.profiles()).unwrap();
    let names = beside.map(|it| it.unwrap().file_name().into_string().unwrap());
    let names: Vec<String> = names.filter(|it| !it.ends_with(".lock")).collect();
    assert_eq!(names, ["default"]);
}

/// Connections by SSH from here to the machine.
fn connections(home: &Home) -> String {
    let to = format!("dst {} dport = 22", home.far.address);
    let asked = std::process::Command::new("ss")
        .args(["-tnH", &to])
        .output();
    String::from_utf8(asked.unwrap().stdout).unwrap()
}

/// How often this machine's kernel, in the tests' own network, repeats the last words of a program that
/// has ended.
struct LastWords(String);

const LAST_WORDS: &str = "/proc/sys/net/ipv4/tcp_orphan_retries";

impl LastWords {
    fn repeated_once() -> Self {
        let before = fs::read_to_string(LAST_WORDS).unwrap();
        fs::write(LAST_WORDS, "1").unwrap();
        Self(before)
    }
}

impl Drop for LastWords {
    fn drop(&mut self) {
        let _ = fs::write(LAST_WORDS, &self.0);
    }
}

/// Nobody tells the other end of a connection that this one is gone, if the way is down for long
/// enough: what the engine does for it there would hold its container.
#[tokio::test(flavor = "multi_thread")]
async fn a_way_by_ssh_that_is_cut_in_the_middle_holds_nothing_there_once_it_is_back() {
    let Some(mut home) = Home::by("far-held", |far| far.ssh("worker")) else {
        return;
    };
    let (profile, here, there) = (ProfileName("default".into()), NodeId::host(), attic());
    let folder = home.profiles().join("default").join("Default");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("Own Data"), vec![7; 256 << 20]).unwrap();
    let (flows, mut flowing) = tokio::sync::mpsc::unbounded_channel();
    let progress = Arc::new(move |done, total| {
        if done * 8 > total {
            let _ = flows.send(());
        }
    });
    let job = Job::new(progress, CancellationToken::new());
    let far = home.far.clone();
    let moving = home.runtime.move_profile(&profile, &here, &there, job);
    let cutting = async {
        flowing.recv().await;
        far.cut()
    };
    let (moved, cut) = tokio::join!(within("a refusal", moving), cutting);
    assert!(
        matches!(
            moved,
            Err(DataError::Fault(ProfileFault::EngineAway { .. }))
        ),
        "{moved:?}"
    );
    let mut glance = tokio::time::interval(std::time::Duration::from_millis(250));
    let once = LastWords::repeated_once();
    within("the end of the connection, here", async {
        while !connections(&home).is_empty() {
            glance.tick().await;
        }
    })
    .await;
    drop(once);
    drop(cut);
    home.back().await;
    within("the end of what was there", async {
        while !home.containers("{{.ID}}").is_empty() {
            glance.tick().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn data_on_their_way_to_a_machine_that_is_lost_stay_where_they_are() {
    let Some(home) = Home::new("far-stays") else {
        return;
    };
    let (profile, here, there) = (ProfileName("default".into()), NodeId::host(), attic());
    let folder = home.profiles().join("default").join("Default");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("Bookmarks"), "kept").unwrap();
    let cut = home.far.cut();
    let moving = home
        .runtime
        .move_profile(&profile, &here, &there, Job::unwatched());
    let moved = within("a refusal", moving).await;
    assert!(
        matches!(
            moved,
            Err(DataError::Fault(ProfileFault::EngineAway { .. }))
        ),
        "{moved:?}"
    );
    drop(cut);
    assert_eq!(
        fs::read_to_string(folder.join("Bookmarks")).unwrap(),
        "kept"
    );
    assert_eq!(home.volumes(), [""; 0]);
}
