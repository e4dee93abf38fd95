//! Menus of the desktop's own: a page's own webview lies over all that the shell's page could open
//! there.

use std::cell::Cell;
use std::rc::Rc;

use duotab_core::message::MenuLine;
use gtk::gdk::{self, Gravity};
use gtk::glib;
use gtk::prelude::*;

/// The longest line, in characters.
const WIDEST: i32 = 60;

/// Shows a menu and tells, once, which of its lines was chosen, if any. It opens at a place of the
/// widget, or under the pointer.
pub(crate) fn show(
    over: &impl IsA<gtk::Widget>,
    lines: &[MenuLine],
    place: Option<(i32, i32)>,
    chosen: impl FnOnce(Option<usize>) + 'static,
) {
    let menu = gtk::Menu::new();
    let choice = Rc::new(Cell::new(None));
    for (at, line) in lines.iter().enumerate() {
        match line {
            MenuLine::Choice { label, enabled } => {
                let item = item(label, *enabled);
                let choice = Rc::clone(&choice);
                item.connect_activate(move |_| choice.set(Some(at)));
                menu.append(&item);
            }
            MenuLine::Rule => menu.append(&gtk::SeparatorMenuItem::new()),
        }
    }
    let over: gtk::Widget = over.clone().upcast();
    menu.set_attach_widget(Some(&over));
    menu.show_all();
    let chosen = Cell::new(Some(chosen));
    let end = Rc::new(move |menu: &gtk::Menu| {
        menu.detach();
        if let Some(chosen) = chosen.take() {
            chosen(choice.get());
        }
    });
    let ended = Rc::clone(&end);
    menu.connect_deactivate(move |menu| {
        let (menu, end) = (menu.clone(), Rc::clone(&ended));
        // The line that was chosen is told after this.
        glib::idle_add_local_once(move || end(&menu));
    });
    when_let_go(&over.clone(), move || {
        open(&menu, &over, place);
        // Where another program has the pointer, it does not open.
        if !menu.is_visible() {
            end(&menu);
        }
    });
}

fn item(label: &str, enabled: bool) -> gtk::MenuItem {
    let label = gtk::Label::builder()
        .label(label)
        .xalign(0.0)
        .max_width_chars(WIDEST)
        .ellipsize(gtk::pango::EllipsizeMode::End)
        .build();
    gtk::MenuItem::builder()
        .child(&label)
        .sensitive(enabled)
        .build()
}

/// Does something when no button of the pointer is held over the widget any more: a menu that opens
/// under one takes its release for a choice, or for a wish to close it.
fn when_let_go(over: &gtk::Widget, act: impl FnOnce() + 'static) {
    if !is_held(over) {
        // A release may be on its way still.
        glib::idle_add_local_once(act);
        return;
    }
    let act = Rc::new(Cell::new(Some(act)));
    let waiting = Rc::new(Cell::new(None));
    let heard = Rc::clone(&waiting);
    let id = over.connect_button_release_event(move |over, _| {
        let (over, act, heard) = (over.clone(), Rc::clone(&act), Rc::clone(&heard));
        // The page hears of it first.
        glib::idle_add_local_once(move || {
            if is_held(&over) {
                return;
            }
            if let Some(id) = heard.take() {
                over.disconnect(id);
            }
            if let Some(act) = act.take() {
                act();
            }
        });
        glib::Propagation::Proceed
    });
    waiting.set(Some(id));
}

fn is_held(over: &gtk::Widget) -> bool {
    use gdk::ModifierType as Held;
    let any = Held::BUTTON1_MASK | Held::BUTTON2_MASK | Held::BUTTON3_MASK;
    pointer(over).is_some_and(|(_, _, state)| state.intersects(any))
}

/// There is no event to go by: what asks comes from the shell's page.
fn open(menu: &gtk::Menu, over: &gtk::Widget, place: Option<(i32, i32)>) {
    let pointed = pointer(over).map(|(x, y, _)| (x, y));
    let (x, y) = place.or(pointed).unwrap_or_default();
    if let Some(window) = over.window() {
        let at = gdk::Rectangle::new(x, y, 1, 1);
        menu.popup_at_rect(&window, &at, Gravity::SouthWest, Gravity::NorthWest, None);
    }
}

/// Where the pointer is over the widget, and what is held.
fn pointer(over: &gtk::Widget) -> Option<(i32, i32, gdk::ModifierType)> {
    let window = over.window()?;
    let pointer = window.display().default_seat()?.pointer()?;
    let (_, x, y, state) = window.device_position(&pointer);
    Some((x, y, state))
}
