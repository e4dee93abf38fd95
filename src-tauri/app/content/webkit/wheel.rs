//! The wheel with Control held: zoom, as everywhere.

use std::cell::Cell;
use std::rc::Rc;

use duotab_core::event::PageNews;
use duotab_core::page::Direction;
use gtk::gdk::{self, ModifierType, ScrollDirection};
use gtk::glib::Propagation;
use gtk::prelude::*;
use webkit2gtk::WebView;

/// Has turns of the wheel told that mean the zoom; the page does not see them.
pub(super) fn connect(view: &WebView, report: &Rc<dyn Fn(PageNews)>) {
    let told = Rc::clone(report);
    let rest = Cell::new(0.0);
    view.connect_scroll_event(move |_, event| {
        if !event.state().contains(ModifierType::CONTROL_MASK) {
            rest.set(0.0);
            return Propagation::Proceed;
        }
        let (due, left) = steps(rest.get() + turned(event));
        rest.set(left);
        if let Some(direction) = due {
            told(PageNews::Zoomed(direction));
        }
        Propagation::Stop
    });
}

/// How far the wheel was turned, in notches away from the person.
fn turned(event: &gdk::EventScroll) -> f64 {
    match event.direction() {
        ScrollDirection::Up => 1.0,
        ScrollDirection::Down => -1.0,
        ScrollDirection::Smooth => -event.delta().1,
        _ => 0.0,
    }
}

/// The step that is due after so many notches, and what is left of them. A fling is one step: the
/// eye has to follow.
fn steps(notches: f64) -> (Option<Direction>, f64) {
    // A hair under a whole notch is a whole one.
    if notches > 0.99 {
        (Some(Direction::Forward), 0.0)
    } else if notches < -0.99 {
        (Some(Direction::Back), 0.0)
    } else {
        (None, notches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_touchpad_adds_up_to_a_notch() {
        let (due, left) = steps(0.4);
        assert_eq!(due, None);
        assert_eq!(steps(left + 0.6), (Some(Direction::Forward), 0.0));
        assert_eq!(steps(-7.0), (Some(Direction::Back), 0.0));
    }
}
