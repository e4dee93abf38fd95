//! Downloads of proxied pages: the engine transfers, this module finds them a place and tells of
//! them. They go through the profile's proxy, as its pages do.
//!
//! The engine cannot hold one up, and removes what has come of one that breaks. So what it writes has
//! a second name, which stays when the transfer ends; the rest is fetched without the engine
//! ([`rest`]).

mod rest;
mod running;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use duotab_backend::landing::{Kept, part_of, written_by_engine};
use duotab_core::download::{
    DownloadFault, DownloadNews, DownloadOrder, Hold, Source, Transfer, name,
};
use duotab_core::message::ProfileName;
use gtk::gio;
use gtk::glib;
use gtk::prelude::*;
use webkit2gtk::{
    Download, DownloadError, DownloadExt, URIRequestExt, URIResponseExt, WebContext, WebContextExt,
};

use super::desk::{open, reveal};
use running::{By, Running, Wish};

/// Takes news of a transfer to the controller.
pub(crate) type DownloadReport = Rc<dyn Fn(Transfer, DownloadNews)>;

/// The least time between two news of how far a transfer is.
const PACE: Duration = Duration::from_millis(250);

/// Less room than this is none, in bytes.
const NO_ROOM: u64 = 64 * 1024;

/// Names with a number that are tried; a folder with more of them is full in its own way.
const TRIES: u32 = 10_000;

/// All transfers that run. Lives on the main thread.
#[derive(Clone)]
pub(super) struct Transfers(Rc<Inner>);

struct Inner {
    report: DownloadReport,
    last: Cell<u32>,
    running: RefCell<BTreeMap<Transfer, Running>>,
    watched: RefCell<Vec<glib::WeakRef<WebContext>>>,
}

impl Transfers {
    pub(super) fn new(report: DownloadReport) -> Self {
        Self(Rc::new(Inner {
            report,
            last: Cell::new(0),
            running: RefCell::default(),
            watched: RefCell::default(),
        }))
    }

    /// Looks after all transfers of a profile from now on.
    pub(super) fn watch(&self, context: &WebContext, profile: &ProfileName) {
        let mut watched = self.0.watched.borrow_mut();
        watched.retain(|other| other.upgrade().is_some());
        if watched
            .iter()
            .any(|other| other.upgrade().as_ref() == Some(context))
        {
            return;
        }
        watched.push(context.downgrade());
        let (transfers, profile) = (self.clone(), profile.clone());
        context.connect_download_started(move |_, download| transfers.begin(download, &profile));
    }

    /// Fetches an address; the context tells of it as of any other.
    pub(super) fn fetch(&self, context: &WebContext, url: &str) {
        if super::address::may_open(url) {
            context.download_uri(url);
        }
    }

    /// Does what is asked.
    pub(super) fn act(&self, order: DownloadOrder) {
        match order {
            DownloadOrder::Fetch { .. } | DownloadOrder::GoOn(_) => {}
            DownloadOrder::Pause(transfer) => self.hold(transfer),
            DownloadOrder::Cancel(transfer) => self.give_up(transfer),
            DownloadOrder::Discard(path) => Kept::discard(Path::new(&path)),
            DownloadOrder::Open(path) => open(Path::new(&path)),
            DownloadOrder::Reveal(path) => reveal(Path::new(&path)),
            DownloadOrder::Print {
                transfer,
                path,
                name,
            } => {
                let of = self.clone();
                glib::MainContext::default().spawn_local(async move {
                    let path = Path::new(&path);
                    let news = match crate::platform::print_file(path, &name).await {
                        Ok(()) => {
                            if let Err(error) = std::fs::remove_file(path) {
                                tracing::warn!(%error, "a print stays in its folder");
                            }
                            DownloadNews::Printed
                        }
                        Err(why) => {
                            tracing::info!(why, "no dialog prints the page");
                            DownloadNews::NotPrinted
                        }
                    };
                    (of.0.report)(transfer, news);
                });
            }
        }
    }

    fn end_by(&self, transfer: Transfer) {
        let running = self.0.running.borrow();
        let by = running.get(&transfer).map(|it| match &it.by {
            By::Engine(download) => By::Engine(download.clone()),
            By::Us(end) => By::Us(end.clone()),
        });
        drop(running);
        if let Some(by) = by {
            by.end();
        }
    }

    /// Ends a transfer and keeps what has come.
    fn hold(&self, transfer: Transfer) {
        let mut running = self.0.running.borrow_mut();
        let held = running.get_mut(&transfer).is_some_and(Running::hold);
        drop(running);
        if held {
            self.end_by(transfer);
        }
    }

    /// Ends a transfer and removes what has come: at once, as the app may be about to end.
    fn give_up(&self, transfer: Transfer) {
        if let Some(running) = self.0.running.borrow_mut().get_mut(&transfer) {
            running.wish = Wish::GiveUp;
            running.discard();
        }
        self.end_by(transfer);
    }

    /// A number for one that begins.
    fn add(&self, running: Running) -> Transfer {
        let inner = &self.0;
        inner.last.set(inner.last.get().wrapping_add(1));
        let transfer = Transfer(inner.last.get());
        inner.running.borrow_mut().insert(transfer, running);
        transfer
    }

    fn begin(&self, download: &Download, profile: &ProfileName) {
        let transfer = self.add(Running::new(profile, download));
        let of = self.clone();
        download.connect_decide_destination(move |download, suggested| {
            of.place(transfer, download, suggested);
            true
        });
        let of = self.clone();
        download.connect_created_destination(move |_, _| {
            if let Some(running) = of.0.running.borrow_mut().get_mut(&transfer) {
                running.share();
            }
        });
        let of = self.clone();
        let due = Rc::new(Cell::new(false));
        download.connect_received_data(move |download, _| {
            if due.replace(true) {
                return;
            }
            let (of, due, download) = (of.clone(), Rc::clone(&due), download.clone());
            glib::timeout_add_local_once(PACE, move || {
                due.set(false);
                (of.0.report)(transfer, progress(&download));
            });
        });
        let of = self.clone();
        download.connect_failed(move |download, error| {
            let news = if error.matches(DownloadError::CancelledByUser) {
                DownloadNews::Cancelled
            } else {
                DownloadNews::Failed(of.fault(transfer, error))
            };
            of.end(transfer, download, news);
        });
        let of = self.clone();
        // Also comes after a failure; by then it is forgotten.
        download.connect_finished(move |download| of.end(transfer, download, DownloadNews::Done));
    }

    /// Finds a place for a file that the server has named, without touching what is there.
    fn place(&self, transfer: Transfer, download: &Download, suggested: &str) {
        let folder = folder();
        let name = name::safe(suggested);
        let made = std::fs::create_dir_all(&folder);
        let place = made.ok().and_then(|()| self.free(&folder, &name));
        let (path, name) = place.unwrap_or_else(|| (folder.join(&name), name.clone()));
        let Some(profile) = self.profile(transfer) else {
            return download.cancel();
        };
        let began = DownloadNews::Began {
            source: Source::Proxied(profile),
            url: address(download),
            name,
            path: path.display().to_string(),
        };
        let hold = hold_of(download);
        if let Some(running) = self.0.running.borrow_mut().get_mut(&transfer) {
            running.path.clone_from(&path);
            running.goes_on = matches!(hold, Hold::At(_));
        }
        (self.0.report)(transfer, began);
        // What is saved with the next one has how much there is in all.
        (self.0.report)(transfer, progress(download));
        (self.0.report)(transfer, DownloadNews::Holds(hold));
        download.set_allow_overwrite(false);
        match path.to_str() {
            Some(path) => download.set_destination(path),
            None => download.cancel(),
        }
    }

    /// The first name that nobody has: no file, and no other transfer.
    fn free(&self, folder: &Path, name: &str) -> Option<(PathBuf, String)> {
        let running = self.0.running.borrow();
        (0..TRIES).find_map(|number| {
            let name = match number {
                0 => name.to_owned(),
                number => name::numbered(name, number),
            };
            let path = folder.join(&name);
            // What is kept of another has its name too, and so has what the engine writes.
            let taken = [part_of(&path), written_by_engine(&path)]
                .iter()
                .chain([&path])
                .any(|path| path.symlink_metadata().is_ok())
                || running
                    .values()
                    .any(|other| other.path == path || part_of(&other.path) == path);
            (!taken).then_some((path, name))
        })
    }

    fn profile(&self, transfer: Transfer) -> Option<ProfileName> {
        let running = self.0.running.borrow();
        running
            .get(&transfer)
            .map(|running| running.profile.clone())
    }

    fn fault(&self, transfer: Transfer, error: &glib::Error) -> DownloadFault {
        tracing::debug!(%error, "a download failed");
        if !error.matches(DownloadError::Destination) {
            return DownloadFault::Network;
        }
        let running = self.0.running.borrow();
        let path = running.get(&transfer).map(|running| running.path.as_path());
        let folder = path.and_then(Path::parent).unwrap_or(Path::new("/"));
        let shown = folder.display().to_string();
        if room(folder).is_some_and(|room| room < NO_ROOM) {
            DownloadFault::DiskFull { folder: shown }
        } else {
            DownloadFault::NotWritable { folder: shown }
        }
    }

    fn end(&self, transfer: Transfer, download: &Download, news: DownloadNews) {
        let ended = self.0.running.borrow_mut().remove(&transfer);
        let Some(ended) = ended else { return };
        if ended.path.as_os_str().is_empty() {
            // It failed before it had a name: it has to be told of all the same.
            let url = address(download);
            let name = name::safe(url.split(['?', '#']).next().unwrap_or_default());
            let path = folder().join(&name).display().to_string();
            let profile = ended.profile.clone();
            let began = DownloadNews::Began {
                source: Source::Proxied(profile),
                url,
                name,
                path,
            };
            (self.0.report)(transfer, began);
        }
        (self.0.report)(transfer, progress(download));
        (self.0.report)(transfer, ended.comes_to(news));
    }
}

/// Whether one can be held up, by what the engine asked for and what the server said.
fn hold_of(download: &Download) -> Hold {
    let (request, response) = (download.request(), download.response());
    let method = request.and_then(|request| request.http_method());
    let headers = response.and_then(|response| response.http_headers());
    Hold::of(
        method.as_deref().unwrap_or_default(),
        &address(download),
        |name| headers.as_ref()?.one(name).map(String::from),
    )
}

fn progress(download: &Download) -> DownloadNews {
    let said = download
        .response()
        .map(|response| response.content_length());
    DownloadNews::Progress {
        received: download.received_data_length(),
        total: said.filter(|total| *total > 0),
    }
}

fn address(download: &Download) -> String {
    let request = download.request().and_then(|request| request.uri());
    request.map(String::from).unwrap_or_default()
}

/// The person's own folder for downloads, as the desktop knows it.
pub(crate) fn folder() -> PathBuf {
    glib::user_special_dir(glib::UserDirectory::Downloads)
        .unwrap_or_else(|| glib::home_dir().join("Downloads"))
}

/// Bytes that are free where `folder` lies.
fn room(folder: &Path) -> Option<u64> {
    let info = gio::File::for_path(folder)
        .query_filesystem_info("filesystem::free", gio::Cancellable::NONE)
        .ok()?;
    Some(info.attribute_uint64("filesystem::free"))
}
