//! Block lists: fetched, kept, fetched anew, and what is blocked by them.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use axum::routing::get;
use duotab_backend::proxy::{Lists, Proxies, Proxy, ProxyConfig};
use duotab_core::blocking::{ListFault, ListNews};
use duotab_core::message::ProfileName;
use duotab_core::network::{ExitKind, NamesKind, Network, NetworkForm};
use duotab_core::proxy::Failure;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::kit::{Client, Site, by_hand, within};

const LIST: &str = "! A list\n||ads.example^\n||third.example^\n";

fn name(name: &str) -> ProfileName {
    ProfileName(name.to_owned())
}

/// Lists in a folder, of which it is told what becomes of them.
struct Room {
    proxies: Arc<Proxies>,
    lists: Lists,
    news: UnboundedReceiver<(String, ListNews)>,
    folder: tempfile::TempDir,
}

impl Room {
    async fn open() -> Self {
        Self::open_in(tempfile::tempdir().unwrap()).await
    }

    async fn open_in(folder: tempfile::TempDir) -> Self {
        let proxies = Arc::new(Proxies::new(ProxyConfig::default(), vec![]));
        proxies.lead(&name("default"), Network::default()).await;
        let (teller, news) = unbounded_channel();
        let told = move |url: &str, news| {
            let _ = teller.send((url.to_owned(), news));
        };
        let lists = Lists::new(
            folder.path().join("lists"),
            Arc::clone(&proxies),
            name("default"),
            Arc::new(told),
            Arc::new(|_| {}),
        );
        Self {
            proxies,
            lists,
            news,
            folder,
        }
    }

    async fn next(&mut self) -> ListNews {
        within("news of a list", self.news.recv()).await.unwrap().1
    }

    async fn in_use(&mut self, expected: u32) {
        assert_eq!(self.next().await, ListNews::Fetching);
        let news = self.next().await;
        let right = matches!(news, ListNews::InUse { rules, .. } if rules == expected);
        assert!(right, "{news:?}");
    }

    async fn failed(&mut self) -> ListFault {
        assert_eq!(self.next().await, ListNews::Fetching);
        match self.next().await {
            ListNews::Failed(fault) => fault,
            other => panic!("{other:?}"),
        }
    }
}

/// A site with a list at `/`, and how often that was fetched.
async fn site(list: &'static str) -> (Site, Arc<AtomicUsize>) {
    let fetched = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&fetched);
    let answer = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        async move { list }
    };
    let missing = || async { StatusCode::NOT_FOUND };
    let page = || async { "<!DOCTYPE html><title>Log in</title>\n||ads.example^\n" };
    let endless = || async {
        let chunk = || Ok::<_, std::io::Error>(bytes::Bytes::from(vec![b'a'; 1 << 20]));
        Body::from_stream(futures_util::stream::repeat_with(chunk))
    };
    let router = Router::new()
        .route("/", get(answer))
        .route("/missing", get(missing))
        .route("/page", get(page))
        .route("/silent", get(std::future::pending::<String>))
        .route("/endless", get(endless));
    (Site::start(router).await, fetched)
}

/// A profile that blocks or not, behind a proxy that is every site at once.
async fn profile(proxies: &Proxies, of: &str, blocking: bool) -> (Arc<Proxy>, Client) {
    let exit = by_hand(|mut wire| async move {
        while !wire.head().await.is_empty() {
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                .await;
        }
    })
    .await;
    let form = NetworkForm {
        exit: ExitKind::Http,
        exit_at: exit.to_string(),
        names: NamesKind::Exit,
        blocking,
        ..NetworkForm::default()
    };
    proxies
        .lead(&name(of), Network::try_from(form).unwrap())
        .await;
    let proxy = proxies.of(&name(of)).unwrap();
    let client = Client::of(&proxy).await;
    (proxy, client)
}

/// Waits until a host is blocked, or not: rules are put in use just after they are told.
async fn until(client: &Client, url: &str, status: u16) {
    within("the rules", async {
        while client.get(url).await.0 != status {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn hosts_of_a_list_are_blocked_where_a_profile_wants_that_and_was_not_told_otherwise() {
    let mut room = Room::open().await;
    let (site, _) = site(LIST).await;
    room.lists.use_these(vec![site.url("/")], false);
    room.in_use(2).await;
    let (proxy, blocking) = profile(&room.proxies, "one", true).await;
    let (_, open) = profile(&room.proxies, "two", false).await;
    let url = "http://a.ads.example/";
    until(&blocking, url, 403).await;
    assert_eq!(proxy.failure(url), Some(Failure::Blocked));
    assert!(blocking.tunnel("third.example:443").await.is_err());
    assert_eq!(blocking.get("http://good.example/").await.0, 200);
    assert_eq!(open.get(url).await.0, 200, "another profile");
    // The person wants to see it.
    proxy.permit(url);
    assert_eq!(blocking.get(url).await.0, 200);
    assert_eq!(blocking.get("http://b.ads.example/").await.0, 403);
    room.lists.stop();
    assert_eq!(blocking.get("http://b.ads.example/").await.0, 200);
}

#[tokio::test]
async fn an_excepted_site_is_let_through_and_everything_while_a_page_of_it_is_there() {
    let mut room = Room::open().await;
    let (site, _) = site(LIST).await;
    room.lists.use_these(vec![site.url("/")], false);
    room.in_use(2).await;
    let (proxy, client) = profile(&room.proxies, "one", true).await;
    let (_, other) = profile(&room.proxies, "two", true).await;
    let (own, foreign) = ("http://ads.example/", "http://third.example/");
    until(&client, own, 403).await;
    proxy.unblock(&["http://ads.example".to_owned()]);
    assert_eq!(client.get(own).await.0, 200);
    assert_eq!(client.get("http://ads.example:8080/").await.0, 403);
    assert_eq!(client.get(foreign).await.0, 403);
    assert_eq!(other.get(own).await.0, 403, "another profile");

    let pages = [proxy.unblock_page(), proxy.unblock_page()];
    assert_eq!(client.get(foreign).await.0, 200);
    assert_eq!(other.get(foreign).await.0, 403);
    let [first, second] = pages;
    drop(first);
    assert_eq!(client.get(foreign).await.0, 200, "the other page is there");
    drop(second);
    assert_eq!(client.get(foreign).await.0, 403);
    proxy.unblock(&[]);
    assert_eq!(client.get(own).await.0, 403);
}

#[tokio::test]
async fn what_cannot_be_used_is_told_and_what_was_there_stays_in_use() {
    let mut room = Room::open().await;
    let (site, _) = site(LIST).await;
    room.lists.use_these(vec![site.url("/missing")], false);
    assert_eq!(room.failed().await, ListFault::Refused { status: 404 });
    room.lists.use_these(vec![site.url("/page")], false);
    assert_eq!(room.failed().await, ListFault::NotAList);
    room.lists.use_these(vec![site.url("/endless")], false);
    let fault = room.failed().await;
    assert!(matches!(fault, ListFault::TooLarge { .. }), "{fault:?}");

    let url = site.url("/");
    room.lists.use_these(vec![url.clone()], false);
    room.in_use(2).await;
    drop(site);
    room.lists.use_these(vec![url], true);
    assert!(
        matches!(room.next().await, ListNews::InUse { .. }),
        "of the disk"
    );
    let fault = room.failed().await;
    assert!(matches!(fault, ListFault::Unreachable { .. }), "{fault:?}");
    let (_, client) = profile(&room.proxies, "one", true).await;
    assert_eq!(client.get("http://ads.example/").await.0, 403);
}

fn only_file(folder: &Path) -> std::path::PathBuf {
    let mut files: Vec<_> = std::fs::read_dir(folder.join("lists"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

#[tokio::test]
async fn a_list_is_fetched_again_only_when_it_is_a_day_old_or_the_person_asks() {
    let mut room = Room::open().await;
    let (site, fetched) = site(LIST).await;
    let urls = vec![site.url("/")];
    room.lists.use_these(urls.clone(), false);
    room.in_use(2).await;
    let file = only_file(room.folder.path());
    let Room { folder, lists, .. } = room;
    drop(lists);

    let mut room = Room::open_in(folder).await;
    room.lists.use_these(urls.clone(), false);
    assert!(matches!(
        room.next().await,
        ListNews::InUse { rules: 2, .. }
    ));
    room.lists.use_these(urls.clone(), true);
    assert!(matches!(room.next().await, ListNews::InUse { .. }));
    room.in_use(2).await;
    assert_eq!(fetched.load(Ordering::Relaxed), 2, "not for the start");

    let old = SystemTime::now() - Duration::from_secs(25 * 60 * 60);
    let opened = std::fs::File::options().write(true).open(&file).unwrap();
    opened.set_modified(old).unwrap();
    room.lists.use_these(urls, false);
    assert!(
        matches!(room.next().await, ListNews::InUse { .. }),
        "meanwhile"
    );
    room.in_use(2).await;
    assert_eq!(fetched.load(Ordering::Relaxed), 3);

    // One that is not used any more leaves nothing.
    room.lists.use_these(vec![site.url("/?other")], false);
    room.in_use(2).await;
    assert_ne!(only_file(room.folder.path()), file);
}

#[tokio::test]
async fn a_list_is_fetched_by_the_way_out_and_its_name_is_looked_up_there() {
    let mut room = Room::open().await;
    let exit = by_hand(|mut wire| async move {
        let asked = wire.head().await;
        assert!(asked.starts_with("CONNECT lists.example:80 "), "{asked}");
        wire.send("HTTP/1.1 200 OK\r\n\r\n").await;
        wire.head().await;
        let length = LIST.len();
        wire.send(&format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{LIST}"
        ))
        .await;
    })
    .await;
    let form = NetworkForm {
        exit: ExitKind::Http,
        exit_at: exit.to_string(),
        names: NamesKind::Exit,
        ..NetworkForm::default()
    };
    let network = Network::try_from(form).unwrap();
    room.proxies.lead(&name("default"), network).await;
    room.lists
        .use_these(vec!["http://lists.example/".to_owned()], false);
    room.in_use(2).await;
}

#[tokio::test]
async fn a_list_whose_server_is_silent_holds_up_none_of_the_others() {
    let mut room = Room::open().await;
    let (site, _) = site(LIST).await;
    let urls = vec![site.url("/silent"), site.url("/")];
    room.lists.use_these(urls, false);
    loop {
        let (url, news) = within("the other list", room.news.recv()).await.unwrap();
        if let ListNews::InUse { rules, .. } = news {
            assert_eq!((url, rules), (site.url("/"), 2));
            break;
        }
    }
}
