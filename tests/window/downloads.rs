//! Files that pages give: to the person's own folder, under safe names, told of to the end.

mod broken;
mod held;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use duotab_test_support::app::Start;
use duotab_test_support::probe::page;
use duotab_test_support::{App, Display, Outcome, ProbeSite, Shell};
use futures_util::stream;
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::room::start;

type Chunk = Result<Bytes, std::io::Error>;

/// Where the bytes of `/slow` come from.
type Source = Arc<Mutex<Option<UnboundedReceiver<Chunk>>>>;

fn attached(name: &str, body: Body) -> Response {
    let says = format!("attachment; filename=\"{name}\"");
    let headers = [
        (header::CONTENT_DISPOSITION, says),
        (header::CONTENT_TYPE, "text/plain".to_owned()),
    ];
    (headers, body).into_response()
}

/// A file as long as 10 000 bytes, which come when the test gives them.
async fn slow(State(source): State<Source>) -> Response {
    let chunks = source.lock().await.take();
    let Some(chunks) = chunks else {
        return attached("slow.txt", Body::from("at once"));
    };
    let body = Body::from_stream(stream::unfold(chunks, |mut chunks| async move {
        chunks.recv().await.map(|chunk| (chunk, chunks))
    }));
    let mut response = attached("slow.txt", body);
    let length = header::HeaderValue::from_static("10000");
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, length);
    response
}

struct Desk {
    app: App,
    site: ProbeSite,
    display: Display,
    config: TempDir,
    folder: std::path::PathBuf,
    bytes: UnboundedSender<Chunk>,
}

impl Desk {
    async fn new() -> Outcome<Self> {
        Self::with(Router::new()).await
    }

    /// With these pages besides.
    async fn with(more: Router) -> Outcome<Self> {
        let (bytes, source) = unbounded_channel();
        let source: Source = Arc::new(Mutex::new(Some(source)));
        let pages = Router::new()
            .route(
                "/odd",
                get(|| async { attached("..\\..\\/etc/.pass\u{202e}wd?.txt", "odd".into()) }),
            )
            .route(
                "/plain",
                get(|| async { attached("report.txt", "of today".into()) }),
            )
            .route(
                "/zip",
                get(|| async { ([(header::CONTENT_TYPE, "application/zip")], "PK") }),
            )
            .route(
                "/links",
                get(|| async {
                    page(
                        "Links",
                        "<style>body { margin: 0; background: #cc1122 }
                    a { position: absolute; top: 40px; width: 200px; height: 80px;
                        background: #204080 }</style>
                    <a href='/plain' target=_blank style='left: 40px'></a>
                    <a href='/colour/1122cc' download='own name.html' style='left: 300px'></a>",
                    )
                }),
            )
            .route("/slow", get(slow))
            .with_state(source)
            .merge(more);
        let config = tempfile::tempdir()?;
        let folder = config.path().join("my files");
        let line = format!("XDG_DOWNLOAD_DIR=\"{}\"\n", folder.display());
        std::fs::write(config.path().join("user-dirs.dirs"), line)?;
        Ok(Self {
            app: App::new()?,
            site: ProbeSite::with(pages).await?,
            display: Display::start(1000, 700).await?,
            config,
            folder,
            bytes,
        })
    }

    fn start(&self) -> Start<'_> {
        let config = self.config.path().display().to_string();
        start(&self.display).variable("XDG_CONFIG_HOME", config)
    }

    async fn open(&self, path: &str) -> Outcome<Shell> {
        let start = self.start().argument(self.site.url(path));
        self.app.open(&start).await
    }

    fn text(&self, name: &str) -> Outcome<String> {
        Ok(std::fs::read_to_string(self.folder.join(name))?)
    }

    fn files(&self) -> Outcome<Vec<String>> {
        let entries = std::fs::read_dir(&self.folder)?;
        let mut names = entries
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<Outcome<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }
}

/// Opens the list, unless it is open.
async fn look(shell: &Shell) -> Outcome<()> {
    shell.find("[data-testid=downloads-button]").await?;
    let open = "document.querySelector('[data-testid=downloads]')";
    if shell.value(&format!("{open} !== null")).await? == false {
        shell.click("[data-testid=downloads-button]").await?;
    }
    shell.until(open).await?;
    Ok(())
}

async fn is(shell: &Shell, name: &str, state: &str) -> Outcome<()> {
    shell
        .until(&format!(
            "document.querySelector('[data-testid=download][data-name=\"{name}\"][data-state={state}]')"
        ))
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_file_lands_under_a_safe_name_and_never_in_anothers_place() -> Outcome<()> {
    let desk = Desk::new().await?;
    std::fs::create_dir(&desk.folder)?;
    std::fs::write(desk.folder.join("report.txt"), "of yesterday")?;
    let shell = desk.open("/odd").await?;
    look(&shell).await?;
    is(&shell, "pass_wd_.txt", "done").await?;
    for path in ["/plain", "/plain", "/zip"] {
        let input = desk.site.url(path);
        shell
            .invoke(
                "open_tab",
                serde_json::json!({ "input": input, "mode": "proxy", "background": false }),
            )
            .await?
            .map_err(|problem| format!("{problem}"))?;
        shell
            .until("document.querySelectorAll('[data-state=running]').length === 0")
            .await?;
    }
    is(&shell, "report (1).txt", "done").await?;
    is(&shell, "report (2).txt", "done").await?;
    is(&shell, "zip.zip", "done").await?;
    let files = [
        "pass_wd_.txt",
        "report (1).txt",
        "report (2).txt",
        "report.txt",
        "zip.zip",
    ];
    assert_eq!(desk.files()?, files);
    assert_eq!(desk.text("report.txt")?, "of yesterday");
    assert_eq!(desk.text("report (1).txt")?, "of today");
    // Tabs that were opened for a file alone are gone again.
    shell
        .until("document.querySelectorAll('[role=tab]').length === 1")
        .await?;
    shell.close().await
}

#[tokio::test]
async fn a_download_shows_how_far_it_is_and_can_be_given_up_and_fetched_again() -> Outcome<()> {
    let desk = Desk::new().await?;
    let shell = desk.open("/slow").await?;
    desk.bytes.send(Ok(Bytes::from(vec![b'x'; 4000])))?;
    look(&shell).await?;
    shell
        .until("document.querySelector('[data-testid=download] [role=progressbar][aria-valuenow=\"40\"]')")
        .await?;
    shell.click("[data-testid=download-cancel]").await?;
    is(&shell, "slow.txt", "cancelled").await?;
    assert_eq!(desk.files()?, Vec::<String>::new(), "nothing is left of it");
    shell.click("[data-testid=download-retry]").await?;
    is(&shell, "slow.txt", "done").await?;
    assert_eq!(desk.text("slow.txt")?, "at once");
    shell.close().await
}

#[tokio::test]
async fn a_connection_that_breaks_is_told_and_the_list_outlives_the_app() -> Outcome<()> {
    let desk = Desk::new().await?;
    let shell = desk.open("/slow").await?;
    desk.bytes.send(Ok(Bytes::from(vec![b'x'; 4000])))?;
    shell.find("[data-testid=downloads-button]").await?;
    desk.display.press("ctrl+j").await?;
    is(&shell, "slow.txt", "running").await?;
    desk.bytes.send(Err(std::io::Error::other("cut")))?;
    is(&shell, "slow.txt", "failed").await?;
    shell
        .until("document.querySelector('[data-testid=download]').innerText.includes('connection broke')")
        .await?;
    let none = Vec::<String>::new();
    assert_eq!(desk.files()?, none, "nobody could tell what it is part of");
    desk.display.press("ctrl+j").await?;
    shell
        .until("!document.querySelector('[data-testid=downloads]')")
        .await?;
    shell.quit().await?;
    let shell = desk.app.open(&desk.start()).await?;
    look(&shell).await?;
    is(&shell, "slow.txt", "failed").await?;
    shell.click("[data-testid=download-retry]").await?;
    is(&shell, "slow.txt", "done").await?;
    shell.click("[data-testid=downloads-clear]").await?;
    shell
        .until("!document.querySelector('[data-testid=download]')")
        .await?;
    assert_eq!(desk.text("slow.txt")?, "at once", "the file stays");
    shell.close().await
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() -> Outcome<()> {
    let desk = Desk::new().await?;
    std::fs::write(&desk.folder, "no folder")?;
    let shell = desk.open("/plain").await?;
    look(&shell).await?;
    is(&shell, "report.txt", "failed").await?;
    let folder = serde_json::to_string(&desk.folder)?;
    shell
        .until(&format!(
            "document.querySelector('[data-testid=download]').innerText.includes({folder})"
        ))
        .await?;
    shell.close().await
}

#[tokio::test]
async fn links_for_files_are_followed_where_they_stand() -> Outcome<()> {
    let desk = Desk::new().await?;
    let shell = desk.open("/links").await?;
    let area = shell
        .until_shown(&desk.display, "the links", |picture, [x, y, ..]| {
            picture.is(x + 60, y + 60, [0x20, 0x40, 0x80], 2)
        })
        .await?;
    desk.display.click(area[0] + 140, area[1] + 80, 1).await?;
    shell.find("[data-testid=downloads-button]").await?;
    shell
        .until("document.querySelectorAll('[role=tab]').length === 1")
        .await?;
    desk.display.click(area[0] + 400, area[1] + 80, 1).await?;
    look(&shell).await?;
    is(&shell, "report.txt", "done").await?;
    is(&shell, "own name.html", "done").await?;
    shell
        .until("document.querySelectorAll('[role=tab]').length === 1")
        .await?;
    assert!(Path::new(&desk.folder).join("own name.html").is_file());
    shell.close().await
}

#[tokio::test]
async fn files_of_a_streamed_page_are_on_the_same_list_and_in_the_same_folder() -> Outcome<()> {
    let desk = Desk::new().await?;
    let shell = desk.open("/links").await?;
    shell.click("[data-testid=mode-toggle-streamed]").await?;
    shell
        .until("document.querySelector('[data-testid=content][data-shows=live]')")
        .await?;
    let area = shell.content_area(&desk.display).await?;
    desk.display
        .until("the links, streamed", |picture| {
            picture.is(area[0] + 60, area[1] + 60, [0x20, 0x40, 0x80], 16)
        })
        .await?;
    desk.display.click(area[0] + 140, area[1] + 80, 1).await?;
    shell.find("[data-testid=downloads-button]").await?;
    look(&shell).await?;
    is(&shell, "report.txt", "done").await?;
    assert_eq!(desk.text("report.txt")?, "of today");
    // The tab that the link asked for has gone again.
    shell
        .until("document.querySelectorAll('[role=tab]').length === 1")
        .await?;
    let tab = "+document.querySelector('[role=tab]').dataset.tab";
    let tab = shell.value(tab).await?;
    let slow = desk.site.url("/slow");
    let navigate = serde_json::json!({ "tab": tab, "input": slow });
    shell
        .invoke("navigate", navigate)
        .await?
        .map_err(|problem| format!("{problem}"))?;
    desk.bytes.send(Ok(Bytes::from(vec![b'x'; 4000])))?;
    shell
        .until("document.querySelector('[data-testid=download] [role=progressbar][aria-valuenow=\"40\"]')")
        .await?;
    shell.click("[data-testid=download-cancel]").await?;
    is(&shell, "slow.txt", "cancelled").await?;
    assert_eq!(desk.files()?, ["report.txt"]);
    shell.quit().await
}
