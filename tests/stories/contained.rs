//! The same tabs with browsers in containers of a real engine, and what can befall it. Where no
//! engine is, each of these says so and has nothing to tell: `make test-engine` has one. They take
//! the engine from each other, and so run one at a time.

mod away;
mod cut;
mod cycles;
mod faults;
mod relay;
mod standby;
mod steps;

use duotab_core::message::{Problem, Stage, TabId};

use crate::app::{App, is_live, stage};
use crate::home::Home;
use crate::killed::{LAST_STEPS, STEPS, killed_at};

/// Stages at which something befalls a session on its way to the picture.
const STAGES: [(&str, Stage); 3] = [
    ("starting", Stage::Starting),
    ("connecting", Stage::Connecting),
    ("live", Stage::Live),
];

/// Tries of a person after the cause is gone; news of it may come behind the first.
const TRIES: usize = 3;

#[tokio::test]
async fn killed_on_its_way_to_the_picture_the_app_finds_or_removes_its_container() {
    if let Some(home) = Home::contained() {
        killed_at(&home, &STEPS).await;
        assert_eq!(home.profiles().len(), 1);
    }
}

#[tokio::test]
async fn killed_on_its_way_to_the_end_the_app_finds_or_removes_its_container() {
    if let Some(home) = Home::contained() {
        killed_at(&home, &LAST_STEPS).await;
        assert_eq!(home.profiles().len(), 1);
    }
}

/// Waits until a tab has come so far.
async fn until_stage(app: &mut App, tab: TabId, (name, reached): (&str, Stage)) {
    app.until_tab(tab, name, |tab| stage(tab) >= Some(reached))
        .await;
}

/// The cause is gone: the tab goes on by itself, or says what came of it and goes on when it is
/// tried again.
async fn recovers(app: &mut App, tab: TabId) {
    for _ in 0..TRIES {
        let view = app
            .until_tab(tab, "a picture or a reason", |tab| {
                is_live(tab) || !matches!(tab.problem, None | Some(Problem::EngineStalled { .. }))
            })
            .await;
        if is_live(&view) {
            return;
        }
        app.act("reload", tab).await;
    }
    app.until_live(tab).await;
}

/// Closes the app: one profile is left, and nothing else.
async fn ends_well(home: &Home, app: App) {
    app.quit().await;
    home.until_nothing_is_left().await;
    assert_eq!(home.profiles().len(), 1);
}
