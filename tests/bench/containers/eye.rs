//! The view: what the shell's page is told of the picture, and when.

use duotab_backend::controller::Controller;
use duotab_test_support::Outcome;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::clock::{self, FRAME};

/// Where the view's page comes from.
pub(crate) const ORIGIN: &str = "tauri://localhost";

/// A view that says when a picture begins.
pub(crate) struct Eye(JoinHandle<()>);

impl Eye {
    pub(crate) async fn open(controller: &Controller) -> Outcome<Self> {
        let ticket = controller.lane_ticket().map_err(|it| it.to_string())?;
        let mut request = ticket.url.as_str().into_client_request()?;
        request.headers_mut().insert("Origin", ORIGIN.parse()?);
        let (mut socket, _) = tokio_tungstenite::connect_async(request).await?;
        socket.send(Message::text(ticket.secret)).await?;
        Ok(Self(tokio::spawn(async move {
            while let Some(Ok(message)) = socket.next().await {
                // As `duotab_core::lane::ToView` has a key frame.
                if let [1, flags, ..] = &*message.into_data()
                    && flags & 1 != 0
                {
                    clock::say(FRAME);
                }
            }
        })))
    }
}

impl Drop for Eye {
    fn drop(&mut self) {
        self.0.abort();
    }
}
