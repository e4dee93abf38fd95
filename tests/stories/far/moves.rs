//! What goes wrong while a live tab moves to another machine, and what becomes of a tab whose machine
//! stays away.

use duotab_core::message::{Mode, NodeId, Notice, ShellState, TabId};
use duotab_core::worker::{WaysCheck, WorkerCheck};
use duotab_test_support::worker::{Far, Undo};
use serde_json::json;

use super::{containers, run_on, until_empty, with_worker};
use crate::app::{App, is_live, view};
use crate::home::Home;
use crate::killed::{MOVES, play_and_kill};
use crate::site::Site;

fn volumes(far: &Far) -> Vec<String> {
    let ours = "label=io.duotab.install";
    let mut all = far.docker(&["volume", "ls", "--quiet", "--filter", ours]);
    all.sort();
    all
}

fn tasks(far: &Far) -> Vec<String> {
    let ours = "label=io.duotab.install";
    let shown = "{{.Names}}";
    let mut all = far.docker(&["ps", "--all", "--filter", ours, "--format", shown]);
    all.sort();
    all
}

/// Volumes and containers.
type There = (Vec<String>, Vec<String>);

/// What is there, another test's perhaps, whose next life would see to it.
fn there(far: &Far) -> There {
    (volumes(far), tasks(far))
}

/// How many volumes and containers are there that were not before.
fn more(far: &Far, before: &There) -> (usize, usize) {
    let new = |now: Vec<String>, before: &[String]| {
        let new = now.iter().filter(|it| !before.contains(it));
        new.count()
    };
    (new(volumes(far), &before.0), new(tasks(far), &before.1))
}

/// Waits until so many volumes and containers more are there.
async fn until_more(far: &Far, before: &There, expected: (usize, usize)) {
    let mut glance = tokio::time::interval(std::time::Duration::from_millis(500));
    let come = async {
        while more(far, before) != expected {
            glance.tick().await;
        }
    };
    if tokio::time::timeout(crate::LIMIT, come).await.is_err() {
        panic!("there: {:?}, and before: {before:?}", there(far));
    }
}

/// Waits until there is nothing there but what was before.
async fn until_only(far: &Far, before: &There) {
    until_more(far, before, (0, 0)).await;
}

fn is_on(state: &ShellState, tab: TabId, node: &NodeId) -> bool {
    view(state, tab).is_some_and(|tab| {
        let stream = tab.stream.as_ref();
        let there = stream.and_then(|stream| stream.node.as_ref());
        is_live(tab) && there.is_some_and(|it| it.id == *node)
    })
}

/// Something goes wrong as soon as the data are on their way.
async fn fails(app: &mut App, tab: TabId, to: &NodeId, wrong: impl FnOnce() -> Undo) -> Undo {
    let body = json!({ "tab": tab, "mode": "streamed", "node": to });
    app.ask("set_tab_mode", body).await.unwrap();
    app.until_tab(tab, "data on their way", |tab| {
        let stream = tab.stream.as_ref();
        stream.is_some_and(|stream| stream.moving.is_some())
    })
    .await;
    let undo = wrong();
    let told = |state: &ShellState| {
        let not_moved = |notice: &Notice| matches!(notice, Notice::NotMoved { .. });
        state.notices.iter().any(not_moved)
    };
    app.until("that it did not work", told).await;
    undo
}

#[tokio::test]
async fn a_live_tab_whose_move_fails_goes_on_where_it_was_and_nothing_of_it_stays_there() {
    let Some(home) = Home::with_worker() else {
        return;
    };
    let (mut app, far, attic) = with_worker(&home).await;
    let before = there(&far);
    let site = Site::at(far.gateway).await;
    let tab = app.open(&site.url("/login"), "streamed").await;
    app.until_live(tab).await;
    app.until_title(tab, "welcome").await;
    app.navigate(tab, &site.url("/who")).await;
    let who = |title: &str| title.contains("user=ann");
    app.until_tab(tab, "the login", |tab| who(&tab.title)).await;
    for wrong in [Far::cut, Far::kill, Far::fill_disk] {
        let undo = fails(&mut app, tab, &attic, || wrong(&far)).await;
        app.until("the tab where it was", |state| {
            is_on(state, tab, &NodeId::host())
        })
        .await;
        app.until_tab(tab, "its page", |tab| who(&tab.title)).await;
        drop(undo);
        until_only(&far, &before).await;
        while !app.state.notices.is_empty() {
            let first = json!({ "index": 0 });
            app.ask("dismiss_notice", first).await.unwrap();
        }
        let back = |state: &ShellState| {
            let mut known = state.machines.known.iter();
            known.any(|it| it.node.id == attic && it.lacks.is_empty() && it.aside.is_none())
        };
        app.ask("check_worker", json!({ "id": attic }))
            .await
            .unwrap();
        app.until("the machine, well again", back).await;
    }
    run_on(&mut app, tab, &attic).await;
    app.until_tab(tab, "the login there", |tab| who(&tab.title))
        .await;
    app.quit().await;
    until_empty(&far).await;
    home.until_nothing_is_left().await;
}

#[tokio::test]
async fn killed_while_a_tab_moves_the_app_has_its_data_in_one_place_and_removes_the_rest() {
    let Some(home) = Home::with_worker() else {
        return;
    };
    let (mut app, far, _) = with_worker(&home).await;
    let before = there(&far);
    let site = Site::at(far.gateway).await;
    let tab = app.open(&site.url("/login"), "streamed").await;
    app.until_live(tab).await;
    app.until_title(tab, "welcome").await;
    app.navigate(tab, &site.url("/who")).await;
    let who = |title: &str| title.contains("user=ann");
    app.until_tab(tab, "the login", |tab| who(&tab.title)).await;
    app.quit().await;
    for step in MOVES {
        play_and_kill(&home, step).await;
        let mut app = home.app().await;
        let view = app.state.tabs.iter().find(|view| view.id == tab).unwrap();
        if view.mode == Mode::Proxy {
            app.set_mode(tab, "streamed").await.unwrap();
        }
        app.until_live(tab).await;
        app.navigate(tab, &site.url("/page/one")).await;
        app.until_title(tab, "one").await;
        app.navigate(tab, &site.url("/who")).await;
        app.until_tab(tab, "the login", |tab| is_live(tab) && who(&tab.title))
            .await;
        if !is_on(&app.state, tab, &NodeId::host()) {
            assert_ne!(step, "leaving", "nothing was there yet");
            // What was there is all that is there, and comes home whole.
            until_more(&far, &before, (1, 1)).await;
            run_on(&mut app, tab, &NodeId::host()).await;
            app.until_tab(tab, "the login at home", |tab| who(&tab.title))
                .await;
        }
        until_only(&far, &before).await;
        app.quit().await;
    }
    until_empty(&far).await;
    home.until_nothing_is_left().await;
}

#[tokio::test]
async fn a_tab_whose_machine_stays_away_goes_on_elsewhere_and_has_its_newer_data_when_it_is_back() {
    let Some(home) = Home::with_worker() else {
        return;
    };
    let (mut app, far, attic) = with_worker(&home).await;
    let site = Site::at(far.gateway).await;
    let tab = app.open(&site.url("/login"), "proxy").await;
    run_on(&mut app, tab, &attic).await;
    app.until_title(tab, "welcome").await;
    app.navigate(tab, &site.url("/who")).await;
    let who = |title: &str| title.contains("user=ann");
    app.until_tab(tab, "the login", |tab| who(&tab.title)).await;
    let cut = far.cut();
    app.until_problem(tab).await;
    app.until_tab(tab, "the offer", |tab| tab.elsewhere).await;
    let body = json!({ "tab": tab, "node": null });
    app.ask("run_elsewhere", body).await.unwrap();
    app.until("the tab at home", |state| {
        is_on(state, tab, &NodeId::host())
    })
    .await;
    app.until_tab(tab, "its page, with no login", |tab| {
        tab.title == "undefined"
    })
    .await;
    drop(cut);
    let mentioned = |state: &ShellState| {
        let left =
            |it: &Notice| matches!(it, Notice::LeftBehind { node, .. } if node == "The attic");
        state.notices.iter().any(left)
    };
    app.until("what is there", mentioned).await;
    // Its browser runs for nobody.
    until_empty(&far).await;
    let body = json!({ "name": "default", "back": true });
    app.ask("take_back", body).await.unwrap();
    app.until("the tab there", |state| is_on(state, tab, &attic))
        .await;
    app.until_tab(tab, "the login there", |tab| who(&tab.title))
        .await;
    assert_eq!(containers(&far).len(), 1);
    app.quit().await;
    until_empty(&far).await;
    home.until_nothing_is_left().await;
}

#[tokio::test]
async fn a_check_names_the_leg_on_which_nothing_comes_through() {
    let Some(home) = Home::with_worker() else {
        return;
    };
    let (mut app, far, attic) = with_worker(&home).await;
    let ways = |state: &ShellState| {
        let mut known = state.machines.known.iter();
        let machine = known.find(|it| it.node.id == attic && !it.checking)?;
        match machine.checked.clone()? {
            WorkerCheck::Answers { ways, .. } => ways,
            WorkerCheck::Away { .. } => None,
        }
    };
    let tried = |datagrams| {
        let signalling = true;
        Some(WaysCheck::Tried {
            signalling,
            datagrams: Some(datagrams),
        })
    };
    app.until("a check", |state| ways(state) == tried(true))
        .await;
    let lost = far.drop_datagrams();
    app.ask("check_worker", json!({ "id": attic }))
        .await
        .unwrap();
    app.until("the leg that fails", |state| ways(state) == tried(false))
        .await;
    drop(lost);
    let cut = far.cut();
    app.ask("check_worker", json!({ "id": attic }))
        .await
        .unwrap();
    app.until("the engine's own", |state| {
        let mut known = state.machines.known.iter();
        known.any(|it| matches!(it.checked, Some(WorkerCheck::Away { .. })))
    })
    .await;
    drop(cut);
    app.quit().await;
    home.until_nothing_is_left().await;
}
