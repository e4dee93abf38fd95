//! HTTP: Neko's REST API and WebSocket, and what koneko has beside them.

mod answer;
mod own;
mod rest;
mod shelf;
mod socket;

use crate::room::Room;
use answer::Refusal;
use axum::Router;
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{Method, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use duotab_core::neko::shape::SessionData;
use std::sync::Arc;
use tokio::net::TcpListener;

/// The largest body: a clipboard of 1 MiB, every character escaped.
const MAX_BODY: usize = 8 << 20;

/// Serves until the room ends.
pub(crate) async fn serve(listener: TcpListener, room: Arc<Room>) {
    let ending = room.ending.clone();
    let listener = listener.tap_io(|stream| {
        // Small messages both ways: none may wait for the next.
        let _ = stream.set_nodelay(true);
    });
    let serving = axum::serve(listener, router(room)).with_graceful_shutdown(async move {
        ending.cancelled().await;
    });
    if let Err(error) = serving.await {
        tracing::error!(%error, "server");
    }
}

fn router(room: Arc<Room>) -> Router {
    let control = Router::new()
        .route("/", get(rest::control))
        .route("/request", post(rest::control_request))
        .route("/release", post(rest::control_release))
        .route("/take", post(rest::control_take))
        .route("/give/{session}", post(rest::control_give))
        .route("/reset", post(rest::control_reset));
    let in_room = Router::new()
        .route("/settings", get(rest::settings))
        .nest("/control", control)
        .route("/screen", get(rest::screen).post(rest::set_screen))
        .route("/screen/configurations", get(rest::screens))
        .route("/clipboard", get(rest::clipboard).post(rest::set_clipboard))
        .route("/keyboard/map", get(rest::map).post(rest::set_map))
        .route(
            "/keyboard/modifiers",
            get(rest::modifiers).post(rest::set_modifiers),
        );
    let api = Router::new()
        .route("/login", post(rest::login))
        .route("/logout", post(rest::logout))
        .route("/whoami", get(rest::whoami))
        .route("/sessions", get(rest::sessions))
        .route("/stats", get(rest::stats))
        .route("/ws", get(socket::upgrade))
        .nest("/room", in_room);
    let files = Router::new()
        .route("/", get(shelf::about).delete(shelf::clear))
        .route(
            "/{*place}",
            get(shelf::take).put(shelf::put).delete(shelf::remove),
        );
    // Beside somebody else's browser it is Neko, and nothing more.
    let own = Router::new()
        .route("/", get(own::about))
        .route("/cdp", get(own::page_control))
        .nest("/shelf", files)
        .route("/suspend", post(own::suspend))
        .route("/resume", post(own::resume))
        .route("/shutdown", post(own::shutdown));
    let api = match room.tools.browser {
        Some(_) => api.nest("/koneko", own),
        None => api,
    };
    Router::new()
        .route("/health", get(async || "true"))
        .nest("/api", api)
        .fallback(async || Refusal::unknown_path())
        .layer(axum::extract::DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn(no_pages))
        .with_state(room)
}

/// A page sends its origin; our clients are no pages. None may so much as try.
async fn no_pages(request: Request, next: Next) -> Response {
    let headers = request.headers();
    if headers.contains_key(header::ORIGIN) || request.method() == Method::OPTIONS {
        return Refusal::forbidden("pages are not served").into_response();
    }
    next.run(request).await
}

/// Whoever asks: the session of its token.
struct Caller(SessionData);

impl FromRequestParts<Arc<Room>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, room: &Arc<Room>) -> Result<Self, Refusal> {
        token(parts)
            .and_then(|it| room.session_of(&it))
            .map(Self)
            .ok_or_else(Refusal::unauthorized)
    }
}

/// The token in the header, else the one in the query.
fn token(parts: &Parts) -> Option<String> {
    let header = parts.headers.get(header::AUTHORIZATION);
    let header = header.and_then(|it| it.to_str().ok());
    if let Some(token) = header.and_then(|it| it.strip_prefix("Bearer ")) {
        return Some(token.trim().to_owned());
    }
    let query = parts.uri.query()?;
    query
        .split('&')
        .find_map(|it| it.strip_prefix("token="))
        .filter(|it| !it.is_empty())
        .map(str::to_owned)
}
