//! The TypeScript types are those of the Rust messages.

use crate::tree::top;
use duotab_core::message::{
    Answer, BookmarkView, Completion, ContentArea, Direction, DownloadVerb, Imported, LaneTicket,
    MenuLine, Mode, Problem, ShellFocus, Switch, Update, VisitView,
};
use std::collections::BTreeMap;
use std::path::Path;
use ts_rs::{Config, TS};

fn read(folder: &Path) -> BTreeMap<String, String> {
    std::fs::read_dir(folder)
        .expect("the folder of the bindings is there")
        .map(|entry| {
            let entry = entry.expect("an entry");
            let text = std::fs::read_to_string(entry.path()).expect("a text");
            (entry.file_name().to_string_lossy().into_owned(), text)
        })
        .collect()
}

#[test]
fn the_generated_types_are_up_to_date() {
    let fresh = tempfile::tempdir().expect("a folder");
    let config = Config::new().with_out_dir(fresh.path());
    Update::export_all(&config).expect("written");
    LaneTicket::export_all(&config).expect("written");
    ContentArea::export_all(&config).expect("written");
    Problem::export_all(&config).expect("written");
    Mode::export_all(&config).expect("written");
    ShellFocus::export_all(&config).expect("written");
    Answer::export_all(&config).expect("written");
    Direction::export_all(&config).expect("written");
    Switch::export_all(&config).expect("written");
    DownloadVerb::export_all(&config).expect("written");
    Completion::export_all(&config).expect("written");
    BookmarkView::export_all(&config).expect("written");
    VisitView::export_all(&config).expect("written");
    Imported::export_all(&config).expect("written");
    MenuLine::export_all(&config).expect("written");
    let fresh = read(fresh.path());
    assert!(fresh.len() > 10, "all messages");
    assert_eq!(
        read(&top().join("ui/src/messages")),
        fresh,
        "run `cargo test -p duotab-core export_bindings` to write them anew"
    );
}
