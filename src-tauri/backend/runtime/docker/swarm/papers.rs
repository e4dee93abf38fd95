//! Who is let in where a Swarm runs a session: certificates that are made for that session and for
//! nothing else, one for the door of its container and one for this machine.
//!
//! A Swarm never gives out what it was given as a secret. So our side is kept here as well, in a folder
//! of this person's alone, for the next life of the app; it goes with the session.

use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use duotab_core::message::{SessionId, StartFailure};
use rcgen::{CertifiedKey, KeyPair};
use serde::{Deserialize, Serialize};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::endpoint::Secret;

/// The name in certificates, which nobody looks at: they are compared whole.
const NAME: &str = "duotab";
/// Bytes of a file that is read.
const FILE_LIMIT: u64 = 64 * 1024;
/// The end of the name of one that is not whole yet.
const HALF: &str = "new";

/// What this machine has for a session: enough to reach it, and to know it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Papers {
    /// The certificate of the container's door.
    door: Vec<u8>,
    /// Ours.
    own: Vec<u8>,
    /// Its key, PKCS #8.
    key: Secret,
    /// For Neko's login.
    pub(super) password: Secret,
}

/// In base64.
#[derive(Serialize, Deserialize)]
struct Written {
    door: String,
    own: String,
    key: String,
    password: String,
}

/// New ones, and what the door itself has to have: its key and its certificate, then ours. `None` if
/// the system has no randomness to give.
pub(super) fn make(password: Secret) -> Option<(Papers, Secret)> {
    let one = || rcgen::generate_simple_self_signed([NAME.to_owned()]).ok();
    let (door, own): (CertifiedKey<KeyPair>, CertifiedKey<KeyPair>) = (one()?, one()?);
    let to_door = [
        door.signing_key.serialize_pem(),
        door.cert.pem(),
        own.cert.pem(),
    ];
    let papers = Papers {
        door: door.cert.der().to_vec(),
        own: own.cert.der().to_vec(),
        key: Secret::new(STANDARD.encode(own.signing_key.serialize_der())),
        password,
    };
    Some((papers, Secret::new(to_door.concat())))
}

impl Papers {
    /// The certificate that the door has to show.
    pub(super) fn door(&self) -> CertificateDer<'static> {
        CertificateDer::from(self.door.clone())
    }

    /// What is shown to the door. `None` if it was written by nobody of ours.
    pub(super) fn own(&self) -> Option<(CertificateDer<'static>, PrivateKeyDer<'static>)> {
        let key = STANDARD.decode(self.key.expose()).ok()?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key));
        Some((CertificateDer::from(self.own.clone()), key))
    }

    fn write(&self) -> Written {
        Written {
            door: STANDARD.encode(&self.door),
            own: STANDARD.encode(&self.own),
            key: self.key.expose().to_owned(),
            password: self.password.expose().to_owned(),
        }
    }

    fn read(written: Written) -> Option<Self> {
        Some(Self {
            door: STANDARD.decode(written.door).ok()?,
            own: STANDARD.decode(written.own).ok()?,
            key: Secret::new(written.key),
            password: Secret::new(written.password),
        })
    }
}

/// Where the papers of sessions are kept. Several copies of the app may have the same folder, and one
/// copy may have sessions in several Swarms.
#[derive(Clone, Debug)]
pub(super) struct Drawer {
    folder: PathBuf,
    copy: String,
}

impl Drawer {
    /// In this folder, which need not be there. `copy` is the id of this copy of the app.
    pub(super) fn new(folder: PathBuf, copy: &str) -> Self {
        let copy = plain(copy);
        Self { folder, copy }
    }

    fn file(&self, session: SessionId, node: &str) -> PathBuf {
        let name = format!("{}-{}-{}", self.copy, session.0, plain(node));
        self.folder.join(name)
    }

    /// Keeps those of a session on a node, whole or not at all.
    ///
    /// # Errors
    /// What it means to a person that they cannot be kept.
    pub(super) async fn keep(
        &self,
        session: SessionId,
        node: &str,
        papers: &Papers,
    ) -> Result<(), StartFailure> {
        let (folder, file) = (self.folder.clone(), self.file(session, node));
        let kept = async {
            let text = serde_json::to_vec(&papers.write())?;
            blocking(move || write(&folder, &file, &text)).await
        };
        kept.await.map_err(|error: io::Error| {
            tracing::warn!(session = session.0, %error, "a session's certificate is not kept");
            let path = self.folder.display().to_string();
            match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    StartFailure::DiskFull { path }
                }
                _ => StartFailure::ReadOnly { path },
            }
        })
    }

    /// The sessions that there are some of, and on which nodes: half-written ones, too.
    pub(super) async fn list(&self) -> Vec<(SessionId, String)> {
        let (folder, copy) = (self.folder.clone(), self.copy.clone());
        let listed = blocking(move || {
            let mut all = Vec::new();
            for entry in std::fs::read_dir(folder)? {
                let name = entry?.file_name();
                all.extend(name.to_str().and_then(|name| read_name(&copy, name)));
            }
            Ok(all)
        });
        // There is no folder before the first session.
        listed.await.unwrap_or_default()
    }

    /// Those of a session on a node. `None` if they are not there, or were written by nobody of ours.
    ///
    /// # Errors
    /// If they cannot be read now.
    pub(super) async fn find(&self, session: SessionId, node: &str) -> io::Result<Option<Papers>> {
        let file = self.file(session, node);
        let read = blocking(move || {
            if std::fs::metadata(&file)?.len() > FILE_LIMIT {
                return Ok(Vec::new());
            }
            std::fs::read(&file)
        });
        match read.await {
            Ok(read) => Ok(serde_json::from_slice(&read).ok().and_then(Papers::read)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// They are of no use any more.
    pub(super) async fn drop(&self, session: SessionId, node: &str) {
        let file = self.file(session, node);
        let dropping = blocking(move || {
            remove(&file.with_extension(HALF))?;
            remove(&file)
        });
        if let Err(error) = dropping.await {
            tracing::warn!(session = session.0, %error, "a session's certificate stays");
        }
    }
}

fn plain(id: &str) -> String {
    id.chars().filter(char::is_ascii_alphanumeric).collect()
}

fn read_name(copy: &str, name: &str) -> Option<(SessionId, String)> {
    let (session, node) = name
        .strip_prefix(copy)?
        .strip_prefix('-')?
        .split_once('-')?;
    let (node, _) = node.split_once('.').unwrap_or((node, ""));
    Some((SessionId(session.parse().ok()?), node.to_owned()))
}

fn write(folder: &Path, file: &Path, text: &[u8]) -> io::Result<()> {
    let mut closed = std::fs::DirBuilder::new();
    closed.mode(0o700).recursive(true).create(folder)?;
    let beside = file.with_extension(HALF);
    remove(&beside)?;
    let mut options = std::fs::OpenOptions::new();
    let mut half = options
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&beside)?;
    half.write_all(text)?;
    half.sync_all()?;
    std::fs::rename(&beside, file)
}

fn remove(file: &Path) -> io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}

#[cfg(test)]
impl Papers {
    /// To be shown to this door by somebody else.
    pub(super) fn with_the_own_of(&self, other: &Self) -> Self {
        Self {
            own: other.own.clone(),
            key: other.key.clone(),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    const NODE: &str = "n1";

    #[tokio::test]
    async fn each_copy_of_the_app_has_its_own_and_finds_those_that_are_not_whole_too() {
        let place = tempfile::tempdir().unwrap();
        let drawer = |copy| Drawer::new(place.path().to_owned(), copy);
        let (here, there) = (drawer("here"), drawer("there"));
        assert_eq!(here.list().await, []);
        let session = SessionId(7);
        let (papers, _) = make(Secret::new("word")).unwrap();
        here.keep(session, NODE, &papers).await.unwrap();
        assert_eq!(there.find(session, NODE).await.unwrap(), None);
        assert_eq!(there.list().await, []);
        std::fs::write(place.path().join("here-8-n2.new"), "half").unwrap();
        let mut listed = here.list().await;
        listed.sort();
        let both = [(session, "n1".to_owned()), (SessionId(8), "n2".to_owned())];
        assert_eq!(listed, both);
        for (session, node) in listed {
            here.drop(session, &node).await;
        }
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_folder_that_takes_nothing_is_named() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("file");
        std::fs::write(&file, "").unwrap();
        let (papers, _) = make(Secret::new("word")).unwrap();
        let path = file.display().to_string();
        let drawer = Drawer::new(file, "me");
        let kept = drawer.keep(SessionId(7), NODE, &papers).await;
        assert_eq!(kept, Err(StartFailure::ReadOnly { path }));
    }

    #[tokio::test]
    async fn papers_are_kept_for_this_person_alone_until_they_are_dropped() {
        let place = tempfile::tempdir().unwrap();
        let drawer = Drawer::new(place.path().join("swarm"), "me");
        let session = SessionId(7);
        assert_eq!(drawer.find(session, NODE).await.unwrap(), None);
        let (papers, to_door) = make(Secret::new("word")).unwrap();
        drawer.keep(session, NODE, &papers).await.unwrap();
        drawer.keep(session, NODE, &papers).await.unwrap();
        assert_eq!(
            drawer.find(session, NODE).await.unwrap(),
            Some(papers.clone())
        );
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&place.path().join("swarm")), 0o700);
        assert_eq!(mode(&place.path().join("swarm/me-7-n1")), 0o600);
        drawer.drop(session, NODE).await;
        drawer.drop(session, NODE).await;
        assert_eq!(drawer.find(session, NODE).await.unwrap(), None);
        assert!(papers.own().is_some());
        assert_eq!(to_door.expose().matches("BEGIN CERTIFICATE").count(), 2);
    }

    #[tokio::test]
    async fn what_somebody_else_has_written_is_none() {
        let place = tempfile::tempdir().unwrap();
        let drawer = Drawer::new(place.path().to_owned(), "me");
        for text in ["", "{}", r#"{"door":"!","own":"","key":"","password":""}"#] {
            std::fs::write(place.path().join("me-7-n1"), text).unwrap();
            assert_eq!(
                drawer.find(SessionId(7), NODE).await.unwrap(),
                None,
                "{text}"
            );
        }
        let text = r#"{"door":"","own":"","key":"!","password":""}"#;
        std::fs::write(place.path().join("me-7-n1"), text).unwrap();
        let papers = drawer.find(SessionId(7), NODE).await.unwrap().unwrap();
        assert!(papers.own().is_none());
    }

    #[tokio::test]
    async fn what_cannot_be_read_now_is_not_lost() {
        let place = tempfile::tempdir().unwrap();
        let drawer = Drawer::new(place.path().to_owned(), "me");
        // Of which nobody can say what is in it.
        std::os::unix::fs::symlink("me-7-n1", drawer.file(SessionId(7), NODE)).unwrap();
        drawer.find(SessionId(7), NODE).await.unwrap_err();
    }
}
