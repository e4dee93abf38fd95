//! From the click on the toggle until the page stands in the window.

use std::time::Duration;

use duotab_test_support::Outcome;

use crate::Bench;
use crate::local::Local;
use crate::room::{Room, coloured};
use crate::row::{Row, percentile};

const COLD: usize = 3;
const WOKEN: usize = 5;
const FIRST: [u8; 3] = [0x11, 0xcc, 0x22];
const SECOND: [u8; 3] = [0xcc, 0x99, 0x11];
const AGAINST: &str = "plain Chromium, start to first paint";

pub(crate) async fn measure(bench: &mut Bench) -> Outcome<()> {
    let page = coloured(&bench.site, FIRST);
    let (mut cold, mut plain) = (Vec::new(), Vec::new());
    let (mut woken, mut second) = (Vec::new(), Vec::new());
    for round in 0..COLD {
        let (local, started) = Local::start(&page, FIRST).await?;
        plain.push(ms(started));
        local.end().await?;

        let room = Room::open(&[]).await?;
        room.open_proxied(&page).await?;
        cold.push(ms(room.toggled(FIRST).await?));
        if round + 1 == COLD {
            let other = coloured(&bench.site, SECOND);
            room.open_proxied(&other).await?;
            for _ in 0..WOKEN {
                second.push(ms(room.toggled(SECOND).await?));
                room.toggle_back().await?;
            }
            room.display.press("ctrl+w").await?;
            room.see("the first streamed tab again", FIRST)?;
            for _ in 0..WOKEN {
                room.toggle_back().await?;
                room.asleep().await?;
                woken.push(ms(room.toggled(FIRST).await?));
            }
        }
        room.close().await?;
    }
    let plain = Some(percentile(&plain, 50.0));
    let rows = [
        (
            "first-frame-cold",
            &cold,
            2500.0,
            "no engine, a new profile",
        ),
        ("first-frame-suspended", &woken, 500.0, "the session sleeps"),
        (
            "first-frame-second-tab",
            &second,
            500.0,
            "another streamed tab is in front before",
        ),
    ];
    for (name, samples, goal, state) in rows {
        let method = format!(
            "XTEST click on the toggle until the page's colour stands in the window; {state}; median"
        );
        bench.take(
            Row::median(name, "ms", samples, &method)
                .goal(goal)
                .against(AGAINST, plain),
        )?;
    }
    Ok(())
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
