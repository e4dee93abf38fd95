//! The verbs about machines.

use duotab_backend::controller::Controller;
use duotab_core::event::Command;
use duotab_core::message::{NodeId, Problem, TabId};
use duotab_core::worker::WorkerCommand;
use tauri::State;

type Answer = Result<(), Problem>;

/// Takes a machine as a worker, by its address as it was typed.
#[tauri::command]
pub(crate) async fn add_worker(
    controller: State<'_, Controller>,
    name: String,
    address: String,
    certificates: String,
) -> Answer {
    let command = WorkerCommand::Add {
        name,
        address,
        certificates,
    };
    controller.command(Command::Worker(command)).await
}

/// Takes the machine of a Docker context as a worker.
#[tauri::command]
pub(crate) async fn add_context(controller: State<'_, Controller>, name: String) -> Answer {
    let command = WorkerCommand::AddContext(name);
    controller.command(Command::Worker(command)).await
}

/// Forgets a worker.
#[tauri::command]
pub(crate) async fn remove_worker(
    controller: State<'_, Controller>,
    id: NodeId,
    anyway: bool,
) -> Answer {
    let command = WorkerCommand::Remove { id, anyway };
    controller.command(Command::Worker(command)).await
}

/// Lets streamed browsers be placed on a worker, or not.
#[tauri::command]
pub(crate) async fn use_worker(
    controller: State<'_, Controller>,
    id: NodeId,
    on: bool,
    anyway: bool,
) -> Answer {
    let command = WorkerCommand::Use { id, on, anyway };
    controller.command(Command::Worker(command)).await
}

/// Calls a worker something else.
#[tauri::command]
pub(crate) async fn rename_worker(
    controller: State<'_, Controller>,
    id: NodeId,
    name: String,
) -> Answer {
    let command = WorkerCommand::Rename { id, name };
    controller.command(Command::Worker(command)).await
}

/// Sees step by step whether a machine can be a worker.
#[tauri::command]
pub(crate) async fn check_worker(controller: State<'_, Controller>, id: NodeId) -> Answer {
    let command = WorkerCommand::Check(id);
    controller.command(Command::Worker(command)).await
}

/// Finds the person's Docker contexts.
#[tauri::command]
pub(crate) async fn find_contexts(controller: State<'_, Controller>) -> Answer {
    let command = WorkerCommand::FindContexts;
    controller.command(Command::Worker(command)).await
}

/// Goes on elsewhere without the machine that has the profile's data.
#[tauri::command]
pub(crate) async fn run_elsewhere(
    controller: State<'_, Controller>,
    tab: TabId,
    node: Option<NodeId>,
) -> Answer {
    controller.command(Command::RunElsewhere(tab, node)).await
}

/// Takes the tab's profile from the other copy of the app that has it.
#[tauri::command]
pub(crate) async fn take_profile(controller: State<'_, Controller>, tab: TabId) -> Answer {
    controller.command(Command::TakeProfile(tab)).await
}
