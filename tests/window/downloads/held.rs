//! Downloads that are held up and gone on with, from a site that the test leads.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use duotab_test_support::{Outcome, Shell};
use futures_util::stream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{Chunk, Desk, is, look};

/// A file with no two places alike.
pub(super) fn file() -> Vec<u8> {
    (0..50_000_u32).flat_map(u32::to_be_bytes).collect()
}

/// How much of the file comes at first.
pub(super) const FIRST: usize = 80_000;

/// A site with one file, whose bytes come when the test gives them.
#[derive(Clone, Default)]
pub(super) struct Giver(Arc<Mutex<Giving>>);

#[derive(Default)]
struct Giving {
    tag: Option<&'static str>,
    chunks: Option<UnboundedReceiver<Chunk>>,
    asked: Vec<HeaderMap>,
}

impl Giver {
    pub(super) fn router(&self) -> Router {
        Router::new()
            .route("/held", get(give))
            .with_state(self.clone())
    }

    /// The next answer says this version, and its bytes come by this way.
    pub(super) fn next(&self, tag: Option<&'static str>) -> UnboundedSender<Chunk> {
        let (bytes, chunks) = unbounded_channel();
        let mut giving = self.0.lock().unwrap();
        (giving.tag, giving.chunks) = (tag, Some(chunks));
        bytes
    }

    pub(super) fn last(&self, name: &str) -> Option<String> {
        let giving = self.0.lock().unwrap();
        let value = giving.asked.last()?.get(name)?;
        value.to_str().ok().map(str::to_owned)
    }
}

async fn give(State(giver): State<Giver>, head: HeaderMap) -> Response {
    let said = |name: &str| head.get(name).and_then(|value| value.to_str().ok());
    let from = said("range").and_then(|range| {
        let from = range.strip_prefix("bytes=")?.strip_suffix('-')?;
        from.parse::<usize>().ok()
    });
    let if_range = said("if-range").map(str::to_owned);
    let mut giving = giver.0.lock().unwrap();
    giving.asked.push(head);
    let from = from.filter(|_| giving.tag.is_some() && if_range.as_deref() == giving.tag);
    let body = giving.chunks.take().map_or_else(
        || Body::from(file()),
        |chunks| {
            Body::from_stream(stream::unfold(chunks, |mut chunks| async move {
                chunks.recv().await.map(|chunk| (chunk, chunks))
            }))
        },
    );
    let length = file().len();
    let mut response = match from {
        Some(from) => {
            let range = format!("bytes {from}-{}/{length}", length - 1);
            let headers = [
                (header::CONTENT_RANGE, range),
                (header::CONTENT_LENGTH, (length - from).to_string()),
            ];
            (StatusCode::PARTIAL_CONTENT, headers, body).into_response()
        }
        None => {
            let headers = [
                (header::CONTENT_LENGTH, length.to_string()),
                (header::SET_COOKIE, "who=ann".to_owned()),
                (
                    header::CONTENT_DISPOSITION,
                    "attachment; filename=\"held.bin\"".to_owned(),
                ),
            ];
            (headers, body).into_response()
        }
    };
    if let Some(tag) = giving.tag {
        let tag = header::HeaderValue::from_static(tag);
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

pub(super) fn piece(from: usize, until: usize) -> Chunk {
    Ok(Bytes::from(file()[from..until].to_vec()))
}

/// Waits until so many hundredths of the file are there.
pub(super) async fn has_come(shell: &Shell, hundredths: u32) -> Outcome<()> {
    shell
        .until(&format!(
            "document.querySelector('[data-testid=download] [role=progressbar][aria-valuenow=\"{hundredths}\"]')"
        ))
        .await?;
    Ok(())
}

/// Opens the file, of this version, and waits for its first part; more comes by the way that is given
/// back.
pub(super) async fn first_part(
    desk: &Desk,
    giver: &Giver,
    tag: Option<&'static str>,
) -> Outcome<(Shell, UnboundedSender<Chunk>)> {
    let bytes = giver.next(tag);
    let shell = desk.open("/held").await?;
    bytes.send(piece(0, FIRST))?;
    look(&shell).await?;
    has_come(&shell, 40).await?;
    Ok((shell, bytes))
}

/// Opens the file, of this version, and holds it up when its first part is there.
async fn hold(desk: &Desk, giver: &Giver, tag: Option<&'static str>) -> Outcome<Shell> {
    let (shell, _bytes) = first_part(desk, giver, tag).await?;
    shell.click("[data-testid=download-pause]").await?;
    is(&shell, "held.bin", "paused").await?;
    assert_eq!(desk.files()?, ["held.bin", "held.bin.part"]);
    Ok(shell)
}

pub(super) async fn says(shell: &Shell, words: &str) -> Outcome<()> {
    let words = serde_json::to_string(words)?;
    shell
        .until(&format!("document.body.innerText.includes({words})"))
        .await?;
    Ok(())
}

pub(super) fn whole(desk: &Desk) -> Outcome<()> {
    assert_eq!(desk.files()?, ["held.bin"]);
    assert!(
        std::fs::read(desk.folder.join("held.bin"))? == file(),
        "every byte in its place"
    );
    Ok(())
}

#[tokio::test]
async fn what_is_held_up_goes_on_where_it_was_also_after_the_next_start() -> Outcome<()> {
    let giver = Giver::default();
    let desk = Desk::with(giver.router()).await?;
    let shell = hold(&desk, &giver, Some("\"one\"")).await?;
    says(&shell, "Paused at 80.0 KB of 200 KB").await?;
    let bytes = giver.next(Some("\"one\""));
    shell.click("[data-testid=download-resume]").await?;
    bytes.send(piece(FIRST, 120_000))?;
    has_come(&shell, 60).await?;
    assert_eq!(giver.last("range").as_deref(), Some("bytes=80000-"));
    assert_eq!(giver.last("cookie").as_deref(), Some("who=ann"));
    shell.click("[data-testid=download-pause]").await?;
    is(&shell, "held.bin", "paused").await?;
    shell.quit().await?;
    let shell = desk.app.open(&desk.start()).await?;
    look(&shell).await?;
    is(&shell, "held.bin", "paused").await?;
    let bytes = giver.next(Some("\"one\""));
    shell.click("[data-testid=download-resume]").await?;
    bytes.send(piece(120_000, 200_000))?;
    is(&shell, "held.bin", "done").await?;
    assert_eq!(giver.last("range").as_deref(), Some("bytes=120000-"));
    whole(&desk)?;
    shell.close().await
}

#[tokio::test]
async fn a_connection_that_breaks_after_a_pause_keeps_what_has_come() -> Outcome<()> {
    let giver = Giver::default();
    let desk = Desk::with(giver.router()).await?;
    let shell = hold(&desk, &giver, Some("\"one\"")).await?;
    let bytes = giver.next(Some("\"one\""));
    shell.click("[data-testid=download-resume]").await?;
    bytes.send(piece(FIRST, 120_000))?;
    bytes.send(Err(std::io::Error::other("cut")))?;
    says(&shell, "the connection broke. What has come is kept").await?;
    let bytes = giver.next(Some("\"one\""));
    shell.click("[data-testid=download-resume]").await?;
    shell
        .until("document.querySelector('[data-testid=download][data-state=running]')")
        .await?;
    let from = std::fs::metadata(desk.folder.join("held.bin.part"))?.len();
    assert!((80_000..=120_000).contains(&from), "{from}");
    bytes.send(piece(usize::try_from(from)?, 200_000))?;
    is(&shell, "held.bin", "done").await?;
    whole(&desk)?;
    shell.close().await
}

#[tokio::test]
async fn a_file_that_has_changed_meanwhile_is_fetched_anew_and_that_is_said() -> Outcome<()> {
    let giver = Giver::default();
    let desk = Desk::with(giver.router()).await?;
    let shell = hold(&desk, &giver, Some("\"one\"")).await?;
    // The answer stays open: a server that ends in the middle may send nothing of it.
    let bytes = giver.next(Some("\"two\""));
    bytes.send(piece(0, 10))?;
    shell.click("[data-testid=download-resume]").await?;
    says(
        &shell,
        "“held.bin” begins anew: the file at its server is another one now",
    )
    .await?;
    drop(bytes);
    is(&shell, "held.bin", "done").await?;
    whole(&desk)?;
    shell.close().await
}

#[tokio::test]
async fn a_server_that_cannot_go_on_in_the_middle_is_told_of_before_it_begins_anew() -> Outcome<()>
{
    let giver = Giver::default();
    let desk = Desk::with(giver.router()).await?;
    let shell = hold(&desk, &giver, None).await?;
    says(
        &shell,
        "Its server cannot go on in the middle: it will begin anew",
    )
    .await?;
    shell.click("[data-testid=download-resume]").await?;
    is(&shell, "held.bin", "done").await?;
    assert_eq!(giver.last("range"), None);
    whole(&desk)?;
    shell.close().await
}

#[tokio::test]
async fn what_is_held_up_and_then_given_up_leaves_not_even_its_name_taken() -> Outcome<()> {
    let giver = Giver::default();
    let desk = Desk::with(giver.router()).await?;
    let shell = hold(&desk, &giver, Some("\"one\"")).await?;
    shell.click("[data-testid=download-cancel]").await?;
    is(&shell, "held.bin", "cancelled").await?;
    shell.click("[data-testid=download-retry]").await?;
    is(&shell, "held.bin", "done").await?;
    whole(&desk)?;
    shell.close().await
}
