//! The Browser app: the only code that knows Tauri.
//!
//! It shows what the controller paints and carries out what it orders; it decides nothing.

mod commands;
mod content;
mod inset;
pub mod instance;
mod menu;
mod picture;
mod platform;
mod shell;
pub mod shortcut;
mod start;
mod updates;

pub use start::run;

use duotab_backend::controller::Controller;
use picture::Pictures;
use tauri::{Builder, Context, Runtime};

/// The app with all its commands, over a controller. Tests give it Tauri's mock runtime.
#[must_use]
pub fn builder<R: Runtime>(controller: Controller) -> Builder<R> {
    with_pictures(controller, Pictures::channel().0)
}

fn with_pictures<R: Runtime>(controller: Controller, pictures: Pictures) -> Builder<R> {
    Builder::new()
        .manage(controller)
        .manage(updates::Updates::default())
        .manage(pictures)
        .invoke_handler(tauri::generate_handler![
            commands::open_tab,
            commands::open_tab_of,
            commands::open_dropped,
            commands::profile::create_profile,
            commands::profile::change_profile,
            commands::profile::set_network,
            commands::bookmark::bookmarks,
            commands::bookmark::set_bookmarked,
            commands::bookmark::remove_bookmark,
            commands::bookmark::put_bookmark_back,
            commands::bookmark::import_bookmarks,
            commands::bookmark::export_bookmarks,
            commands::menu::show_menu,
            commands::visit::visits,
            commands::visit::forget_visits,
            commands::visit::show_visits,
            commands::list::add_list,
            commands::list::remove_list,
            commands::list::fetch_lists,
            commands::profile::work_on_profile,
            commands::profile::cancel_profile_work,
            commands::profile::take_back,
            commands::profile::dismiss_profile_outcome,
            commands::profile::choose_file,
            commands::worker::add_worker,
            commands::worker::add_context,
            commands::worker::remove_worker,
            commands::worker::use_worker,
            commands::worker::rename_worker,
            commands::worker::check_worker,
            commands::worker::find_contexts,
            commands::worker::run_elsewhere,
            commands::worker::take_profile,
            commands::close_tab,
            commands::select_tab,
            commands::move_tab,
            commands::duplicate_tab,
            commands::reopen_tab,
            commands::navigate,
            commands::complete,
            commands::set_tab_mode,
            commands::go_back,
            commands::go_forward,
            commands::reload,
            commands::stop_loading,
            commands::set_zoom,
            commands::set_muted,
            commands::find,
            commands::find_step,
            commands::find_end,
            commands::answer,
            commands::stop_giving,
            commands::decide,
            commands::download,
            commands::forget_downloads,
            commands::show_history,
            commands::set_site_carry,
            commands::set_site_cookies,
            commands::set_site_unblocked,
            commands::set_site_home,
            commands::open_anyway,
            commands::set_site_mode,
            commands::focus_page,
            commands::focus_address,
            picture::page_picture,
            commands::cancel_stream,
            commands::set_content_area,
            commands::set_full_screen,
            commands::show_settings,
            commands::dismiss_notice,
            commands::fetch_engine_image,
            commands::set_switch,
            commands::set_sleep_after,
            commands::set_search,
            commands::look_for_update,
            commands::connect_lane,
            commands::subscribe,
            commands::quit,
        ])
}

/// The configuration, the shell's page and its permissions, as they are compiled in.
#[must_use]
pub fn context<R: Runtime>() -> Context<R> {
    tauri::generate_context!()
}
