//! Pictures of the screen by MIT-SHM, and by DAMAGE the news that they are old. The segment is a
//! file in memory that the server writes and we read; it always holds the whole last picture, of
//! which only the rows that changed are asked for again.

use crate::xlink::{Address, XError};
use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use std::fs::File;
use std::os::unix::fs::FileExt;
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::damage::{self, ConnectionExt as _};
use x11rb::protocol::shm::{self, ConnectionExt as _};
use x11rb::protocol::xfixes::ConnectionExt as _;
use x11rb::protocol::xproto::{
    ChangeWindowAttributesAux, ConnectionExt as _, EventMask, ImageFormat,
};
use x11rb::rust_connection::RustConnection;

/// Bytes of one pixel: blue, green, red, nothing.
const PIXEL: usize = 4;

/// The screen.
pub(super) struct Shot {
    connection: RustConnection,
    root: u32,
    damage: damage::Damage,
    region: u32,
    segment: Segment,
    /// Something has changed since the last picture.
    changed: bool,
    /// The size has changed since the segment was made.
    resized: bool,
    /// Rows that the segment does not have yet.
    stale: Rows,
}

struct Segment {
    id: shm::Seg,
    file: File,
    width: u16,
    height: u16,
}

/// From the first to behind the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rows {
    from: u16,
    to: u16,
}

impl Rows {
    const NONE: Self = Self { from: 0, to: 0 };

    fn is_empty(self) -> bool {
        self.from >= self.to
    }

    /// The smallest that holds both.
    fn with(self, other: Self) -> Self {
        match (self.is_empty(), other.is_empty()) {
            (true, _) => other,
            (_, true) => self,
            _ => Self {
                from: self.from.min(other.from),
                to: self.to.max(other.to),
            },
        }
    }

    /// Only those of a screen that high.
    fn within(self, height: u16) -> Self {
        Self {
            from: self.from.min(height),
            to: self.to.min(height),
        }
    }
}

impl Shot {
    pub(super) fn open(address: &Address) -> Result<Self, XError> {
        let connection = address.connect()?;
        let root = connection.setup().roots.first().map(|it| it.root);
        let root = root.ok_or(XError::Lacks("a screen"))?;
        let shm = connection.shm_query_version()?.reply()?;
        if (shm.major_version, shm.minor_version) < (1, 2) {
            return Err(XError::Lacks("MIT-SHM 1.2"));
        }
        connection.damage_query_version(1, 1)?.reply()?;
        connection.xfixes_query_version(5, 0)?.reply()?;
        let watch = ChangeWindowAttributesAux::new().event_mask(EventMask::STRUCTURE_NOTIFY);
        connection.change_window_attributes(root, &watch)?.check()?;
        let damage = connection.generate_id()?;
        let region = connection.generate_id()?;
        connection.xfixes_create_region(region, &[])?;
        connection
            .damage_create(damage, root, damage::ReportLevel::NON_EMPTY)?
            .check()?;
        let segment = Segment::make(&connection, root)?;
        let stale = segment.all();
        Ok(Self {
            connection,
            root,
            damage,
            region,
            segment,
            changed: true,
            resized: false,
            stale,
        })
    }

    pub(super) fn connection(&self) -> &RustConnection {
        &self.connection
    }

    /// Whether the last picture is old.
    pub(super) fn changed(&self) -> bool {
        self.changed
    }

    /// Takes what the server has to say.
    pub(super) fn take_events(&mut self) -> Result<(), XError> {
        while let Some(event) = self.connection.poll_for_event()? {
            match event {
                Event::DamageNotify(_) => self.changed = true,
                Event::ConfigureNotify(it) if it.window == self.root => {
                    let now = (self.segment.width, self.segment.height);
                    if (it.width, it.height) != now {
                        self.resized = true;
                        self.changed = true;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Brings the segment up to date; its size, or `None` when the screen has another by now.
    pub(super) fn take(&mut self) -> Result<Option<(u16, u16)>, XError> {
        if self.resized {
            self.connection.shm_detach(self.segment.id)?.ignore_error();
            self.segment = Segment::make(&self.connection, self.root)?;
            self.stale = self.segment.all();
            self.resized = false;
        }
        if self.changed {
            let c = &self.connection;
            c.damage_subtract(self.damage, x11rb::NONE, self.region)?;
            let extents = c.xfixes_fetch_region(self.region)?.reply()?.extents;
            let from = u16::try_from(extents.y).unwrap_or(0);
            let to = from.saturating_add(extents.height);
            self.stale = self.stale.with(Rows { from, to });
            self.changed = false;
        }
        let Segment { width, height, .. } = self.segment;
        let rows = self.stale.within(height);
        if !rows.is_empty() {
            let asked = self
                .connection
                .shm_get_image(
                    self.root,
                    0,
                    i16::try_from(rows.from).unwrap_or(i16::MAX),
                    width,
                    rows.to - rows.from,
                    u32::MAX,
                    ImageFormat::Z_PIXMAP.into(),
                    self.segment.id,
                    u32::from(rows.from) * u32::from(width) * 4,
                )?
                .reply();
            if let Err(error) = asked {
                tracing::debug!(%error, "picture refused");
                self.resized = true;
                self.changed = true;
                self.take_events()?;
                return Ok(None);
            }
            self.stale = Rows::NONE;
        }
        Ok(Some((width, height)))
    }

    /// Copies the picture, four bytes a pixel, rows without padding.
    pub(super) fn read(&self, into: &mut [u8]) -> std::io::Result<()> {
        self.segment.file.read_exact_at(into, 0)
    }
}

impl Segment {
    fn make(connection: &RustConnection, root: u32) -> Result<Self, XError> {
        let size = connection.get_geometry(root)?.reply()?;
        let bytes = usize::from(size.width) * usize::from(size.height) * PIXEL;
        let file = File::from(memfd_create("koneko-screen", MemfdFlags::CLOEXEC)?);
        ftruncate(&file, u64::try_from(bytes).unwrap_or(u64::MAX))?;
        let id = connection.generate_id()?;
        connection
            .shm_attach_fd(id, std::os::fd::OwnedFd::from(file.try_clone()?), false)?
            .check()?;
        Ok(Self {
            id,
            file,
            width: size.width,
            height: size.height,
        })
    }

    fn all(&self) -> Rows {
        Rows {
            from: 0,
            to: self.height,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_joined_and_cut() {
        let a = Rows { from: 10, to: 20 };
        let b = Rows { from: 40, to: 50 };
        assert_eq!(a.with(b), Rows { from: 10, to: 50 });
        assert_eq!(Rows::NONE.with(a), a);
        assert_eq!(a.with(Rows::NONE), a);
        assert_eq!(a.with(b).within(45), Rows { from: 10, to: 45 });
        assert!(b.within(30).is_empty());
    }
}
