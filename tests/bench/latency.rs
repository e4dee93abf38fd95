//! From a click or a key into the app's window until its answer stands there.

use duotab_test_support::Outcome;

use crate::Bench;
use crate::eye::Hand;
use crate::layers::{self, Layers, Watch};
use crate::local::{Local, MIDDLE};
use crate::photon::{in_ms, presses};
use crate::room::Room;
use crate::row::{Row, percentile};
use crate::site::CLICKED;

const CLICKS: u32 = 200;
const PATCHES: u32 = 100;
const KEYS: u32 = 100;
const LOOKED_INTO: u32 = 60;
const AGAINST: &str = "local Chromium";
const SPACE: u32 = 0x20;
/// The best viewer that is known showed 90/116 ms on two cores without a GPU.
const GOAL: [f64; 2] = [90.0, 116.0];

struct Pass {
    clicks: Vec<f64>,
    patches: Vec<f64>,
    keys: Vec<f64>,
}

pub(crate) async fn measure(bench: &mut Bench) -> Outcome<()> {
    let (page, patch) = (bench.site.url("/click"), bench.site.url("/patch"));
    let local = local(&page, &patch).await?;
    let room = Room::open(&[]).await?;
    room.open_streamed(&page, CLICKED[0]).await?;
    room.eye.point(room.middle)?;
    let press = |hand, count| {
        tokio::task::block_in_place(|| presses(&room.eye, room.middle, hand, count))
            .map(|it| in_ms(&it))
    };
    // The first ones find cold code.
    press(Hand::Button, 10)?;
    let clicks = press(Hand::Button, CLICKS)?;
    let keys = press(room.eye.key(SPACE)?, KEYS)?;
    room.open_streamed(&patch, CLICKED[0]).await?;
    let patches = press(Hand::Button, PATCHES)?;
    room.close().await?;
    let streamed = Pass {
        clicks,
        patches,
        keys,
    };

    let rows = [
        (
            "click-to-photon",
            streamed.clicks,
            local.clicks,
            "the whole page changes its colour",
        ),
        (
            "patch-to-photon",
            streamed.patches,
            local.patches,
            "200x200 pixels change their colour",
        ),
        (
            "key-to-photon",
            streamed.keys,
            local.keys,
            "the space bar; the whole page changes its colour",
        ),
    ];
    for (name, samples, local, what) in rows {
        for (percent, goal) in [50.0, 95.0].into_iter().zip(GOAL) {
            let method = format!(
                "XTEST event into the window until the changed pixel stands in its framebuffer; {what}; p{percent}"
            );
            bench.take(
                Row::new(
                    &format!("{name}-p{percent}"),
                    "ms",
                    percentile(&samples, percent),
                    &method,
                )
                .of(&samples)
                .goal(goal)
                .against(AGAINST, Some(percentile(&local, percent))),
            )?;
        }
    }
    look_into(bench, &page).await
}

async fn local(page: &str, patch: &str) -> Outcome<Pass> {
    let [first, _] = CLICKED;
    let (local, _) = Local::start(page, first).await?;
    local.eye.point(MIDDLE)?;
    let press = |local: &Local, hand, count| {
        tokio::task::block_in_place(|| presses(&local.eye, MIDDLE, hand, count))
            .map(|it| in_ms(&it))
    };
    press(&local, Hand::Button, 10)?;
    let clicks = press(&local, Hand::Button, CLICKS)?;
    let keys = press(&local, local.eye.key(SPACE)?, KEYS)?;
    local.end().await?;
    let (local, _) = Local::start(patch, first).await?;
    local.eye.point(MIDDLE)?;
    press(&local, Hand::Button, 10)?;
    let patches = press(&local, Hand::Button, PATCHES)?;
    local.end().await?;
    Ok(Pass {
        clicks,
        patches,
        keys,
    })
}

/// Once more with eyes and logs on the way, which cost a little themselves.
async fn look_into(bench: &mut Bench, page: &str) -> Outcome<()> {
    let room = Room::open(&[
        ("KONEKO_LOG", layers::KONEKO_LOG),
        ("DUOTAB_LOG", layers::DUOTAB_LOG),
    ])
    .await?;
    room.open_streamed(page, CLICKED[0]).await?;
    room.eye.point(room.middle)?;
    let press = |count| {
        tokio::task::block_in_place(|| presses(&room.eye, room.middle, Hand::Button, count))
    };
    press(10)?;
    let watch = Watch::start(room.engine_eye()?, MIDDLE)?;
    let answers = press(LOOKED_INTO)?;
    let inside = watch.end()?;
    let log = std::fs::read_to_string(room.engine_file("koneko.log")?)?;
    let layers = Layers::of(&answers, &inside, &log);
    let said = room.app.log()?;
    room.close().await?;
    let parts = [
        (
            "input",
            layers.input,
            "event in the window until XTEST in the engine",
        ),
        ("page", layers.page, "until Chromium has painted"),
        ("capture", layers.capture, "until the picture is taken"),
        ("encode", layers.encode, "until it is encoded"),
        (
            "send",
            layers.send,
            "until its packets are handed to the network",
        ),
        (
            "show",
            layers.show,
            "until it is received, decoded, drawn and in the framebuffer",
        ),
    ];
    for (name, samples, what) in parts {
        bench.take(Row::median(
            &format!("click-layer-{name}"),
            "ms",
            &samples,
            &format!("part of click-to-photon, {what}; p50"),
        ))?;
    }
    let connect = said
        .lines()
        .find(|it| it.contains("the peer is connected"))
        .and_then(|it| layers::field(it, "Some("))
        .ok_or("the app's log has no time of the connect")?;
    bench.take(Row::new(
        "peer-connect",
        "ms",
        connect.as_secs_f64() * 1000.0,
        "answer sent until the peer is connected, as the client says",
    ))
}
