//! The site zoo in a Proxy tab of the real window, and in the same engine without the app: every
//! case passes in both.

pub(crate) mod visitor;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use duotab_test_support::{Outcome, World, Zoo, zoo};

use visitor::{Bare, Visitor, Window};

/// Seconds that a page waits for its next step, where there is no bulk in it.
const PATIENCE: u64 = 45;

/// How many files the case of downloads fetches.
const DOWNLOADS: usize = 13;

/// Cases that fail, and why. One that passes is out of date.
type Fails = &'static [(&'static str, &'static str)];

/// In the window alone, before libsoup 3.6.
const OLD_WINDOW_FAILS: Fails = &[(
    "https/http2",
    "libsoup before 3.6 offers no HTTP/2 behind a proxy; from then on it does behind SOCKS, as here",
)];

/// In the engine itself, and so in both.
const ENGINE_FAILS: Fails = &[
    ("http/cookieages", AGES),
    ("https/cookieages", AGES),
    ("http/httponly", HIDDEN),
    ("https/httponly", HIDDEN),
];

/// The same, before libsoup 3.6.
const OLD_ENGINE_FAILS: Fails = &[
    ("http/cookieprefixes", PREFIXES),
    ("https/cookieprefixes", PREFIXES),
    ("http/cookiesites", SITES),
    ("https/cookiesites", SITES),
];

const PREFIXES: &str = "libsoup before 3.6 does not know __Host- and __Secure-";
const SITES: &str =
    "before libsoup 3.6 a frame of another site asks in the name of the page around it";
const AGES: &str = "libsoup lets the last of Max-Age and Expires count";
const HIDDEN: &str = "a page sees the cookie that it could not set, until it is loaded again";

#[tokio::test]
async fn every_case_of_the_zoo_passes_by_the_proxy_as_it_does_without() -> Outcome<()> {
    World::new(&zoo::NAMES)?.play("zoo::every_case").await
}

#[tokio::test]
#[ignore = "played by the test above, in a world of its own"]
async fn every_case() -> Outcome<()> {
    let zoo = Zoo::open().await?;
    let only = std::env::var("DUOTAB_ZOO_ONLY").unwrap_or_default();
    let mut visits = Vec::new();
    for case in Zoo::cases()? {
        for place in &case.places {
            if place != "attack"
                && (only.is_empty() || only.split(',').any(|only| only == case.name))
            {
                visits.push((place.clone(), case.name.clone()));
            }
        }
    }
    let (window, bare) = tokio::join!(
        visit_all::<Window>(&zoo, &visits),
        visit_all::<Bare>(&zoo, &visits)
    );
    let (window, bare) = (window?, bare?);
    let passed =
        |told: &BTreeMap<String, Option<String>>| told.values().filter(|why| why.is_none()).count();
    println!(
        "the zoo: {} of {} pass in the window, {} in the bare engine",
        passed(&window),
        window.len(),
        passed(&bare)
    );
    let mut wrong = Vec::new();
    let (old_window, old_engine) = if is_soup_old()? {
        (OLD_WINDOW_FAILS, OLD_ENGINE_FAILS)
    } else {
        (&[][..], &[][..])
    };
    let engine = [ENGINE_FAILS, old_engine].concat();
    let both = [&engine, old_window].concat();
    compare("in the window", &window, &both, &mut wrong);
    compare("in the bare engine", &bare, &engine, &mut wrong);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// Whether the engine's libsoup is older than 3.6.
fn is_soup_old() -> Outcome<bool> {
    let asked = ["--atleast-version=3.6", "libsoup-3.0"];
    let newer = std::process::Command::new("pkg-config")
        .args(asked)
        .status()?;
    Ok(!newer.success())
}

/// What fails and is not known to, and what is known to fail and passes.
fn compare(
    place: &str,
    told: &BTreeMap<String, Option<String>>,
    known: &[(&str, &str)],
    wrong: &mut Vec<String>,
) {
    let known: BTreeMap<&str, &str> = known.iter().copied().collect();
    for (visit, why) in told {
        match (why, known.get(visit.as_str())) {
            (Some(why), None) => wrong.push(format!("{visit} fails {place}: {why}")),
            (None, Some(reason)) => {
                wrong.push(format!("{visit} passes {place}, and is listed: {reason}"));
            }
            _ => {}
        }
    }
}

/// Looks at what has become of the downloads of the case of that name.
fn downloaded(folder: &Path) -> Outcome<()> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let odd = |it: char| it.is_control() || "/\\\u{202e}".contains(it);
        if name.starts_with('.') || name.contains(odd) || name.len() > 255 {
            return Err(format!("a file has the name {name:?}").into());
        }
        found.insert(std::fs::read_to_string(&path)?, name.into_owned());
    }
    let all: BTreeSet<String> = (0..DOWNLOADS).map(|n| format!("file {n}")).collect();
    let come: BTreeSet<String> = found.keys().cloned().collect();
    if come != all {
        return Err(format!("not all files came, or not whole: {found:?}").into());
    }
    for (n, name) in [(0, "plain.txt"), (1, "naïve 世.txt"), (2, "real.txt")] {
        if found[&format!("file {n}")] != name {
            return Err(format!("{found:?}: {n} is not {name}").into());
        }
    }
    Ok(())
}

/// Visits all cases in one tab; gives for each why it failed, if it did.
async fn visit_all<V: Visitor>(
    zoo: &Zoo,
    visits: &[(String, String)],
) -> Outcome<BTreeMap<String, Option<String>>> {
    let visitor = V::open().await?;
    let (bulk, longer) = Zoo::bulk();
    let limit = PATIENCE + longer.as_secs();
    let mut told = BTreeMap::new();
    for (place, case) in visits {
        // What becomes of a file's name is the browser's and not the engine's.
        if case == "downloads" && V::NAME != Window::NAME {
            continue;
        }
        let origin = match place.as_str() {
            "https" => "https://zoo.test",
            "http" => "http://zoo.test",
            _ => "http://192.168.7.1",
        };
        let run = format!("{}/{place}", V::NAME);
        let url = format!("{origin}/case/{case}?run={run}&bulk={bulk}&limit={limit}");
        visitor.visit(zoo, &url).await?;
        let mut heard = zoo.hear(&run, case, true).await;
        if heard.as_ref().is_some_and(|it| it.get("ready").is_some()) {
            visitor.click().await?;
            heard = zoo.hear(&run, case, false).await;
        }
        let why = match heard {
            Some(told) if told["verdict"] == "pass" => None,
            Some(told) => Some(told["why"].as_str().unwrap_or_default().to_owned()),
            None => Some("it said nothing".to_owned()),
        };
        told.insert(format!("{place}/{case}"), why);
    }
    if told.contains_key("https/downloads") {
        let why = downloaded(&visitor.downloads()).err();
        let why = why.map(|error| error.to_string());
        told.insert("files/downloads".to_owned(), why);
    }
    visitor.close().await?;
    Ok(told)
}
