//! What is to be done to the world. Actions are carried out in the order they are given; a save
//! is on disk before the action behind it begins.

use crate::ask::{Answer, AskId, Wish};
use crate::bookmark::Bookmark;
use crate::carry;
use crate::cookie;
use crate::download::{Download, DownloadId, DownloadOrder};
use crate::event::RequestId;
use crate::giving::FileWish;
use crate::message::{ContentArea, Problem, ProfileName, SessionId, ShellFocus, ShellState, TabId};
use crate::network::Network;
use crate::node::NodeId;
use crate::page::Direction;
use crate::profile::{DataWork, ProfileRecord};
use crate::record::{SessionRecord, TabRecord};
use crate::search::Search;
use crate::site::{Site, SitePermission};
use crate::sleep::SleepAfter;
use crate::streaming::Switch;
use crate::visit::Visit;
use crate::worker::{Worker, WorkerRecord};

/// What is to be done to a tab's page, alike for a child webview and a real Chromium.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageAction {
    /// Make the page and load the address.
    Open {
        /// Where to.
        url: String,
        /// In percent.
        zoom: u16,
    },
    /// Take over a page that the engine made itself, by the engine's name for it.
    Attach {
        /// The engine's name.
        target: String,
        /// In percent.
        zoom: u16,
    },
    /// Load an address.
    Navigate(String),
    /// Load an address whose site could not prove who it is, and take it for what it showed. Only
    /// proxied.
    Trust(String),
    /// One step back in the engine's own history.
    Back,
    /// One step forward in the engine's own history.
    Forward,
    /// Load again.
    Reload,
    /// Load again, without what is kept in the engine's cache.
    ReloadFresh,
    /// Stop loading.
    Stop,
    /// Zoom in percent.
    Zoom(u16),
    /// Play no sound, or be heard again (a child webview only).
    Mute(bool),
    /// Take the camera or the microphone from it (a child webview only).
    Release(Wish),
    /// Look for a text, without regard to case, and mark what is found; answered by
    /// [`crate::event::PageNews::Found`].
    Find(String),
    /// Go to another match of the text.
    FindStep(Direction),
    /// Take the marks away.
    FindEnd,
    /// So many steps in the engine's own history, back if negative.
    Step(isize),
    /// Have it say what its next self should have, or give it what its former self had.
    Carry(carry::Order),
    /// Have the page that is about to come find what its site kept in the tab. Only proxied.
    Restore(carry::Storage),
    /// Take the site's cookies out of the session, or put them into it. Only streamed: those of
    /// proxied pages are a profile's, see [`Action::Cookies`].
    Cookies(cookie::Order),
    /// Print, by the desktop's dialog.
    Print,
    /// Show what its server sent, as a page of its own; answered by
    /// [`crate::event::PageNews::OpenedPage`].
    Source,
    /// Answer a question of the page.
    Answer(AskId, Answer),
    /// Bring these files of this machine to the page that asked for some; none if the person has
    /// chosen none. Told of by [`crate::event::PageNews::Gives`]. Only streamed.
    GiveFiles(AskId, Vec<String>),
    /// Stop bringing files.
    StopGiving,
    /// Bring to the front.
    Show,
    /// Take from the front (a child webview only; a streamed page is covered by the next one).
    Hide,
    /// Have it say whether something would be lost if it were closed; answered by
    /// [`crate::event::PageNews::Objects`].
    MayClose,
    /// Close and forget.
    Close,
    /// Give it the keyboard.
    Focus,
    /// Close a page that the engine made itself and that gets no tab, by the engine's name for it.
    Discard(String),
}

/// Something to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Save a tab.
    SaveTab(TabRecord),
    /// Forget a tab.
    DeleteTab(TabId),
    /// Save what is decided for a site; an empty decision is forgotten.
    SaveSite(Site),
    /// Save a page that is kept, new or known.
    SaveBookmark(Bookmark),
    /// Save many of them.
    SaveBookmarks(Vec<Bookmark>),
    /// Forget a page that was kept in a profile, by its address.
    DeleteBookmark(ProfileName, String),
    /// Save that the person is at a page now.
    SaveVisit(Visit),
    /// Forget that the person was at this address in a profile, or anywhere in it.
    ForgetVisits(ProfileName, Option<String>),
    /// Save a download.
    SaveDownload(Download),
    /// Forget a download; its file stays.
    DeleteDownload(DownloadId),
    /// Do something to a transfer or a file.
    Download(DownloadOrder),
    /// Save a switch.
    SaveSwitch(Switch, bool),
    /// Save when pages are put to sleep.
    SaveSleepAfter(SleepAfter),
    /// Save where words are searched for.
    SaveSearch(Search),
    /// Save a session.
    SaveSession(SessionRecord),
    /// Forget a session.
    DeleteSession(SessionId),
    /// Save a profile.
    SaveProfile(ProfileRecord),
    /// Forget a profile.
    DeleteProfile(ProfileName),
    /// Do something with a profile's data, which no session has and which are on that node;
    /// answered by `Event::ProfileWorked`.
    WorkOnProfile(ProfileName, NodeId, DataWork),
    /// The next time, take a profile's data from whatever copy of the app has them.
    TakeProfile(ProfileName),
    /// Remove a copy of a profile's data that nobody needs any more; answered by
    /// `Event::CopyDropped`.
    DropCopy(ProfileName, NodeId),
    /// Forget what private pages have left in the window.
    ForgetPrivate,
    /// Give that up.
    CancelProfileWork(ProfileName),
    /// Look at all nodes; answered by `Event::NodesSeen`, and by an `Event::NodeSeen` for each
    /// worker in use.
    LookAtNodes,
    /// Find what runs on a node by its labels; answered by `Event::EnginesFound`.
    FindEngines(NodeId),
    /// Save a worker.
    SaveWorker(WorkerRecord),
    /// Forget a worker.
    DeleteWorker(NodeId),
    /// From now on these workers are in use, and no others.
    UseWorkers(Vec<Worker>),
    /// Find the person's Docker contexts; answered by `Event::ContextsFound`.
    FindContexts,
    /// See step by step whether a machine can be a worker; answered by `Event::WorkerChecked`.
    CheckWorker(Worker),
    /// Start an engine; answered by started, failed, unreachable or gone.
    StartEngine {
        /// For which session.
        session: SessionId,
        /// Where.
        node: NodeId,
        /// With whose data.
        profile: ProfileName,
        /// MiB it may use.
        memory_mib: u64,
        /// Nobody waits for it: nothing is fetched for it.
        ahead: bool,
    },
    /// Fetch the engine's newer image that was offered; what comes of it is a notice.
    FetchEngineImage,
    /// Ask the registry for a newer image; answered by `Event::UpdateLooked`.
    LookForUpdate,
    /// Close the home network to the containers that are started from now on, or open it.
    CloseHomeNetwork(bool),
    /// Wake a suspended engine; answered by started or ended.
    ResumeEngine(SessionId, NodeId),
    /// Let an engine sleep; answered by suspended or ended.
    SuspendEngine(SessionId, NodeId),
    /// Stop an engine, running or half started, and remove all of it but the profile's data;
    /// answered by stopped.
    StopEngine(SessionId, NodeId),
    /// Connect client and page control; answered by live, lost or failed.
    Connect(SessionId, NodeId),
    /// Let go of client and page control.
    Disconnect(SessionId),
    /// How a profile's proxied pages reach the network from now on; what is open by another way is
    /// closed.
    UseNetwork(ProfileName, Network),
    /// The pages of these sites, and of no others of the profile, load what the block lists name, from
    /// their next load on. By their origins.
    Unblock(ProfileName, Vec<String>),
    /// These names, and no others of the public kind, may lead a profile's pages into the home network.
    HomeNames(ProfileName, Vec<String>),
    /// All that is decided about wishes of a profile's sites: what a proxied page does, or looks for,
    /// without asking.
    Decided(ProfileName, Vec<SitePermission>),
    /// Save the addresses of the block lists.
    SaveLists(Vec<String>),
    /// Use these block lists and no others; what comes of it is an `Event::List` for each.
    UseLists {
        /// Their addresses.
        urls: Vec<String>,
        /// Fetch all of them now.
        anew: bool,
    },
    /// Use no block lists.
    DropLists,
    /// Have the desktop's program for it open this address.
    OpenInProgram(String),
    /// Bring the window to the front: the person has turned to the app from elsewhere, by a launch of
    /// this name, if the desktop has one for it.
    PresentWindow(Option<String>),
    /// The person asked for this address in a profile: its proxy may reach it even if it is not
    /// public.
    Permit(ProfileName, String),
    /// The page that a proxied tab opens next uses this profile's data.
    UseProfile(TabId, ProfileName),
    /// Take cookies out of the data of a profile's proxied pages, or put them in, for a tab.
    Cookies(TabId, ProfileName, cookie::Order),
    /// What is decided about wishes of sites, for a session's pages from now on.
    SetPermissions(SessionId, Vec<SitePermission>),
    /// Do something to the page of a proxied tab.
    Proxied(TabId, PageAction),
    /// Do something to the page of a streamed tab.
    Streamed(SessionId, TabId, PageAction),
    /// Whose picture goes to the view, if any.
    Watch(Option<SessionId>),
    /// Show places of a tab's history, with their positions, to choose from.
    HistoryMenu(TabId, Vec<(usize, String)>),
    /// Where the child webviews stand.
    Place(ContentArea),
    /// Window full screen on or off.
    FullScreen(bool),
    /// Have the person choose files of this machine for a page; answered by
    /// [`crate::event::Event::FilesChosen`].
    ChooseFiles(TabId, AskId, FileWish),
    /// Answer a command.
    Reply(RequestId, Result<(), Problem>),
    /// Paint this.
    Paint(ShellState),
    /// Move the keyboard focus.
    Focus(ShellFocus),
    /// The same in this tab, which the next state may bring to the front.
    FocusIn(ShellFocus, TabId),
    /// All is put away: the app can end.
    Exit,
}
