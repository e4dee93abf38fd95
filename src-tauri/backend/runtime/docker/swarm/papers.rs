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
use duotab_core::message::SessionId;
use rcgen::{CertifiedKey, KeyPair};
use serde::{Deserialize, Serialize};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::endpoint::Secret;

/// The name in certificates, which nobody looks at: they are compared whole.
const NAME: &str = "duotab";
/// Bytes of a file that is read.
const FILE_LIMIT: u64 = 64 * 1024;

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

/// Where the papers of sessions are kept.
#[derive(Clone, Debug)]
pub(super) struct Drawer(PathBuf);

impl Drawer {
    /// In this folder, which need not be there.
    pub(super) const fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    fn file(&self, session: SessionId) -> PathBuf {
        self.0.join(session.0.to_string())
    }

    /// Keeps a session's, whole or not at all.
    ///
    /// # Errors
    /// What the system said.
    pub(super) async fn keep(&self, session: SessionId, papers: &Papers) -> io::Result<()> {
        let (folder, file) = (self.0.clone(), self.file(session));
        let text = serde_json::to_vec(&papers.write())?;
        blocking(move || {
            let mut closed = std::fs::DirBuilder::new();
            closed.mode(0o700).recursive(true).create(&folder)?;
            let beside = file.with_extension("new");
            remove(&beside)?;
            let mut options = std::fs::OpenOptions::new();
            let mut half = options
                .create_new(true)
                .write(true)
                .mode(0o600)
                .open(&beside)?;
            half.write_all(&text)?;
            half.sync_all()?;
            std::fs::rename(&beside, &file)
        })
        .await
    }

    /// A session's. `None` if they are not there, or were written by nobody of ours.
    ///
    /// # Errors
    /// If they cannot be read now.
    pub(super) async fn find(&self, session: SessionId) -> io::Result<Option<Papers>> {
        let file = self.file(session);
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
    pub(super) async fn drop(&self, session: SessionId) {
        let file = self.file(session);
        if let Err(error) = blocking(move || remove(&file)).await {
            tracing::warn!(session = session.0, %error, "a session's certificate stays");
        }
    }
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

    #[tokio::test]
    async fn papers_are_kept_for_this_person_alone_until_they_are_dropped() {
        let place = tempfile::tempdir().unwrap();
        let drawer = Drawer::new(place.path().join("swarm"));
        let session = SessionId(7);
        assert_eq!(drawer.find(session).await.unwrap(), None);
        let (papers, to_door) = make(Secret::new("word")).unwrap();
        drawer.keep(session, &papers).await.unwrap();
        drawer.keep(session, &papers).await.unwrap();
        assert_eq!(drawer.find(session).await.unwrap(), Some(papers.clone()));
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&place.path().join("swarm")), 0o700);
        assert_eq!(mode(&place.path().join("swarm/7")), 0o600);
        drawer.drop(session).await;
        drawer.drop(session).await;
        assert_eq!(drawer.find(session).await.unwrap(), None);
        assert!(papers.own().is_some());
        assert_eq!(to_door.expose().matches("BEGIN CERTIFICATE").count(), 2);
    }

    #[tokio::test]
    async fn what_somebody_else_has_written_is_none() {
        let place = tempfile::tempdir().unwrap();
        let drawer = Drawer::new(place.path().to_owned());
        for text in ["", "{}", r#"{"door":"!","own":"","key":"","password":""}"#] {
            std::fs::write(place.path().join("7"), text).unwrap();
            assert_eq!(drawer.find(SessionId(7)).await.unwrap(), None, "{text}");
        }
        let text = r#"{"door":"","own":"","key":"!","password":""}"#;
        std::fs::write(place.path().join("7"), text).unwrap();
        let papers = drawer.find(SessionId(7)).await.unwrap().unwrap();
        assert!(papers.own().is_none());
    }

    #[tokio::test]
    async fn what_cannot_be_read_now_is_not_lost() {
        let place = tempfile::tempdir().unwrap();
        let drawer = Drawer::new(place.path().to_owned());
        // Of which nobody can say what is in it.
        std::os::unix::fs::symlink("7", drawer.file(SessionId(7))).unwrap();
        drawer.find(SessionId(7)).await.unwrap_err();
    }
}
