//! A menu of the desktop's own, under the pointer: a page's own webview lies over all that the
//! shell's page could open there.

use duotab_backend::controller::Controller;
use duotab_core::event::Command;
use duotab_core::message::TabId;
use gtk::gdk::{self, Gravity};
use gtk::prelude::*;

/// The longest line, in characters.
const WIDEST: i32 = 60;

/// Shows the places of a tab's history, each with its position, to go to one of them.
pub(crate) fn show(
    over: &impl IsA<gtk::Widget>,
    controller: &Controller,
    tab: TabId,
    places: Vec<(usize, String)>,
) {
    let menu = gtk::Menu::new();
    for (position, title) in places {
        let label = gtk::Label::builder()
            .label(title)
            .xalign(0.0)
            .max_width_chars(WIDEST)
            .ellipsize(gtk::pango::EllipsizeMode::End)
            .build();
        let item = gtk::MenuItem::builder().child(&label).build();
        let controller = controller.clone();
        item.connect_activate(move |_| {
            let controller = controller.clone();
            tauri::async_runtime::spawn(async move {
                let gone = controller.command(Command::GoTo(tab, position)).await;
                if let Err(problem) = gone {
                    tracing::debug!(%problem, "a place of the history");
                }
            });
        });
        menu.append(&item);
    }
    menu.set_attach_widget(Some(over));
    menu.show_all();
    menu.connect_deactivate(|menu| {
        // What was chosen is told after this.
        let menu = menu.clone();
        gtk::glib::idle_add_local_once(move || menu.detach());
    });
    place(&menu, over);
}

/// Under the pointer. There is no event to go by: what asks comes from the shell's page.
fn place(menu: &gtk::Menu, over: &impl IsA<gtk::Widget>) {
    let Some(window) = over.window() else { return };
    let pointer = window
        .display()
        .default_seat()
        .and_then(|seat| seat.pointer());
    let (x, y) = pointer.map_or((0, 0), |pointer| {
        let (_, x, y, _) = window.device_position(&pointer);
        (x, y)
    });
    let at = gdk::Rectangle::new(x, y, 1, 1);
    menu.popup_at_rect(&window, &at, Gravity::SouthWest, Gravity::NorthWest, None);
}
