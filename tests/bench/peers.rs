//! The proxies that ours is measured against, each in a process of its own.

use std::path::Path;
use std::process::Stdio;

use duotab_test_support::socket::spare_port;
use duotab_test_support::{Outcome, within};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// A proxy that speaks HTTP on a port of this machine. Dropped, it ends.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) port: u16,
    pub(crate) process: Child,
    /// Where its settings are.
    pub(crate) folder: TempDir,
}

pub(crate) async fn tinyproxy() -> Outcome<Peer> {
    let port = spare_port()?;
    let settings = format!(
        "Port {port}\nListen 127.0.0.1\nTimeout 600\nMaxClients 4096\nLogLevel Error\n\
         DisableViaHeader Yes\n"
    );
    let started = |file: &Path| {
        let mut command = Command::new("tinyproxy");
        command.arg("-d").arg("-c").arg(file);
        command
    };
    peer("tinyproxy", port, &settings, started).await
}

/// The name of squid's shared memory, which one that was killed leaves behind.
const SQUID: &str = "duotabbench";

pub(crate) async fn squid() -> Outcome<Peer> {
    for left in std::fs::read_dir("/dev/shm")?.flatten() {
        if left.file_name().to_string_lossy().starts_with(SQUID) {
            std::fs::remove_file(left.path())?;
        }
    }
    let port = spare_port()?;
    let settings = format!(
        "http_port 127.0.0.1:{port}\nhttp_access allow all\ncache deny all\naccess_log none\n\
         cache_log /dev/null\ncache_store_log none\npid_filename none\nshutdown_lifetime 0 seconds\n\
         cache_effective_user proxy\npinger_enable off\nmax_filedescriptors 16384\n"
    );
    let started = |file: &Path| {
        let mut command = Command::new("squid");
        command.args(["-N", "-n", SQUID, "-f"]).arg(file);
        command
    };
    peer("squid", port, &settings, started).await
}

async fn peer(
    name: &'static str,
    port: u16,
    settings: &str,
    started: impl Fn(&Path) -> Command,
) -> Outcome<Peer> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("conf");
    std::fs::write(&file, settings)?;
    let process = started(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("{name}: {error}; `tests/setup.sh {name}` installs it"))?;
    within(name, async {
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await?;
    Ok(Peer {
        name,
        port,
        process,
        folder,
    })
}
