//! Neko's REST calls, as far as one person needs them.

use super::Caller;
use super::answer::{Body, DONE, Refusal};
use crate::desktop::{Content, MAX_TEXT};
use crate::room::{LoginRefused, Room};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use duotab_core::neko::event::{ServerEvent, SessionName};
use duotab_core::neko::rest::{Clipboard, ControlStatus, Login, LoginReply, Stats};
use duotab_core::neko::shape::{KeyboardMap, KeyboardModifiers, ScreenSize, SessionData, Settings};
use std::sync::Arc;

type Shared = State<Arc<Room>>;

pub(super) async fn login(
    State(room): Shared,
    Body(login): Body<Login>,
) -> Result<Json<LoginReply>, Refusal> {
    match room.login(&login.username, &login.password).await {
        Ok(reply) => Ok(Json(reply)),
        Err(LoginRefused::Wrong) => Err(Refusal::unauthorized()),
        Err(LoginRefused::AlreadyConnected) => {
            Err(Refusal::unprocessable("session already connected"))
        }
        Err(LoginRefused::Internal) => Err(Refusal::internal()),
    }
}

pub(super) async fn logout(State(room): Shared, _caller: Caller) -> Json<bool> {
    room.logout().await;
    Json(true)
}

pub(super) async fn whoami(Caller(session): Caller) -> Json<SessionData> {
    Json(session)
}

pub(super) async fn sessions(State(room): Shared, _caller: Caller) -> Json<Vec<SessionData>> {
    Json(room.sessions())
}

pub(super) async fn stats(State(room): Shared, _caller: Caller) -> Json<Stats> {
    Json(room.stats())
}

pub(super) async fn settings(_caller: Caller) -> Json<Settings> {
    Json(Room::settings())
}

pub(super) async fn control(State(room): Shared, Caller(session): Caller) -> Json<ControlStatus> {
    let has_host = room.is_hosting();
    Json(ControlStatus {
        has_host,
        host_id: has_host.then_some(session.id),
    })
}

pub(super) async fn control_request(
    State(room): Shared,
    Caller(session): Caller,
) -> Result<StatusCode, Refusal> {
    if room.set_hosting(&session.id, true) {
        return Ok(DONE);
    }
    room.announce(ServerEvent::ControlRequest(SessionName { id: session.id }));
    Err(Refusal::new(StatusCode::ACCEPTED, "control request sent"))
}

pub(super) async fn control_release(
    State(room): Shared,
    Caller(session): Caller,
) -> Result<StatusCode, Refusal> {
    if room.set_hosting(&session.id, false) {
        Ok(DONE)
    } else {
        Err(Refusal::unprocessable("session is not the host"))
    }
}

pub(super) async fn control_take(State(room): Shared, Caller(session): Caller) -> StatusCode {
    room.set_hosting(&session.id, true);
    DONE
}

pub(super) async fn control_give(
    State(room): Shared,
    Caller(session): Caller,
    Path(target): Path<String>,
) -> Result<StatusCode, Refusal> {
    if target != session.id {
        let message = "target session was not found";
        return Err(Refusal::new(StatusCode::NOT_FOUND, message));
    }
    room.set_hosting(&session.id, true);
    Ok(DONE)
}

pub(super) async fn control_reset(State(room): Shared, Caller(session): Caller) -> StatusCode {
    room.set_hosting(&session.id, false);
    DONE
}

pub(super) async fn screen(State(room): Shared, _caller: Caller) -> Json<ScreenSize> {
    Json(room.screen())
}

/// Answers with what was asked for, as Neko does; what came of it is told by `screen/updated`.
pub(super) async fn set_screen(
    State(room): Shared,
    Caller(session): Caller,
    Body(size): Body<ScreenSize>,
) -> Result<Json<ScreenSize>, Refusal> {
    match room.resize(&session.id, size).await {
        Some(_) => Ok(Json(size)),
        None => Err(Refusal::unprocessable("cannot set screen size")),
    }
}

pub(super) async fn screens(State(room): Shared, _caller: Caller) -> Json<Vec<ScreenSize>> {
    Json(room.screens())
}

fn host_only(room: &Room) -> Result<(), Refusal> {
    if room.is_hosting() {
        Ok(())
    } else {
        Err(Refusal::forbidden("session is not host"))
    }
}

pub(super) async fn clipboard(
    State(room): Shared,
    _caller: Caller,
) -> Result<Json<Clipboard>, Refusal> {
    host_only(&room)?;
    let Content { text, html } = room.clipboard();
    Ok(Json(Clipboard { text, html }))
}

pub(super) async fn set_clipboard(
    State(room): Shared,
    _caller: Caller,
    Body(Clipboard { text, html }): Body<Clipboard>,
) -> Result<StatusCode, Refusal> {
    host_only(&room)?;
    if text.len() > MAX_TEXT || html.len() > MAX_TEXT {
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too long"));
    }
    if room.set_clipboard(Content { text, html }).await {
        Ok(DONE)
    } else {
        Err(Refusal::internal())
    }
}

pub(super) async fn map(
    State(room): Shared,
    _caller: Caller,
) -> Result<Json<KeyboardMap>, Refusal> {
    room.map().await.map(Json).ok_or_else(Refusal::internal)
}

pub(super) async fn set_map(
    State(room): Shared,
    _caller: Caller,
    Body(map): Body<KeyboardMap>,
) -> Result<StatusCode, Refusal> {
    host_only(&room)?;
    if room.set_map(room.map_turn().await, map).await {
        Ok(DONE)
    } else {
        Err(Refusal::internal())
    }
}

pub(super) async fn modifiers(
    State(room): Shared,
    _caller: Caller,
) -> Result<Json<KeyboardModifiers>, Refusal> {
    room.modifiers()
        .await
        .map(Json)
        .ok_or_else(Refusal::internal)
}

pub(super) async fn set_modifiers(
    State(room): Shared,
    _caller: Caller,
    Body(modifiers): Body<KeyboardModifiers>,
) -> Result<StatusCode, Refusal> {
    host_only(&room)?;
    room.set_modifiers(&modifiers);
    Ok(DONE)
}
