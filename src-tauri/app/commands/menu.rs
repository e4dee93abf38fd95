//! A menu of the desktop's, for the shell's page.

use duotab_core::message::{MenuLine, Problem};
use tauri::{Runtime, WebviewWindow};

use crate::menu;

/// Shows a menu at a place of the shell's page, in CSS pixels; gives the position of the line that
/// was chosen, if any.
#[tauri::command]
pub(crate) async fn show_menu<R: Runtime>(
    window: WebviewWindow<R>,
    lines: Vec<MenuLine>,
    place: (i32, i32),
) -> Result<Option<usize>, Problem> {
    let (done, chosen) = tokio::sync::oneshot::channel();
    let asked = window.with_webview(move |shell| {
        menu::show(&shell.inner(), &lines, Some(place), |at| {
            let _ = done.send(at);
        });
    });
    if let Err(error) = asked {
        tracing::warn!(%error, "no menu can be shown");
        return Ok(None);
    }
    Ok(chosen.await.ok().flatten())
}
