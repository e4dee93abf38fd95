//! What the app tells of its window, its pages and its starts.

use duotab_core::ask::AskId;
use duotab_core::blocking::{ListFault, ListNews};
use duotab_core::download::{DownloadNews, Transfer};
use duotab_core::event::{Event, PageNews};
use duotab_core::message::{Mode, ProfileName, TabId};

use super::{Controller, Input, Run};
use crate::proxy::PageRules;

impl Controller {
    /// News of a child webview.
    pub fn page_news(&self, tab: TabId, news: PageNews) {
        self.tell(Event::Page(tab, Mode::Proxy, news));
    }

    /// A profile's proxied pages have no data any more, as was ordered.
    pub fn profile_cleared(&self, profile: ProfileName) {
        let _ = self.queue.send(Input::ProfileCleared(profile));
    }

    /// The person has chosen these files, or none, as was ordered.
    pub fn files_chosen(&self, tab: TabId, ask: AskId, files: Vec<String>) {
        self.tell(Event::FilesChosen(tab, ask, files));
    }

    /// News of a download.
    pub fn download_news(&self, transfer: Transfer, news: DownloadNews) {
        self.tell(Event::Download(transfer, news));
    }

    /// The addresses of the command line.
    pub fn started_with(&self, inputs: Vec<String>) {
        self.tell(Event::StartedWith(inputs));
    }

    /// The addresses that another start of the app has handed on, and the desktop's name for its launch.
    pub fn second_instance(&self, inputs: Vec<String>, launch: Option<String>) {
        self.tell(Event::SecondInstance(inputs, launch));
    }

    /// The web engine cannot keep to what the lists say about pages.
    pub fn page_rules_refused(&self, rules: &PageRules, detail: &str) {
        for url in rules.urls() {
            let detail = detail.to_owned();
            let news = ListNews::Failed(ListFault::EngineRefused { detail });
            self.tell(Event::List(url.to_owned(), news));
        }
    }

    fn tell(&self, event: Event) {
        let _ = self.queue.send(Input::Event(event));
    }
}

impl Run {
    /// What the engine of a page cannot know: a streamed one has not this desktop's programs.
    pub(super) fn complete(&self, event: Event) -> Event {
        match event {
            Event::Page(
                tab,
                mode,
                PageNews::ProgramWanted {
                    address,
                    program: None,
                    by_hand,
                },
            ) => {
                let news = PageNews::ProgramWanted {
                    program: (self.program_for)(&address),
                    address,
                    by_hand,
                };
                Event::Page(tab, mode, news)
            }
            other => other,
        }
    }
}
