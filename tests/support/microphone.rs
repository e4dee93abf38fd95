//! A sound server of its own with a microphone that hears one tone.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::child::{self, Program};
use crate::{Outcome, within};

/// The server's word that it can be asked.
const READY: &str = "Daemon startup complete";

/// A private `PulseAudio` with one loudspeaker that nobody hears, and one microphone. It ends when
/// this is dropped.
#[derive(Debug)]
pub struct Microphone {
    _server: Program,
    home: TempDir,
}

impl Microphone {
    /// The tone that it hears, in hertz.
    pub const TONE: u32 = 440;

    /// Starts the server.
    ///
    /// # Errors
    /// If it does not come up.
    pub async fn start() -> Outcome<Self> {
        let home = tempfile::Builder::new().prefix("sound").tempdir()?;
        std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o711))?;
        let socket = home.path().join("socket");
        let mut server = child::command("pulseaudio");
        server
            .args(["-n", "--daemonize=no", "--use-pid-file=no"])
            .args([
                "--exit-idle-time=-1",
                "--log-level=info",
                "--log-target=stderr",
            ])
            .args(["-L", "module-null-sink sink_name=loudspeaker"])
            .arg("-L")
            .arg(format!(
                "module-sine-source source_name=microphone frequency={}",
                Self::TONE
            ))
            .arg("-L")
            .arg(format!(
                "module-native-protocol-unix auth-anonymous=1 socket={}",
                socket.display()
            ))
            .env("HOME", home.path())
            .env("XDG_RUNTIME_DIR", home.path())
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .stderr(Stdio::piped());
        let mut server = Program::start(&mut server)?;
        let said = server.child().stderr.take().ok_or("no stderr")?;
        let mut lines = BufReader::new(said).lines();
        let ready = async {
            let mut last = String::new();
            while let Some(line) = lines.next_line().await? {
                if line.contains(READY) {
                    return Outcome::Ok(());
                }
                last = line;
            }
            Err(format!("the sound server ended: {last}").into())
        };
        within("the sound server", ready).await??;
        // It would end where nobody reads what it says.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self {
            _server: server,
            home,
        })
    }

    /// What tells a program of it: the name of a variable, and its value.
    #[must_use]
    pub fn variable(&self) -> (&'static str, String) {
        let socket = self.home.path().join("socket");
        ("PULSE_SERVER", format!("unix:{}", socket.display()))
    }
}
