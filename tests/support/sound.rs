//! A sound server of its own, with a microphone that hears one tone and a loudspeaker that can be
//! listened to.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

use crate::child::{self, Program};
use crate::{Outcome, within};

/// The server's word that it can be asked.
const READY: &str = "Daemon startup complete";
/// What is listened to at a time: a tenth of a second, of this many samples in a second.
const RATE: u32 = 8000;
const PIECE: usize = 800;
/// What of the sound has to be one tone for that to be heard, where the rest is coding and noise.
const MOST: f64 = 0.8;
/// A mean square below that is nothing: a thousandth of the loudest.
const NOTHING: f64 = 1e-6;

/// A private `PulseAudio`. It ends when this is dropped.
#[derive(Debug)]
pub struct SoundServer {
    _server: Program,
    home: TempDir,
}

impl SoundServer {
    /// The tone that the microphone hears, in hertz.
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

    /// Listens to the loudspeaker until it gives half a second of this tone and hardly anything else.
    ///
    /// # Errors
    /// If it does not, with the loudest tone that there was.
    pub async fn plays(&self, hertz: u32) -> Outcome<()> {
        let mut loudest = None;
        let heard = self.until(5, |piece| {
            loudest = tone(piece).or(loudest);
            share(piece, hertz) > MOST
        });
        match within("the tone", heard).await {
            Ok(heard) => heard,
            Err(error) => Err(format!("{error}; the loudest tone was {loudest:?} Hz").into()),
        }
    }

    /// Listens to the loudspeaker until it has been silent for half a second.
    ///
    /// # Errors
    /// If it never is.
    pub async fn falls_silent(&self) -> Outcome<()> {
        within("silence", self.until(5, |piece| power(piece) < NOTHING)).await?
    }

    /// Listens until so many pieces in a row are as wanted.
    async fn until(&self, pieces: u32, mut wanted: impl FnMut(&[f64]) -> bool) -> Outcome<()> {
        let (name, value) = self.variable();
        let mut ear = child::command("parec");
        ear.args(["--device=loudspeaker.monitor", "--raw", "--format=s16le"])
            .args(["--channels=1", "--latency-msec=50"])
            .arg(format!("--rate={RATE}"))
            .env(name, value)
            .stdout(Stdio::piped());
        let mut ear = Program::start(&mut ear)?;
        let mut sound = ear.child().stdout.take().ok_or("no stdout")?;
        let mut bytes = [0; PIECE * 2];
        let mut row = 0;
        while row < pieces {
            sound.read_exact(&mut bytes).await?;
            let (samples, _) = bytes.as_chunks::<2>();
            let piece: Vec<f64> = samples
                .iter()
                .map(|it| f64::from(i16::from_le_bytes(*it)) / f64::from(i16::MAX))
                .collect();
            row = if wanted(&piece) { row + 1 } else { 0 };
        }
        Ok(())
    }
}

/// The mean square.
fn power(piece: &[f64]) -> f64 {
    let length = u32::try_from(piece.len()).unwrap_or(u32::MAX);
    piece.iter().map(|it| it * it).sum::<f64>() / f64::from(length)
}

/// What part of the sound's power is one tone's (Goertzel's filter); nothing of silence.
fn share(piece: &[f64], hertz: u32) -> f64 {
    let whole = power(piece);
    if whole < NOTHING {
        return 0.0;
    }
    let turn = std::f64::consts::TAU * f64::from(hertz) / f64::from(RATE);
    let (mut last, mut before) = (0.0, 0.0);
    for sample in piece {
        (last, before) = (sample + 2.0 * turn.cos() * last - before, last);
    }
    let length = f64::from(u32::try_from(piece.len()).unwrap_or(u32::MAX));
    let square = last * last + before * before - 2.0 * turn.cos() * last * before;
    2.0 * square / (length * length) / whole
}

/// The loudest tone, in steps of what a piece can tell apart.
fn tone(piece: &[f64]) -> Option<u32> {
    let tones = (20..RATE / 2).step_by(10);
    let loudest = tones.max_by(|one, other| share(piece, *one).total_cmp(&share(piece, *other)))?;
    (share(piece, loudest) > 0.0).then_some(loudest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hertz: u32, loud: f64) -> Vec<f64> {
        let turn = std::f64::consts::TAU * f64::from(hertz) / f64::from(RATE);
        (0..800_u32)
            .map(|at| loud * (turn * f64::from(at)).sin())
            .collect()
    }

    #[test]
    fn one_tone_is_told_from_another_and_from_none() {
        assert!(share(&sine(1000, 0.5), 1000) > 0.99);
        assert!(share(&sine(1000, 0.5), 1100) < 0.01);
        assert!(share(&[0.0; PIECE], 1000) < 0.01);
        assert_eq!(tone(&sine(440, 0.1)), Some(440));
        let both: Vec<f64> = sine(440, 0.3)
            .iter()
            .zip(sine(1000, 0.3))
            .map(|(one, other)| one + other)
            .collect();
        assert!(share(&both, 440) < MOST);
    }
}
