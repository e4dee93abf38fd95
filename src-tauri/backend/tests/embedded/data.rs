//! A profile's data, without an engine: out, in, cleared, deleted, and what a crash leaves.

use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

use duotab_backend::runtime::data::{DataError, Job};
use duotab_backend::runtime::docker::{DockerConfig, Surroundings};
use duotab_backend::runtime::embedded::Embedded;
use duotab_backend::runtime::{Choice, Runtime, RuntimeConfig};
use duotab_core::message::ProfileName;
use duotab_core::node::NodeId;
use duotab_core::profile::ProfileFault;
use tokio_util::sync::CancellationToken;

use crate::home::Home;

static ONE: LazyLock<ProfileName> = LazyLock::new(|| ProfileName("default".into()));
static OTHER: LazyLock<ProfileName> = LazyLock::new(|| ProfileName("other".into()));

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// All files below, with their text.
fn files(folder: &Path) -> Vec<(String, String)> {
    fn into(folder: &Path, top: &Path, all: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                into(&path, top, all);
            } else {
                let name = path.strip_prefix(top).unwrap().display().to_string();
                all.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut all = Vec::new();
    into(folder, folder, &mut all);
    all.sort();
    all
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut all: Vec<_> = all
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect();
    all.sort();
    all
}

const DATA: [(&str, &str); 4] = [
    ("Local State", "{}"),
    ("Default/Cookies", "a cookie"),
    ("Default/Bookmarks", "a bookmark"),
    ("Default/Local Storage/leveldb/000003.log", "site data"),
];
const LEFT_OUT: [(&str, &str); 2] = [("Default/Cache/index", "cached"), ("SingletonCookie", "1")];

struct Profiles {
    home: Home,
    embedded: Embedded,
}

impl Profiles {
    fn new() -> Self {
        let home = Home::with_stub("");
        let (embedded, _) = Embedded::new(home.with.clone());
        let own = Self { home, embedded };
        write(&own.folder("default"), &DATA);
        write(
            &own.folder("default"),
            &[("Default/History", &"h".repeat(9000))],
        );
        write(&own.folder("default"), &LEFT_OUT);
        own
    }

    fn folder(&self, name: &str) -> std::path::PathBuf {
        self.home.with.profiles_dir.join(name)
    }

    /// What lies in the folder of profiles, locks left out.
    fn beside(&self) -> Vec<String> {
        let mut all: Vec<String> = fs::read_dir(&self.home.with.profiles_dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.ends_with(".lock"))
            .collect();
        all.sort();
        all
    }

    async fn export(&self, to: &Path) {
        let done = self
            .embedded
            .export_profile(&ONE, to.to_owned(), Job::unwatched());
        done.await.unwrap();
    }
}

#[tokio::test]
async fn an_export_holds_the_data_without_caches_and_is_put_in_whole() {
    let own = Profiles::new();
    let file = own.home.path().join("out.tar");
    own.export(&file).await;
    assert_eq!(own.beside(), ["default"], "nothing else is written");
    write(&own.folder("other"), &[("Default/Old", "old")]);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&heard);
    let job = Job::new(
        Arc::new(move |done, total| notes.lock().unwrap().push((done, total))),
        CancellationToken::new(),
    );
    let put_in = own.embedded.import_profile(&OTHER, file.clone(), job);
    put_in.await.unwrap();
    let mut expected = pairs(&DATA);
    expected.push(("Default/History".to_owned(), "h".repeat(9000)));
    expected.sort();
    assert_eq!(files(&own.folder("other")), expected);
    assert_eq!(own.beside(), ["default", "other"], "the old one is gone");
    let heard = heard.lock().unwrap();
    assert!(heard.iter().all(|(done, total)| done <= total));
    assert!(
        heard.windows(2).all(|two| two[0].0 <= two[1].0),
        "{heard:?}"
    );
    assert!(heard.len() > 1);
}

#[tokio::test]
async fn what_cannot_be_taken_in_leaves_the_profile_as_it_was() {
    let own = Profiles::new();
    let whole = own.home.path().join("whole.tar");
    own.export(&whole).await;
    let before = files(&own.folder("default"));
    let bytes = fs::read(&whole).unwrap();
    let bad = own.home.path().join("bad.tar");
    let path = bad.display().to_string();
    for (content, expected) in [
        (
            bytes[..bytes.len() / 2].to_vec(),
            ProfileFault::Incomplete { path: path.clone() },
        ),
        (
            b"a letter to my aunt".to_vec(),
            ProfileFault::NotOurs { path: path.clone() },
        ),
    ] {
        fs::write(&bad, content).unwrap();
        let refused = own
            .embedded
            .import_profile(&ONE, bad.clone(), Job::unwatched());
        assert_eq!(refused.await, Err(DataError::Fault(expected)));
        assert_eq!(files(&own.folder("default")), before);
        assert_eq!(own.beside(), ["default"]);
    }
    let missing = own.home.path().join("none.tar");
    let refused = own.embedded.import_profile(&ONE, missing, Job::unwatched());
    assert!(matches!(
        refused.await,
        Err(DataError::Fault(ProfileFault::NotThere { .. }))
    ));
}

#[tokio::test]
async fn an_export_that_is_given_up_leaves_no_file() {
    let own = Profiles::new();
    let folder = own.home.path().join("out");
    fs::create_dir(&folder).unwrap();
    let cancel = CancellationToken::new();
    cancel.cancel();
    let job = Job::new(Arc::new(|_, _| {}), cancel);
    let given_up = own.embedded.export_profile(&ONE, folder.join("a.tar"), job);
    assert_eq!(given_up.await, Err(DataError::Cancelled));
    assert_eq!(files(&folder), []);
}

#[tokio::test]
async fn clearing_takes_what_sites_stored_and_leaves_what_the_person_made() {
    let own = Profiles::new();
    own.embedded
        .clear_profile(&ONE, Job::unwatched())
        .await
        .unwrap();
    assert_eq!(
        files(&own.folder("default")),
        pairs(&[
            ("Local State", "{}"),
            ("Default/Bookmarks", "a bookmark"),
            ("Default/History", &"h".repeat(9000)),
        ])
    );
    assert_eq!(own.beside(), ["default"]);
    // Where nothing is there is nothing to clear.
    own.embedded
        .clear_profile(&OTHER, Job::unwatched())
        .await
        .unwrap();
    assert_eq!(own.beside(), ["default"]);
}

#[tokio::test]
async fn folders_as_deep_as_an_export_can_have_go_along_and_deeper_ones_are_no_quiet_loss() {
    let own = Profiles::new();
    let file = own.home.path().join("deep.tar");
    let kept = "Default/Extensions";
    let deep = |names: usize| format!("{kept}{}/x", "/d".repeat(names - 3));
    write(&own.folder("default"), &[(&deep(40), "deep")]);
    own.export(&file).await;
    let put_in = own
        .embedded
        .import_profile(&OTHER, file.clone(), Job::unwatched());
    put_in.await.unwrap();
    assert!(own.folder("other").join(deep(40)).is_file());
    // One more than an import takes.
    write(&own.folder("default"), &[(&deep(41), "deeper")]);
    let before = files(&own.folder("default"));
    let at = &own.embedded;
    let refused = [
        at.export_profile(&ONE, file, Job::unwatched()).await,
        at.clear_profile(&ONE, Job::unwatched()).await,
    ];
    for refused in refused {
        assert!(
            matches!(&refused, Err(DataError::Fault(ProfileFault::Failed { .. }))),
            "{refused:?}"
        );
    }
    assert_eq!(files(&own.folder("default")), before);
    // What goes may be as deep as it likes.
    fs::remove_dir_all(own.folder("default").join(kept)).unwrap();
    let site = format!("Default/IndexedDB{}/x", "/d".repeat(60));
    write(&own.folder("default"), &[(&site, "a site's")]);
    at.clear_profile(&ONE, Job::unwatched()).await.unwrap();
    assert!(!own.folder("default").join("Default/IndexedDB").exists());
}

#[tokio::test]
async fn what_may_lie_in_a_volume_is_not_called_gone_while_its_engine_is_away() {
    let host = NodeId::host();
    for choice in [Choice::Auto, Choice::Embedded, Choice::Docker] {
        let own = Profiles::new();
        let before = files(&own.folder("default"));
        let nobody = own.home.path().join("docker.sock");
        let (runtime, _news) = Runtime::new(RuntimeConfig {
            choice,
            embedded: own.home.with.clone(),
            docker: DockerConfig {
                surroundings: Surroundings {
                    docker_host: Some(format!("unix://{}", nobody.display())),
                    ..Surroundings::default()
                },
                volumes: r#"["default"]"#.to_owned(),
                ..DockerConfig::new("install".to_owned())
            },
        });
        let done = [
            runtime.clear_profile(&ONE, &host, Job::unwatched()).await,
            runtime.delete_profile(&ONE, &host).await,
        ];
        for done in done {
            assert!(
                matches!(done, Err(DataError::Fault(ProfileFault::EngineAway { .. }))),
                "{choice:?}: {done:?}"
            );
        }
        assert_eq!(files(&own.folder("default")), before);
        // What never had a volume is not waited for.
        if choice != Choice::Docker {
            runtime.delete_profile(&OTHER, &host).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_deleted_profile_leaves_nothing_not_even_its_lock() {
    let own = Profiles::new();
    let size = own
        .embedded
        .profile_size(&ONE, Job::unwatched())
        .await
        .unwrap();
    assert!(size >= 6 * 512, "{size}");
    own.embedded.delete_profile(&ONE).await.unwrap();
    own.embedded.delete_profile(&ONE).await.unwrap();
    assert_eq!(
        fs::read_dir(&own.home.with.profiles_dir).unwrap().count(),
        0
    );
    let empty = own.home.path().join("empty.tar");
    let refused = own
        .embedded
        .export_profile(&ONE, empty.clone(), Job::unwatched());
    assert_eq!(refused.await, Err(DataError::Fault(ProfileFault::Empty)));
    assert!(!empty.exists());
}

#[tokio::test]
async fn what_somebody_has_is_not_touched() {
    let own = Profiles::new();
    let file = own.home.path().join("a.tar");
    own.export(&file).await;
    let lock = fs::File::open(own.folder("default.lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let job = Job::unwatched();
    let in_use = Err(DataError::Fault(ProfileFault::InUse));
    let at = &own.embedded;
    assert_eq!(
        at.export_profile(&ONE, file.clone(), job.clone()).await,
        in_use
    );
    assert_eq!(at.import_profile(&ONE, file, job.clone()).await, in_use);
    assert_eq!(at.clear_profile(&ONE, job).await, in_use);
    assert_eq!(at.delete_profile(&ONE).await, in_use);
    assert_eq!(
        files(&own.folder("default")).len(),
        DATA.len() + 1 + LEFT_OUT.len()
    );
}

#[tokio::test]
async fn what_a_killed_app_has_left_beside_a_profile_goes_with_the_next_look() {
    let own = Profiles::new();
    let before = files(&own.folder("default"));
    write(&own.folder("default.new"), &[("Default/Cookies", "half")]);
    write(&own.folder("other.gone"), &[("Default/Cookies", "deleted")]);
    own.embedded.find().await;
    assert_eq!(own.beside(), ["default"]);
    assert_eq!(files(&own.folder("default")), before);
}
