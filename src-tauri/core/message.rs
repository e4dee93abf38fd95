//! What the shell says and is told: ids, problems and the state it paints.
//!
//! Every type here crosses to TypeScript; the bindings are generated into `ui/src/messages/`.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use crate::address::Completion;
pub use crate::ask::{Answer, Ask, AskId, Wish};
pub use crate::blocking::{ListFault, ListView};
pub use crate::bookmark::{BookmarkFault, BookmarkView, Imported};
pub use crate::download::{Download, DownloadId, DownloadVerb};
pub use crate::fault::{EndCause, EngineFault, ImageUpdate, Stall, StartFailure};
pub use crate::giving::{Giving, GivingFault};
pub use crate::network::{NetworkFault, NetworkForm};
pub use crate::node::{Lack, NodeId, NodeKind, NodeName, Setback};
pub use crate::notice::Notice;
pub use crate::page::{Direction, Find, PageView};
pub use crate::problem::Problem;
pub use crate::profile::{ProfileFault, ProfileName, ProfileView};
pub use crate::proxy::PageFault;
pub use crate::site::Site;
pub use crate::sleep::{SleepAfter, SleepView};
pub use crate::stage::{Encoder, Stage, StageTime, StreamView};
pub use crate::streaming::{Looked, StreamingView, Switch};
pub use crate::visit::VisitView;
pub use crate::worker::{AddressFlaw, MachinesView, MoveView};

/// A tab of the window. Never reused within an install.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "number")]
pub struct TabId(pub u32);

/// A streamed session. Unique together with the install's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "number")]
pub struct SessionId(pub u32);

/// Where a tab's page runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Mode {
    /// In the desktop's own web engine.
    Proxy,
    /// In a real Chromium, seen through the live view.
    Streamed,
}

/// A line of a menu that the desktop shows for the shell's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export)]
pub enum MenuLine {
    /// Something to choose.
    Choice {
        /// What it says.
        label: String,
        /// Whether it can be chosen now.
        enabled: bool,
    },
    /// A line between those above it and those below.
    Rule,
}

/// Why a node was not chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct NodeLacks {
    /// The node.
    pub node: NodeName,
    /// All that it lacks.
    pub lacks: Vec<Lack>,
}

/// Which leg of the way to the picture failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Leg {
    /// The engine's process.
    Engine,
    /// HTTP and the signalling WebSocket.
    Signalling,
    /// The peer connection that carries picture and input.
    Media,
    /// The page control (DevTools protocol).
    PageControl,
}

/// How the connection to a page is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Security {
    /// TLS, or a page of this machine.
    Secure,
    /// Plain HTTP.
    Plain,
    /// TLS, but nobody vouches for who is at the other end, and the person wanted the page all the same.
    Unproven,
    /// A page of the app itself, or none.
    Internal,
    /// Nothing that was to be trusted came from there: the page could not be loaded.
    Failed,
}

/// One tab as the shell paints it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TabView {
    /// The tab.
    pub id: TabId,
    /// Whose data its page uses.
    pub profile: ProfileName,
    /// Where its page runs.
    pub mode: Mode,
    /// The address, as it may be shown (a look-alike host in punycode). Empty for a new tab.
    pub address: String,
    /// Where the person has sent its page, as it may be shown, until the page is there.
    pub heading_for: Option<String>,
    /// The title; empty while none is known.
    pub title: String,
    /// The page's icon as a `data:` URL.
    pub favicon: Option<String>,
    /// Whether the page is loading.
    pub loading: bool,
    /// Whether there is a page to go back to.
    pub can_go_back: bool,
    /// Whether there is a page to go forward to.
    pub can_go_forward: bool,
    /// Zoom in percent.
    pub zoom: u16,
    /// Whether its proxied page plays sound, be it muted or not.
    pub audible: bool,
    /// Whether its proxied pages are not to be heard.
    pub muted: bool,
    /// What its proxied page sees or hears the person by: the camera, the microphone.
    pub uses: Vec<Wish>,
    /// Whether its page is kept among the bookmarks; `None` where it cannot be.
    pub bookmarked: Option<bool>,
    /// Whether the address is secure.
    pub security: Security,
    /// The streamed side; `None` in Proxy mode.
    pub stream: Option<StreamView>,
    /// What went wrong with this tab, until it is tried again.
    pub problem: Option<Problem>,
    /// What its page does besides being shown.
    pub page: PageView,
    /// Whether its page is put away until the tab comes to the front.
    pub asleep: bool,
    /// Whether it has waited long enough for a machine that is away to be offered to go on without it.
    pub elsewhere: bool,
}

/// All that the shell paints. Sent whole after each change; the last one counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ShellState {
    /// The tabs, in the strip's order.
    pub tabs: Vec<TabView>,
    /// The tab in front.
    pub active: Option<TabId>,
    /// How many closed tabs can be reopened.
    pub reopenable: u32,
    /// The nodes that are known, this machine first.
    pub nodes: Vec<NodeName>,
    /// Messages that the person has not dismissed.
    pub notices: Vec<Notice>,
    /// Whether the window is full screen (the shell hides its bars).
    pub full_screen: bool,
    /// The profiles, the one that is always there first.
    pub profiles: Vec<ProfileView>,
    /// Whether the settings stand in the place of the tab in front.
    pub settings_shown: bool,
    /// What is set about streamed browsers.
    pub streaming: StreamingView,
    /// This machine, and those that can run streamed browsers for it.
    pub machines: MachinesView,
    /// When pages are put to sleep.
    pub sleep: SleepView,
    /// Where words are searched for: an address with `%s` for the words.
    pub search: String,
    /// Files that pages gave to the person, the newest first.
    pub downloads: Vec<Download>,
    /// The block lists.
    pub lists: Vec<ListView>,
    /// Another number after each change of the bookmarks, which are asked for.
    pub bookmarks: u32,
}

/// What the shell's keys ask for, wherever the focus is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ShellFocus {
    /// Put the focus into the address bar, its text selected.
    AddressBar,
    /// Put the focus into the address bar, whose text is given up: it is typed for a tab that is
    /// about to come.
    NewTab,
    /// Put the focus into the page or the live view.
    Page,
    /// Put the focus into the settings.
    Settings,
    /// Look for something in the page: put the focus where that is typed.
    Find,
    /// Show the downloads, or put them away.
    Downloads,
    /// A page asks something: the focus goes to the answer.
    Ask,
    /// Show where the person has been, in an empty tab.
    Visits,
}

/// Controller to UI, in order. A state that another follows at once may be left out, nothing else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are of the large variant"
)]
pub enum Update {
    /// The whole state.
    State {
        /// It.
        state: ShellState,
    },
    /// Move the keyboard focus.
    Focus {
        /// Where to.
        target: ShellFocus,
        /// In which tab, if it is one that the next state may bring to the front.
        tab: Option<TabId>,
    },
}

/// Where the view finds the frame and input lanes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct LaneTicket {
    /// `ws://127.0.0.1:port/`; holds no secret.
    pub url: String,
    /// The one-time secret, hex: the first message on the socket.
    pub secret: String,
}

/// A rectangle of the shell's page, in CSS pixels, with the device's scale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ContentArea {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
    /// Device pixels per CSS pixel.
    pub scale: f64,
}
