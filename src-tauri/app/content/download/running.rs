//! A transfer that runs, and what is left of it at its end.

use std::path::PathBuf;

use duotab_backend::landing::Kept;
use duotab_core::download::{DownloadFault, DownloadNews, Halt};
use duotab_core::message::ProfileName;
use tokio_util::sync::CancellationToken;
use webkit2gtk::{Download, DownloadExt};

pub(super) struct Running {
    pub(super) profile: ProfileName,
    pub(super) by: By,
    pub(super) wish: Wish,
    /// Its server goes on in the middle, as far as is known.
    pub(super) goes_on: bool,
    /// What has come lies beside its place as a part, which the engine does not know.
    kept: bool,
    /// Where the file will be; empty until the server has named it.
    pub(super) path: PathBuf,
}

/// What the person wants of a transfer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    All,
    Hold,
    /// Nothing: however it ends, nothing of it stays.
    GiveUp,
}

/// What fetches a file.
pub(super) enum By {
    Engine(Download),
    Us(CancellationToken),
}

impl By {
    pub(super) fn end(&self) {
        match self {
            Self::Engine(download) => download.cancel(),
            Self::Us(end) => end.cancel(),
        }
    }
}

impl Running {
    /// One of the engine's that begins.
    pub(super) fn new(profile: &ProfileName, download: &Download) -> Self {
        Self {
            profile: profile.clone(),
            by: By::Engine(download.clone()),
            wish: Wish::All,
            goes_on: false,
            kept: false,
            path: PathBuf::new(),
        }
    }

    /// One that goes on without the engine.
    pub(super) fn rest(profile: &ProfileName, end: CancellationToken, path: PathBuf) -> Self {
        Self {
            profile: profile.clone(),
            by: By::Us(end),
            wish: Wish::All,
            goes_on: true,
            kept: true,
            path,
        }
    }

    /// The engine has begun to write. It removes what breaks before it tells of that.
    pub(super) fn share(&mut self) {
        if self.kept || !self.goes_on || self.wish != Wish::All {
            return;
        }
        match Kept::share(&self.path) {
            Ok(()) => self.kept = true,
            Err(error) => tracing::info!(%error, "a download that breaks will begin anew"),
        }
    }

    /// Sees to it that what has come stays when the transfer is ended; `false` if it cannot, and goes
    /// on instead.
    pub(super) fn hold(&mut self) -> bool {
        if self.wish == Wish::GiveUp {
            return false;
        }
        if !self.kept {
            match Kept::keep(&self.path) {
                Ok(()) => self.kept = true,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    tracing::debug!("nothing has come of a download yet");
                }
                Err(error) => {
                    tracing::warn!(%error, "a download cannot be held up");
                    return false;
                }
            }
        }
        self.wish = Wish::Hold;
        true
    }

    pub(super) fn discard(&self) {
        if self.kept {
            Kept::discard(&self.path);
        }
    }

    /// Nobody wants what has all come.
    pub(super) fn remove(&self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(%error, "a file that was given up stays");
        }
    }

    /// How many bytes are kept.
    pub(super) fn held(&self) -> u64 {
        if self.kept { Kept::hold(&self.path) } else { 0 }
    }

    /// What is to be told of one that the engine has ended so.
    pub(super) fn comes_to(&self, news: DownloadNews) -> DownloadNews {
        let why = match (self.wish, &news) {
            (Wish::GiveUp, _) => {
                self.discard();
                if news == DownloadNews::Done {
                    self.remove();
                }
                return DownloadNews::Cancelled;
            }
            (_, DownloadNews::Done) => {
                if self.kept {
                    Kept::complete(&self.path);
                }
                return news;
            }
            (Wish::Hold, _) => Halt::Wanted,
            (Wish::All, DownloadNews::Failed(fault)) if *fault != DownloadFault::Network => {
                Halt::Disk
            }
            (Wish::All, _) => Halt::Broke,
        };
        match self.held() {
            0 if self.wish == Wish::All => news,
            received => DownloadNews::Held { received, why },
        }
    }
}
