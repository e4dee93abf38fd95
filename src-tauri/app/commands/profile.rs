//! The verbs about profiles.

use duotab_backend::controller::Controller;
use duotab_core::event::Command;
use duotab_core::message::{NetworkForm, Problem, ProfileName};
use duotab_core::profile::{Colour, DataWork, ProfileCommand};
use tauri::{AppHandle, Runtime, State};

use crate::platform;

type Answer = Result<(), Problem>;

/// Makes a profile.
#[tauri::command]
pub(crate) async fn create_profile(
    controller: State<'_, Controller>,
    title: String,
    colour: Colour,
) -> Answer {
    let command = ProfileCommand::Create { title, colour };
    controller.command(Command::Profile(command)).await
}

/// Gives a profile another title and another colour.
#[tauri::command]
pub(crate) async fn change_profile(
    controller: State<'_, Controller>,
    name: ProfileName,
    title: String,
    colour: Colour,
) -> Answer {
    let command = ProfileCommand::Change {
        name,
        title,
        colour,
    };
    controller.command(Command::Profile(command)).await
}

/// How a profile's proxied pages reach the network from now on.
#[tauri::command]
pub(crate) async fn set_network(
    controller: State<'_, Controller>,
    name: ProfileName,
    form: NetworkForm,
) -> Answer {
    let command = ProfileCommand::SetNetwork { name, form };
    controller.command(Command::Profile(command)).await
}

/// Does something with a profile's data, after the end of the session that has them if that is
/// agreed to.
#[tauri::command]
pub(crate) async fn work_on_profile(
    controller: State<'_, Controller>,
    name: ProfileName,
    work: DataWork,
    end_session: bool,
) -> Answer {
    let command = ProfileCommand::Work {
        name,
        work,
        end_session,
    };
    controller.command(Command::Profile(command)).await
}

/// Gives up what is done with a profile's data.
#[tauri::command]
pub(crate) async fn cancel_profile_work(
    controller: State<'_, Controller>,
    name: ProfileName,
) -> Answer {
    let command = ProfileCommand::Cancel(name);
    controller.command(Command::Profile(command)).await
}

/// What came of it was read.
#[tauri::command]
pub(crate) async fn dismiss_profile_outcome(
    controller: State<'_, Controller>,
    name: ProfileName,
) -> Answer {
    let command = ProfileCommand::Dismiss(name);
    controller.command(Command::Profile(command)).await
}

/// Has the person choose a file, to be written under this name or (`None`) to be read; its path,
/// unless they changed their mind.
#[tauri::command]
pub(crate) async fn choose_file<R: Runtime>(
    app: AppHandle<R>,
    suggested: Option<String>,
) -> Result<Option<String>, Problem> {
    let (done, chosen) = tokio::sync::oneshot::channel();
    let asked = app.run_on_main_thread(move || platform::choose_file(suggested, done));
    if let Err(error) = asked {
        tracing::warn!(%error, "no file can be chosen");
        return Ok(None);
    }
    Ok(chosen.await.ok().flatten())
}

/// Uses the newer data again that a lost machine has, or has them dropped there.
#[tauri::command]
pub(crate) async fn take_back(
    controller: State<'_, Controller>,
    name: ProfileName,
    back: bool,
) -> Answer {
    let command = ProfileCommand::TakeBack { name, back };
    controller.command(Command::Profile(command)).await
}
