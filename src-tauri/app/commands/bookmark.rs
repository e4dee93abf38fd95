//! Verbs for pages that are kept.

use duotab_backend::controller::Controller;
use duotab_core::event::Command;
use duotab_core::message::{BookmarkView, Imported, Problem, ProfileName, TabId};
use tauri::State;

type Answer = Result<(), Problem>;

/// More are not given at once.
const MOST: usize = 500;

/// At most so many bookmarks of a tab's profile that have all of these words, the oldest first.
#[tauri::command]
pub(crate) async fn bookmarks(
    controller: State<'_, Controller>,
    tab: TabId,
    words: String,
    most: usize,
) -> Result<Vec<BookmarkView>, Problem> {
    Ok(controller.bookmarks(tab, words, most.min(MOST)).await)
}

/// Keeps the page of a tab among the bookmarks, or no longer.
#[tauri::command]
pub(crate) async fn set_bookmarked(
    controller: State<'_, Controller>,
    tab: TabId,
    on: bool,
) -> Answer {
    controller.command(Command::SetBookmarked(tab, on)).await
}

/// Removes a bookmark of a tab's profile.
#[tauri::command]
pub(crate) async fn remove_bookmark(
    controller: State<'_, Controller>,
    tab: TabId,
    url: String,
) -> Answer {
    controller.command(Command::RemoveBookmark(tab, url)).await
}

/// Puts back a bookmark that was removed in a tab's profile.
#[tauri::command]
pub(crate) async fn put_bookmark_back(
    controller: State<'_, Controller>,
    tab: TabId,
    url: String,
) -> Answer {
    controller.command(Command::PutBookmarkBack(tab, url)).await
}

/// Keeps the pages of a file among the bookmarks of a profile.
#[tauri::command]
pub(crate) async fn import_bookmarks(
    controller: State<'_, Controller>,
    profile: ProfileName,
    path: String,
) -> Result<Imported, Problem> {
    controller.import_bookmarks(profile, path).await
}

/// Writes the bookmarks of a profile to a file.
#[tauri::command]
pub(crate) async fn export_bookmarks(
    controller: State<'_, Controller>,
    profile: ProfileName,
    path: String,
) -> Answer {
    controller.export_bookmarks(profile, path).await
}
