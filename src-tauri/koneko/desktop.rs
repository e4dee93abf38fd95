//! What the screen has beside its picture: the cursor's image and the clipboard. One thread with
//! a connection of its own waits for their news and serves the clipboard when it is ours.

mod clipboard;
mod cursor;

use crate::xlink::{Address, Wake, XError};
use clipboard::Clipboard;
use duotab_core::neko::data::ServerMessage;
use duotab_core::neko::input::PASTE_KEPT;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;
use tokio::sync::{Mutex as AsyncMutex, MutexGuard, mpsc, oneshot, watch};
use tokio::time::Instant;
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xfixes::{self, ConnectionExt as _};
use x11rb::rust_connection::RustConnection;

/// How long a question may wait for the thread.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// How long its first reading is waited for, which a busy machine may need. It leaves the second
/// one some of `PASTE_KEPT`.
const READ_LIMIT: Duration = Duration::from_millis(3500);
/// The same where the text before was not read at all: a page without a field to type in never
/// does, and what comes next is not to wait for each.
const UNREAD_LIMIT: Duration = Duration::from_millis(1200);
/// How long its second reading is waited for at least: it takes some 10 ms, and many times that on
/// a busy machine. One that is missed is taken for the next text's.
const READ_AGAIN_LIMIT: Duration = Duration::from_millis(600);
/// The least that Chromium is given to take in what it has read, and nothing says when it is
/// done: it needs 8 ms. A busy machine shows in the time from the keys to the reading.
const TAKE_IN: Duration = Duration::from_millis(50);
/// The largest text that the clipboard takes, either way.
pub(crate) const MAX_TEXT: usize = 1 << 20;

/// What the clipboard holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    /// Plain text.
    pub text: String,
    /// HTML, if that was set; it is offered beside the text.
    pub html: String,
}

enum Order {
    Set(Content, oneshot::Sender<()>),
    End,
}

/// The handle of the thread.
pub(crate) struct Desktop {
    orders: Mutex<Sender<Order>>,
    wake: Wake,
    /// The cursor's image, as it is now.
    pub cursor: watch::Receiver<Option<ServerMessage>>,
    /// The clipboard, as it is now.
    pub clipboard: watch::Receiver<Content>,
    /// How often others have read our text, and when they did last.
    reads: watch::Receiver<(u64, Instant)>,
    pastes: AsyncMutex<Pastes>,
}

#[derive(Default)]
struct Pastes {
    /// What was pasted and may not have been read yet.
    last: Option<Pasted>,
    /// Whether the one before it was not.
    unread: bool,
}

/// A text whose keys have been pressed.
struct Pasted {
    reads_before: u64,
    at: Instant,
}

impl Desktop {
    /// Starts the thread. Each change of the clipboard also goes to `copied`.
    pub(crate) fn start(address: &Address, copied: mpsc::Sender<Content>) -> Result<Self, XError> {
        let wake = Wake::new()?;
        let (orders, waiting) = channel();
        let (cursor_out, cursor) = watch::channel(None);
        let (clipboard_out, clipboard) = watch::channel(Content::default());
        let (reads_out, reads) = watch::channel((0, Instant::now()));
        let connection = address.connect()?;
        let root = connection.setup().roots.first().map(|it| it.root);
        let root = root.ok_or(XError::Lacks("a screen"))?;
        connection.xfixes_query_version(5, 0)?.reply()?;
        connection
            .xfixes_select_cursor_input(root, xfixes::CursorNotifyMask::DISPLAY_CURSOR)?
            .check()?;
        let clip = Clipboard::open(&connection, root, reads_out)?;
        let mut side = Side {
            connection,
            wake: wake.clone(),
            waiting,
            clip,
            cursor: cursor_out,
            content: clipboard_out,
            copied,
        };
        std::thread::Builder::new()
            .name("desktop".to_owned())
            .spawn(move || {
                if let Err(error) = side.run() {
                    tracing::error!(%error, "cursor and clipboard ended");
                }
            })?;
        Ok(Self {
            orders: Mutex::new(orders),
            wake,
            cursor,
            clipboard,
            reads,
            pastes: AsyncMutex::default(),
        })
    }

    /// Puts something into the clipboard, once what was pasted before has been read; false when
    /// the X server does not answer.
    pub(crate) async fn set(&self, content: Content) -> bool {
        drop(self.settled().await);
        self.own(content).await
    }

    /// Puts a text into the clipboard and calls `press`, for the keys that make a page read it.
    /// Until it has, nothing else takes its place: what changes meanwhile gives Chromium nothing.
    pub(crate) async fn paste(&self, content: Content, press: impl FnOnce()) -> bool {
        let mut pastes = self.settled().await;
        if !self.own(content).await {
            return false;
        }
        pastes.last = Some(Pasted {
            reads_before: self.reads.borrow().0,
            at: Instant::now(),
        });
        press();
        true
    }

    /// Waits until what was pasted has been read, which Chromium does twice.
    async fn settled(&self) -> MutexGuard<'_, Pastes> {
        let mut pastes = self.pastes.lock().await;
        if let Some(Pasted { reads_before, at }) = pastes.last.take() {
            let limit = if pastes.unread {
                UNREAD_LIMIT
            } else {
                READ_LIMIT
            };
            pastes.unread = !self.read_after(reads_before, at + limit).await;
            if !pastes.unread {
                let pace = self.pace(at);
                let again = Instant::now() + READ_AGAIN_LIMIT.max(pace);
                let end = at + PASTE_KEPT;
                self.read_after(reads_before + 1, again.min(end)).await;
                let (_, last) = *self.reads.borrow();
                let taken_in = last + TAKE_IN.max(self.pace(at));
                tokio::time::sleep_until(taken_in.min(end)).await;
            } else {
                tracing::debug!("a pasted text was not read");
            }
        }
        pastes
    }

    /// What a busy machine takes from the keys to the reading.
    fn pace(&self, pressed: Instant) -> Duration {
        let (_, last) = *self.reads.borrow();
        last.saturating_duration_since(pressed)
            .min(READ_AGAIN_LIMIT * 2)
    }

    async fn read_after(&self, before: u64, until: Instant) -> bool {
        let mut reads = self.reads.clone();
        let read = reads.wait_for(|(reads, _)| *reads > before);
        matches!(tokio::time::timeout_at(until, read).await, Ok(Ok(_)))
    }

    async fn own(&self, content: Content) -> bool {
        let (done, answer) = oneshot::channel();
        self.order(Order::Set(content, done));
        matches!(tokio::time::timeout(ANSWER_LIMIT, answer).await, Ok(Ok(())))
    }

    /// Ends the thread.
    pub(crate) fn end(&self) {
        self.order(Order::End);
    }

    fn order(&self, order: Order) {
        let _ = crate::room::lock(&self.orders).send(order);
        self.wake.wake();
    }
}

/// What the thread owns.
struct Side {
    connection: RustConnection,
    wake: Wake,
    waiting: Receiver<Order>,
    clip: Clipboard,
    cursor: watch::Sender<Option<ServerMessage>>,
    content: watch::Sender<Content>,
    copied: mpsc::Sender<Content>,
}

impl Side {
    fn run(&mut self) -> Result<(), XError> {
        self.look_at_cursor()?;
        loop {
            while let Some(event) = self.connection.poll_for_event()? {
                if let Event::XfixesCursorNotify(_) = event {
                    self.look_at_cursor()?;
                } else if let Some(content) = self.clip.take(&self.connection, &event)? {
                    self.tell(content);
                }
            }
            while let Ok(order) = self.waiting.try_recv() {
                match order {
                    Order::End => return Ok(()),
                    Order::Set(content, done) => {
                        self.clip.own(&self.connection, content)?;
                        let _ = done.send(());
                    }
                }
            }
            self.connection.flush()?;
            // Replies that were waited for may have brought events along.
            match self.connection.poll_for_event()? {
                Some(Event::XfixesCursorNotify(_)) => self.look_at_cursor()?,
                Some(event) => {
                    if let Some(content) = self.clip.take(&self.connection, &event)? {
                        self.tell(content);
                    }
                }
                None => self.wake.wait(&self.connection, None)?,
            }
        }
    }

    fn tell(&self, content: Content) {
        self.content.send_replace(content.clone());
        // Nobody there to hear it is no failure, and one of many may be missed.
        let _ = self.copied.try_send(content);
    }

    fn look_at_cursor(&self) -> Result<(), XError> {
        let image = self.connection.xfixes_get_cursor_image()?.reply()?;
        if let Some(message) = cursor::encode(&image) {
            self.cursor.send_replace(Some(message));
        }
        Ok(())
    }
}
