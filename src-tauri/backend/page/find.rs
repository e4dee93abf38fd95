//! Looking for text in a page and all of its frames. CDP has no command for what Ctrl+F does in
//! Chromium, so a script of ours does it in each frame, in a world of its own; which match of which frame
//! is shown is decided here.

use std::sync::Arc;
use std::time::Duration;

use duotab_core::event::PageNews;
use duotab_core::page::Direction;
use futures_util::future::join_all;

use super::frames::{self, Frame};
use super::{PageError, Shared, follow};

const SCRIPT: &str = include_str!("find.js");
/// Matches that are counted and marked; no person steps through more.
const MOST: u32 = 1000;

/// How long a long page may take: a person waits for it.
const LIMIT: Duration = Duration::from_secs(4);

/// What is looked for in a page, and the frame that has the match that is shown.
#[derive(Clone, Debug, Default)]
pub(super) struct Looked {
    text: String,
    shown: Option<(Frame, u32)>,
}

/// A frame's matches, and the first of them from the place on that one looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Matches {
    count: u32,
    ahead: u32,
}

/// What the script is to do in a frame.
enum Turn {
    /// Mark what is found, anew or only if the document has changed.
    Mark { anew: bool },
    /// Show this match.
    Show(u32),
    /// Another frame has the match that is shown.
    Leave,
}

/// Looks for `text`, from the beginning or by a step from the match that is in sight, and tells what
/// is found. An empty text takes the marks away.
pub(super) async fn look(
    shared: &Arc<Shared>,
    target: &str,
    text: String,
    step: Option<Direction>,
) -> Result<(), PageError> {
    let session = follow::session(shared, target).await?;
    let before = {
        let mut book = shared.book();
        let page = book.page(target).ok_or(PageError::UnknownTarget)?;
        let shown = page.looked.shown.clone().filter(|_| !text.is_empty());
        let text = text.clone();
        std::mem::replace(&mut page.looked, Looked { text, shown }).shown
    };
    let frames = frames::all(shared, target, &session).await;
    let anew = step.is_none();
    let marks = frames.iter().map(|it| mark(shared, it, &text, anew));
    let found = join_all(marks).await;
    if text.is_empty() {
        return Ok(());
    }
    // Without an answer of the page itself nothing is known.
    let Some(Some(_)) = found.first() else {
        return Ok(());
    };
    let mut found: Vec<Matches> = found.into_iter().map(Option::unwrap_or_default).collect();
    cap(&mut found);
    let current = before.as_ref().and_then(|(frame, at)| {
        let of = frames.iter().position(|it| it.id == frame.id)?;
        Some((of, *at))
    });
    let next = next(&found, current, step);
    let shown = next.and_then(|(of, at)| Some((frames.get(of)?.clone(), at)));
    if let Some((frame, _)) = &before
        && shown.as_ref().is_none_or(|(now, _)| now.id != frame.id)
    {
        turn(shared, frame, &text, &Turn::Leave).await;
    }
    if let Some((frame, at)) = &shown {
        turn(shared, frame, &text, &Turn::Show(*at)).await;
    }
    let tab = {
        let mut book = shared.book();
        if let Some(page) = book.page(target) {
            page.looked.shown = shown;
        }
        book.owner(target)
    };
    if let Some(tab) = tab {
        let (matches, at) = told(&found, next);
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
    let looked = shared
        .book()
        .page(target)
        .map(|page| page.looked.text.clone());
    match looked.filter(|text| !text.is_empty()) {
        Some(text) => look(shared, target, text, Some(direction)).await,
        None => Ok(()),
    }
}

async fn mark(shared: &Arc<Shared>, frame: &Frame, text: &str, anew: bool) -> Option<Matches> {
    read(&turn(shared, frame, text, &Turn::Mark { anew }).await?)
}

async fn turn(shared: &Arc<Shared>, frame: &Frame, text: &str, turn: &Turn) -> Option<String> {
    let script = script(text, turn);
    let of = Some(frame.id.as_str());
    follow::evaluate_within(LIMIT, shared, &frame.session, of, &script).await
}

/// No more than [`MOST`] in all, the first ones.
fn cap(found: &mut [Matches]) {
    let mut left = MOST;
    for matches in found {
        matches.count = matches.count.min(left);
        matches.ahead = matches.ahead.min(matches.count.saturating_sub(1));
        left -= matches.count;
    }
}

/// The match that is shown next, by its frame and its place there: at first the one ahead in the frame
/// that had one before or in the first that has any; then step by step through all frames, around.
fn next(
    found: &[Matches],
    current: Option<(usize, u32)>,
    step: Option<Direction>,
) -> Option<(usize, u32)> {
    let has = |of: usize| found.get(of).copied().filter(|it| it.count > 0);
    let around = |from: usize, forward: bool| {
        let count = found.len();
        let nth = move |n: usize| (from + if forward { n } else { count - n }) % count;
        (1..=count).map(nth).find_map(|of| Some((of, has(of)?)))
    };
    let (of, at) = current.unwrap_or((0, 0));
    match (step, has(of)) {
        (Some(Direction::Forward), Some(it)) if current.is_some() && at + 1 < it.count => {
            Some((of, at + 1))
        }
        (Some(Direction::Back), Some(it)) if current.is_some() && at > 0 => {
            Some((of, (at - 1).min(it.count - 1)))
        }
        (Some(Direction::Forward), _) if current.is_some() => {
            around(of, true).map(|(of, _)| (of, 0))
        }
        (Some(Direction::Back), _) if current.is_some() => {
            around(of, false).map(|(of, it)| (of, it.count - 1))
        }
        (_, Some(it)) => Some((of, it.ahead)),
        (_, None) => around(of, true).map(|(of, it)| (of, it.ahead)),
    }
}

/// How many there are in all, and which of them is shown, counted from 1.
fn told(found: &[Matches], shown: Option<(usize, u32)>) -> (u32, Option<u32>) {
    let sum = |of: &[Matches]| of.iter().map(|it| it.count).sum::<u32>();
    let at = shown.map(|(of, at)| sum(found.get(..of).unwrap_or_default()) + at + 1);
    (sum(found), at)
}

fn script(text: &str, turn: &Turn) -> String {
    // JSON is JavaScript, as a text, since both allow U+2028.
    let text = serde_json::Value::from(text).to_string();
    let (at, anew) = match turn {
        Turn::Mark { anew } => ("\"mark\"".to_owned(), *anew),
        Turn::Show(at) => (at.to_string(), false),
        Turn::Leave => ("\"leave\"".to_owned(), false),
    };
    let call = format!("({text}, {at}, {anew}, {MOST})");
    SCRIPT.replace("(TEXT, AT, ANEW, MOST)", &call)
}

/// The script lives in the page's process: what it says is not to be trusted.
fn read(answer: &str) -> Option<Matches> {
    let (count, ahead) = answer.split_once(',')?;
    Some(Matches {
        count: count.parse::<u32>().ok()?.min(MOST),
        ahead: ahead.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(counts: &[u32]) -> Vec<Matches> {
        let matches = |count: &u32| Matches {
            count: *count,
            ahead: 0,
        };
        counts.iter().map(matches).collect()
    }

    #[test]
    fn a_text_cannot_leave_its_quotes() {
        let script = script("\"); alert(1); (\"", &Turn::Mark { anew: true });
        let end = "(\"\\\"); alert(1); (\\\"\", \"mark\", true, 1000)\n";
        assert!(script.ends_with(end), "{script}");
    }

    #[test]
    fn an_answer_is_a_count_and_a_place() {
        let matches = |count, ahead| Some(Matches { count, ahead });
        assert_eq!(read("12,3"), matches(12, 3));
        assert_eq!(read("0,0"), matches(0, 0));
        assert_eq!(read("99999,5000"), matches(MOST, 5000));
        assert_eq!(read(""), None);
        assert_eq!(read("-1,x"), None);
    }

    #[test]
    fn of_too_many_matches_the_first_ones_count() {
        let mut found = of(&[600, 600, 5]);
        found[1].ahead = 500;
        cap(&mut found);
        assert_eq!(told(&found, Some((1, 2))), (MOST, Some(603)));
        assert_eq!(
            (found[1].count, found[1].ahead, found[2].count),
            (400, 399, 0)
        );
    }

    #[test]
    fn steps_go_through_all_frames_that_have_a_match_and_around() {
        let found = of(&[2, 0, 1]);
        let mut at = next(&found, None, None);
        let mut seen = vec![at];
        for _ in 0..3 {
            at = next(&found, at, Some(Direction::Forward));
            seen.push(at);
        }
        assert_eq!(
            seen,
            [Some((0, 0)), Some((0, 1)), Some((2, 0)), Some((0, 0))]
        );
        for expected in [(2, 0), (0, 1), (0, 0)] {
            at = next(&found, at, Some(Direction::Back));
            assert_eq!(at, Some(expected));
        }
        assert_eq!(told(&found, Some((2, 0))), (3, Some(3)));
        assert_eq!(
            next(&of(&[0, 0]), Some((1, 0)), Some(Direction::Back)),
            None
        );
        assert_eq!(next(&of(&[0, 0]), None, None), None);
    }

    #[test]
    fn what_is_typed_on_is_looked_for_where_one_was() {
        let mut found = of(&[2, 0, 3]);
        found[2].ahead = 1;
        assert_eq!(next(&found, Some((2, 2)), None), Some((2, 1)));
        found[2].count = 0;
        assert_eq!(next(&found, Some((2, 2)), None), Some((0, 0)));
        assert_eq!(
            next(&of(&[0, 1]), None, Some(Direction::Back)),
            Some((1, 0))
        );
    }

    #[test]
    fn a_match_that_went_away_meanwhile_is_stepped_over() {
        let back = Some(Direction::Back);
        assert_eq!(next(&of(&[3]), Some((0, 9)), back), Some((0, 2)));
        assert_eq!(
            next(&of(&[3]), Some((0, 9)), Some(Direction::Forward)),
            Some((0, 0))
        );
    }
}
