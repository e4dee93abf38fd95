//! What is saved of tabs and sessions.

use crate::event::HistoryEntry;
use crate::message::{Mode, ProfileName, SessionId, TabId};
use crate::node::NodeId;

/// A streamed session as it is saved.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SessionRecord {
    /// Its id.
    pub id: SessionId,
    /// Whose data it uses.
    pub profile: ProfileName,
    /// Where it runs.
    pub node: NodeId,
    /// The state it was in.
    pub state: SavedState,
}

/// A session's state as it is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SavedState {
    /// The engine is about to be started.
    Starting,
    /// The engine runs; the client is being connected.
    Connecting,
    /// The picture is there.
    Live,
    /// The picture was lost.
    Reconnecting,
    /// About to be, or being, suspended.
    Suspended,
    /// About to be stopped; the row goes when the engine is gone.
    Ending,
}

/// A tab as it is saved.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TabRecord {
    /// Its id.
    pub id: TabId,
    /// Whose data its page uses.
    pub profile: ProfileName,
    /// Its place in the strip, from 0.
    pub position: u32,
    /// Its mode.
    pub mode: Mode,
    /// Its history, oldest first.
    pub history: Vec<HistoryEntry>,
    /// Where it stands in the history.
    pub index: usize,
    /// Whether a page named its address, which nobody has asked for, and it was never there.
    pub unasked: bool,
    /// Its zoom in percent.
    pub zoom: u16,
    /// Whether it is in front.
    pub active: bool,
}
