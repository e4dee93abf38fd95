//! The two buttons at the side of a mouse: back and forward, as everywhere.

use std::rc::Rc;

use duotab_core::event::PageNews;
use duotab_core::page::Direction;
use gtk::glib::Propagation;
use gtk::prelude::*;
use webkit2gtk::WebView;

/// Has presses of them told; the page sees neither them nor their ends.
pub(super) fn connect(view: &WebView, report: &Rc<dyn Fn(PageNews)>) {
    let told = Rc::clone(report);
    view.connect_button_press_event(move |_, event| match direction(event.button()) {
        Some(direction) => {
            told(PageNews::StepWanted(direction));
            Propagation::Stop
        }
        None => Propagation::Proceed,
    });
    view.connect_button_release_event(|_, event| match direction(event.button()) {
        Some(_) => Propagation::Stop,
        None => Propagation::Proceed,
    });
}

/// What a button means, by its number under X and Wayland alike.
fn direction(button: u32) -> Option<Direction> {
    match button {
        8 => Some(Direction::Back),
        9 => Some(Direction::Forward),
        _ => None,
    }
}
