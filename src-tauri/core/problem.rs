//! What a person is told of a failure.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::bookmark::BookmarkFault;
use crate::fault::{EndCause, Stall, StartFailure};
use crate::message::{Leg, NodeLacks, TabId};
use crate::network::NetworkFault;
use crate::profile::ProfileFault;
use crate::proxy::PageFault;
use crate::streaming::Switch;
use crate::worker::AddressFlaw;

/// What a person needs to know about a failure. The UI matches `code`, never text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
#[ts(export)]
pub enum Problem {
    /// No node has room for a streamed session now.
    #[error("no capable node")]
    NoCapableNode {
        /// What each node lacks; empty if no node is known.
        nodes: Vec<NodeLacks>,
    },
    /// The chosen node is gone.
    #[error("node {node} is gone")]
    NodeGone {
        /// The name of the node as it was last known, or its id.
        node: String,
    },
    /// The node's engine does not answer.
    #[error("engine on {node} unreachable: {detail}")]
    EngineUnreachable {
        /// The node's name.
        node: String,
        /// What the engine or the system said.
        detail: String,
    },
    /// The profile has a way out of its own, and a stream would leave past it.
    #[error("a stream would go around {exit}")]
    AroundExit {
        /// The proxy's host and port, or the interface's name.
        exit: String,
    },
    /// The engine could not start the session.
    #[error("start on {node} failed: {failure:?}")]
    StartFailed {
        /// The node's name.
        node: String,
        /// Why.
        failure: StartFailure,
        /// The last lines of the engine's log, oldest first.
        log: Vec<String>,
    },
    /// The picture was lost and did not come back.
    #[error("connection to {node} lost: {leg:?}")]
    ConnectionLost {
        /// The node's name.
        node: String,
        /// The leg that failed.
        leg: Leg,
    },
    /// The engine ended under a live session.
    #[error("engine on {node} ended")]
    EngineEnded {
        /// The node's name.
        node: String,
        /// How it came to its end.
        end: EndCause,
        /// The last lines of its log, oldest first.
        log: Vec<String>,
    },
    /// The engine of a live session does not go on for now.
    #[error("engine on {node} held up: {stall:?}")]
    EngineStalled {
        /// The node's name.
        node: String,
        /// What holds it up.
        stall: Stall,
    },
    /// The page's own process crashed; the browser lives.
    #[error("page crashed")]
    PageCrashed,
    /// The page answered nothing, and the person stopped it.
    #[error("page stopped")]
    PageStopped,
    /// The page could not be loaded.
    #[error("page at {url} failed: {detail}")]
    PageFailed {
        /// The address.
        url: String,
        /// What is known about it; `None` if only the engine's own code is.
        fault: Option<PageFault>,
        /// The engine's own code, such as `net::ERR_CONNECTION_REFUSED`.
        detail: String,
    },
    /// What was typed is no address that can be opened.
    #[error("bad address")]
    BadAddress {
        /// What was typed.
        input: String,
    },
    /// The tab is not there (any more).
    #[error("unknown tab {tab:?}")]
    UnknownTab {
        /// The tab that was asked for.
        tab: TabId,
    },
    /// The profile is not there (any more).
    #[error("unknown profile")]
    UnknownProfile,
    /// Something else is being done with the profile's data.
    #[error("profile {title} is being worked on")]
    ProfileBusy {
        /// What the person calls it.
        title: String,
    },
    /// A streamed session has the profile's data.
    #[error("profile {title} is in use")]
    ProfileInUse {
        /// What the person calls it.
        title: String,
    },
    /// What was filled in about the network cannot be used.
    #[error("network: {fault}")]
    BadNetwork {
        /// Why.
        fault: NetworkFault,
    },
    /// A profile's data are on a machine that cannot be asked.
    #[error("the data of {title} are on {node}")]
    ProfileAway {
        /// The machine's name.
        node: String,
        /// What the person calls the profile.
        title: String,
        /// Whether this machine has an older copy of them.
        copy: bool,
    },
    /// A profile's data could not be brought to another machine; they are where they were.
    #[error("the data were not brought from {from} to {to}")]
    MoveFailed {
        /// The name of the machine that has them.
        from: String,
        /// The name of the other one.
        to: String,
        /// Why; `None` if it was given up.
        fault: Option<ProfileFault>,
    },
    /// What was typed is no address of a machine.
    #[error("bad machine: {flaw:?}")]
    BadMachine {
        /// What is wrong with it.
        flaw: AddressFlaw,
    },
    /// That machine is known already.
    #[error("{node} is known already")]
    MachineKnown {
        /// Its name.
        node: String,
    },
    /// The machine is not there (any more).
    #[error("unknown machine")]
    UnknownMachine,
    /// Something of the person's is on the machine.
    #[error("{node} is in use")]
    MachineInUse {
        /// Its name.
        node: String,
        /// How many sessions run there.
        sessions: u32,
        /// The titles of the profiles whose data are there.
        profiles: Vec<String>,
    },
    /// The environment of the app has settled it, whatever the switch says.
    #[error("{switch:?} is set by the environment")]
    SwitchFixed {
        /// The switch.
        switch: Switch,
    },
    /// The environment of the app has settled when pages sleep.
    #[error("sleep is set by the environment")]
    SleepFixed,
    /// Words cannot be searched for there.
    #[error("not the address of a search: {input}")]
    BadSearch {
        /// What was typed.
        input: String,
    },
    /// Bookmarks could not be read from a file, or written to it.
    #[error("bookmarks: {path}: {fault:?}")]
    BookmarkFile {
        /// The file.
        path: String,
        /// Why.
        fault: BookmarkFault,
    },
    /// The person cancelled.
    #[error("cancelled")]
    Cancelled,
    /// What is to be kept cannot be saved.
    #[error("store: {detail}")]
    StoreFailed {
        /// The file.
        path: String,
        /// What the system said.
        detail: String,
    },
    /// The app is closing.
    #[error("closing")]
    Closing,
}

impl Problem {
    /// Whether it is of the page alone, and a new load the way out of it.
    #[must_use]
    pub fn is_of_the_page(&self) -> bool {
        matches!(
            self,
            Self::PageFailed { .. } | Self::PageCrashed | Self::PageStopped
        )
    }
}
