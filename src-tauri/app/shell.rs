//! The one window: the shell's page, the layer of pages above it, the keys, the title.

use std::cell::{RefCell, RefMut};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use duotab_core::event::Command;
use duotab_core::message::{MenuLine, ProfileName, ShellFocus, ShellState, TabId, Update};
use gtk::prelude::*;
use gtk::{gio, glib};
use tauri::{App, Manager, WebviewUrl, WebviewWindow, WebviewWindowBuilder};
use tokio::sync::mpsc::UnboundedReceiver;
use webkit2gtk::WebViewExt;

use crate::content::{
    Content, Door, Filters, Profiles, Wanted, make_filters, make_home, open_in_program,
};
use crate::menu;
use crate::picture;
use crate::platform::{self, Layers};
use crate::shortcut::{self, Asked, Chord};
use duotab_backend::controller::{ContentOrder, Controller};
use duotab_backend::dirs::Dirs;

/// The label of the shell's webview: the only one that has a capability.
const SHELL: &str = "shell";
/// When pages that are in use are asked for again.
const IN_USE: Duration = Duration::from_millis(50);

/// Opens the window and sets to work on `orders`. On the main thread, within `setup`.
pub(crate) fn open(
    app: &App,
    dirs: &Dirs,
    controller: Controller,
    orders: UnboundedReceiver<ContentOrder>,
    pictures: UnboundedReceiver<picture::Wish>,
) -> tauri::Result<()> {
    let window = WebviewWindowBuilder::new(app, SHELL, WebviewUrl::App("index.html".into()))
        .title("Duotab")
        .inner_size(1280.0, 800.0)
        .min_inner_size(480.0, 320.0)
        .data_directory(dirs.data.join("shell"))
        // What is dropped on the bars must not take the shell's place.
        .on_navigation(|url| url.scheme() == "tauri")
        // The shell's page hears of drops itself.
        .disable_drag_drop_handler()
        // What is copied in a live page is written without a key press in the shell's own.
        .enable_clipboard_access()
        .build()?;
    let layers = Layers::build(&window.default_vbox()?).ok_or(tauri::Error::WebviewNotFound)?;
    let shell = layers.shell().clone();
    shell.connect_web_process_terminated(|shell, reason| {
        tracing::error!(?reason, "the shell's page crashed and is loaded anew");
        shell.reload();
    });
    let ways = controller.clone();
    let doors = Box::new(move |profile: &ProfileName| Door::new(ways.proxy(profile)));
    let software = platform::has_software_renderer();
    let before = dirs.data.join("pages");
    let proxied = dirs.data.join("proxied");
    let filters = Filters::new(dirs.data.join("filters"));
    let profiles = Profiles::new(proxied, &before, software, doors, filters);
    let news = controller.clone();
    let report = Rc::new(move |tab, told| news.page_news(tab, told));
    let news = controller.clone();
    let downloads = Rc::new(move |transfer, told| news.download_news(transfer, told));
    let content = Content::new(layers, profiles, report, downloads);

    let painted = Rc::new(RefCell::new(ShellState::default()));
    let known = Rc::clone(&painted);
    let keys = Keys {
        controller: controller.clone(),
        shell: shell.clone(),
    };
    platform::listen_to_keys(&window.gtk_window()?, move |chord| {
        keys.take(chord, &known.borrow())
    });

    let main = glib::MainContext::default();
    main.spawn_local(follow(controller.subscribe(), window.clone(), painted));
    let content = Rc::new(RefCell::new(content));
    main.spawn_local(keep_home(Rc::clone(&content), dirs.data.join("home")));
    main.spawn_local(show_pictures(pictures, Rc::clone(&content)));
    main.spawn_local(obey(orders, content, window, shell, controller));
    Ok(())
}

/// Keeps what is painted for the keys, and the window's title.
async fn follow(
    mut updates: UnboundedReceiver<Update>,
    window: WebviewWindow,
    painted: Rc<RefCell<ShellState>>,
) {
    let mut shown = String::new();
    while let Some(update) = updates.recv().await {
        let Update::State { state } = update else {
            continue;
        };
        let front = state.tabs.iter().find(|tab| Some(tab.id) == state.active);
        let title = match front.map(|tab| tab.title.as_str()) {
            None | Some("") => "Duotab".to_owned(),
            Some(title) => format!("{title} – Duotab"),
        };
        if title != shown {
            if let Err(error) = window.set_title(&title) {
                tracing::debug!(%error, "the title stays");
            }
            shown = title;
        }
        painted.replace(state);
    }
}

/// Carries out the controller's orders, one after the other.
async fn obey(
    mut orders: UnboundedReceiver<ContentOrder>,
    content: Rc<RefCell<Content>>,
    window: WebviewWindow,
    shell: webkit2gtk::WebView,
    controller: Controller,
) {
    while let Some(order) = orders.recv().await {
        let whole = Rc::clone(&content);
        let mut content = content.borrow_mut();
        match order {
            ContentOrder::Page(tab, action) => content.act(tab, action),
            ContentOrder::Cookies(tab, profile, order) => content.cookies(tab, &profile, order),
            ContentOrder::UseProfile(tab, profile) => content.use_profile(tab, profile),
            ContentOrder::ClearProfile(name) => {
                let (controller, told) = (controller.clone(), name.clone());
                content
                    .profiles()
                    .clear(&name, move || controller.profile_cleared(told));
            }
            ContentOrder::DeleteProfile(name) => {
                let (controller, told) = (controller.clone(), name.clone());
                content
                    .profiles()
                    .delete(&name, move || controller.profile_cleared(told));
            }
            ContentOrder::Download(order) => content.download(order),
            ContentOrder::Block(name, on) => content.profiles().block(&name, on),
            ContentOrder::Unblock(name, sites) => {
                let wanted = content.profiles().except(&name, sites);
                compile(wanted, whole, &controller);
            }
            ContentOrder::Decided(name, sites) => content.profiles().decided(&name, sites),
            ContentOrder::PageRules(rules) => {
                let wanted = content.profiles().want_rules(rules);
                compile(wanted, whole, &controller);
            }
            ContentOrder::Place(area) => content.place(area),
            ContentOrder::HistoryMenu(tab, places) => {
                show_history(&shell, &controller, tab, places);
            }
            ContentOrder::ChooseFiles(tab, ask, wish) => {
                let controller = controller.clone();
                platform::choose_files(&wish, move |files| {
                    controller.files_chosen(tab, ask, files);
                });
            }
            ContentOrder::OpenInProgram(address) => open_in_program(&address),
            ContentOrder::PresentWindow(launch) => match window.gtk_window() {
                Ok(window) => platform::present(&window, launch.as_deref()),
                Err(error) => tracing::debug!(%error, "the window stays where it is"),
            },
            ContentOrder::FullScreen(on) => {
                if let Err(error) = window.set_fullscreen(on) {
                    tracing::warn!(%error, "full screen");
                }
            }
            ContentOrder::Focus(ShellFocus::Page) => {
                // The live view is a part of the shell's page.
                if !content.focus() {
                    shell.grab_focus();
                }
            }
            // Everything else that takes the keyboard is a part of the shell's own page.
            ContentOrder::Focus(_) => shell.grab_focus(),
            ContentOrder::Exit => window.app_handle().exit(0),
        }
    }
}

/// Shows the places of a tab's history, each with its position, to go to one of them.
fn show_history(
    shell: &webkit2gtk::WebView,
    controller: &Controller,
    tab: TabId,
    places: Vec<(usize, String)>,
) {
    let (positions, titles): (Vec<_>, Vec<_>) = places.into_iter().unzip();
    let line = |label| MenuLine::Choice {
        label,
        enabled: true,
    };
    let lines: Vec<_> = titles.into_iter().map(line).collect();
    let controller = controller.clone();
    menu::show(shell, &lines, None, move |chosen| {
        let Some(position) = chosen.and_then(|at| positions.get(at).copied()) else {
            return;
        };
        tauri::async_runtime::spawn(async move {
            if let Err(problem) = controller.command(Command::GoTo(tab, position)).await {
                tracing::debug!(%problem, "a place of the history");
            }
        });
    });
}

/// Has the engine compile what of the block lists is its own to keep to.
fn compile(wanted: Option<Wanted>, content: Rc<RefCell<Content>>, controller: &Controller) {
    if let Some(wanted) = wanted {
        let compiling = compiling(wanted, content, controller.clone());
        glib::MainContext::default().spawn_local(compiling);
    }
}

async fn compiling(wanted: Wanted, content: Rc<RefCell<Content>>, controller: Controller) {
    let made = make_filters(&wanted).await.map_err(|detail| {
        tracing::warn!(detail, "block lists");
        controller.page_rules_refused(&wanted.rules, &detail);
    });
    free(&content).await.profiles().take_filter(&wanted, made);
}

/// Makes what keeps pages of the Internet off the home network.
async fn keep_home(content: Rc<RefCell<Content>>, folder: PathBuf) {
    match make_home(&folder).await {
        Ok(home) => free(&content).await.profiles().keep_home(home),
        Err(detail) => tracing::error!(detail, "pages may reach what was opened at home"),
    }
}

/// The pages, once nobody has them: a dialog of a page may have the loop to itself.
async fn free(content: &RefCell<Content>) -> RefMut<'_, Content> {
    loop {
        match content.try_borrow_mut() {
            Ok(content) => return content,
            Err(_) => glib::timeout_future(IN_USE).await,
        }
    }
}

/// Gives the pictures of pages to those who ask.
async fn show_pictures(
    mut wishes: UnboundedReceiver<picture::Wish>,
    content: Rc<RefCell<Content>>,
) {
    while let Some((tab, answer)) = wishes.recv().await {
        // A dialog of a page may have the loop to itself; then there is none.
        let Ok(content) = content.try_borrow() else {
            continue;
        };
        content.picture(tab, move |jpeg| {
            let _ = answer.send(jpeg.unwrap_or_default());
        });
    }
}

/// What a key needs to become a verb.
struct Keys {
    controller: Controller,
    shell: webkit2gtk::WebView,
}

impl Keys {
    fn take(&self, chord: Chord, painted: &ShellState) -> bool {
        match shortcut::asked(chord, painted) {
            None => return false,
            Some(Asked::Nothing) => {}
            Some(Asked::Focus(target)) => self.move_focus(target, painted.active),
            Some(Asked::Command(command)) => {
                if shortcut::opens_tab(&command, painted) {
                    self.move_focus(ShellFocus::NewTab, None);
                }
                let controller = self.controller.clone();
                tauri::async_runtime::spawn(async move {
                    if let Err(problem) = controller.command(command).await {
                        tracing::debug!(%problem, "a key");
                    }
                });
            }
        }
        true
    }

    /// Told without a way round: the keys that are pressed next are behind it in the same queue, and
    /// so none of them is lost. The state that brings `tab` to the front may still be on its way.
    fn move_focus(&self, target: ShellFocus, tab: Option<TabId>) {
        self.shell.grab_focus();
        let wish = serde_json::json!({ "target": target, "tab": tab });
        let script =
            format!("dispatchEvent(new CustomEvent('duotab-focus', {{ detail: {wish} }}))");
        let none = gio::Cancellable::NONE;
        self.shell
            .evaluate_javascript(&script, None, None, none, |_| {});
    }
}
