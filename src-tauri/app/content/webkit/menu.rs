//! The menu of a page: the engine's own, with tabs where the engine knows only windows. These few
//! words are the system's menu and cannot come from the shell's page.

use std::rc::Rc;

use duotab_core::event::PageNews;
use duotab_core::message::Mode;
use gtk::gio;
use gtk::glib::{GString, ObjectExt};
use webkit2gtk::{
    ContextMenu, ContextMenuAction, ContextMenuExt, ContextMenuItem, ContextMenuItemExt,
    HitTestResultExt, WebView, WebViewExt,
};

use super::super::address;
use super::{print, source};

/// What opens windows, which there are none of, and what follows a link as a click does.
const WITHOUT: [ContextMenuAction; 6] = [
    ContextMenuAction::OpenLink,
    ContextMenuAction::OpenLinkInNewWindow,
    ContextMenuAction::OpenImageInNewWindow,
    ContextMenuAction::OpenFrameInNewWindow,
    ContextMenuAction::OpenVideoInNewWindow,
    ContextMenuAction::OpenAudioInNewWindow,
];

/// Makes the menu of a page, each time it is asked for.
pub(super) fn connect(view: &WebView, report: &Rc<dyn Fn(PageNews)>, source: source::Show) {
    let told = Rc::clone(report);
    view.connect_context_menu(move |view, menu, _, at| {
        for item in menu.items() {
            if WITHOUT.contains(&item.stock_action()) {
                menu.remove(&item);
            }
        }
        tidy(menu);
        let from = view.uri();
        let may_lead = |url: &GString| address::may_lead(from.as_deref(), url);
        if let Some(url) = at.link_uri().filter(may_lead) {
            prepend_link(menu, &told, &url);
        } else if let Some(url) = at.image_uri().filter(may_lead) {
            menu.prepend(&ContextMenuItem::new_separator());
            menu.prepend(&tab_item("Open Image in New Tab", &told, &url, None));
        } else if !at.context_is_editable() && !at.context_is_selection() {
            menu.append(&ContextMenuItem::new_separator());
            // The view keeps its last menu, and so must not be kept by it.
            let (printed, shown) = (view.downgrade(), view.downgrade());
            menu.append(&item("Print…", move || {
                printed.upgrade().iter().for_each(print::ask);
            }));
            let source = Rc::clone(&source);
            menu.append(&item("View Page Source", move || {
                shown.upgrade().iter().for_each(|view| source(view));
            }));
        }
        menu.n_items() == 0
    });
}

fn prepend_link(menu: &ContextMenu, told: &Rc<dyn Fn(PageNews)>, url: &str) {
    menu.prepend(&ContextMenuItem::new_separator());
    let streamed = Some(Mode::Streamed);
    menu.prepend(&tab_item("Open Link in Streamed", told, url, streamed));
    menu.prepend(&tab_item("Open Link in New Tab", told, url, None));
}

/// An item that opens a tab.
fn tab_item(
    label: &str,
    told: &Rc<dyn Fn(PageNews)>,
    url: &str,
    mode: Option<Mode>,
) -> ContextMenuItem {
    let (told, url) = (Rc::clone(told), url.to_owned());
    item(label, move || {
        told(PageNews::TabWanted {
            url: url.clone(),
            mode,
        });
    })
}

fn item(label: &str, act: impl Fn() + 'static) -> ContextMenuItem {
    // The engine tells the items of a menu apart by their actions' names.
    let name: String = label.chars().filter(char::is_ascii_alphabetic).collect();
    let action = gio::SimpleAction::new(&name, None);
    action.connect_activate(move |_, _| act());
    ContextMenuItem::from_gaction(&action, label, None)
}

/// Separators that now stand at an end, or side by side.
fn tidy(menu: &ContextMenu) {
    let mut after_separator = true;
    for item in menu.items() {
        if item.is_separator() && after_separator {
            menu.remove(&item);
        }
        after_separator = item.is_separator();
    }
    if let Some(last) = menu.last().filter(ContextMenuItemExt::is_separator) {
        menu.remove(&last);
    }
}
