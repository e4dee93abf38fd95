//! Verbs for where the person has been.

use duotab_backend::controller::Controller;
use duotab_core::event::Command;
use duotab_core::message::{Problem, TabId, VisitView};
use tauri::State;

type Answer = Result<(), Problem>;

/// More are not given at once.
const MOST: usize = 500;

/// Pages where the person has been in a tab's profile, the latest first: those that have all of these
/// words, and at most so many.
#[tauri::command]
pub(crate) async fn visits(
    controller: State<'_, Controller>,
    tab: TabId,
    words: String,
    most: usize,
) -> Result<Vec<VisitView>, Problem> {
    Ok(controller.visits(tab, words, most.min(MOST)).await)
}

/// Forgets that the person was at an address in a tab's profile, or (`None`) anywhere in it.
#[tauri::command]
pub(crate) async fn forget_visits(
    controller: State<'_, Controller>,
    tab: TabId,
    url: Option<String>,
) -> Answer {
    controller.command(Command::ForgetVisits(tab, url)).await
}

/// Shows where the person has been, in an empty tab.
#[tauri::command]
pub(crate) async fn show_visits(controller: State<'_, Controller>) -> Answer {
    controller.command(Command::ShowVisits).await
}
