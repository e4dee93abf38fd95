//! A streamed session's states, as a pure machine: what happened goes in, what is to be done comes
//! out, in order. A save always stands before what it announces.

#[cfg(test)]
mod tests;

use crate::event::Millis;
use crate::message::{Encoder, NodeName, ProfileName, SessionId, TabId};
use crate::record::{SavedState, SessionRecord};

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The engine is being started or woken.
    Starting,
    /// The engine runs; the client is being connected.
    Connecting,
    /// The picture is there.
    Live,
    /// The picture was lost and is being brought back.
    Reconnecting,
    /// The engine runs, and nobody is connected to it.
    Detached,
    /// The engine is being put to sleep.
    Suspending,
    /// The engine sleeps, since then.
    Suspended(Millis),
    /// The engine is being stopped.
    Ending,
    /// Nothing of it is left.
    Gone,
}

/// What happens to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A tab has joined, or asks to try again.
    TabJoined,
    /// The last tab has left.
    LastTabLeft,
    /// The engine runs.
    EngineStarted,
    /// The engine sleeps.
    EngineSuspended,
    /// The engine could not be started, or ended by itself: nothing of it is left.
    EngineEnded,
    /// The engine is gone, as asked.
    EngineStopped,
    /// The picture is there.
    StreamLive,
    /// The picture was lost.
    StreamLost,
    /// The picture did not come back.
    StreamFailed,
    /// It slept longer than its limit.
    IdleLimit,
    /// It must go: the app closes, or it cannot be trusted.
    Dismissed,
    /// Its node is away, and nobody waits for it any longer. What is left of it is found by its
    /// label when the node is back.
    Abandoned,
}

/// What is to be done for a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Save it as it is now.
    Save,
    /// Forget the saved row.
    Forget,
    /// Start the engine.
    Start,
    /// Wake the engine.
    Resume,
    /// Put the engine to sleep.
    Suspend,
    /// Stop the engine and remove all but the profile's data.
    Stop,
    /// Connect client and page control, and open the pages of all its tabs.
    Connect,
    /// Let go of client and page control.
    Disconnect,
}

/// A streamed session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose data it uses.
    pub profile: ProfileName,
    /// Where it runs.
    pub node: NodeName,
    /// MiB it reserves there.
    pub memory_mib: u64,
    /// Its tabs.
    pub tabs: Vec<TabId>,
    /// The tab whose page is in front in the engine.
    pub front: Option<TabId>,
    /// What encodes its picture, once its engine runs.
    pub encoder: Option<Encoder>,
    state: State,
    was_seen: bool,
    /// Percent of the engine's image that are there, while it is being fetched.
    fetched: Option<u8>,
    relayed: bool,
    /// Begun for nobody, to be ready for the next tab.
    ahead: bool,
    /// Since when its engine has the memory it reserved.
    taken: Option<Millis>,
}

impl Session {
    /// A new session that begins to start its engine, with what is to be done.
    #[must_use]
    pub fn begin(
        id: SessionId,
        profile: ProfileName,
        node: NodeName,
        memory_mib: u64,
    ) -> (Self, Vec<Deed>) {
        let session = Self {
            id,
            profile,
            node,
            memory_mib,
            tabs: Vec::new(),
            front: None,
            encoder: None,
            state: State::Starting,
            was_seen: false,
            fetched: None,
            relayed: false,
            ahead: false,
            taken: None,
        };
        (session, vec![Deed::Save, Deed::Start])
    }

    /// The same for nobody yet: to be ready for the next tab.
    #[must_use]
    pub fn ahead(mut self) -> Self {
        self.ahead = true;
        self
    }

    /// Whether its engine was started for nobody.
    #[must_use]
    pub const fn is_ahead(&self) -> bool {
        self.ahead
    }

    /// Whether nobody has joined it since.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.ahead && self.tabs.is_empty() && !matches!(self.state, State::Ending | State::Gone)
    }

    /// A session that an earlier run of the app left behind.
    #[must_use]
    pub fn left_behind(
        id: SessionId,
        profile: ProfileName,
        node: NodeName,
        memory_mib: u64,
        state: State,
    ) -> Self {
        Self {
            id,
            profile,
            node,
            memory_mib,
            tabs: Vec::new(),
            front: None,
            encoder: None,
            state,
            was_seen: true,
            fetched: None,
            relayed: false,
            ahead: false,
            taken: Some(Millis::default()),
        }
    }

    /// Where it stands.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Whether client and page control are connected, or being connected.
    #[must_use]
    pub const fn is_attached(&self) -> bool {
        matches!(
            self.state,
            State::Connecting | State::Live | State::Reconnecting
        )
    }

    /// Since when its engine has the memory it reserved.
    #[must_use]
    pub const fn taken(&self) -> Option<Millis> {
        match self.state {
            State::Starting => None,
            _ => self.taken,
        }
    }

    /// The session as it is saved.
    #[must_use]
    pub fn record(&self) -> SessionRecord {
        SessionRecord {
            id: self.id,
            profile: self.profile.clone(),
            node: self.node.id.clone(),
            state: match self.state {
                State::Starting => SavedState::Starting,
                State::Connecting => SavedState::Connecting,
                State::Live => SavedState::Live,
                State::Reconnecting | State::Detached => SavedState::Reconnecting,
                State::Suspending | State::Suspended(_) => SavedState::Suspended,
                State::Ending | State::Gone => SavedState::Ending,
            },
        }
    }

    /// Takes what happened and tells what is to be done. What does not fit the state (a late
    /// answer, a second one) changes nothing.
    pub fn step(&mut self, happening: Happening, now: Millis) -> Vec<Deed> {
        use Deed::{Connect, Disconnect, Forget, Resume, Save, Stop, Suspend};
        use Happening as H;
        use State as S;
        let (state, deeds): (State, Vec<Deed>) = match (self.state, happening) {
            (S::Ending, H::EngineStopped | H::Abandoned) => (S::Gone, vec![Forget]),
            (S::Ending | S::Gone, _) => return Vec::new(),

            (S::Connecting | S::Live | S::Reconnecting, H::EngineEnded | H::Abandoned) => {
                (S::Gone, vec![Disconnect, Forget])
            }
            (_, H::EngineEnded | H::EngineStopped | H::Abandoned) => (S::Gone, vec![Forget]),

            (S::Connecting | S::Live | S::Reconnecting, H::Dismissed) => {
                (S::Ending, vec![Disconnect, Save, Stop])
            }
            (_, H::Dismissed) => (S::Ending, vec![Save, Stop]),

            (S::Starting, H::EngineStarted) if self.tabs.is_empty() => (S::Detached, vec![Save]),
            (S::Starting, H::EngineStarted) | (S::Detached, H::TabJoined) => {
                (S::Connecting, vec![Save, Connect])
            }
            // A cancelled start leaves nothing.
            (S::Starting | S::Detached, H::LastTabLeft) => (S::Ending, vec![Save, Stop]),
            (S::Connecting | S::Live | S::Reconnecting, H::LastTabLeft) => {
                if self.was_seen {
                    (S::Suspending, vec![Disconnect, Save, Suspend])
                } else {
                    (S::Ending, vec![Disconnect, Save, Stop])
                }
            }

            (S::Connecting | S::Reconnecting, H::StreamLive) => (S::Live, vec![Save]),
            (S::Live, H::StreamLost) => (S::Reconnecting, vec![Save]),
            (S::Connecting | S::Live | S::Reconnecting, H::StreamFailed) => {
                (S::Detached, vec![Disconnect, Save])
            }

            (S::Suspending, H::EngineSuspended) if self.tabs.is_empty() => {
                (S::Suspended(now), vec![])
            }
            (S::Suspending, H::EngineSuspended) | (S::Suspended(_), H::TabJoined) => {
                (S::Starting, vec![Save, Resume])
            }
            (S::Suspended(_), H::IdleLimit) => (S::Ending, vec![Save, Stop]),

            _ => return Vec::new(),
        };
        if self.state == S::Starting && state != S::Starting {
            self.taken = Some(now);
        }
        self.state = state;
        if !self.is_attached() {
            self.front = None;
        }
        deeds
    }

    /// This many percent of the engine's image are there.
    pub fn fetched(&mut self, percent: u8) {
        if self.state == State::Starting {
            self.fetched = (percent < 100).then_some(percent);
        }
    }

    /// How much of the engine's image is there, in percent, while it is being fetched.
    #[must_use]
    pub const fn fetched_percent(&self) -> Option<u8> {
        match self.state {
            State::Starting => self.fetched,
            _ => None,
        }
    }

    /// Whether its picture comes by way of the engine's connection, because datagrams do not arrive.
    pub const fn set_relayed(&mut self, relayed: bool) {
        self.relayed = relayed;
    }

    /// Whether it does.
    #[must_use]
    pub const fn is_relayed(&self) -> bool {
        self.relayed
    }

    /// Somebody has seen its picture: from now on its end can wait.
    pub const fn seen(&mut self) {
        self.was_seen = true;
        self.ahead = false;
    }

    /// Whether somebody has seen its picture.
    #[must_use]
    pub const fn was_seen(&self) -> bool {
        self.was_seen
    }

    /// Sends an engine that runs for nobody to sleep.
    pub fn suspend_unused(&mut self) -> Vec<Deed> {
        if self.state != State::Detached || !self.tabs.is_empty() {
            return Vec::new();
        }
        self.state = State::Suspending;
        vec![Deed::Save, Deed::Suspend]
    }
}
