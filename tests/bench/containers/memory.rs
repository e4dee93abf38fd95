//! Ten streamed tabs in one session against ten sessions, with pages that say themselves that they
//! are loaded and drawn.

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

use duotab_backend::endpoint::{Endpoint, Secret};
use duotab_backend::page;
use duotab_core::action::PageAction;
use duotab_core::message::TabId;
use duotab_test_support::Outcome;
use duotab_test_support::engine::Engine;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::LIMIT;
use crate::install::Install;
use crate::row::{Report, Row};

const PAGES: u32 = 10;
/// After which a page has done what it does once.
const SETTLED: Duration = Duration::from_secs(5);

pub(crate) async fn measure(engine: &Engine, report: &mut Report, folder: &Path) -> Outcome<()> {
    let install = Install::new(engine, "bench-memory");
    let site = Site::start(engine).await?;
    let endpoint = install.start(1, "default").await?;
    let empty = settled(&install).await;
    let pages: Vec<u32> = (1..=PAGES).collect();
    let _open = open(&endpoint, &site, &pages).await?;
    let one = settled(&install).await;
    install.stop(1).await?;
    site.forget();
    let mut open_ones = Vec::new();
    for session in 1..=PAGES {
        let endpoint = install.start(session, &format!("p{session}")).await?;
        open_ones.push(open(&endpoint, &site, &[session]).await?);
    }
    let ten = settled(&install).await;
    for session in 1..=PAGES {
        install.stop(session).await?;
    }
    let method = "as the engine counts its containers' memory, without what is only cached; every \
                  page has said that it is loaded and drawn";
    for row in [
        Row::new("container-memory-ten-tabs", "MiB", one, method)
            .against("ten sessions of one tab", Some(ten)),
        Row::new(
            "container-memory-one-tab",
            "MiB",
            (one - empty) / f64::from(PAGES - 1),
            "what each further tab adds to a session",
        )
        .against("one session of one tab", Some(ten / f64::from(PAGES))),
        Row::new("container-memory-of-ten", "%", one / ten * 100.0, method),
    ] {
        report.take(folder, row)?;
    }
    Ok(())
}

async fn settled(install: &Install<'_>) -> f64 {
    tokio::time::sleep(SETTLED).await;
    install.memory_mib()
}

/// Opens pages one after the other; they stay.
async fn open(endpoint: &Endpoint, site: &Site, pages: &[u32]) -> Outcome<page::Pages> {
    let (control, mut news) = control(endpoint).await?;
    tokio::spawn(async move { while news.recv().await.is_some() {} });
    for &number in pages {
        let open = PageAction::Open {
            url: format!("{}{number}", site.url),
            zoom: 100,
        };
        control.act(TabId(number), open).await?;
        // What is never in front is never drawn.
        control.act(TabId(number), PageAction::Show).await?;
        site.loaded(number).await?;
    }
    Ok(control)
}

async fn control(
    endpoint: &Endpoint,
) -> Outcome<(page::Pages, tokio::sync::mpsc::Receiver<page::PageEvent>)> {
    let began = Instant::now();
    loop {
        // A tunnel needs no token.
        match page::connect(endpoint, &Secret::new("")).await {
            Ok(control) => return Ok(control),
            Err(error) if began.elapsed() > LIMIT => return Err(error.into()),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Pages with some text and a canvas, where the containers reach them.
struct Site {
    /// To be followed by a page's number.
    url: String,
    loaded: watch::Sender<HashSet<String>>,
}

impl Site {
    async fn start(engine: &Engine) -> Outcome<Self> {
        let listener = TcpListener::bind((engine.gateway, 0)).await?;
        let url = format!("http://{}/page/", listener.local_addr()?);
        let (loaded, _) = watch::channel(HashSet::new());
        let told = loaded.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let told = told.clone();
                tokio::spawn(async move { answer(client, &told).await });
            }
        });
        Ok(Self { url, loaded })
    }

    fn forget(&self) {
        self.loaded.send_modify(HashSet::clear);
    }

    /// Waits until a page is drawn.
    async fn loaded(&self, page: u32) -> Outcome<()> {
        let page = page.to_string();
        let mut seen = self.loaded.subscribe();
        let all = seen.wait_for(|all| all.contains(&page));
        let came = tokio::time::timeout(LIMIT, all).await.map(drop);
        came.map_err(|_| format!("page {page} is not drawn").into())
    }
}

/// Answers with a page, or takes note of one that is there.
async fn answer(client: TcpStream, told: &watch::Sender<HashSet<String>>) {
    let mut client = BufReader::new(client);
    let mut asked = String::new();
    loop {
        let mut line = String::new();
        match client.read_line(&mut line).await {
            Ok(read) if read > 0 => {}
            _ => return,
        }
        if line.starts_with("GET ") {
            asked = line.split(' ').nth(1).unwrap_or_default().to_owned();
        }
        if line != "\r\n" {
            continue;
        }
        if let Some(page) = asked.strip_prefix("/loaded/page/") {
            told.send_modify(|all| {
                all.insert(page.to_owned());
            });
        }
        let page = page();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length:";
        let whole = format!("{head} {}\r\n\r\n{page}", page.len());
        if client.write_all(whole.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn page() -> String {
    let text = "A page of middling length. ".repeat(2000);
    format!(
        "<!doctype html><title>page</title><canvas width=1280 height=720></canvas>{text}<script>
        onload = () => {{
            const canvas = document.querySelector('canvas').getContext('2d');
            canvas.fillStyle = 'teal';
            canvas.fillRect(0, 0, 1280, 720);
            requestAnimationFrame(() => requestAnimationFrame(() =>
                fetch('/loaded' + location.pathname)));
        }};
        </script>"
    )
}
