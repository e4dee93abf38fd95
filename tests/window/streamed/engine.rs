//! The processes of an app's engines.

use duotab_test_support::{App, Outcome, within};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

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
            let _ = tokio::task::spawn_blocking(move || ended(pid)).await;
        }
    });
    gone.await
        .map_err(|error| format!("{error}: {:?}", processes(app)).into())
}

/// Waits until a process has ended, or for a second. One that is gone already is as good.
fn ended(pid: Pid) -> rustix::io::Result<()> {
    const A_SECOND: Timespec = Timespec {
        tv_sec: 1,
        tv_nsec: 0,
    };
    let handle = pidfd_open(pid, PidfdFlags::empty())?;
    poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&A_SECOND))?;
    Ok(())
}
