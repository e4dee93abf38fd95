//! Whether a page may be closed without a word: asked of it by one script, in both modes, before
//! anything of it is given up. Its engine would ask only while it closes, and then for good.

use crate::event::PageNews;
use crate::message::Mode;

/// What is evaluated in the page, in a world of its own.
pub const SCRIPT: &str = include_str!("leave.js");

/// How long a page may take to answer, in milliseconds. One that takes longer does not object. A
/// streamed one is asked twice over a way that may be long.
#[must_use]
pub const fn limit_ms(mode: Mode) -> u64 {
    match mode {
        Mode::Proxy => 1500,
        Mode::Streamed => 2000,
    }
}

/// What the script has said.
#[must_use]
pub fn heard(answer: &str) -> PageNews {
    PageNews::Objects(answer == "objects")
}
