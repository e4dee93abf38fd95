//! Files that the person gives to the pages of one session: from this machine onto the session's
//! shelf, and from there into the page. They stay on the shelf for as long as the page may read them.

use std::collections::HashMap;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use duotab_core::ask::AskId;
use duotab_core::event::{Event, PageNews};
use duotab_core::giving::{Giving, GivingFault};
use duotab_core::message::{Mode, TabId};
use rustix::fs::OFlags;
use tokio::fs::File;
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::task::AbortOnDropHandle;

use super::News;
use crate::endpoint::Shelf;
use crate::page::Pages;

/// How long the bringing goes on before it is told of, and the least time between two news of it.
const PACE: Duration = Duration::from_millis(300);

/// Batches have names of their own within an engine's life, which may be longer than the app's.
static LAST: AtomicU32 = AtomicU32::new(0);

/// What is given to the pages of one session.
pub(super) struct Gifts {
    news: News,
    shelf: Option<Shelf>,
    under_way: HashMap<TabId, (AbortOnDropHandle<()>, Vec<String>)>,
    given: HashMap<TabId, Given>,
    /// What is to go from the shelf when it can be reached again.
    left: Vec<String>,
}

/// What lies on the shelf for a tab: for its page, and for the one before, to which the person may go
/// back to send the same again.
#[derive(Default)]
struct Given {
    page: Vec<String>,
    before: Vec<String>,
}

/// A file of this machine, opened.
struct Gift {
    file: File,
    size: u64,
    name: String,
    batch: String,
}

impl Gifts {
    pub(super) fn new(news: News) -> Self {
        Self {
            news,
            shelf: None,
            under_way: HashMap::new(),
            given: HashMap::new(),
            left: Vec::new(),
        }
    }

    /// Where they go.
    pub(super) fn connected(&mut self, shelf: Shelf) {
        self.shelf = Some(shelf);
        let left = std::mem::take(&mut self.left);
        self.clean(left);
    }

    /// The shelf cannot be reached any more, or not for now.
    pub(super) fn disconnected(&mut self) {
        self.shelf = None;
        let tabs: Vec<TabId> = self.under_way.keys().copied().collect();
        tabs.into_iter().for_each(|tab| self.stop(tab));
    }

    /// Brings files to the page that asked for some.
    pub(super) fn give(
        &mut self,
        tab: TabId,
        ask: AskId,
        files: Vec<String>,
        pages: Option<&Pages>,
    ) {
        let (Some(shelf), Some(pages)) = (self.shelf.clone(), pages.cloned()) else {
            return;
        };
        self.stop(tab);
        let mark = std::process::id();
        let batch = |_: &String| format!("given-{mark}-{}", LAST.fetch_add(1, Ordering::Relaxed));
        let batches: Vec<String> = files.iter().map(batch).collect();
        let given = self.given.entry(tab).or_default();
        given.page.extend(batches.clone());
        let (news, named) = (self.news.clone(), batches.clone());
        let work = tokio::spawn(async move {
            let report = |giving| tell(&news, tab, giving);
            let bringing = async {
                // It may have been left while the person chose.
                if !pages.waits_for_files(tab, ask) {
                    return Err(GivingFault::NotTaken);
                }
                let paths = bring(&shelf, &files, &named, report).await?;
                let given = pages.give_files(tab, ask, paths).await;
                given.map_err(|_| GivingFault::NotTaken)
            };
            let given = bringing.await;
            match given {
                Ok(()) => report(None),
                Err(fault) => {
                    report(Some(Giving::Failed { fault }));
                    remove(&shelf, named).await;
                }
            }
        });
        self.under_way
            .insert(tab, (AbortOnDropHandle::new(work), batches));
    }

    /// Stops it, if it is not over.
    pub(super) fn stop(&mut self, tab: TabId) {
        let Some((work, batches)) = self.under_way.remove(&tab) else {
            return;
        };
        if !work.is_finished() {
            work.abort();
            tell(&self.news, tab, None);
            self.clean(batches);
        }
    }

    /// The tab has another page now.
    pub(super) fn page_left(&mut self, tab: TabId) {
        self.stop(tab);
        if let Some(given) = self.given.get_mut(&tab) {
            let page = std::mem::take(&mut given.page);
            let before = std::mem::replace(&mut given.before, page);
            self.clean(before);
        }
    }

    /// The tab has no page any more.
    pub(super) fn page_gone(&mut self, tab: TabId) {
        self.stop(tab);
        if let Some(given) = self.given.remove(&tab) {
            self.clean(given.page);
            self.clean(given.before);
        }
    }

    fn clean(&mut self, batches: Vec<String>) {
        match self.shelf.clone() {
            Some(shelf) if !batches.is_empty() => {
                tokio::spawn(async move { remove(&shelf, batches).await });
            }
            Some(_) => {}
            None => self.left.extend(batches),
        }
    }
}

fn tell(news: &News, tab: TabId, giving: Option<Giving>) {
    news.send(Event::Page(tab, Mode::Streamed, PageNews::Gives(giving)));
}

async fn remove(shelf: &Shelf, batches: Vec<String>) {
    for batch in batches {
        if let Err(error) = shelf.remove(&batch).await {
            tracing::debug!(%error, "files stay on the shelf");
        }
    }
}

/// Puts all of them onto the shelf; where they are there, as the browser has it.
async fn bring(
    shelf: &Shelf,
    files: &[String],
    batches: &[String],
    report: impl Fn(Option<Giving>),
) -> Result<Vec<String>, GivingFault> {
    let mut gifts = Vec::new();
    for (path, batch) in files.iter().zip(batches) {
        gifts.push(Gift::open(Path::new(path), batch).await?);
    }
    let total = gifts.iter().map(|gift| gift.size).sum();
    let count = u32::try_from(gifts.len()).unwrap_or(u32::MAX);
    let done = Arc::new(AtomicU64::new(0));
    let broken = |error: std::io::Error| {
        tracing::warn!(%error, "files for a page");
        match error.kind() {
            std::io::ErrorKind::StorageFull => GivingFault::NoRoom,
            _ => GivingFault::Broken,
        }
    };
    let counted = Arc::clone(&done);
    let putting = async move {
        let folder = shelf.folder().await.map_err(broken)?;
        let mut paths = Vec::new();
        for gift in gifts {
            let Gift {
                file,
                size,
                name,
                batch,
            } = gift;
            let ended = Arc::new(AtomicBool::new(false));
            let source = Counted {
                file,
                done: Arc::clone(&counted),
                ended: Arc::clone(&ended),
            };
            let put = shelf.put(&batch, &name, size, source).await;
            put.map_err(|error| {
                let fault = broken(error);
                // What the way says of that differs, and a way that ends by itself says the same.
                if ended.load(Ordering::Relaxed) {
                    return GivingFault::Unreadable { name: name.clone() };
                }
                fault
            })?;
            paths.push(format!("{folder}/{batch}/{name}"));
        }
        Ok(paths)
    };
    let telling = async {
        loop {
            tokio::time::sleep(PACE).await;
            let done = done.load(Ordering::Relaxed);
            report(Some(Giving::UnderWay {
                files: count,
                done,
                total,
            }));
        }
    };
    tokio::select! {
        put = putting => put,
        () = telling => Err(GivingFault::Broken),
    }
}

impl Gift {
    async fn open(path: &Path, batch: &str) -> Result<Self, GivingFault> {
        let name = path.file_name().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        let opened = async {
            // To open a pipe waits for whoever writes to it.
            let mut options = File::options();
            options.read(true);
            options.custom_flags(OFlags::NONBLOCK.bits().cast_signed());
            let file = options.open(path).await?;
            let about = file.metadata().await?;
            // A pipe or a device never ends.
            if !about.is_file() {
                return Err(std::io::ErrorKind::InvalidInput.into());
            }
            Ok::<_, std::io::Error>((file, about.len()))
        };
        match opened.await {
            Ok((file, size)) => Ok(Self {
                file,
                size,
                name,
                batch: batch.to_owned(),
            }),
            Err(error) => {
                tracing::warn!(%error, "a file for a page");
                Err(GivingFault::Unreadable { name })
            }
        }
    }
}

/// A file whose bytes are counted as they are read. No more are read of it than it had when it was
/// opened, so where it ends it has become shorter under our eyes.
struct Counted {
    file: File,
    done: Arc<AtomicU64>,
    /// It has ended, or cannot be read any more.
    ended: Arc<AtomicBool>,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.file).poll_read(context, into);
        let more = into.filled().len() - before;
        self.done.fetch_add(more as u64, Ordering::Relaxed);
        if matches!(&read, Poll::Ready(read) if read.is_err() || more == 0) {
            self.ended.store(true, Ordering::Relaxed);
        }
        read
    }
}

#[cfg(test)]
mod tests;
