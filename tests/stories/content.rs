//! Plays the child webviews: does what the controller orders, and tells what pages would tell.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use duotab_backend::controller::{ContentOrder, Controller};
use duotab_core::action::PageAction;
use duotab_core::download::{DownloadOrder, Transfer};
use duotab_core::event::{HistoryEntry, PageNews};
use duotab_core::giving::FileWish;
use duotab_core::message::TabId;
use tokio::sync::{mpsc, watch};

use crate::within;

/// The webviews that there are, and whether the app was told to end.
pub(crate) struct Content {
    pages: Arc<Mutex<HashMap<TabId, Page>>>,
    exit: watch::Receiver<bool>,
    /// What the person chooses when a page wants files.
    chosen: Arc<Mutex<Vec<String>>>,
    /// What the desktop was to do with files.
    desktop: watch::Receiver<Vec<DownloadOrder>>,
    /// What pages have wanted.
    wishes: watch::Receiver<Vec<FileWish>>,
}

/// A webview's history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Page {
    entries: Vec<String>,
    index: usize,
}

impl Content {
    pub(crate) fn play(
        controller: Controller,
        mut orders: mpsc::UnboundedReceiver<ContentOrder>,
    ) -> Self {
        let pages = Arc::new(Mutex::new(HashMap::new()));
        let (told, exit) = watch::channel(false);
        let played = Arc::clone(&pages);
        let chosen: Arc<Mutex<Vec<String>>> = Arc::default();
        let choice = Arc::clone(&chosen);
        let (done, desktop) = watch::channel(Vec::new());
        let (wished, wishes) = watch::channel(Vec::new());
        tokio::spawn(async move {
            while let Some(order) = orders.recv().await {
                match order {
                    ContentOrder::Page(tab, action) => {
                        act(&controller, &mut played.lock().unwrap(), tab, action);
                    }
                    ContentOrder::ClearProfile(name) | ContentOrder::DeleteProfile(name) => {
                        controller.profile_cleared(name);
                    }
                    ContentOrder::Download(order) => done.send_modify(|all| all.push(order)),
                    ContentOrder::ChooseFiles(tab, ask, wish) => {
                        let files = choice.lock().unwrap().clone();
                        controller.files_chosen(tab, ask, files);
                        wished.send_modify(|all| all.push(wish));
                    }
                    ContentOrder::Exit => {
                        told.send_replace(true);
                    }
                    _ => {}
                }
            }
        });
        Self {
            pages,
            exit,
            chosen,
            wishes,
            desktop,
        }
    }

    /// What the person chooses from now on when a page wants files.
    pub(crate) fn choose(&self, files: Vec<String>) {
        *self.chosen.lock().unwrap() = files;
    }

    /// Waits until the desktop is to open this file.
    pub(crate) async fn until_opened(&mut self, path: &str) {
        let order = DownloadOrder::Open(path.to_owned());
        let opened = self.desktop.wait_for(|all| all.contains(&order));
        within("a file that is opened", opened).await.unwrap();
    }

    /// Waits until the desktop's dialog for printing is to be given a file.
    pub(crate) async fn until_printed(&mut self) -> (Transfer, String) {
        let print = |order: &DownloadOrder| match order {
            DownloadOrder::Print { transfer, path, .. } => Some((*transfer, path.clone())),
            _ => None,
        };
        let printed = self
            .desktop
            .wait_for(|all| all.iter().any(|it| print(it).is_some()));
        let printed = within("a print", printed).await.unwrap();
        printed.iter().find_map(print).unwrap()
    }

    /// What a page wanted last.
    pub(crate) fn wish(&self) -> Option<FileWish> {
        self.wishes.borrow().last().cloned()
    }

    /// Waits until pages have wanted files so often.
    pub(crate) async fn asked(&mut self, times: usize) {
        let asked = self.wishes.wait_for(|all| all.len() >= times);
        within("a page that wants files", asked).await.unwrap();
    }

    /// The address that a tab's webview shows, if it has one.
    pub(crate) fn address(&self, tab: TabId) -> Option<String> {
        let pages = self.pages.lock().unwrap();
        let page = pages.get(&tab)?;
        page.entries.get(page.index).cloned()
    }

    /// Waits until the app is told to end.
    pub(crate) async fn exit(&mut self) {
        within("the app's end", self.exit.wait_for(|exit| *exit))
            .await
            .unwrap();
    }
}

fn act(controller: &Controller, pages: &mut HashMap<TabId, Page>, tab: TabId, action: PageAction) {
    match action {
        PageAction::Open { url, .. } => {
            pages.insert(tab, Page::default());
            controller.page_news(tab, PageNews::Opened);
            visit(pages.get_mut(&tab).unwrap(), url);
        }
        PageAction::Close => {
            pages.remove(&tab);
            return;
        }
        PageAction::Navigate(url) => visit(page_of(pages, tab), url),
        PageAction::Back => page_of(pages, tab).index -= 1,
        PageAction::Forward => page_of(pages, tab).index += 1,
        _ => return,
    }
    let page = page_of(pages, tab);
    let entries = page
        .entries
        .iter()
        .map(|url| HistoryEntry {
            url: url.clone(),
            title: String::new(),
        })
        .collect();
    let index = page.index;
    controller.page_news(tab, PageNews::History { entries, index });
    controller.page_news(tab, PageNews::Loading(false));
}

fn page_of(pages: &mut HashMap<TabId, Page>, tab: TabId) -> &mut Page {
    pages
        .get_mut(&tab)
        .expect("an order for a webview that is there")
}

fn visit(page: &mut Page, url: String) {
    if !page.entries.is_empty() {
        page.index += 1;
    }
    page.entries.truncate(page.index);
    page.entries.push(url);
}
