//! One Tauri command for each verb of the shell. They only translate: what is asked becomes a
//! [`Command`], what comes back a [`Problem`].

pub(crate) mod bookmark;
pub(crate) mod list;
pub(crate) mod menu;
pub(crate) mod profile;
pub(crate) mod visit;
pub(crate) mod worker;

use duotab_backend::controller::Controller;
use duotab_core::event::Command;
use duotab_core::message::{
    self, AskId, Completion, ContentArea, Direction, DownloadId, DownloadVerb, LaneTicket, Mode,
    NodeId, Problem, ProfileName, SleepAfter, Switch, TabId, Update, Wish,
};
use tauri::State;
use tauri::ipc::Channel;

use crate::updates::Updates;

type Answer = Result<(), Problem>;

/// Opens a tab on what was typed, or an empty one.
#[tauri::command]
pub(crate) async fn open_tab(
    controller: State<'_, Controller>,
    input: Option<String>,
    mode: Option<Mode>,
    background: bool,
) -> Answer {
    controller
        .command(Command::OpenTab {
            input,
            mode,
            background,
        })
        .await
}

/// Opens an empty tab of a profile.
#[tauri::command]
pub(crate) async fn open_tab_of(controller: State<'_, Controller>, profile: ProfileName) -> Answer {
    controller.command(Command::OpenTabOf(profile)).await
}

/// Opens an address that was dropped on the bars.
#[tauri::command]
pub(crate) async fn open_dropped(
    controller: State<'_, Controller>,
    beside: TabId,
    url: String,
) -> Answer {
    controller.command(Command::OpenDropped(beside, url)).await
}

/// Closes a tab.
#[tauri::command]
pub(crate) async fn close_tab(controller: State<'_, Controller>, tab: TabId) -> Answer {
    controller.command(Command::LeaveTab(tab)).await
}

/// Brings a tab to the front.
#[tauri::command]
pub(crate) async fn select_tab(controller: State<'_, Controller>, tab: TabId) -> Answer {
    controller.command(Command::SelectTab(tab)).await
}

/// Moves a tab to a position of the strip, from 0.
#[tauri::command]
pub(crate) async fn move_tab(
    controller: State<'_, Controller>,
    tab: TabId,
    position: usize,
) -> Answer {
    controller.command(Command::MoveTab(tab, position)).await
}

/// Opens a tab's page once more, beside it.
#[tauri::command]
pub(crate) async fn duplicate_tab(controller: State<'_, Controller>, tab: TabId) -> Answer {
    controller.command(Command::DuplicateTab(tab)).await
}

/// Reopens the tab that was closed last.
#[tauri::command]
pub(crate) async fn reopen_tab(controller: State<'_, Controller>) -> Answer {
    controller.command(Command::ReopenTab).await
}

/// Goes to what was typed.
#[tauri::command]
pub(crate) async fn navigate(
    controller: State<'_, Controller>,
    tab: TabId,
    input: String,
) -> Answer {
    controller.command(Command::Navigate(tab, input)).await
}

/// What an address that is being typed may become.
#[tauri::command]
pub(crate) async fn complete(
    controller: State<'_, Controller>,
    tab: TabId,
    typed: String,
) -> Result<Option<Completion>, Problem> {
    Ok(controller.complete(tab, typed).await)
}

/// Changes a tab's mode, on a node of choice or the best one.
#[tauri::command]
pub(crate) async fn set_tab_mode(
    controller: State<'_, Controller>,
    tab: TabId,
    mode: Mode,
    node: Option<NodeId>,
) -> Answer {
    controller.command(Command::SetMode(tab, mode, node)).await
}

/// One step back.
#[tauri::command]
pub(crate) async fn go_back(controller: State<'_, Controller>, tab: TabId) -> Answer {
    controller.command(Command::GoBack(tab)).await
}

/// One step forward.
#[tauri::command]
pub(crate) async fn go_forward(controller: State<'_, Controller>, tab: TabId) -> Answer {
    controller.command(Command::GoForward(tab)).await
}

/// Loads again, or tries again after a problem; `fresh` without what is kept in a cache.
#[tauri::command]
pub(crate) async fn reload(
    controller: State<'_, Controller>,
    tab: TabId,
    fresh: Option<bool>,
) -> Answer {
    let again = if fresh == Some(true) {
        Command::ReloadFresh
    } else {
        Command::Reload
    };
    controller.command(again(tab)).await
}

/// Stops loading.
#[tauri::command]
pub(crate) async fn stop_loading(controller: State<'_, Controller>, tab: TabId) -> Answer {
    controller.command(Command::StopLoading(tab)).await
}

/// Sets the zoom in percent.
#[tauri::command]
pub(crate) async fn set_zoom(
    controller: State<'_, Controller>,
    tab: TabId,
    percent: u16,
) -> Answer {
    controller.command(Command::SetZoom(tab, percent)).await
}

/// Mutes a tab, or lets it be heard.
#[tauri::command]
pub(crate) async fn set_muted(
    controller: State<'_, Controller>,
    tab: TabId,
    muted: bool,
) -> Answer {
    controller.command(Command::SetMuted(tab, muted)).await
}

/// Looks for a text in the page; an empty one only begins.
#[tauri::command]
pub(crate) async fn find(controller: State<'_, Controller>, tab: TabId, text: String) -> Answer {
    controller.command(Command::Find(tab, text)).await
}

/// Goes to another match.
#[tauri::command]
pub(crate) async fn find_step(
    controller: State<'_, Controller>,
    tab: TabId,
    direction: Direction,
) -> Answer {
    controller.command(Command::FindStep(tab, direction)).await
}

/// Looks for nothing any more.
#[tauri::command]
pub(crate) async fn find_end(controller: State<'_, Controller>, tab: TabId) -> Answer {
    controller.command(Command::FindEnd(tab)).await
}

/// Answers a question of a page.
#[tauri::command]
pub(crate) async fn answer(
    controller: State<'_, Controller>,
    tab: TabId,
    ask: AskId,
    answer: message::Answer,
) -> Answer {
    controller.command(Command::Answer(tab, ask, answer)).await
}

/// Stops bringing files to a page, or puts away that it failed.
#[tauri::command]
pub(crate) async fn stop_giving(controller: State<'_, Controller>, tab: TabId) -> Answer {
    controller.command(Command::StopGiving(tab)).await
}

/// Decides about a wish of the site of a tab's page, or leaves it open again.
#[tauri::command]
pub(crate) async fn decide(
    controller: State<'_, Controller>,
    tab: TabId,
    wish: Wish,
    allowed: Option<bool>,
) -> Answer {
    controller
        .command(Command::Decide(tab, wish, allowed))
        .await
}

/// Does something with a download.
#[tauri::command]
pub(crate) async fn download(
    controller: State<'_, Controller>,
    download: DownloadId,
    verb: DownloadVerb,
) -> Answer {
    controller.command(Command::Download(download, verb)).await
}

/// Takes all downloads that are over off the list.
#[tauri::command]
pub(crate) async fn forget_downloads(controller: State<'_, Controller>) -> Answer {
    controller.command(Command::ForgetDownloads).await
}

/// Shows what lies behind or ahead in a tab's history, to choose from.
#[tauri::command]
pub(crate) async fn show_history(
    controller: State<'_, Controller>,
    tab: TabId,
    direction: Direction,
) -> Answer {
    controller
        .command(Command::ShowHistory(tab, direction))
        .await
}

/// Sets whether a toggle takes along what was typed into pages of the site of a tab.
#[tauri::command]
pub(crate) async fn set_site_carry(
    controller: State<'_, Controller>,
    tab: TabId,
    on: bool,
) -> Answer {
    controller.command(Command::SetSiteCarry(tab, on)).await
}

/// Sets whether a toggle takes along the cookies of the site of a tab.
#[tauri::command]
pub(crate) async fn set_site_cookies(
    controller: State<'_, Controller>,
    tab: TabId,
    on: bool,
) -> Answer {
    controller.command(Command::SetSiteCookies(tab, on)).await
}

/// Sets whether the pages of the site of a tab load what the block lists name.
#[tauri::command]
pub(crate) async fn set_site_unblocked(
    controller: State<'_, Controller>,
    tab: TabId,
    on: bool,
) -> Answer {
    controller.command(Command::SetSiteUnblocked(tab, on)).await
}

/// Sets whether the name of the site of a tab may lead into the home network.
#[tauri::command]
pub(crate) async fn set_site_home(
    controller: State<'_, Controller>,
    tab: TabId,
    on: bool,
) -> Answer {
    controller.command(Command::SetSiteHome(tab, on)).await
}

/// Goes on where a tab's problem says that it was held up.
#[tauri::command]
pub(crate) async fn open_anyway(controller: State<'_, Controller>, tab: TabId) -> Answer {
    controller.command(Command::OpenAnyway(tab)).await
}

/// Sets which mode the site of a tab opens in; `null` leaves it to the tab.
#[tauri::command]
pub(crate) async fn set_site_mode(
    controller: State<'_, Controller>,
    tab: TabId,
    mode: Option<Mode>,
) -> Answer {
    controller.command(Command::SetSiteMode(tab, mode)).await
}

/// Takes the keyboard from a page to the address.
#[tauri::command]
pub(crate) async fn focus_address(controller: State<'_, Controller>) -> Answer {
    controller.command(Command::FocusAddress).await
}

/// Gives the keyboard to the page in front.
#[tauri::command]
pub(crate) async fn focus_page(controller: State<'_, Controller>) -> Answer {
    controller.command(Command::FocusPage).await
}

/// Gives up a start or a reconnect.
#[tauri::command]
pub(crate) async fn cancel_stream(controller: State<'_, Controller>, tab: TabId) -> Answer {
    controller.command(Command::CancelStream(tab)).await
}

/// Says where the content area is.
#[tauri::command]
pub(crate) async fn set_content_area(
    controller: State<'_, Controller>,
    area: ContentArea,
) -> Answer {
    controller.command(Command::SetContentArea(area)).await
}

/// Window full screen on or off.
#[tauri::command]
pub(crate) async fn set_full_screen(controller: State<'_, Controller>, on: bool) -> Answer {
    controller.command(Command::SetFullScreen(on)).await
}

/// Shows the settings in the place of the tab in front, or puts them away.
#[tauri::command]
pub(crate) async fn show_settings(controller: State<'_, Controller>, on: bool) -> Answer {
    controller.command(Command::ShowSettings(on)).await
}

/// Fetches the newer image of the streamed browser that was offered.
#[tauri::command]
pub(crate) async fn fetch_engine_image(controller: State<'_, Controller>) -> Answer {
    controller.command(Command::FetchEngineImage).await
}

/// Switches something about streamed browsers on or off.
#[tauri::command]
pub(crate) async fn set_switch(
    controller: State<'_, Controller>,
    switch: Switch,
    on: bool,
) -> Answer {
    controller.command(Command::Switch(switch, on)).await
}

/// Sets when pages that nobody looks at are put to sleep.
#[tauri::command]
pub(crate) async fn set_sleep_after(
    controller: State<'_, Controller>,
    after: SleepAfter,
) -> Answer {
    controller.command(Command::SetSleepAfter(after)).await
}

/// Sets where words are searched for.
#[tauri::command]
pub(crate) async fn set_search(controller: State<'_, Controller>, search: String) -> Answer {
    controller.command(Command::SetSearch(search)).await
}

/// Asks the registry now whether it has a newer image of the streamed browser.
#[tauri::command]
pub(crate) async fn look_for_update(controller: State<'_, Controller>) -> Answer {
    controller.command(Command::LookForUpdate).await
}

/// Puts away a notice that was read.
#[tauri::command]
pub(crate) async fn dismiss_notice(controller: State<'_, Controller>, index: usize) -> Answer {
    controller.command(Command::DismissNotice(index)).await
}

/// Hands out the way to the frame and input lanes.
#[tauri::command]
pub(crate) async fn connect_lane(controller: State<'_, Controller>) -> Result<LaneTicket, Problem> {
    controller.lane_ticket()
}

/// Sends every update from now on, the whole state first. A second call takes the place of the
/// first: the shell has one page, and a reload of it begins anew.
#[tauri::command]
pub(crate) async fn subscribe(
    controller: State<'_, Controller>,
    current: State<'_, Updates>,
    updates: Channel<Update>,
) -> Answer {
    current.forward(&controller, updates);
    Ok(())
}

/// Closes the app in good order.
#[tauri::command]
pub(crate) async fn quit(controller: State<'_, Controller>) -> Answer {
    controller.command(Command::Quit).await
}
