//! The processes of an app's engines.

use std::time::Duration;

use duotab_test_support::{App, Outcome, within};

/// Command lines of all processes that belong to an engine of this install: each has a path of it.
pub(super) fn processes(app: &App) -> Vec<String> {
    let folders = [app.data(), app.run_folder()].map(|folder| folder.display().to_string());
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|process| std::fs::read(process.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| folders.iter().any(|folder| line.contains(folder)))
        .collect()
}

/// Waits until none is left. The system tells of no process but one's own: this looks.
pub(super) async fn gone(app: &App) -> Outcome<()> {
    let gone = within("the end of the engine", async {
        while !processes(app).is_empty() {
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    });
    gone.await
        .map_err(|error| format!("{error}: {:?}", processes(app)).into())
}
