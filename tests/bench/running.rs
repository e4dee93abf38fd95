//! What a live stream costs: processor and memory.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use duotab_test_support::{Outcome, ProbeSite};
use serde_json::json;

use crate::Bench;
use crate::load::Group;
use crate::local::Local;
use crate::room::{Room, coloured};
use crate::row::Row;

/// How long the processor is watched.
const WINDOW: Duration = Duration::from_secs(5);
/// After which a page and its engine have done what they do once.
const SETTLED: Duration = Duration::from_secs(3);
const FIRST: [u8; 3] = [0x11, 0xcc, 0x22];
const SECOND: [u8; 3] = [0xcc, 0x99, 0x11];

type Load = BTreeMap<Group, f64>;

pub(crate) async fn measure(bench: &mut Bench) -> Outcome<()> {
    let page = coloured(&bench.site, FIRST);
    let (local, _) = Local::start(&page, FIRST).await?;
    tokio::time::sleep(SETTLED).await;
    let plain_memory = local.family().memory()?;
    local.end().await?;

    let room = Room::open(&[]).await?;
    room.open_proxied(&page).await?;
    tokio::time::sleep(SETTLED).await;
    let family = room.family()?;
    let before = family.memory()?;
    room.toggled(FIRST).await?;
    tokio::time::sleep(SETTLED).await;
    let one = family.memory()?;
    let other = coloured(&bench.site, SECOND);
    room.open_streamed(&other, SECOND).await?;
    tokio::time::sleep(SETTLED).await;
    let two = family.memory()?;
    let (first, second) = (one - before, two - one);
    let how =
        "PSS of the app, its web processes and the engine (smaps_rollup), against just before";
    bench.take(
        Row::new("memory-first-tab", "MiB", first, how)
            .against("plain Chromium with the same page", Some(plain_memory)),
    )?;
    bench.take(Row::new("memory-second-tab", "MiB", second, how))?;
    bench.take(Row::new("memory-second-of-first", "%", second / first * 100.0, how).goal(35.0))?;

    let moving = bench.site.url("/moving");
    navigate(&room, &moving).await?;
    tokio::time::sleep(SETTLED).await;
    let (from, began) = (frames(&room).await?, Instant::now());
    let load = family.cpu(WINDOW).await?;
    let painted = f64::from(frames(&room).await? - from) / began.elapsed().as_secs_f64();
    let drawn = drawn(&bench.site).await?;
    let plain = plain_load(&moving).await?;
    take(
        bench,
        "cpu-720p30",
        load,
        Some(plain),
        "1280x720 of which every pixel changes 30 times a second",
    )?;
    bench.take(
        Row::new(
            "frames-720p30",
            "fps",
            painted,
            "pictures painted in the window; against: drawn by the page in the engine",
        )
        .higher()
        .goal(29.0)
        .against("drawn by the page", Some(drawn)),
    )?;
    bench.take(Row::new(
        "frames-dropped",
        "%",
        (drawn - painted).max(0.0) / drawn * 100.0,
        "of the pictures that the page drew, never painted in the window",
    ))?;

    let still = bench.site.url("/still");
    navigate(&room, &still).await?;
    tokio::time::sleep(SETTLED).await;
    let load = family.cpu(WINDOW).await?;
    let plain = plain_load(&still).await?;
    take(
        bench,
        "cpu-rest",
        load,
        Some(plain),
        "a page of text that stands still",
    )?;

    room.display.press("ctrl+w").await?;
    room.see("the first streamed tab again", FIRST)?;
    room.toggle_back().await?;
    room.asleep().await?;
    let load = family.cpu(WINDOW).await?;
    let asleep: f64 = [Group::Koneko, Group::Xvfb, Group::Chromium]
        .iter()
        .filter_map(|group| load.get(group))
        .sum();
    bench.take(
        Row::new(
            "cpu-suspended",
            "%",
            asleep,
            "koneko, its X server and Chromium while the session sleeps, % of one core",
        )
        .goal(0.0),
    )?;
    room.close().await
}

async fn navigate(room: &Room, url: &str) -> Outcome<()> {
    let tab = room
        .shell
        .value("Number(document.querySelector('[role=tab][aria-selected=true]').dataset.tab)")
        .await?;
    let input = json!({ "tab": tab, "input": url });
    let went = room.shell.invoke("navigate", input).await?;
    went.map(drop).map_err(|it| it.to_string())?;
    Ok(())
}

/// Pictures painted since the session is shown.
async fn frames(room: &Room) -> Outcome<u32> {
    let count = "Number(document.querySelector('[data-testid=live-canvas]').dataset.frames)";
    Ok(serde_json::from_value(room.shell.value(count).await?)?)
}

/// Pictures a second that the page has drawn since it was opened, as it tells.
async fn drawn(site: &ProbeSite) -> Outcome<f64> {
    /// What it told first is of its beginning.
    const TOLD: usize = 6;
    let seen = std::cell::RefCell::new(Vec::new());
    site.told("how many pictures were drawn", |told| {
        let one = (told.get("drawn")?.as_f64()?, told.get("at")?.as_f64()?);
        let mut seen = seen.borrow_mut();
        seen.push(one);
        let [first, .., last] = seen.as_slice() else {
            return None;
        };
        (seen.len() >= TOLD).then(|| (last.0 - first.0) / (last.1 - first.1) * 1000.0)
    })
    .await
}

async fn plain_load(url: &str) -> Outcome<f64> {
    let local = Local::spawn(url).await?;
    tokio::time::sleep(SETTLED * 2).await;
    let load = local.family().cpu(WINDOW).await?;
    local.end().await?;
    Ok(load.values().sum())
}

fn take(bench: &mut Bench, name: &str, load: Load, plain: Option<f64>, what: &str) -> Outcome<()> {
    let method = format!("% of one core over {} s: {what}", WINDOW.as_secs());
    for (group, value) in &load {
        bench.take(Row::new(
            &format!("{name}-{}", group.name()),
            "%",
            *value,
            &method,
        ))?;
    }
    bench.take(
        Row::new(name, "%", load.values().sum(), &method)
            .against("plain Chromium with the same page", plain),
    )
}
