//! What happens: commands of the person and news of the world, as the core takes them.

use crate::ask::{Answer, Ask, AskId, Wish};
use crate::blocking::{ListCommand, ListNews};
use crate::carry::Carry;
use crate::cookie::Jar;
use crate::download::{DownloadId, DownloadNews, DownloadVerb, Transfer};
use crate::giving::{FileWish, Giving};
use crate::message::{
    ContentArea, Encoder, EndCause, Leg, Mode, Notice, ProfileName, SessionId, Stall, StartFailure,
    TabId,
};
use crate::node::{Node, NodeId};
use crate::page::Direction;
use crate::profile::{DataWork, ProfileCommand, WorkEnd};
use crate::proxy::PageFault;
use crate::sleep::SleepAfter;
use crate::streaming::{Limit, Looked, Switch};
use crate::worker::{EngineContext, WorkerCheck, WorkerCommand, WorkerFacts};

/// Milliseconds since an arbitrary start, monotonic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub u64);

/// Ties a command to its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// A verb of the UI.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Open a tab, in front unless told otherwise, on an address or (`None`) empty.
    OpenTab {
        /// What was typed or linked.
        input: Option<String>,
        /// Its mode; `None` takes the default.
        mode: Option<Mode>,
        /// Leave the current tab in front.
        background: bool,
    },
    /// Open an empty tab of a profile, in front.
    OpenTabOf(ProfileName),
    /// Open an address that was dropped on the bars, in a tab beside this one. A page can put any
    /// address into a drag: it may do what a link of a page may, and no more.
    OpenDropped(TabId, String),
    /// Something about profiles.
    Profile(ProfileCommand),
    /// Something about block lists.
    List(ListCommand),
    /// Close a tab.
    CloseTab(TabId),
    /// Close a tab, if its page does not object or the person insists.
    LeaveTab(TabId),
    /// Find out whether the window may be closed: a page may object, and the person decide to stay.
    /// Refused as cancelled then; answered when that is known.
    MayQuit,
    /// Bring a tab to the front.
    SelectTab(TabId),
    /// Move a tab to a position in the strip.
    MoveTab(TabId, usize),
    /// Open a tab's page once more, beside it.
    DuplicateTab(TabId),
    /// Reopen the tab that was closed last.
    ReopenTab,
    /// Go to an address or search for words.
    Navigate(TabId, String),
    /// Change a tab's mode, on an explicit node or (`None`) the best one.
    SetMode(TabId, Mode, Option<NodeId>),
    /// One step back.
    GoBack(TabId),
    /// One step forward.
    GoForward(TabId),
    /// Load the page again; after a problem, try again.
    Reload(TabId),
    /// The same, without what is kept in the engine's cache.
    ReloadFresh(TabId),
    /// Stop loading.
    StopLoading(TabId),
    /// Set the zoom in percent.
    SetZoom(TabId, u16),
    /// Mute a tab, or let it be heard.
    SetMuted(TabId, bool),
    /// Keep the page of a tab among the bookmarks, or no longer.
    SetBookmarked(TabId, bool),
    /// Keep the page at an address no longer, in the profile of a tab.
    RemoveBookmark(TabId, String),
    /// Put back the bookmark of this address that was removed in the profile of a tab.
    PutBookmarkBack(TabId, String),
    /// Keep the pages of a file among the bookmarks of a profile.
    AddBookmarks(ProfileName, Vec<crate::bookmark::file::Page>),
    /// Forget that the person was at this address in the profile of a tab, or anywhere in it.
    ForgetVisits(TabId, Option<String>),
    /// Look for a text in the page; an empty one begins without looking for anything.
    Find(TabId, String),
    /// Go to another match.
    FindStep(TabId, Direction),
    /// Look for nothing any more.
    FindEnd(TabId),
    /// Go to an entry of the tab's history.
    GoTo(TabId, usize),
    /// Show what lies behind or ahead in the tab's history, to choose from.
    ShowHistory(TabId, Direction),
    /// Print the page.
    Print(TabId),
    /// Show the page's source in a tab.
    ViewSource(TabId),
    /// Answer a question of a page.
    Answer(TabId, AskId, Answer),
    /// Stop bringing files to a page, or put away that it failed.
    StopGiving(TabId),
    /// Whether a toggle takes along what was typed into pages of the site of a tab.
    SetSiteCarry(TabId, bool),
    /// Whether a toggle takes along the cookies of the site of a tab.
    SetSiteCookies(TabId, bool),
    /// Whether the pages of the site of a tab load what the block lists name, from the next load on.
    SetSiteUnblocked(TabId, bool),
    /// Whether the name of the site of a tab may lead into the home network.
    SetSiteHome(TabId, bool),
    /// Go on where a tab's problem says that it was held up.
    OpenAnyway(TabId),
    /// Which mode the site of a tab opens in; `None` leaves it to the tab.
    SetSiteMode(TabId, Option<Mode>),
    /// Decide about a wish of the site of a tab's page, or (`None`) leave it open again.
    Decide(TabId, Wish, Option<bool>),
    /// Do something with a download.
    Download(DownloadId, DownloadVerb),
    /// Take all downloads that are over off the list.
    ForgetDownloads,
    /// Give the keyboard to the page in front.
    FocusPage,
    /// Give the keyboard to the address, wherever it is.
    FocusAddress,
    /// Give up a start or a reconnect; the tab goes back to Proxy mode.
    CancelStream(TabId),
    /// Where the content area is now.
    SetContentArea(ContentArea),
    /// Window full screen on or off.
    SetFullScreen(bool),
    /// Show where the person has been, in an empty tab.
    ShowVisits,
    /// The settings in the place of the tab in front, or not.
    ShowSettings(bool),
    /// When pages that nobody looks at are put to sleep.
    SetSleepAfter(SleepAfter),
    /// Where words are searched for: an address with `%s` for the words.
    SetSearch(String),
    /// Fetch the newer image of the streamed browser that was offered.
    FetchEngineImage,
    /// Switch something about streamed browsers on or off.
    Switch(Switch, bool),
    /// Ask the registry now whether it has a newer image of the streamed browser.
    LookForUpdate,
    /// A notice was read.
    DismissNotice(usize),
    /// Something about machines.
    Worker(WorkerCommand),
    /// Go on elsewhere, on a node of choice or the best one, without the machine that has the
    /// profile's data and cannot be asked: with the older copy, or with none.
    RunElsewhere(TabId, Option<NodeId>),
    /// Take the tab's profile from the other copy of the app that has it.
    TakeProfile(TabId),
    /// The person did something in the live view (counts against the idle limit).
    Touch,
    /// The app is about to close.
    Quit,
}

/// One entry of a page's history.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct HistoryEntry {
    /// Its address.
    pub url: String,
    /// Its title.
    pub title: String,
}

/// News of a tab's page, alike from a child webview and from a real Chromium.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageNews {
    /// The page exists and can be navigated.
    Opened,
    /// It began or ended loading.
    Loading(bool),
    /// It shows another document. Its history follows, perhaps after the end of loading.
    Committed,
    /// How much of it is loaded, in percent.
    Progress(u8),
    /// Its title.
    Title(String),
    /// Its icon, as a `data:` URL.
    Favicon(Option<String>),
    /// The engine's whole history of this page and where it stands in it.
    History {
        /// Oldest first, never empty.
        entries: Vec<HistoryEntry>,
        /// The current one.
        index: usize,
    },
    /// It has something to show from now on.
    Painted,
    /// It could not be loaded.
    Failed {
        /// The address.
        url: String,
        /// What is known about it.
        fault: Option<PageFault>,
        /// The engine's own code.
        detail: String,
    },
    /// What it was to show is a file instead, and it shows nothing.
    BecameFile,
    /// The answer to [`crate::action::PageAction::Find`] and its steps.
    Found {
        /// How many matches there are.
        matches: u32,
        /// Which of them is in sight, from 1, where the engine tells.
        at: Option<u32>,
    },
    /// What its next self should have.
    Collected(Carry),
    /// It has taken what its former self had.
    Taken,
    /// The cookies that were asked for.
    Cookies(Jar),
    /// The cookies that were given are there.
    CookiesGiven,
    /// The person wants something that it points at in a tab, of its own mode unless another
    /// is named.
    TabWanted {
        /// The address.
        url: String,
        /// The mode.
        mode: Option<Mode>,
    },
    /// It leads to an address that may be another program's.
    ProgramWanted {
        /// The address.
        address: String,
        /// The name of the desktop's program for it, if there is one.
        program: Option<String>,
        /// The person pressed something there.
        by_hand: bool,
    },
    /// It has opened another page without anybody having pressed something; the engine held it back.
    WindowHeldBack {
        /// The other page's address.
        url: String,
    },
    /// It wants to be printed. Only from an engine whose printers are elsewhere.
    PrintWanted,
    /// It asks the person something, and waits.
    Asks(Ask),
    /// It waits no longer.
    AskGone(AskId),
    /// The answer to [`crate::action::PageAction::MayClose`]: whether something would be lost.
    Objects(bool),
    /// The person has pressed where it takes files. Only streamed.
    WantsFiles(AskId, FileWish),
    /// How far files are on their way to it; `None` when they are there, or given up.
    Gives(Option<Giving>),
    /// The person turned the wheel with Control held.
    Zoomed(Direction),
    /// The person wants a step in the history, by a button of the mouse.
    StepWanted(Direction),
    /// The person has pressed what it notified of.
    Called,
    /// It began or ended to play sound, or to see or hear the person.
    Occupied(bool),
    /// What has come is the engine's word on a page that did not. Only streamed.
    ShowsError,
    /// What it sees or hears the person by now: the camera, the microphone.
    Uses(Vec<Wish>),
    /// It began or ended to play sound, muted or not.
    Audible(bool),
    /// It is muted, or heard again.
    Muted(bool),
    /// Whether it has what could not be had again: what was typed into it, or the answer to a form.
    Unique(bool),
    /// Its own process crashed.
    Crashed,
    /// The person had its process ended, for it answered nothing.
    Stopped,
    /// It closed itself, or was closed in the engine.
    Closed,
    /// It opened another page, which exists already in the engine under `target`, or is only
    /// asked for (`None`).
    OpenedPage {
        /// The new page's address.
        url: String,
        /// The engine's name for the new page.
        target: Option<String>,
        /// Whether it asks for the front.
        foreground: bool,
    },
}

/// What a runtime found running at start, by its labels alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundEngine {
    /// The session it was started for.
    pub session: SessionId,
    /// The node it runs on.
    pub node: NodeId,
    /// Whether it answers and can be adopted.
    pub healthy: bool,
    /// Whether it is suspended.
    pub suspended: bool,
}

/// News of the world, or a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The person asks for something.
    Command(RequestId, Command),
    /// The answer to [`crate::action::Action::LookAtNodes`]: all nodes but the workers in use.
    NodesSeen(Vec<Node>),
    /// One worker as it is now: at once when it is taken into use, then every 15 s or so, and
    /// within 5 s when its engine goes away or comes back.
    NodeSeen(Node, Option<WorkerFacts>),
    /// All nodes of the Swarm that a worker manages, as they are now; none if it manages none.
    FleetSeen(NodeId, Vec<(Node, WorkerFacts)>),
    /// The answer to [`crate::action::Action::FindEngines`]: all that runs on the node; `None` if
    /// it cannot be asked.
    EnginesFound(NodeId, Option<Vec<FoundEngine>>),
    /// The answer to [`crate::action::Action::FindContexts`].
    ContextsFound(Vec<EngineContext>),
    /// The answer to [`crate::action::Action::CheckWorker`].
    WorkerChecked(NodeId, WorkerCheck),
    /// The engine runs (after a start or a wake-up).
    EngineStarted(SessionId),
    /// The engine could not be started or woken; nothing of it is left.
    StartFailed(SessionId, StartFailure, Vec<String>),
    /// The node did not answer when the engine was to be started; nothing is left.
    NodeUnreachable(SessionId, String),
    /// The node vanished between choice and start; nothing is left.
    NodeGone(SessionId),
    /// The engine uses no CPU any more.
    EngineSuspended(SessionId),
    /// The engine and all it had are gone, as asked.
    EngineStopped(SessionId),
    /// The engine ended although nobody asked it to, with its last log lines.
    EngineEnded(SessionId, EndCause, Vec<String>),
    /// The engine's image is being fetched, this many percent of it so far.
    ImageFetched(SessionId, u8),
    /// The engine is held up; it may come back.
    EngineStalled(SessionId, Stall),
    /// An engine that was held up goes on.
    EngineBack(SessionId),
    /// What encodes an engine's picture.
    EngineEncodes(SessionId, Encoder),
    /// Signalling and media are up and the first whole frame has arrived.
    StreamLive(SessionId),
    /// Whether the picture comes by way of the engine's connection from now on.
    StreamRelayed(SessionId, bool),
    /// The stream was lost and is being brought back.
    StreamLost(SessionId, Leg),
    /// The stream could not be brought back within its limit.
    StreamFailed(SessionId, Leg),
    /// News of a tab's page, from the engine of that mode.
    Page(TabId, Mode, PageNews),
    /// News of a download.
    Download(Transfer, DownloadNews),
    /// A page stands in a session's engine that belongs to no tab.
    StrayPage {
        /// The session.
        session: SessionId,
        /// The engine's name for the page.
        target: String,
        /// Its address.
        url: String,
    },
    /// So many bytes of a profile's work are done, of so many.
    ProfileProgress(ProfileName, u64, u64),
    /// A profile's data on a node are gone, as was asked, or cannot be removed now.
    CopyDropped(ProfileName, NodeId, bool),
    /// What came of a profile's work.
    ProfileWorked(ProfileName, DataWork, WorkEnd),
    /// Whether engines run in containers.
    EnginesContained(bool),
    /// What this machine's container engine does not hold engines to.
    EnginesUnlimited(Vec<Limit>),
    /// The answer to [`crate::action::Action::LookForUpdate`].
    UpdateLooked(Looked),
    /// News of a block list, by its address.
    List(String, ListNews),
    /// The answer to [`crate::action::Action::ChooseFiles`]; no files if the person wants none.
    FilesChosen(TabId, AskId, Vec<String>),
    /// Something to tell the person.
    Notice(Notice),
    /// The deadline that the core asked for has come.
    Deadline,
    /// The app was started with these addresses.
    StartedWith(Vec<String>),
    /// Another copy of the app was started with these addresses and has handed them on, with the
    /// desktop's name for its launch, if it has one.
    SecondInstance(Vec<String>, Option<String>),
}
