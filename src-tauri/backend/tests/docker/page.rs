//! Page control through the engine, with no port of its own.

use duotab_backend::endpoint::Secret;
use duotab_backend::page::{self, PageEvent, Pages};
use duotab_core::action::PageAction;
use duotab_core::event::PageNews;
use duotab_core::message::{SessionId, TabId};
use tokio::sync::mpsc;

use crate::home::{Home, within};

const TAB: TabId = TabId(1);

async fn connect(home: &Home) -> (Pages, mpsc::Receiver<PageEvent>) {
    let endpoint = home.docker.adopt(SessionId(1)).await.unwrap();
    let token = Secret::new("unused");
    let connecting = page::connect(&endpoint, &token);
    within("page control", connecting).await.unwrap()
}

async fn title(events: &mut mpsc::Receiver<PageEvent>) -> String {
    let titled = async {
        loop {
            match events.recv().await.expect("page control lives") {
                PageEvent::News(TAB, PageNews::Title(title)) if title.starts_with("it is") => {
                    return title;
                }
                _ => {}
            }
        }
    };
    within("a title", titled).await
}

fn address(title: &str) -> String {
    format!("data:text/html,<title>it is {title}</title>")
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_opened_and_followed_through_the_engine() {
    let Some(home) = Home::new("page-follow") else {
        return;
    };
    home.start(1).await.unwrap();
    let (pages, mut events) = connect(&home).await;
    let open = PageAction::Open {
        url: address("open"),
        zoom: 100,
    };
    pages.act(TAB, open).await.unwrap();
    assert_eq!(title(&mut events).await, "it is open");
    // An answer of some megabytes comes through whole.
    let long = format!("{}<!--{}-->", address("long"), "x".repeat(1 << 20));
    pages.act(TAB, PageAction::Navigate(long)).await.unwrap();
    assert_eq!(title(&mut events).await, "it is long");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_let_go_of_leaves_no_process() {
    let Some(home) = Home::new("page-leave") else {
        return;
    };
    home.start(1).await.unwrap();
    let before = home.run_beside_page("pgrep -c cat || true");
    let (pages, mut events) = connect(&home).await;
    let open = PageAction::Open {
        url: address("kept"),
        zoom: 100,
    };
    pages.act(TAB, open).await.unwrap();
    title(&mut events).await;
    assert_ne!(home.run("pgrep -c cat || true"), before, "it is a process");
    drop((pages, events));
    // Each look is a process of its own; the engine ends the other meanwhile.
    let gone = async {
        while home.run("pgrep -c cat || true") != before {
            tokio::task::yield_now().await;
        }
    };
    within("its end", gone).await;
    let (pages, _events) = connect(&home).await;
    let left = pages.list();
    assert!(
        left.iter().any(|(_, url)| *url == address("kept")),
        "{left:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_has_the_extension_that_keeps_its_news_out_of_the_picture() {
    let Some(home) = Home::new("page-quiet") else {
        return;
    };
    home.start(1).await.unwrap();
    let there = "grep -qa -e '[-]-extension-process' /proc/[0-9]*/cmdline";
    let waiting =
        format!("timeout 20 bash -c \"until {there}; do sleep 0.05; done\" && echo there");
    assert_eq!(home.run_beside_page(&waiting), ["there"]);
}
