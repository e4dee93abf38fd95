//! Linux: GTK 3 on X11 or Wayland.

use std::cell::Cell;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

use duotab_core::message::ContentArea;
use gdkx11::X11Window;
use gdkx11::functions::x11_get_server_time;
use gtk::gdk::{self, ModifierType};
use gtk::gio;
use gtk::glib::{self, Cast, Propagation, WeakRef};
use gtk::prelude::*;
use webkit2gtk::{WebView, WebViewExt};

use crate::inset::Inset;
use crate::shortcut::{Chord, Key};

/// The switch of WebKitGTK that keeps frames out of the GPU's buffers.
const NO_DMABUF: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// Whether GL would be computed: without a render node there is no GPU to do it.
pub(crate) fn has_software_renderer() -> bool {
    let Ok(devices) = std::fs::read_dir("/dev/dri") else {
        return true;
    };
    !devices
        .flatten()
        .any(|device| device.file_name().to_string_lossy().starts_with("renderD"))
}

/// Sets WebKitGTK up for the renderer there is, before any webview: on a software renderer,
/// drawing video frames takes a fifth of the time without its GPU path.
///
/// WebKitGTK reads the switch from the environment only, and a process cannot change its own
/// environment safely: it starts itself anew, under the same process id.
pub(crate) fn settle_renderer() {
    if !has_software_renderer() || std::env::var_os(NO_DMABUF).is_some() {
        return;
    }
    let Ok(app) = std::env::current_exe() else {
        return;
    };
    let error = Command::new(app)
        .args(std::env::args_os().skip(1))
        .env(NO_DMABUF, "1")
        .exec();
    tracing::warn!(%error, "the renderer keeps its default");
}

/// Whether there is a display to show a window on. On the main thread only.
pub(crate) fn has_display() -> bool {
    gtk::init().is_ok()
}

/// Brings a window to the front, minimised or not. A desktop that has a name for the launch that this
/// is for is told that it has come.
pub(crate) fn present(window: &gtk::ApplicationWindow, launch: Option<&str>) {
    if let Some(launch) = launch {
        window.set_startup_id(launch);
    }
    let on_x = window
        .window()
        .and_then(|it| it.downcast::<X11Window>().ok());
    match on_x {
        // What the person did last in this window is older than what they did elsewhere, and a window
        // manager would keep it behind for that.
        Some(on_x) => window.present_with_time(x11_get_server_time(&on_x)),
        None => window.present(),
    }
}

/// How long a page may take that gives the whole screen back.
const FULL_SCREEN_END: Duration = Duration::from_secs(1);

/// The layers of the window: the shell's page below, pages of tabs above it.
pub(crate) struct Layers {
    overlay: gtk::Overlay,
    shell: WebView,
    inset: Rc<Cell<Inset>>,
    /// The page of which an element fills the screen.
    filling: Rc<WeakRef<WebView>>,
}

impl Layers {
    /// Puts the shell's page, the only widget of the window so far, under a layer for pages.
    pub(crate) fn build(column: &gtk::Box) -> Option<Self> {
        let shell = column
            .children()
            .into_iter()
            .find_map(|child| child.downcast::<WebView>().ok())?;
        column.remove(&shell);
        let overlay = gtk::Overlay::new();
        overlay.add(&shell);
        column.pack_start(&overlay, true, true, 0);
        overlay.show();
        Some(Self {
            overlay,
            shell,
            inset: Rc::default(),
            filling: Rc::default(),
        })
    }

    /// The shell's own page.
    pub(crate) fn shell(&self) -> &WebView {
        &self.shell
    }

    /// Lays a page over the content area.
    pub(crate) fn add(&self, page: &WebView) {
        inset(page, self.inset.get());
        self.overlay.add_overlay(page);
        // An element that fills the screen fills the window, not the content area.
        let filling = Rc::clone(&self.filling);
        page.connect_enter_fullscreen(move |page| {
            filling.set(Some(page));
            inset(page, Inset::default());
            false
        });
        let (filling, kept) = (Rc::clone(&self.filling), Rc::clone(&self.inset));
        page.connect_leave_fullscreen(move |page| {
            filling.set(None);
            inset(page, kept.get());
            false
        });
    }

    /// A page goes out of sight, and no element of it fills the screen any more: the engine itself lets
    /// the window stay as it is.
    pub(crate) fn put_away(&self, page: &WebView) {
        if self.filling.upgrade().as_ref() != Some(page) {
            return;
        }
        self.filling.set(None);
        inset(page, self.inset.get());
        page.evaluate_javascript(
            "document.exitFullscreen()",
            None,
            None,
            gio::Cancellable::NONE,
            |_| {},
        );
        if let Some(window) = self
            .overlay
            .toplevel()
            .and_then(|it| it.downcast::<gtk::Window>().ok())
        {
            window.unfullscreen();
        }
    }

    /// Takes a page out of the window.
    pub(crate) fn remove(&self, page: &WebView) {
        if self.filling.upgrade().as_ref() != Some(page) {
            return self.overlay.remove(page);
        }
        self.put_away(page);
        page.set_opacity(0.0);
        // The engine does not survive a view that goes on its way back from the whole screen, and says
        // only when it begins.
        let (overlay, page) = (self.overlay.clone(), page.clone());
        glib::timeout_add_local_once(FULL_SCREEN_END, move || overlay.remove(&page));
    }

    /// Lays all pages over `area` of the shell's page.
    pub(crate) fn place(&self, area: ContentArea) {
        let room = self.shell.allocation();
        let next = Inset::of(area, room.width(), room.height());
        if self.inset.replace(next) != next {
            for page in self.overlay.children() {
                let fills = self.filling.upgrade().is_some_and(|it| page == it);
                if page != self.shell && !fills {
                    inset(&page, next);
                }
            }
        }
    }
}

fn inset(page: &impl IsA<gtk::Widget>, inset: Inset) {
    page.set_margin_start(inset.left);
    page.set_margin_top(inset.top);
    page.set_margin_end(inset.right);
    page.set_margin_bottom(inset.bottom);
}

/// Shows every key to `take` before any webview of the window sees it; a key that is taken goes
/// no further. So the shell's page, which knows the same keys, never acts on one a second time.
pub(crate) fn listen_to_keys(
    window: &gtk::ApplicationWindow,
    take: impl Fn(Chord) -> bool + 'static,
) {
    // A key that is held down comes again and again, and goes up once.
    let held = Rc::new(Cell::new(None));
    let release = Rc::clone(&held);
    window.connect_key_release_event(move |_, event| {
        if release.get() == Some(event.hardware_keycode()) {
            release.set(None);
        }
        Propagation::Proceed
    });
    let leave = Rc::clone(&held);
    window.connect_focus_out_event(move |_, _| {
        leave.set(None);
        Propagation::Proceed
    });
    window.connect_key_press_event(move |_, event| {
        let code = event.hardware_keycode();
        let repeated = held.get() == Some(code);
        if chord(event, repeated).is_some_and(&take) {
            held.set(Some(code));
            Propagation::Stop
        } else {
            Propagation::Proceed
        }
    });
}

fn chord(event: &gdk::EventKey, repeated: bool) -> Option<Chord> {
    let state = event.state();
    if state.intersects(ModifierType::SUPER_MASK | ModifierType::META_MASK) {
        return None;
    }
    Some(Chord {
        key: key(event)?,
        control: state.contains(ModifierType::CONTROL_MASK),
        shift: state.contains(ModifierType::SHIFT_MASK),
        alt: state.contains(ModifierType::MOD1_MASK),
        repeated,
    })
}

fn key(event: &gdk::EventKey) -> Option<Key> {
    use gdk::keys::constants as named;
    let pressed = event.keyval();
    match pressed {
        named::Tab | named::ISO_Left_Tab | named::KP_Tab => return Some(Key::Tab),
        named::Left | named::KP_Left => return Some(Key::Left),
        named::Right | named::KP_Right => return Some(Key::Right),
        named::Page_Up | named::KP_Page_Up => return Some(Key::PageUp),
        named::Page_Down | named::KP_Page_Down => return Some(Key::PageDown),
        named::F3 => return Some(Key::F(3)),
        named::F5 => return Some(Key::F(5)),
        named::F6 => return Some(Key::F(6)),
        named::F11 => return Some(Key::F(11)),
        _ => {}
    }
    let sign = pressed.to_unicode().filter(char::is_ascii_graphic);
    let code = event.hardware_keycode();
    let sign = match sign {
        // Rows that need Shift for digits (AZERTY) still count their keys: evdev 2 to 11, plus 8.
        Some(other)
            if !other.is_ascii_alphanumeric() && !matches!(other, '+' | '-' | '=' | ',') =>
        {
            digit(code)
        }
        Some(sign) => Some(sign),
        // Other scripts: what the key would be in the first layout.
        None => gdk::Display::default().and_then(|display| {
            let map = gdk::Keymap::for_display(&display)?;
            let (value, ..) =
                map.translate_keyboard_state(u32::from(code), ModifierType::empty(), 0)?;
            gdk::keys::Key::from(value).to_unicode()
        }),
    }?;
    Some(Key::Char(sign.to_ascii_lowercase()))
}

fn digit(code: u16) -> Option<char> {
    match code {
        10..=18 => char::from_digit(u32::from(code) - 9, 10),
        19 => Some('0'),
        _ => None,
    }
}
