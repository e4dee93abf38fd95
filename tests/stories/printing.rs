//! Streamed pages on paper: by this machine's dialog, and not by one of the browser's own machine.

use duotab_core::download::{DownloadFault, DownloadNews, DownloadState, Transfer};
use duotab_core::event::Command;
use duotab_core::message::{Notice, TabId};

use crate::app::App;
use crate::home::Home;
use crate::processes::kill;
use crate::site::Site;
use crate::view::View;

async fn print(app: &mut App, tab: TabId) {
    app.controller.command(Command::Print(tab)).await.unwrap();
}

/// The file of a print, as the desktop's dialog is given it.
async fn given(app: &mut App) -> (Transfer, String) {
    app.until("a print", |state| {
        let first = state.downloads.first();
        first.is_some_and(|it| it.state == DownloadState::Done)
    })
    .await;
    app.content.until_printed().await
}

/// Sheets of a PDF, of which Chromium writes the tree of pages in the clear.
fn sheets(pdf: &[u8]) -> usize {
    let text = String::from_utf8_lossy(pdf);
    text.matches("/Type /Page\n").count()
}

async fn a_page_becomes_a_pdf(home: Home) {
    let site = Site::of(&home).await;
    let mut app = home.app().await;
    let tab = app.open(&site.url("/page/A%20letter"), "streamed").await;
    app.until_live(tab).await;
    app.until_title(tab, "A letter").await;
    print(&mut app, tab).await;
    let (transfer, path) = given(&mut app).await;
    assert_eq!(
        path,
        home.downloads().join("A letter.pdf").display().to_string()
    );
    let pdf = std::fs::read(&path).unwrap();
    assert!(pdf.starts_with(b"%PDF-") && pdf.trim_ascii_end().ends_with(b"%%EOF"));
    assert_eq!(sheets(&pdf), 1);
    assert_eq!(app.state.downloads[0].received, pdf.len() as u64);
    // The dialog has it: nothing of it stays.
    app.controller
        .download_news(transfer, DownloadNews::Printed);
    app.until("nothing", |state| state.downloads.is_empty())
        .await;
    assert!(app.state.notices.is_empty());
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_streamed_page_is_given_to_this_machines_dialog_as_a_pdf() {
    a_page_becomes_a_pdf(Home::new()).await;
}

#[tokio::test]
async fn a_page_in_a_container_is_given_to_this_machines_dialog_too() {
    if let Some(home) = Home::contained() {
        a_page_becomes_a_pdf(home).await;
    }
}

#[tokio::test]
async fn a_desktop_without_a_dialog_keeps_the_print_says_so_and_shows_it() {
    let (home, site) = (Home::new(), Site::start().await);
    let mut app = home.app().await;
    let tab = app.open(&site.url("/sheets"), "streamed").await;
    app.until_live(tab).await;
    app.until_title(tab, "sheets").await;
    print(&mut app, tab).await;
    let (transfer, path) = given(&mut app).await;
    assert_eq!(sheets(&std::fs::read(&path).unwrap()), 3);
    app.controller
        .download_news(transfer, DownloadNews::NotPrinted);
    let kept = Notice::PrintKept {
        name: "sheets.pdf".to_owned(),
    };
    let state = app.until("a notice", |it| it.notices.contains(&kept)).await;
    assert_eq!(state.downloads[0].path, path);
    app.content.until_opened(&path).await;
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_browser_that_dies_while_it_prints_leaves_no_half_of_a_file() {
    let (home, site) = (Home::new(), Site::start().await);
    let mut app = home.app().await;
    let tab = app.open(&site.url("/endless"), "streamed").await;
    app.until_live(tab).await;
    app.until_title(tab, "endless").await;
    print(&mut app, tab).await;
    app.until("a print under way", |state| {
        let first = state.downloads.first();
        first.is_some_and(|it| it.state == DownloadState::Running)
    })
    .await;
    kill(home.browsers()[0]);
    let fault = DownloadFault::SessionEnded;
    let failed = DownloadState::Failed { fault };
    app.until("the end", |state| state.downloads[0].state == failed)
        .await;
    app.until_tab(tab, "the end", |tab| tab.problem.is_some())
        .await;
    let left = std::fs::read_dir(home.downloads()).unwrap().count();
    assert_eq!(left, 0);
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_page_prints_itself_where_it_is_pressed() {
    let (home, site) = (Home::new(), Site::start().await);
    let mut app = home.app().await;
    let tab = app.open(&site.url("/prints"), "streamed").await;
    app.until_live(tab).await;
    app.until_title(tab, "prints").await;
    let mut view = View::open(&mut app).await;
    view.click(400, 300).await;
    let (_, path) = given(&mut app).await;
    assert!(path.ends_with("/prints.pdf"), "{path}");
    app.quit().await;
    home.assert_nothing_left();
}
