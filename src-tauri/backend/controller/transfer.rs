//! Files that the pages of one session give, on their way to the person's folder: first into the
//! session's shelf, by the browser, then from there to here.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use duotab_core::download::{DownloadFault, DownloadNews, Source, Transfer, name};
use duotab_core::event::Event;
use duotab_core::message::{SessionId, TabId};
use tokio::io::AsyncReadExt as _;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::News;
use crate::endpoint::Shelf;
use crate::landing::Landing;
use crate::page::{FileNews, FileSign, PageError, Pages};

/// The least time between two news of how far a file is.
const PACE: Duration = Duration::from_millis(250);
/// Bytes that are carried at once.
const PIECE: usize = 256 * 1024;
/// How often a file that is complete is carried again when the way to it breaks, and after what time.
const TRIES: u32 = 3;
const AGAIN: Duration = Duration::from_secs(2);
/// How often is looked at a file whose news was lost with the page control.
const LOOK: Duration = Duration::from_secs(1);
/// What the browser adds to the name of a file that is not complete.
const UNFINISHED: &str = ".crdownload";

/// What no file of the browser is called: a print is on no shelf.
const PRINT: &str = "print-";

static LAST: AtomicU32 = AtomicU32::new(Transfer::STREAMED.0);

/// The transfers of one session. Dropped, those that run come to an end.
pub(super) struct Transfers {
    session: SessionId,
    folder: PathBuf,
    news: News,
    shelf: Option<Shelf>,
    running: HashMap<String, Running>,
    steps: mpsc::UnboundedReceiver<(String, Step)>,
    tell: mpsc::UnboundedSender<(String, Step)>,
}

struct Running {
    id: Transfer,
    /// Until it is being carried.
    landing: Option<Landing>,
    _work: Option<AbortOnDropHandle<()>>,
}

/// What a task has found or done.
enum Step {
    Complete,
    Ended,
    Carried(Result<(), DownloadFault>),
}

impl Transfers {
    pub(super) fn new(session: SessionId, folder: &Path, news: News) -> Self {
        let (tell, steps) = mpsc::unbounded_channel();
        Self {
            session,
            folder: folder.to_owned(),
            news,
            shelf: None,
            running: HashMap::new(),
            steps,
            tell,
        }
    }

    /// The page control is there, and files come to this shelf. It may be there again: what
    /// happened meanwhile to files that were under way has to be looked for.
    pub(super) fn connected(&mut self, shelf: Shelf) {
        for (guid, running) in &mut self.running {
            if running.landing.is_some() {
                let looking = look(shelf.clone(), guid.clone(), self.tell.clone());
                running._work = Some(AbortOnDropHandle::new(tokio::spawn(looking)));
            }
        }
        self.shelf = Some(shelf);
    }

    /// What the browser says of a file.
    pub(super) fn hear(&mut self, news: FileNews, pages: Option<&Pages>) {
        let FileNews { guid, sign } = news;
        match sign {
            FileSign::Begins { url, suggested } => self.begin(guid, url, &suggested, pages),
            FileSign::Comes { received, total } => {
                if let Some(running) = self.running.get(&guid) {
                    let news = DownloadNews::Progress { received, total };
                    tell(&self.news, running.id, news);
                }
            }
            FileSign::Complete => self.step(&guid, Step::Complete),
            FileSign::Ended => self.step(&guid, Step::Ended),
        }
    }

    /// Has a page printed into a file.
    pub(super) fn print(&mut self, tab: TabId, pages: Option<&Pages>) {
        let Some(pages) = pages.cloned() else { return };
        let id = Transfer(LAST.fetch_add(1, Ordering::Relaxed));
        let (session, folder, news) = (self.session, self.folder.clone(), self.news.clone());
        let (done, key) = (self.tell.clone(), format!("{PRINT}{}", id.0));
        let named = key.clone();
        let work = tokio::spawn(async move {
            let report = |told| tell(&news, id, told);
            let printed = print(&pages, tab, session, &folder, report).await;
            let _ = done.send((named, Step::Carried(printed)));
        });
        let running = Running {
            id,
            landing: None,
            _work: Some(AbortOnDropHandle::new(work)),
        };
        self.running.insert(key, running);
    }

    /// Waits for what a task has done, for ever if there is none.
    pub(super) async fn next(&mut self) {
        if let Some((guid, step)) = self.steps.recv().await {
            self.step(&guid, step);
        }
    }

    /// The person gives one up.
    pub(super) fn cancel(&mut self, transfer: Transfer, pages: Option<&Pages>) {
        let running = self.running.iter().find(|(_, it)| it.id == transfer);
        let Some(guid) = running.map(|(guid, _)| guid.clone()) else {
            return;
        };
        self.running.remove(&guid);
        tell(&self.news, transfer, DownloadNews::Cancelled);
        self.give_up(guid, pages);
    }

    fn begin(&mut self, guid: String, url: String, suggested: &str, pages: Option<&Pages>) {
        let id = Transfer(LAST.fetch_add(1, Ordering::Relaxed));
        let landing = Landing::reserve(&self.folder, suggested);
        let (name, path) = name_and_path(&landing, &self.folder, suggested);
        let began = DownloadNews::Began {
            source: Source::Streamed(self.session),
            url,
            name,
            path,
        };
        tell(&self.news, id, began);
        match landing {
            Ok(landing) => {
                let running = Running {
                    id,
                    landing: Some(landing),
                    _work: None,
                };
                self.running.insert(guid, running);
            }
            Err(fault) => {
                tell(&self.news, id, DownloadNews::Failed(fault));
                self.give_up(guid, pages);
            }
        }
    }

    fn step(&mut self, guid: &str, step: Step) {
        match step {
            Step::Complete => self.carry(guid),
            Step::Ended => self.end(guid, DownloadNews::Failed(DownloadFault::Network)),
            Step::Carried(Ok(())) => self.end(guid, DownloadNews::Done),
            Step::Carried(Err(fault)) => self.end(guid, DownloadNews::Failed(fault)),
        }
    }

    fn end(&mut self, guid: &str, news: DownloadNews) {
        if let Some(running) = self.running.remove(guid) {
            tell(&self.news, running.id, news);
            self.clean(guid.to_owned());
        }
    }

    fn carry(&mut self, guid: &str) {
        let Some(running) = self.running.get_mut(guid) else {
            // It was given up a moment before.
            return self.clean(guid.to_owned());
        };
        let (Some(landing), Some(shelf)) = (running.landing.take(), self.shelf.clone()) else {
            return;
        };
        let (id, news) = (running.id, self.news.clone());
        let (done, guid) = (self.tell.clone(), guid.to_owned());
        let work = tokio::spawn(async move {
            let report = |told| tell(&news, id, told);
            let carried = carry_to_the_end(&shelf, &guid, landing, report).await;
            let _ = done.send((guid, Step::Carried(carried)));
        });
        running._work = Some(AbortOnDropHandle::new(work));
    }

    /// The browser is to stop, and nothing of the file is to stay.
    fn give_up(&self, guid: String, pages: Option<&Pages>) {
        if guid.starts_with(PRINT) {
            return;
        }
        if let Some(pages) = pages.cloned() {
            let guid = guid.clone();
            tokio::spawn(async move {
                if let Err(error) = pages.cancel_file(&guid).await {
                    tracing::debug!(%error, "a file is not given up");
                }
            });
        }
        self.clean(guid);
    }

    fn clean(&self, guid: String) {
        let Some(shelf) = self.shelf.clone().filter(|_| !guid.starts_with(PRINT)) else {
            return;
        };
        tokio::spawn(async move {
            if let Err(error) = shelf.remove(&guid).await {
                tracing::debug!(%error, "a file stays on the shelf");
            }
        });
    }
}

impl Drop for Transfers {
    fn drop(&mut self) {
        for running in self.running.values() {
            let ended = DownloadNews::Failed(DownloadFault::SessionEnded);
            tell(&self.news, running.id, ended);
        }
    }
}

fn tell(news: &News, transfer: Transfer, told: DownloadNews) {
    news.send(Event::Download(transfer, told));
}

/// Brings a complete file from the shelf to the place where it is to land.
async fn carry_to_the_end(
    shelf: &Shelf,
    guid: &str,
    landing: Landing,
    report: impl Fn(DownloadNews),
) -> Result<(), DownloadFault> {
    let mut tries = 1;
    loop {
        match carry(shelf, guid, &landing, &report).await {
            Ok(()) => return landing.land().await,
            Err(DownloadFault::SessionEnded) if tries < TRIES => tries += 1,
            Err(fault) => return Err(fault),
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn carry(
    shelf: &Shelf,
    guid: &str,
    landing: &Landing,
    report: impl Fn(DownloadNews),
) -> Result<(), DownloadFault> {
    let broken = |error: std::io::Error| {
        tracing::warn!(%error, "the way to a shelf");
        DownloadFault::SessionEnded
    };
    let (size, mut bytes) = shelf.take(guid).await.map_err(broken)?;
    report(DownloadNews::Arriving(size));
    let mut writing = landing.open().await?;
    let mut piece = vec![0; PIECE];
    let (mut received, mut told) = (0, Instant::now());
    while received < size {
        let most = usize::try_from(size - received).unwrap_or(PIECE).min(PIECE);
        let read = bytes.read(&mut piece[..most]).await.map_err(broken)?;
        if read == 0 {
            return Err(broken(std::io::ErrorKind::UnexpectedEof.into()));
        }
        writing.write(&piece[..read]).await?;
        received += read as u64;
        if told.elapsed() >= PACE {
            told = Instant::now();
            let total = Some(size);
            report(DownloadNews::Progress { received, total });
        }
    }
    writing.end().await?;
    let total = Some(size);
    report(DownloadNews::Progress { received, total });
    Ok(())
}

/// Has a page printed into the person's folder. A print has no address: it cannot be fetched again.
async fn print(
    pages: &Pages,
    tab: TabId,
    session: SessionId,
    folder: &Path,
    report: impl Fn(DownloadNews),
) -> Result<(), DownloadFault> {
    let refused = |error: PageError| {
        tracing::warn!(%error, "printing");
        match error {
            PageError::Disconnected => DownloadFault::SessionEnded,
            _ => DownloadFault::NotPrinted,
        }
    };
    let printing = pages.print(tab).await;
    let title = printing.as_ref().map_or("", |printing| &printing.title);
    let suggested = format!("{}.pdf", title.replace(['/', '\\'], "-"));
    let landing = Landing::reserve(folder, &suggested);
    let (name, path) = name_and_path(&landing, folder, &suggested);
    report(DownloadNews::Began {
        source: Source::Printed(session),
        url: String::new(),
        name,
        path,
    });
    let landing = landing?;
    let mut print = printing.map_err(refused)?.print().await.map_err(refused)?;
    let mut writing = landing.open().await?;
    let mut received = 0;
    while let Some(bytes) = print.next().await.map_err(refused)? {
        writing.write(&bytes).await?;
        received += bytes.len() as u64;
        report(DownloadNews::Progress {
            received,
            total: None,
        });
    }
    writing.end().await?;
    landing.land().await
}

/// What a file is called here, or would be.
fn name_and_path(
    landing: &Result<Landing, DownloadFault>,
    folder: &Path,
    suggested: &str,
) -> (String, String) {
    let (name, path) = match landing {
        Ok(landing) => (landing.name().to_owned(), landing.path().to_owned()),
        Err(_) => {
            let name = name::safe(suggested);
            let path = folder.join(&name);
            (name, path)
        }
    };
    (name, path.display().to_string())
}

/// Looks at a file whose news was lost until it is complete, or is not there any more.
async fn look(shelf: Shelf, guid: String, tell: mpsc::UnboundedSender<(String, Step)>) {
    let there = async |name: &str| match shelf.take(name).await {
        Ok(_) => true,
        // A way that breaks says nothing about the file.
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    };
    let unfinished = format!("{guid}{UNFINISHED}");
    let step = loop {
        if there(&unfinished).await {
            tokio::time::sleep(LOOK).await;
        } else if there(&guid).await {
            break Step::Complete;
        } else {
            break Step::Ended;
        }
    };
    let _ = tell.send((guid, step));
}
