//! What the person sets about streamed browsers.

use super::Browser;
use crate::action::Action;
use crate::fault::ImageUpdate;
use crate::message::{Notice, Problem};
use crate::streaming::{Limit, Looked, StreamingView, Switch, SwitchView, Switches};

/// What is set, and what is known about it.
#[derive(Clone, Debug, Default)]
pub(super) struct Streaming {
    switches: Switches,
    contained: bool,
    unlimited: Vec<Limit>,
    looking: bool,
    looked: Option<Looked>,
}

impl Streaming {
    pub(super) fn restore(switches: Switches) -> Self {
        Self {
            switches,
            ..Self::default()
        }
    }
}

impl Browser {
    /// Whether something is on: what the environment says counts more than the switch.
    pub(super) fn is_on(&self, switch: Switch) -> bool {
        let switched = self.streaming.switches.is_on(switch);
        self.settled(switch).unwrap_or(switched)
    }

    fn settled(&self, switch: Switch) -> Option<bool> {
        match switch {
            Switch::Standby => self.settings.standby,
            Switch::HomeClosed => self.settings.home_closed,
        }
    }

    pub(super) fn switch(&mut self, switch: Switch, on: bool) -> Result<(), Problem> {
        if self.settled(switch).is_some() {
            return Err(Problem::SwitchFixed { switch });
        }
        if self.is_on(switch) == on {
            return Ok(());
        }
        self.streaming.switches.set(switch, on);
        self.act(Action::SaveSwitch(switch, on));
        if switch == Switch::HomeClosed {
            self.act(Action::CloseHomeNetwork(on));
        }
        // One that waits already is not wanted any more, or not with the network that it has.
        if switch == Switch::Standby || self.streaming.contained {
            self.give_up_standby();
        }
        self.standby_failed = false;
        self.want_standby();
        Ok(())
    }

    pub(super) fn look_for_update(&mut self) {
        if self.streaming.contained && !self.streaming.looking {
            self.streaming.looking = true;
            self.streaming.looked = None;
            self.act(Action::LookForUpdate);
        }
    }

    pub(super) fn update_looked(&mut self, looked: Looked) {
        self.streaming.looking = false;
        self.streaming.looked = Some(looked);
    }

    /// An answer of yesterday is none.
    pub(super) fn forget_look(&mut self) {
        self.streaming.looked = None;
    }

    /// An older answer does not stand against the news.
    pub(super) fn hear_of_image(&mut self, notice: &Notice) {
        let Notice::EngineImage { update, .. } = notice else {
            return;
        };
        self.streaming.looked = match update {
            ImageUpdate::Offered => Some(Looked::Newer),
            ImageUpdate::Fetching { .. } => Some(Looked::Fetching),
            ImageUpdate::Fetched => Some(Looked::Fetched),
            // The notice says more.
            ImageUpdate::Failed { .. } | ImageUpdate::RolledBack => None,
        };
    }

    pub(super) fn engines_contained(&mut self, contained: bool) {
        self.streaming.contained = contained;
    }

    pub(super) fn engines_unlimited(&mut self, unlimited: Vec<Limit>) {
        self.streaming.unlimited = unlimited;
    }

    pub(super) fn streaming_view(&self) -> StreamingView {
        let view = |switch| SwitchView {
            on: self.is_on(switch),
            fixed: self.settled(switch).is_some(),
        };
        StreamingView {
            standby: view(Switch::Standby),
            home_closed: view(Switch::HomeClosed),
            contained: self.streaming.contained,
            unlimited: self.streaming.unlimited.clone(),
            looking: self.streaming.looking,
            looked: self.streaming.looked.clone(),
        }
    }
}
