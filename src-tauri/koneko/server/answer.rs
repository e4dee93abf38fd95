//! Answers in Neko's form.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use duotab_core::neko::rest::ErrorReply;
use serde::de::DeserializeOwned;
use std::borrow::Cow;

/// Anything but success: `{code, message}`.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    message: Cow<'static, str>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: &'static str) -> Self {
        let message = Cow::Borrowed(message);
        Self { status, message }
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized")
    }

    pub(super) fn forbidden(message: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    pub(super) fn bad(message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn unprocessable(message: &'static str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    pub(super) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
    }

    /// Go's router answers with plain text here.
    pub(super) fn unknown_path() -> Response {
        (StatusCode::NOT_FOUND, "404 page not found\n").into_response()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = ErrorReply {
            code: self.status.as_u16(),
            message: self.message.into_owned(),
        };
        (self.status, axum::Json(body)).into_response()
    }
}

/// Done, and nothing to say.
pub(super) const DONE: StatusCode = StatusCode::NO_CONTENT;

/// A JSON body; its content type is not looked at.
pub(super) struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let unreadable = |_| Refusal::bad("unable to parse provided data");
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(unreadable)?;
        if bytes.is_empty() {
            return Err(Refusal::bad("no data provided"));
        }
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|_| Refusal::bad("unable to parse provided data"))
    }
}
