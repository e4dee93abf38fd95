//! What a page may do only if the person agrees. Chromium asks in its own picture, and tells nobody;
//! so a script asks first, before any of the page's own, and Chromium is told what was decided. What
//! no script can ask about, Chromium still asks in the picture.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use duotab_core::ask::{Answer, Ask, Question, Wish};
use duotab_core::event::PageNews;
use duotab_core::site::{SitePermission, origin_of};
use futures_util::StreamExt as _;
use serde_json::json;

use super::asks::Open;
use super::{PageError, Shared, follow};

/// In the page's own world.
const SCRIPT: &str = include_str!("permission.js");
/// In ours.
const EAR: &str = include_str!("permission_ear.js");

/// What the script says of a page that prints.
const PRINT: &str = "print";

/// The least time between two questions of a page.
const PACE: Duration = Duration::from_millis(50);
/// Decisions that are told to Chromium at a time.
const AT_ONCE: usize = 32;

/// The names that Chromium has for wishes.
const NAMES: [(Wish, &str); 5] = [
    (Wish::Location, "geolocation"),
    (Wish::Notifications, "notifications"),
    (Wish::Camera, "camera"),
    (Wish::Microphone, "microphone"),
    (Wish::Clipboard, "clipboard-read"),
];

/// What a page asks for.
pub(super) struct Wanted {
    /// The script's name for the question.
    pub(super) key: String,
    origin: String,
    wishes: Vec<Wish>,
}

/// What a document may, or may not, until it goes; for each origin.
pub(super) type Passing = HashMap<(String, Wish), bool>;

/// Has a page's questions come here from its next document on, and from the one that is there.
/// Questions that an earlier connection has left open are asked again.
pub(super) async fn listen(shared: &Shared, target: &str, session: &str) {
    // Known to no page, and the same for each connection. JSON is JavaScript.
    let name = format!("({})", json!(format!("duotab-{target}")));
    let ear = json!({
        "source": EAR.replace("(NAME)", &name),
        "worldName": follow::WORLD,
        "runImmediately": true,
    });
    let script = json!({
        "source": SCRIPT.replace("(NAME)", &name),
        "runImmediately": true,
    });
    for script in [ear, script] {
        let method = "Page.addScriptToEvaluateOnNewDocument";
        let added = shared.wire.call(Some(session), method, script).await;
        if let Err(error) = added {
            tracing::debug!(%error, "Chromium asks about permissions by itself");
        }
    }
}

/// Waits for questions of each document, one after the other.
pub(super) async fn hear(shared: Arc<Shared>, target: String, session: String) {
    let mut last = 0;
    loop {
        let (frame, turned) = match shared.book().page(&target) {
            Some(page) => (page.main_frame.clone(), Arc::clone(&page.turned)),
            None => return,
        };
        let question = async {
            let context = follow::world(&shared, &session, &frame).await?;
            let params = json!({
                "expression": format!("globalThis.duotabAsks?.next({last})"),
                "contextId": context,
                "awaitPromise": true,
                "returnByValue": true,
            });
            let method = "Runtime.evaluate";
            let asked = shared.wire.start(Some(&session), method, params);
            let answer = asked.await.ok()?.wait().await.ok()?;
            read(answer["result"]["value"].as_str()?)
        };
        let question = tokio::select! {
            // The old document may be kept for the way back, and would never answer.
            () = turned.notified() => {
                last = 0;
                continue;
            }
            question = question => question,
        };
        match question {
            Some(question) => {
                last = question.number;
                asked(&shared, &target, &session, question);
                tokio::time::sleep(PACE).await;
            }
            None => {
                turned.notified().await;
                last = 0;
            }
        }
    }
}

/// A page asks.
fn asked(shared: &Arc<Shared>, target: &str, session: &str, question: Asking) {
    let Asking { origin, key, .. } = question;
    let mut book = shared.book();
    if key == PRINT {
        if let Some(tab) = book.owner(target) {
            shared.queue.news(tab, PageNews::PrintWanted);
        }
        drop(book);
        let (of, session) = (Arc::clone(shared), session.to_owned());
        shared.spawn(async move { reply(&of, &session, PRINT).await });
        return;
    }
    let known: Vec<(Wish, Option<bool>)> = wishes(&key)
        .map(|wish| {
            let place = (origin.clone(), wish);
            let passing = book
                .page(target)
                .and_then(|it| it.passing.get(&place).copied());
            (wish, passing.or_else(|| book.rules.get(&place).copied()))
        })
        .collect();
    let Some(page) = book.page(target) else {
        return;
    };
    if page.asked.wants(&key) {
        return;
    }
    // Another document may be there by now.
    let is_its = origin_of(&page.url.borrow()).is_some_and(|it| it == origin);
    let wishes: Vec<Wish> = known
        .iter()
        .filter(|it| it.1.is_none())
        .map(|it| it.0)
        .collect();
    let ask = page
        .tab
        .filter(|_| is_its && !wishes.is_empty())
        .and_then(|tab| {
            let open = Open::Permission(Wanted {
                key: key.clone(),
                origin: origin.clone(),
                wishes: wishes.clone(),
            });
            Some((tab, page.asked.open(open)?))
        });
    drop(book);
    if let Some((tab, ask)) = ask {
        let ask = Ask::new(ask, &origin, Question::Permission { wishes });
        return shared.queue.news(tab, PageNews::Asks(ask));
    }
    let (of, session) = (Arc::clone(shared), session.to_owned());
    shared.spawn(async move {
        // Chromium forgets what it was told when a connection before this one ends late.
        for (wish, allowed) in known.into_iter().filter(|it| is_its && it.1.is_some()) {
            set(&of, &origin, wish, allowed).await;
        }
        reply(&of, &session, &key).await;
    });
}

/// A question as the script words it.
#[derive(Debug, PartialEq, Eq)]
struct Asking {
    number: u32,
    origin: String,
    key: String,
}

/// The script lives in the page's process: what it says is not to be trusted.
fn read(question: &str) -> Option<Asking> {
    let mut words = question.splitn(3, ' ');
    let number = words.next()?.parse().ok()?;
    let (origin, key) = (words.next()?.to_owned(), words.next()?);
    let is_known = key == PRINT || key.len() <= 200 && wishes(key).next().is_some();
    let key = key.to_owned();
    is_known.then_some(Asking {
        number,
        origin,
        key,
    })
}

/// The wishes that are known, each once.
fn wishes(key: &str) -> impl Iterator<Item = Wish> {
    let each = NAMES.iter();
    each.filter(|(_, name)| key.split(' ').any(|word| word == *name))
        .map(|(wish, _)| *wish)
}

/// The person has answered.
pub(super) fn answer(
    shared: &Arc<Shared>,
    target: &str,
    session: &str,
    wanted: Wanted,
    answer: &Answer,
) {
    let Wanted {
        key,
        origin,
        wishes,
    } = wanted;
    let (allowed, always) = match answer {
        Answer::Yes { always } => (true, *always),
        Answer::No { always } => (false, *always),
        _ => (false, false),
    };
    if !always && let Some(page) = shared.book().page(target) {
        let passing = wishes.iter();
        let passing = passing.map(|wish| ((origin.clone(), *wish), allowed));
        page.passing.extend(passing);
    }
    let (of, session) = (Arc::clone(shared), session.to_owned());
    shared.spawn(async move {
        for wish in wishes {
            set(&of, &origin, wish, Some(allowed)).await;
        }
        reply(&of, &session, &key).await;
    });
}

/// Lets the page go on: it finds out from Chromium what it may.
async fn reply(shared: &Shared, session: &str, key: &str) {
    let script = format!("globalThis.duotabAsks?.answer({})", json!(key));
    let frame = {
        let mut book = shared.book();
        book.of_session(session).map(|it| it.1.main_frame.clone())
    };
    if let Some(frame) = frame {
        follow::evaluate(shared, session, Some(&frame), &script).await;
    }
}

/// What was allowed or refused to a document that has gone is as it was before.
pub(super) fn pass(shared: &Arc<Shared>, passing: Passing) {
    if passing.is_empty() {
        return;
    }
    let of = Arc::clone(shared);
    shared.spawn(async move {
        for (origin, wish) in passing.into_keys() {
            let rule = of.book().rules.get(&(origin.clone(), wish)).copied();
            set(&of, &origin, wish, rule).await;
        }
    });
}

/// What is decided for sites, from now on.
pub(super) async fn decide(shared: &Shared, decided: Vec<SitePermission>) {
    let mut setting = Vec::new();
    for SitePermission {
        origin,
        wish,
        allowed,
    } in decided
    {
        let key = (origin.clone(), wish);
        let mut book = shared.book();
        match allowed {
            Some(allowed) => book.rules.insert(key, allowed),
            None => book.rules.remove(&key),
        };
        setting.push((origin, wish, allowed));
    }
    futures_util::stream::iter(setting)
        .for_each_concurrent(AT_ONCE, async |(origin, wish, allowed)| {
            set(shared, &origin, wish, allowed).await;
        })
        .await;
}

async fn set(shared: &Shared, origin: &str, wish: Wish, allowed: Option<bool>) {
    let Some((_, name)) = NAMES.iter().find(|(of, _)| *of == wish) else {
        return;
    };
    let setting = match allowed {
        Some(true) => "granted",
        Some(false) => "denied",
        None => "prompt",
    };
    let params = json!({
        "permission": { "name": name }, "setting": setting, "origin": origin,
    });
    let set = shared.wire.call(None, "Browser.setPermission", params);
    match set.await {
        Ok(_) | Err(PageError::Disconnected) => {}
        Err(error) => tracing::debug!(name, %error, "a permission"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_question_has_a_number_an_origin_and_known_wishes() {
        let asking = read("3 https://a.example microphone camera camera midi").unwrap();
        assert_eq!(asking.number, 3);
        assert_eq!(asking.origin, "https://a.example");
        let both = [Wish::Camera, Wish::Microphone];
        assert!(wishes(&asking.key).eq(both), "{asking:?}");
        for nonsense in [
            "",
            "1",
            "1 a",
            "1 a midi",
            "x a camera",
            "-1 a camera",
            "1 camera",
        ] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
        let long = format!("1 a camera {}", "x".repeat(200));
        assert_eq!(read(&long), None);
    }

    #[test]
    fn both_scripts_are_called_with_the_same_name() {
        for script in [SCRIPT, EAR] {
            assert_eq!(script.matches("(NAME)").count(), 1);
        }
    }
}
