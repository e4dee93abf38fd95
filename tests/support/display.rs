//! A private X server with a window manager: what is on it, and hands for keys and mouse.

use std::ffi::OsString;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::watch;
use x11rb::connection::Connection;
use x11rb::cookie::VoidCookie;
use x11rb::errors::ReplyError;
use x11rb::protocol::Event;
use x11rb::protocol::damage::{ConnectionExt as _, ReportLevel};
use x11rb::protocol::xproto::{
    AtomEnum, ChangeWindowAttributesAux, ConnectionExt as _, EventMask, ImageFormat, Window,
};
use x11rb::rust_connection::RustConnection;

use crate::child::{self, Program};
use crate::wayland::{Compositor, WAYLAND};
use crate::{Outcome, Picture, within};

/// An X server of the test's own.
#[derive(Debug)]
pub struct Display {
    name: String,
    x: Arc<RustConnection>,
    root: Window,
    size: (u16, u16),
    changes: watch::Receiver<u64>,
    desktop: Desktop,
    _server: Program,
}

impl Display {
    /// Starts a server with one screen of this size, and a window manager on it. With
    /// `DUOTAB_TEST_WAYLAND` it is a Wayland compositor instead, on all of the screen.
    ///
    /// # Errors
    /// If a program is missing or does not come up.
    pub async fn start(width: u16, height: u16) -> Outcome<Self> {
        Self::with_layout(width, height, "us").await
    }

    /// The same, with this keyboard layout.
    ///
    /// # Errors
    /// If a program is missing or does not come up.
    pub async fn with_layout(width: u16, height: u16, layout: &str) -> Outcome<Self> {
        let (server, name) = match x_server(width, height).await? {
            Some(started) => started,
            // Another one, which looked for a number at the same time, was quicker.
            None => x_server(width, height).await?.ok_or("no X server")?,
        };

        let (x, screen) = RustConnection::connect(Some(&name))?;
        let root = x.setup().roots[screen].root;
        let set = async || {
            let mut setxkbmap = child::command("setxkbmap");
            setxkbmap.args(["-display", &name, layout]);
            within("setxkbmap", child::run(&mut setxkbmap)).await?
        };
        // Its compiler writes to a folder that other X servers write to as well.
        if set().await.is_err() {
            set().await?;
        }
        let desktop = match std::env::var_os(WAYLAND) {
            Some(_) => Desktop::Wayland(Compositor::start(&name, (width, height), layout).await?),
            None => Desktop::X(window_manager(&name).await?),
        };
        let changes = changes(&name)?;
        Ok(Self {
            name,
            x: Arc::new(x),
            root,
            size: (width, height),
            changes,
            desktop,
            _server: server,
        })
    }

    /// What `DISPLAY` has to be for a program to show itself here.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether windows are those of a Wayland compositor.
    #[must_use]
    pub fn is_wayland(&self) -> bool {
        matches!(self.desktop, Desktop::Wayland(_))
    }

    /// What an app needs to know to show itself here.
    pub(crate) fn environment(&self) -> Vec<(&'static str, OsString)> {
        let mut environment = vec![("DISPLAY", self.name.clone().into())];
        match &self.desktop {
            Desktop::Wayland(compositor) => environment.extend(compositor.environment()),
            Desktop::X(_) => environment.push(("GDK_BACKEND", "x11".into())),
        }
        environment
    }

    /// What is on the screen now.
    ///
    /// # Errors
    /// If the server is gone.
    pub fn look(&self) -> Outcome<Picture> {
        let (width, height) = self.size;
        let image = self
            .x
            .get_image(ImageFormat::Z_PIXMAP, self.root, 0, 0, width, height, !0)?
            .reply()?;
        Ok(Picture::from_x(width.into(), height.into(), &image.data))
    }

    /// Looks whenever the screen changes until `wanted` holds; gives the picture.
    ///
    /// # Errors
    /// If it does not hold in time; the last picture is then in `target/failed/`.
    pub async fn until(&self, what: &str, wanted: impl Fn(&Picture) -> bool) -> Outcome<Picture> {
        match within(what, self.seen(&wanted)).await {
            Ok(seen) => seen,
            Err(error) => Err(self.missed(what, &format!("{error}"), &wanted)?.into()),
        }
    }

    /// Looks whenever the screen changes, for as long as it takes.
    pub(crate) async fn seen(&self, wanted: impl Fn(&Picture) -> bool) -> Outcome<Picture> {
        let mut changes = self.changes.clone();
        loop {
            changes.mark_unchanged();
            let picture = self.look()?;
            if wanted(&picture) {
                return Ok(picture);
            }
            changes.changed().await?;
        }
    }

    /// Keeps the picture of what was waited for in vain; gives what to say of it.
    pub(crate) fn missed(
        &self,
        what: &str,
        error: &str,
        wanted: impl Fn(&Picture) -> bool,
    ) -> Outcome<String> {
        let name: String = what
            .chars()
            .map(|sign| if sign.is_alphanumeric() { sign } else { '-' })
            .collect();
        let path = std::env::current_dir()?.join(format!("target/failed/{name}.png"));
        let last = self.look()?;
        last.save(&path)?;
        let late = if wanted(&last) {
            ", and it is there now"
        } else {
            ""
        };
        Ok(format!(
            "{error}{late}; the screen is in {}",
            path.display()
        ))
    }

    /// Where the window with the focus is, without its frame: left, top, width, height.
    ///
    /// # Errors
    /// If no window has the focus.
    pub fn window(&self) -> Outcome<[u32; 4]> {
        if self.is_wayland() {
            return Ok([0, 0, self.size.0.into(), self.size.1.into()]);
        }
        let name = self
            .x
            .intern_atom(false, b"_NET_ACTIVE_WINDOW")?
            .reply()?
            .atom;
        let active = self
            .x
            .get_property(false, self.root, name, AtomEnum::WINDOW, 0, 1)?
            .reply()?
            .value32()
            .and_then(|mut windows| windows.next())
            .filter(|window| *window != x11rb::NONE)
            .ok_or("no window has the focus")?;
        let size = self.x.get_geometry(active)?.reply()?;
        let place = self
            .x
            .translate_coordinates(active, self.root, 0, 0)?
            .reply()?;
        Ok([
            u32::try_from(place.dst_x)?,
            u32::try_from(place.dst_y)?,
            size.width.into(),
            size.height.into(),
        ])
    }

    /// Presses a chord as `xdotool` names it: `ctrl+shift+Tab`, `F5`, `alt+Left`.
    ///
    /// # Errors
    /// If `xdotool` is missing or does not know the key.
    pub async fn press(&self, chord: &str) -> Outcome<()> {
        self.hand(&["key", "--clearmodifiers", chord]).await
    }

    /// Presses these keys and chords, each as soon as the one before it is up.
    ///
    /// # Errors
    /// If there are no hands.
    pub async fn press_all(&self, chords: &[&str]) -> Outcome<()> {
        let keys = ["key", "--clearmodifiers", "--delay", "0"];
        self.hand(&[keys.as_slice(), chords].concat()).await
    }

    /// Types a text.
    ///
    /// # Errors
    /// If `xdotool` is missing.
    pub async fn write(&self, text: &str) -> Outcome<()> {
        self.hand(&["type", "--delay", "12", "--", text]).await
    }

    /// Types an address into the bar of the browser in front, the shorter the quicker.
    ///
    /// # Errors
    /// If there are no hands.
    pub async fn visit(&self, url: &str) -> Outcome<()> {
        self.press("ctrl+l").await?;
        self.write(url).await?;
        self.press("Return").await
    }

    /// Moves the pointer to a place of the screen and clicks a button (1 left, 2 middle, 3 right;
    /// 4 and 5 are the wheel).
    ///
    /// # Errors
    /// If `xdotool` is missing.
    pub async fn click(&self, x: u32, y: u32, button: u8) -> Outcome<()> {
        let (x, y, button) = (x.to_string(), y.to_string(), button.to_string());
        let mut moves = Vec::new();
        if self.is_wayland() {
            // Weston adds up how far the pointer went from where it first saw it: the corners are
            // where both agree.
            let (right, bottom) = (self.size.0.to_string(), self.size.1.to_string());
            self.hand(&["mousemove", &right, &bottom]).await?;
            moves.extend(["mousemove", "0", "0"]);
        }
        moves.extend(["mousemove", &x, &y, "click", &button]);
        self.hand(&moves).await
    }

    /// Presses a button at a place and lets it go after a while.
    ///
    /// # Errors
    /// If `xdotool` is missing.
    pub async fn hold(&self, x: u32, y: u32, button: u8, time: Duration) -> Outcome<()> {
        let (x, y, button) = (x.to_string(), y.to_string(), button.to_string());
        let seconds = time.as_secs_f32().to_string();
        let down = ["mousemove", &x, &y, "mousedown", &button];
        self.hand(&[&down[..], &["sleep", &seconds, "mouseup", &button]].concat())
            .await
    }

    /// Drags what is at one place to another one, in steps as a hand does, and rests there a little: what
    /// is below hears of a drag at its second step over it.
    ///
    /// # Errors
    /// If `xdotool` is missing.
    pub async fn drag(&self, from: [u32; 2], to: [u32; 2]) -> Outcome<()> {
        const STEPS: u32 = 8;
        let mut moves = vec!["mousemove".to_owned()];
        moves.extend(from.map(|at| at.to_string()));
        moves.extend(["mousedown", "1"].map(str::to_owned));
        let way = (1..=STEPS)
            .map(|step| [0, 1].map(|it| (from[it] * (STEPS - step) + to[it] * step) / STEPS));
        let rest = [1, 0, 1, 0, 1, 0, 1, 0].map(|aside| [to[0] + aside, to[1]]);
        for at in way.chain(rest) {
            moves.extend(["sleep", "0.06", "mousemove"].map(str::to_owned));
            moves.extend(at.map(|at| at.to_string()));
        }
        moves.extend(["sleep", "0.3", "mouseup", "1"].map(str::to_owned));
        let moves: Vec<&str> = moves.iter().map(String::as_str).collect();
        self.hand(&moves).await
    }

    /// Gives the window with the focus another size.
    ///
    /// # Errors
    /// If `xdotool` is missing or no window has the focus.
    pub async fn resize(&self, width: u32, height: u32) -> Outcome<()> {
        let (width, height) = (width.to_string(), height.to_string());
        self.hand(&["getactivewindow", "windowsize", &width, &height])
            .await
    }

    /// Takes the window with the focus from the screen, as its button does.
    ///
    /// # Errors
    /// If `xdotool` is missing or no window has the focus.
    pub async fn minimise(&self) -> Outcome<()> {
        self.hand(&["getactivewindow", "windowminimize"]).await
    }

    async fn hand(&self, arguments: &[&str]) -> Outcome<()> {
        let mut xdotool = child::command("xdotool");
        xdotool.args(arguments).env("DISPLAY", &self.name);
        xdotool.stdout(Stdio::null());
        within("xdotool", child::run(&mut xdotool)).await?
    }
}

/// An X server and its name; `None` if it has ended before it had one.
async fn x_server(width: u16, height: u16) -> Outcome<Option<(Program, String)>> {
    let mut server = Program::start(
        child::command("Xvfb")
            .args(["-displayfd", "1", "-nolisten", "tcp", "-noreset"])
            // A key whose release comes late on a busy machine is still one key.
            .args(["-ardelay", "60000"])
            .args(["-screen", "0", &format!("{width}x{height}x24")])
            .stdout(Stdio::piped())
            .stderr(Stdio::null()),
    )?;
    let stdout = server.child().stdout.take().ok_or("no pipe to Xvfb")?;
    let mut number = String::new();
    let mut said = BufReader::new(stdout);
    within("the X server", said.read_line(&mut number)).await??;
    let name = format!(":{}", number.trim());
    Ok((name.len() > 1).then_some((server, name)))
}

/// Whose windows apps are shown in.
#[derive(Debug)]
enum Desktop {
    X(#[allow(dead_code, reason = "held until the end")] Program),
    Wayland(Compositor),
}

async fn window_manager(display: &str) -> Outcome<Program> {
    let ready = managed(display)?;
    let program = Program::start(
        child::command("openbox")
            .env("DISPLAY", display)
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    )?;
    within("the window manager", ready).await??;
    Ok(program)
}

/// Comes true when a window manager has announced itself.
fn managed(display: &str) -> Outcome<tokio::sync::oneshot::Receiver<()>> {
    let (x, screen) = RustConnection::connect(Some(display))?;
    let root = x.setup().roots[screen].root;
    let mark = x
        .intern_atom(false, b"_NET_SUPPORTING_WM_CHECK")?
        .reply()?
        .atom;
    let listen = ChangeWindowAttributesAux::new().event_mask(EventMask::PROPERTY_CHANGE);
    x.change_window_attributes(root, &listen)?.check()?;
    let (tell, told) = tokio::sync::oneshot::channel();
    // The thread ends with the server at the latest.
    std::thread::spawn(move || {
        loop {
            let there = x
                .get_property(false, root, mark, AtomEnum::ANY, 0, 1)
                .ok()
                .and_then(|cookie| cookie.reply().ok());
            match there {
                Some(property) if property.value_len > 0 => break tell.send(()),
                Some(_) if x.wait_for_event().is_ok() => {}
                _ => break Err(()),
            }
        }
    });
    Ok(told)
}

/// Counts the changes of the screen.
fn changes(display: &str) -> Outcome<watch::Receiver<u64>> {
    let (x, screen) = RustConnection::connect(Some(display))?;
    let root = x.setup().roots[screen].root;
    x.damage_query_version(1, 1)?.reply()?;
    let damage = x.generate_id()?;
    x.damage_create(damage, root, ReportLevel::NON_EMPTY)?
        .check()?;
    let (count, counted) = watch::channel(0);
    // The thread ends with the server.
    std::thread::spawn(move || {
        while let Ok(event) = x.wait_for_event() {
            if matches!(event, Event::DamageNotify(_)) {
                // Counted once the server has cleared it: what is drawn between a look and a
                // clearing that comes later would never be told.
                let cleared = x
                    .damage_subtract(damage, x11rb::NONE, x11rb::NONE)
                    .map_err(ReplyError::from)
                    .and_then(VoidCookie::check);
                if cleared.is_err() {
                    return;
                }
                count.send_modify(|count| *count += 1);
            }
        }
    });
    Ok(counted)
}
