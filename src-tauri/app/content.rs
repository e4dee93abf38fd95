//! The pages of proxied tabs: carries out what the core decides about them, one child webview
//! for each tab, laid over the content area of the shell.
//!
//! Only the page's engine differs from system to system; it is behind [`webkit::Page`]. On Linux
//! the pages are WebKitGTK views of this module's own and not webviews of Tauri, so that a page
//! has neither Tauri's scripts nor its protocols, and shares no process with the shell.

mod address;
mod blocking;
mod certificate;
mod decided;
mod desk;
mod door;
mod download;
mod favicon;
mod filters;
mod home;
mod opened;
mod profile;
mod profiles;
mod raster;
mod webkit;

use std::collections::HashMap;
use std::rc::Rc;

use download::Transfers;
use duotab_core::action::PageAction;
use duotab_core::cookie::Order;
use duotab_core::download::DownloadOrder;
use duotab_core::event::PageNews;
use duotab_core::message::{ContentArea, ProfileName, TabId};
use duotab_core::profile::DEFAULT;
use opened::{Opened, Route};

use crate::platform::Layers;

pub(crate) use desk::{open_in_program, program_for};
pub(crate) use door::Door;
pub(crate) use download::{DownloadReport, folder as downloads};
pub(crate) use filters::{Filters, Wanted, make as make_filters};
pub(crate) use home::make as make_home;
use profile::Profile;
pub(crate) use profiles::Profiles;

/// Takes news of a tab's page to the controller.
pub(crate) type Report = Rc<dyn Fn(TabId, PageNews)>;

/// All child webviews of the window. Lives on the main thread.
pub(crate) struct Content {
    layers: Layers,
    profiles: Profiles,
    /// Whose data a tab's next page uses.
    chosen: HashMap<TabId, ProfileName>,
    report: Report,
    transfers: Transfers,
    opened: Opened,
    area: ContentArea,
    pages: HashMap<TabId, Rc<webkit::Page>>,
    front: Option<TabId>,
}

impl Content {
    /// No page yet.
    pub(crate) fn new(
        layers: Layers,
        profiles: Profiles,
        report: Report,
        downloads: DownloadReport,
    ) -> Self {
        Self {
            transfers: Transfers::new(downloads),
            opened: Opened::new(&report),
            layers,
            profiles,
            chosen: HashMap::new(),
            report,
            area: ContentArea::default(),
            pages: HashMap::new(),
            front: None,
        }
    }

    /// Does to a tab's page what is asked. An order for a page that is not there is old news.
    pub(crate) fn act(&mut self, tab: TabId, action: PageAction) {
        match action {
            PageAction::Open { url, zoom } => self.open(tab, &url, zoom),
            PageAction::Attach { target, zoom } => self.attach(tab, &target, zoom),
            PageAction::Close => self.close(tab),
            PageAction::Show => self.show(tab),
            PageAction::Discard(target) => drop(self.opened.take(&target)),
            PageAction::Hide => {
                if let Some(page) = self.pages.get(&tab) {
                    self.layers.put_away(page.widget());
                    page.hide();
                }
                if self.front == Some(tab) {
                    self.front = None;
                }
            }
            on_page => {
                let Some(page) = self.pages.get(&tab) else {
                    tracing::debug!(?tab, "no page to act on");
                    return;
                };
                match on_page {
                    PageAction::Navigate(url) => page.navigate(&url),
                    PageAction::Back => page.back(),
                    PageAction::Forward => page.forward(),
                    PageAction::Reload => page.reload(),
                    PageAction::Trust(url) => page.trust(&url),
                    PageAction::ReloadFresh => page.reload_fresh(),
                    PageAction::Stop => page.stop(),
                    PageAction::Zoom(percent) => page.zoom(percent),
                    PageAction::Mute(muted) => page.mute(muted),
                    PageAction::Release(wish) => page.release(wish),
                    PageAction::Find(text) => page.find(&text),
                    PageAction::FindStep(direction) => page.find_step(direction),
                    PageAction::FindEnd => page.find_end(),
                    PageAction::Step(steps) => page.step(steps),
                    PageAction::Carry(order) => page.carry(order),
                    PageAction::Restore(kept) => page.restore(&kept),
                    PageAction::Print => page.print(),
                    PageAction::Source => page.show_source(),
                    PageAction::Answer(ask, answer) => page.answer(ask, &answer),
                    PageAction::Focus => page.focus(),
                    PageAction::MayClose => page.may_close(),
                    // A profile's, and not a page's: see [`Content::cookies`].
                    PageAction::Cookies(_)
                    | PageAction::GiveFiles(..)
                    | PageAction::StopGiving
                    | PageAction::Open { .. }
                    | PageAction::Attach { .. }
                    | PageAction::Show
                    | PageAction::Hide
                    | PageAction::Discard(_)
                    | PageAction::Close => {}
                }
            }
        }
    }

    /// The page that a tab opens next uses this profile's data.
    pub(crate) fn use_profile(&mut self, tab: TabId, profile: ProfileName) {
        self.chosen.insert(tab, profile);
    }

    /// Takes cookies out of a profile, or puts them in.
    pub(crate) fn cookies(&mut self, tab: TabId, profile: &ProfileName, order: Order) {
        let report = Rc::clone(&self.report);
        let context = &self.profiles.get(profile).context;
        webkit::cookies(context, order, move |news| report(tab, news));
    }

    /// The data of proxied pages.
    pub(crate) fn profiles(&mut self) -> &mut Profiles {
        &mut self.profiles
    }

    /// Does something to a transfer or a downloaded file.
    pub(crate) fn download(&mut self, order: DownloadOrder) {
        match order {
            DownloadOrder::Fetch { url, profile, .. } => {
                let open = self.profiles.get(&profile);
                self.transfers.watch(&open.context, &profile);
                self.transfers.fetch(&open.context, &url);
            }
            DownloadOrder::GoOn(rest) => {
                let open = self.profiles.get(&rest.profile);
                self.transfers.go_on(open, rest);
            }
            other => self.transfers.act(other),
        }
    }

    /// Lays all pages over `area`.
    pub(crate) fn place(&mut self, area: ContentArea) {
        self.area = area;
        self.layers.place(area);
    }

    /// What a tab's page shows, as a JPEG; `None` without a page.
    pub(crate) fn picture(&self, tab: TabId, done: impl FnOnce(Option<Vec<u8>>) + 'static) {
        match self.pages.get(&tab) {
            Some(page) => page.picture(done),
            None => done(None),
        }
    }

    /// Gives the keyboard to the page in front; `false` if no page is.
    pub(crate) fn focus(&self) -> bool {
        let page = self.front.and_then(|tab| self.pages.get(&tab));
        page.inspect(|page| page.focus()).is_some()
    }

    fn open(&mut self, tab: TabId, url: &str, zoom: u16) {
        // A page that is opened anew begins a new history.
        self.close(tab);
        let page = self.make(tab);
        page.veil();
        self.layers.add(page.widget());
        page.zoom(zoom);
        (self.report)(tab, PageNews::Opened);
        page.navigate(url);
        self.pages.insert(tab, page);
    }

    /// A page for a tab, with the data of the profile that was chosen for it.
    fn make(&mut self, tab: TabId) -> Rc<webkit::Page> {
        let chosen = self.chosen.remove(&tab);
        let name = chosen.unwrap_or_else(|| ProfileName(DEFAULT.to_owned()));
        let profile = self.profiles.get(&name);
        self.transfers.watch(&profile.context, &name);
        webkit::Page::new(profile, &Route::of(&self.report, tab), &self.opened)
    }

    /// Gives a tab the page that another one has opened.
    fn attach(&mut self, tab: TabId, target: &str, zoom: u16) {
        let Some(page) = self.opened.take(target) else {
            return (self.report)(tab, PageNews::Closed);
        };
        self.close(tab);
        self.layers.add(page.widget());
        page.zoom(zoom);
        page.bind(tab);
        self.pages.insert(tab, page);
    }

    fn show(&mut self, tab: TabId) {
        let Some(page) = self.pages.get(&tab) else {
            return;
        };
        page.show();
        // The new page is up before the old one goes: no flash of the shell between them.
        for (other, page) in &self.pages {
            if *other != tab {
                self.layers.put_away(page.widget());
                page.hide();
            }
        }
        self.front = Some(tab);
    }

    fn close(&mut self, tab: TabId) {
        if let Some(page) = self.pages.remove(&tab) {
            self.layers.remove(page.widget());
        }
        if self.front == Some(tab) {
            self.front = None;
        }
    }
}
