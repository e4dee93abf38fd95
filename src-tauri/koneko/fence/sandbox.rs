//! Which fence and which of Chromium's sandboxes this kernel allows. Asked by trying.

use super::{Fence, NAMESPACE};
use crate::programs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// A trial takes milliseconds. On a machine out of breath it is waited for: the answer decides whether
/// pages run in a sandbox.
const TRIAL_LIMIT: Duration = Duration::from_secs(20);

/// What keeps a page's process in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sandbox {
    /// User namespaces.
    Namespaces,
    /// The helper that is owned by root.
    Helper,
    /// Nothing. Pages run with all the rights of this user.
    None,
}

impl Sandbox {
    /// Its name for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Namespaces => "user namespaces",
            Self::Helper => "setuid helper",
            Self::None => "none",
        }
    }
}

/// Finds the best fence that leaves Chromium its sandbox.
pub(crate) async fn probe(browser: &Path) -> (Fence, Sandbox) {
    let Some(unshare) = programs::find("unshare") else {
        return (Fence::Keeper, without_namespaces(browser));
    };
    let bwrap = programs::find("bwrap");
    if let Some(bwrap) = bwrap {
        let mut trial = Command::new(&bwrap);
        trial.args(NAMESPACE).arg(&unshare).args(["--user", "true"]);
        if succeeds(trial).await {
            return (Fence::Namespace(bwrap), Sandbox::Namespaces);
        }
    }
    let mut trial = Command::new(&unshare);
    trial.args(["--user", "true"]);
    if succeeds(trial).await {
        return (Fence::Keeper, Sandbox::Namespaces);
    }
    (Fence::Keeper, without_namespaces(browser))
}

fn without_namespaces(browser: &Path) -> Sandbox {
    let folder = std::fs::canonicalize(browser).ok();
    let beside = folder.as_deref().and_then(Path::parent);
    let places = [
        beside.map(|it| it.join("chrome-sandbox")),
        Some("/usr/lib/chromium/chrome-sandbox".into()),
        Some("/opt/google/chrome/chrome-sandbox".into()),
    ];
    let usable = |path: &Path| {
        std::fs::metadata(path)
            .is_ok_and(|it| it.uid() == 0 && it.permissions().mode() & 0o4755 == 0o4755)
    };
    if places.iter().flatten().any(|it| usable(it)) && may_gain_rights() {
        Sandbox::Helper
    } else {
        Sandbox::None
    }
}

/// Whether a setuid program still works here.
fn may_gain_rights() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|it| {
        it.lines()
            .any(|line| line.starts_with("NoNewPrivs:") && line.trim_end().ends_with('0'))
    })
}

async fn succeeds(mut trial: Command) -> bool {
    trial
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let ended = tokio::time::timeout(TRIAL_LIMIT, trial.status()).await;
    matches!(ended, Ok(Ok(status)) if status.success())
}
