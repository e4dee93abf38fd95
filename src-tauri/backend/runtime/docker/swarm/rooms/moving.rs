//! A profile's data that leave their volume on a node of a Swarm for another place, or come into it.

use duotab_core::message::ProfileName;
use duotab_core::node::NodeId;

use super::Swarm;
use super::room::{NOTES, Room};
use crate::runtime::data::{Carried, DataError, Give, Pump, Put};
use crate::runtime::docker::volume::pack::{self, Packer};

/// Data that leave. They stay in the volume as they are.
pub(in crate::runtime) struct Leaving {
    room: Room,
    /// How many bytes there are, about.
    pub(in crate::runtime) bytes: u64,
    names: u64,
}

/// A volume into which data come. Dropped before they have arrived, nothing has changed in it.
pub(in crate::runtime) struct Arriving(Room);

impl Swarm {
    /// Begins to give a profile's data; `None` if there are none.
    pub(in crate::runtime) async fn leaving(
        &self,
        profile: &ProfileName,
        node: &NodeId,
    ) -> Result<Option<Leaving>, DataError> {
        let (room, entering) = self.enter(profile, node, true).await?;
        let there = match room.run("measure").await {
            Ok(there) if there.names > NOTES => there,
            none => {
                room.leave().await;
                if none.is_ok() {
                    entering.leave_nothing().await;
                }
                return none.map(|_| None);
            }
        };
        Ok(Some(Leaving {
            room,
            bytes: there.goes,
            names: there.names,
        }))
    }

    /// Begins to take a profile's data, of so many bytes.
    pub(in crate::runtime) async fn arriving(
        &self,
        profile: &ProfileName,
        node: &NodeId,
        bytes: u64,
    ) -> Result<Arriving, DataError> {
        let (room, _) = self.enter(profile, node, true).await?;
        let made = room.make_room(bytes).await;
        room.if_well(made).await.map(Arriving)
    }
}

impl Leaving {
    pub(in crate::runtime) fn give(&self) -> (Give, Pump<'_>) {
        let (bytes, pump) = self.room.download();
        (pack::giver(bytes, self.names), pump)
    }

    pub(in crate::runtime) async fn end(self) {
        self.room.leave().await;
    }
}

impl Arriving {
    pub(in crate::runtime) fn take(&self) -> (Box<dyn Put>, Pump<'_>) {
        let (writer, pump) = self.0.upload();
        (Box::new(Packer::new(writer)), pump)
    }

    /// They take the place of what was there, if they are what was sent.
    pub(in crate::runtime) async fn arrived(self, carried: Carried) -> Result<(), DataError> {
        let expected = self.0.expect(carried).await;
        let room = self.0.if_well(expected).await?;
        let done = room.put().await;
        room.leave().await;
        done
    }

    pub(in crate::runtime) async fn end(self) {
        self.0.leave().await;
    }
}
