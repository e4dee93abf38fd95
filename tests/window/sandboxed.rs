//! Processes of proxied pages, as the kernel sees them.

use std::fs;
use std::path::{Path, PathBuf};

use duotab_test_support::{App, Display, Outcome, ProbeSite, within};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::room::{RED, Room, start};

/// The processes that draw the pages of the app with these data, the shell's own among them, each
/// by its folder in `/proc`.
pub(crate) fn drawing(data: &Path) -> Outcome<Vec<PathBuf>> {
    let data = data.display().to_string();
    let is_ours = |process: &PathBuf| {
        let read = |file: &str| fs::read_to_string(process.join(file)).unwrap_or_default();
        let command = read("cmdline");
        let program = command.split('\0').next().unwrap_or_default();
        program.ends_with("WebKitWebProcess") && read("environ").contains(&data)
    };
    let processes = fs::read_dir("/proc")?.flatten().map(|entry| entry.path());
    Ok(processes.filter(is_ours).collect())
}

/// What the kernel says of a process.
#[derive(Debug, PartialEq, Eq)]
struct Bounds {
    /// Its calls of the system are filtered, and it can have no right that it has not.
    filtered: bool,
    /// Files of the app's data that it sees, besides the salt of its own profile's media keys.
    seen: Vec<PathBuf>,
    /// It sees other processes than its own.
    sees_others: bool,
    /// It has the app's network.
    has_network: bool,
}

fn bounds(process: &Path, app: u32, data: &Path) -> Outcome<Bounds> {
    let status = fs::read_to_string(process.join("status"))?;
    let says = |line: &str| status.lines().any(|it| it == line);
    let app = PathBuf::from(format!("/proc/{app}"));
    let shares = |space: &str| -> Outcome<bool> {
        let of = |process: &Path| fs::read_link(process.join("ns").join(space));
        Ok(of(process)? == of(&app)?)
    };
    let mut seen = Vec::new();
    files(
        &process.join("root").join(data.strip_prefix("/")?),
        &mut seen,
    );
    seen.retain(|file| !file.ends_with("mediakeys/v1/salt"));
    Ok(Bounds {
        filtered: says("Seccomp:\t2") && says("NoNewPrivs:\t1"),
        seen,
        sees_others: shares("pid")?,
        has_network: shares("net")?,
    })
}

/// The files below a folder, if it is there.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path(), found),
            _ => found.push(entry.path()),
        }
    }
}

/// Whether this machine lets bubblewrap do what the engine needs; said where it does not.
fn is_possible() -> bool {
    let tried = std::process::Command::new("bwrap")
        .args(["--unshare-pid", "--unshare-net", "--unshare-uts"])
        .args(["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"])
        .arg("true")
        .status();
    let possible = tried.is_ok_and(|status| status.success());
    if !possible {
        eprintln!("Left out: this machine lets nobody have a sandbox.");
    }
    possible
}

/// Opens a page, and looks at the processes that draw it.
async fn look(room: &Room) -> Outcome<()> {
    let (data, app) = (room.app.data(), room.app.pid()?);
    let shell = drawing(&data)?;
    assert_eq!(shell.len(), 1, "the shell's own");
    room.open_tab("/colour/cc1122").await?;
    room.filled("the page", RED).await?;
    room.site.tells(&json!({ "shown": "cc1122" })).await?;
    let pages = drawing(&data)?;
    let pages: Vec<_> = pages.iter().filter(|it| !shell.contains(it)).collect();
    assert!(!pages.is_empty());
    for page in pages {
        let kept = Bounds {
            filtered: true,
            seen: Vec::new(),
            sees_others: false,
            has_network: false,
        };
        assert_eq!(bounds(page, app, &data)?, kept, "{}", page.display());
    }
    let free = bounds(&shell[0], app, &data)?;
    assert!(
        !free.seen.is_empty(),
        "there are some, and the test finds them"
    );
    Ok(())
}

#[tokio::test]
async fn a_page_s_process_sees_no_file_and_no_process_of_others_and_has_no_network() -> Outcome<()>
{
    if !is_possible() {
        return Ok(());
    }
    let room = Room::open().await?;
    look(&room).await?;
    room.shell.close().await
}

#[tokio::test]
async fn it_is_so_on_a_desktop_with_a_session_bus_too() -> Outcome<()> {
    if !is_possible() {
        return Ok(());
    }
    let display = Display::start(1280, 800).await?;
    let mut bus = tokio::process::Command::new("dbus-daemon")
        .args(["--session", "--nofork", "--print-address=1"])
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let said = BufReader::new(bus.stdout.take().ok_or("no way to hear it")?);
    let address = within("the bus", said.lines().next_line()).await??;
    let start = start(&display).variable("DBUS_SESSION_BUS_ADDRESS", address.ok_or("no bus")?);
    let site = ProbeSite::start().await?;
    let app = App::new()?;
    let shell = app.open(&start).await?;
    let room = Room {
        shell,
        app,
        site,
        display,
    };
    look(&room).await?;
    room.shell.close().await
}

#[tokio::test]
async fn where_the_sandbox_does_not_start_pages_come_all_the_same_and_the_log_says_so()
-> Outcome<()> {
    let display = Display::start(1000, 700).await?;
    let site = ProbeSite::start().await?;
    let app = App::new()?;
    // What starts the app, and nothing else.
    let programs = tempfile::tempdir()?;
    for program in ["setpriv", "WebKitWebDriver"] {
        std::os::unix::fs::symlink(
            Path::new("/usr/bin").join(program),
            programs.path().join(program),
        )?;
    }
    let path = programs.path().display().to_string();
    let start = start(&display).variable("PATH", path);
    let shell = app
        .open(&start.argument(site.url("/colour/cc1122")))
        .await?;
    site.tells(&json!({ "shown": "cc1122" })).await?;
    assert!(app.log()?.contains("without the web engine's sandbox"));
    shell.close().await
}
