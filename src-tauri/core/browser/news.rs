//! News of nodes, engines and streams.

use super::Browser;
use crate::event::Event;
use crate::message::{Problem, StartFailure};
use crate::node::{NodeId, Setback};
use crate::session::Happening;

impl Browser {
    pub(super) fn stream_event(&mut self, event: Event) {
        match event {
            Event::NodesSeen(nodes) => {
                self.nodes_seen(nodes);
                self.looking = false;
                self.place_waiting();
                self.stand_by();
            }
            Event::NodeSeen(node, facts) => self.worker_seen(node, facts),
            Event::FleetSeen(id, members) => self.fleet_seen(&id, members),
            Event::EnginesFound(node, found) if node == NodeId::host() => {
                self.engines_found(&found.unwrap_or_default());
            }
            Event::EnginesFound(node, found) => self.worker_engines(&node, found),
            Event::CopyDropped(name, node, gone) => self.copy_dropped(&name, &node, gone),
            Event::EngineStarted(id) => {
                self.settle_home(id);
                self.step(id, Happening::EngineStarted);
            }
            Event::EngineSuspended(id) => self.step(id, Happening::EngineSuspended),
            Event::EngineStopped(id) => self.step(id, Happening::EngineStopped),
            Event::StreamLive(id) => {
                self.standby_failed = false;
                self.start_has_held(id);
                self.step(id, Happening::StreamLive);
            }
            Event::StreamRelayed(id, relayed) => self.stream_relayed(id, relayed),
            Event::StreamLost(id, _) => self.step(id, Happening::StreamLost),
            Event::StreamFailed(id, leg) => self.stream_failed(id, leg),
            Event::EngineEnded(id, end, log) => self.engine_ended(id, end, log),
            Event::ImageFetched(id, percent) => self.image_fetched(id, percent),
            Event::EngineStalled(id, stall) => self.engine_stalled(id, stall),
            Event::EngineBack(id) => self.engine_back(id),
            Event::EngineEncodes(id, encoder) => self.engine_encodes(id, encoder),
            Event::StartFailed(id, StartFailure::NoRoom { detail }, _) => {
                self.has_no_room(id, detail);
            }
            Event::StartFailed(id, failure, log) => {
                // Whoever has the profile says nothing against the machine.
                let setback = (!is_about_the_profile(&failure)).then(|| Setback::Failed {
                    failure: failure.clone(),
                });
                self.engine_gone(id, setback, |node| Problem::StartFailed {
                    node,
                    failure,
                    log,
                });
            }
            Event::NodeUnreachable(id, detail) => {
                let setback = Setback::Unreachable {
                    detail: detail.clone(),
                };
                self.engine_gone(id, Some(setback), |node| Problem::EngineUnreachable {
                    node,
                    detail,
                });
            }
            Event::NodeGone(id) => {
                self.engine_gone(id, Some(Setback::Gone), |node| Problem::NodeGone { node });
            }
            _ => {}
        }
        self.update_stages();
    }
}

/// Whether it would be no better on another machine.
pub(super) const fn is_about_the_profile(failure: &StartFailure) -> bool {
    matches!(
        failure,
        StartFailure::ProfileInUse | StartFailure::ProfileTaken { .. }
    )
}
