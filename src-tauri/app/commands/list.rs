//! The verbs about block lists.

use duotab_backend::controller::Controller;
use duotab_core::blocking::ListCommand;
use duotab_core::event::Command;
use duotab_core::message::Problem;
use tauri::State;

type Answer = Result<(), Problem>;

/// Adds a block list by its address.
#[tauri::command]
pub(crate) async fn add_list(controller: State<'_, Controller>, url: String) -> Answer {
    let command = ListCommand::Add(url);
    controller.command(Command::List(command)).await
}

/// Uses a block list no more.
#[tauri::command]
pub(crate) async fn remove_list(controller: State<'_, Controller>, url: String) -> Answer {
    let command = ListCommand::Remove(url);
    controller.command(Command::List(command)).await
}

/// Fetches all block lists anew.
#[tauri::command]
pub(crate) async fn fetch_lists(controller: State<'_, Controller>) -> Answer {
    let command = ListCommand::Fetch;
    controller.command(Command::List(command)).await
}
