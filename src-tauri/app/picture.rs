//! What a page that waits behind a stream has shown, for the view that is in its place meanwhile.

use duotab_core::message::TabId;
use tauri::State;
use tauri::ipc::Response;
use tokio::sync::{mpsc, oneshot};

/// A tab, and where its picture goes: a JPEG.
pub(crate) type Wish = (TabId, oneshot::Sender<Vec<u8>>);

/// The way to the window's pages. Leads nowhere where there is no window.
pub(crate) struct Pictures(mpsc::UnboundedSender<Wish>);

impl Pictures {
    /// The two ends.
    pub(crate) fn channel() -> (Self, mpsc::UnboundedReceiver<Wish>) {
        let (wish, wishes) = mpsc::unbounded_channel();
        (Self(wish), wishes)
    }
}

/// The picture of a tab's page in Proxy mode as a JPEG, also while it is out of sight; empty without
/// such a page.
#[tauri::command]
pub(crate) async fn page_picture(
    pictures: State<'_, Pictures>,
    tab: TabId,
) -> Result<Response, ()> {
    let (answer, picture) = oneshot::channel();
    let _ = pictures.0.send((tab, answer));
    Ok(Response::new(picture.await.unwrap_or_default()))
}
