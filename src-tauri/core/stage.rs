//! How far a streamed tab has come on its way to the picture, as the shell paints it.

use crate::message::{MoveView, NodeName, SessionId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The stages from click to picture, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Stage {
    /// Choosing a machine.
    Placing,
    /// Starting or waking the engine on the chosen node.
    Starting,
    /// Engine up; signalling and media are being connected.
    Connecting,
    /// The picture is there.
    Live,
    /// The picture was there; the connection is being brought back.
    Reconnecting,
}

/// One stage that was entered, and how long it lasted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct StageTime {
    /// Which stage.
    pub stage: Stage,
    /// Milliseconds it took; `None` while it is still under way.
    #[ts(type = "number | null")]
    pub took_ms: Option<u64>,
}

/// What encodes a streamed picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Encoder {
    /// The processor.
    #[default]
    Software,
    /// A graphics card, by VA-API.
    Vaapi,
    /// A graphics card of NVIDIA's.
    Nvidia,
    /// A video encoder apart from graphics cards, by V4L2.
    V4l2,
}

impl Encoder {
    /// As it stands in a label.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Software => "software",
            Self::Vaapi => "vaapi",
            Self::Nvidia => "nvidia",
            Self::V4l2 => "v4l2",
        }
    }

    /// The other way round.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let all = [Self::Software, Self::Vaapi, Self::Nvidia, Self::V4l2];
        all.into_iter().find(|encoder| encoder.word() == word)
    }
}

/// The streamed side of a tab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct StreamView {
    /// The session that serves the tab, once one is chosen.
    pub session: Option<SessionId>,
    /// The stage it is at.
    pub stage: Stage,
    /// All stages entered since the last toggle, in order, the current one last.
    pub stages: Vec<StageTime>,
    /// Milliseconds since the first stage began, when this state was made.
    #[ts(type = "number")]
    pub elapsed_ms: u64,
    /// The chosen node.
    pub node: Option<NodeName>,
    /// While the engine's image is being fetched: how far that is, in percent.
    pub fetched_percent: Option<u8>,
    /// Whether the picture comes by way of the engine's connection: a slower way, taken where the
    /// straight one is closed.
    pub relayed: bool,
    /// What encodes the picture, once an engine runs.
    pub encoder: Option<Encoder>,
    /// While the profile's data are on their way to another machine: how far they are.
    pub moving: Option<MoveView>,
}
