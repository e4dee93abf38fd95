//! Looking for text in a page. CDP has no command for what Ctrl+F does in Chromium, so a script of
//! ours does it, in a world of its own.

use std::sync::Arc;
use std::time::Duration;

use duotab_core::event::PageNews;
use duotab_core::page::Direction;

use super::{PageError, Shared, follow};

const SCRIPT: &str = include_str!("find.js");
/// Matches that are counted and marked; no person steps through more.
const MOST: u32 = 1000;

/// How long a long page may take: a person waits for it.
const LIMIT: Duration = Duration::from_secs(4);

/// Looks for `text`, from the beginning or by a step from the match that is in sight, and tells what
/// is found. An empty text takes the marks away.
pub(super) async fn look(
    shared: &Arc<Shared>,
    target: &str,
    text: String,
    step: Option<Direction>,
) -> Result<(), PageError> {
    let session = follow::session(shared, target).await?;
    let frame = {
        let mut book = shared.book();
        let page = book.page(target).ok_or(PageError::UnknownTarget)?;
        page.looked.clone_from(&text);
        page.main_frame.clone()
    };
    let script = script(&text, step);
    let frame = Some(frame.as_str());
    let asked = follow::evaluate_within(LIMIT, shared, &session, frame, &script);
    let Some(answer) = asked.await else {
        return Ok(());
    };
    let tab = shared.book().owner(target);
    if let (Some(tab), Some((matches, at))) = (tab, read(&answer)) {
        shared.queue.news(tab, PageNews::Found { matches, at });
    }
    Ok(())
}

/// Goes to another match of what was looked for last.
pub(super) async fn step(
    shared: &Arc<Shared>,
    target: &str,
    direction: Direction,
) -> Result<(), PageError> {
    let looked = shared.book().page(target).map(|page| page.looked.clone());
    match looked.filter(|text| !text.is_empty()) {
        Some(text) => look(shared, target, text, Some(direction)).await,
        None => Ok(()),
    }
}

fn script(text: &str, step: Option<Direction>) -> String {
    let step = match step {
        None => "0",
        Some(Direction::Forward) => "1",
        Some(Direction::Back) => "-1",
    };
    // JSON is JavaScript, as a text, since both allow U+2028.
    let text = serde_json::Value::from(text).to_string();
    let call = format!("({text}, {step}, {MOST})");
    SCRIPT.replace("(TEXT, STEP, MOST)", &call)
}

/// The script lives in the page's process: what it says is not to be trusted.
fn read(answer: &str) -> Option<(u32, Option<u32>)> {
    let (matches, at) = answer.split_once(',')?;
    let matches = matches.parse::<u32>().ok()?.min(MOST);
    let at = at.parse().ok().filter(|at| (1..=matches).contains(at));
    Some((matches, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_leave_its_quotes() {
        let script = script("\"); alert(1); (\"", None);
        assert!(script.ends_with("(\"\\\"); alert(1); (\\\"\", 0, 1000)\n"));
    }

    #[test]
    fn an_answer_is_a_count_and_a_place_within_it() {
        assert_eq!(read("12,3"), Some((12, Some(3))));
        assert_eq!(read("0,0"), Some((0, None)));
        assert_eq!(read("99999,5000"), Some((MOST, None)));
        assert_eq!(read(""), None);
        assert_eq!(read("-1,x"), None);
    }
}
