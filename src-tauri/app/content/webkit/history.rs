//! The engine's own history of a page.

use duotab_core::event::{HistoryEntry, PageNews};
use gtk::glib::GString;
use webkit2gtk::{
    BackForwardListExt, BackForwardListItem, BackForwardListItemExt, WebView, WebViewExt,
};

/// How many entries are told in each direction, as many as browsers keep.
const DEPTH: i32 = 50;

/// The history as it is now; `None` before the first page.
pub(super) fn news(view: &WebView) -> Option<PageNews> {
    let list = view.back_forward_list()?;
    list.current_item()?;
    let back = (1..=DEPTH)
        .map_while(|step| list.nth_item(-step))
        .collect::<Vec<_>>();
    let ahead = (0..=DEPTH).map_while(|step| list.nth_item(step));
    let mut entries: Vec<_> = back.iter().rev().map(entry).collect();
    let index = entries.len();
    entries.extend(ahead.map(|item| entry(&item)));
    Some(PageNews::History { entries, index })
}

fn entry(item: &BackForwardListItem) -> HistoryEntry {
    let text = |text: Option<GString>| text.map(String::from).unwrap_or_default();
    HistoryEntry {
        url: text(item.uri()),
        title: text(item.title()),
    }
}
