//! Files on their way between the browser and the person's own machine, as streams.

use super::Caller;
use super::answer::{DONE, Refusal};
use crate::room::Room;
use crate::shelf::{Place, Shelf};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use futures_util::{StreamExt, stream};
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Bytes that are read at once.
const PIECE: usize = 256 * 1024;

/// Where the shelf is, as the browser has it.
pub(super) async fn about(
    State(room): State<Arc<Room>>,
    _caller: Caller,
) -> Result<Json<serde_json::Value>, Refusal> {
    let folder = shelf(&room)?.folder().display().to_string();
    Ok(Json(serde_json::json!({ "folder": folder })))
}

/// A file, with its size in front.
pub(super) async fn take(
    State(room): State<Arc<Room>>,
    _caller: Caller,
    Path(place): Path<String>,
) -> Result<Response, Refusal> {
    let opened = shelf(&room)?.open(&read(&place)?).await;
    let (file, size) = opened.map_err(|error| refusal(&error))?;
    let pieces = stream::try_unfold(file.take(size), |mut file| async move {
        let mut piece = vec![0; PIECE];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        let piece = Bytes::from(piece);
        Ok::<_, io::Error>((!piece.is_empty()).then_some((piece, file)))
    });
    Response::builder()
        .header(header::CONTENT_LENGTH, size)
        .header(header::CONTENT_TYPE, "application/octet-stream")
        .body(Body::from_stream(pieces))
        .map_err(|_| Refusal::internal())
}

/// Puts a new file there. One that breaks off is removed again.
pub(super) async fn put(
    State(room): State<Arc<Room>>,
    _caller: Caller,
    Path(place): Path<String>,
    request: Request,
) -> Result<StatusCode, Refusal> {
    let (shelf, place) = (shelf(&room)?, read(&place)?);
    let created = shelf.create(&place).await;
    let mut file = created.map_err(|error| refusal(&error))?;
    let mut pieces = request.into_body().into_data_stream();
    let writing = async {
        while let Some(piece) = pieces.next().await {
            file.write_all(&piece.map_err(io::Error::other)?).await?;
        }
        file.flush().await
    };
    match writing.await {
        Ok(()) => Ok(DONE),
        Err(error) => {
            let _ = shelf.remove(&place).await;
            Err(refusal(&error))
        }
    }
}

/// Removes a file or a batch.
pub(super) async fn remove(
    State(room): State<Arc<Room>>,
    _caller: Caller,
    Path(place): Path<String>,
) -> Result<StatusCode, Refusal> {
    let removed = shelf(&room)?.remove(&read(&place)?).await;
    removed.map(|()| DONE).map_err(|error| refusal(&error))
}

/// Removes what waits for somebody who has gone.
pub(super) async fn clear(
    State(room): State<Arc<Room>>,
    _caller: Caller,
) -> Result<StatusCode, Refusal> {
    let cleared = shelf(&room)?.clear().await;
    cleared.map(|()| DONE).map_err(|error| refusal(&error))
}

fn shelf(room: &Room) -> Result<&Shelf, Refusal> {
    let browser = room.tools.browser.as_ref();
    browser.map(|it| &it.shelf).ok_or_else(Refusal::internal)
}

fn read(place: &str) -> Result<Place, Refusal> {
    Place::read(place).ok_or_else(|| Refusal::bad("no place on the shelf"))
}

fn refusal(error: &io::Error) -> Refusal {
    match error.kind() {
        io::ErrorKind::NotFound => Refusal::new(StatusCode::NOT_FOUND, "not on the shelf"),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Refusal::new(StatusCode::INSUFFICIENT_STORAGE, "the disk is full")
        }
        _ => {
            tracing::warn!(%error, "the shelf");
            Refusal::internal()
        }
    }
}
