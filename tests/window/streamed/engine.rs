//! The processes of an app's engines.

use duotab_test_support::{App, Outcome, within};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Command lines of all processes that belong to an engine of this install: each has a path of it.
pub(super) fn processes(app: &App) -> Vec<String> {
    found(app).into_iter().map(|(_, line)| line).collect()
}

fn found(app: &App) -> Vec<(Pid, String)> {
    let folders = [app.data(), app.run_folder()].map(|folder| folder.display().to_string());
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|process| {
            let pid = process.file_name().to_str()?.parse().ok()?;
            let line = std::fs::read(process.path().join("cmdline")).ok()?;
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            Some((Pid::from_raw(pid)?, line))
        })
        .filter(|(_, line)| folders.iter().any(|folder| line.contains(folder)))
        .collect()
}

/// Waits until none is left.
pub(super) async fn gone(app: &App) -> Outcome<()> {
    let gone = within("the end of the engine", async {
        while let Some((pid, _)) = found(app).into_iter().next() {
            // Gone already is as good.
            if let Ok(handle) = pidfd_open(pid, PidfdFlags::empty())
                && let Ok(handle) = AsyncFd::register_with_interest(handle, Interest::READABLE)
            {
                let _ = handle.readable().await;
            }
        }
    });
    gone.await
        .map_err(|error| format!("{error}: {:?}", processes(app)).into())
}
