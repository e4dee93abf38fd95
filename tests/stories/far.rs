//! Tabs that run on another machine, whose engine is a real one behind a cable. Where none is, each of
//! these says so and has nothing to tell: `make test-workers` has one.

mod moves;

use std::path::Path;
use std::time::Duration;

use duotab_core::fault::{Stall, StartFailure};
use duotab_core::message::{NodeId, Problem, ShellState, TabId};
use duotab_test_support::worker::Far;
use serde_json::json;

use crate::app::{App, is_live};
use crate::home::Home;
use crate::site::Site;
use crate::within;

/// The app with its worker, which it has seen.
async fn with_worker(home: &Home) -> (App, Far, NodeId) {
    let far = home.far.clone().unwrap();
    let mut app = home.app().await;
    let worker = json!({
        "name": "The attic",
        "address": format!("tcp://{}:2376", far.address),
        "certificates": far.certificates(),
    });
    app.ask("add_worker", worker).await.unwrap();
    let seen = |state: &duotab_core::message::ShellState| {
        let mut known = state.machines.known.iter();
        let seen = known.find(|it| it.address.is_some() && it.facts.is_some());
        seen.map(|machine| machine.node.id.clone())
    };
    let state = app.until("the worker", |state| seen(state).is_some()).await;
    let id = seen(state).unwrap();
    (app, far, id)
}

fn containers(far: &Far) -> Vec<String> {
    let ours = "label=io.duotab.session";
    far.docker(&["ps", "--all", "--quiet", "--filter", ours])
}

/// Waits until nothing of the app is there any more: what ends takes a moment, of which nobody here is
/// told.
async fn until_empty(far: &Far) {
    let mut glance = tokio::time::interval(Duration::from_millis(500));
    within("the end of all containers", async {
        while !containers(far).is_empty() {
            glance.tick().await;
        }
    })
    .await;
}

async fn run_on(app: &mut App, tab: TabId, node: &NodeId) {
    let body = json!({ "tab": tab, "mode": "streamed", "node": node });
    app.ask("set_tab_mode", body).await.unwrap();
    app.until_tab(tab, "a picture from there", |tab| {
        let stream = tab.stream.as_ref();
        let there = stream.and_then(|stream| stream.node.as_ref());
        is_live(tab) && there.is_some_and(|it| it.id == *node)
    })
    .await;
}

#[tokio::test]
async fn a_login_on_a_worker_is_a_login_at_home_after_the_move_and_nothing_runs_there_any_more() {
    let Some(home) = Home::with_worker() else {
        return;
    };
    let (mut app, far, attic) = with_worker(&home).await;
    let site = Site::at(far.gateway).await;
    let tab = app.open(&site.url("/login"), "proxy").await;
    run_on(&mut app, tab, &attic).await;
    app.until_title(tab, "welcome").await;
    assert_eq!(containers(&far).len(), 1);
    app.navigate(tab, &site.url("/who")).await;
    let who = |title: &str| title.contains("user=ann");
    app.until_tab(tab, "the login", |tab| who(&tab.title)).await;
    run_on(&mut app, tab, &NodeId::host()).await;
    app.act("reload", tab).await;
    app.until_tab(tab, "the login at home", |tab| who(&tab.title))
        .await;
    until_empty(&far).await;
    app.quit().await;
    home.until_nothing_is_left().await;
}

#[tokio::test]
async fn a_worker_that_is_cut_off_is_told_in_the_tab_and_its_page_goes_on_when_it_is_back() {
    let Some(home) = Home::with_worker() else {
        return;
    };
    let (mut app, far, attic) = with_worker(&home).await;
    let site = Site::at(far.gateway).await;
    let tab = app.open(&site.url("/page/one"), "proxy").await;
    run_on(&mut app, tab, &attic).await;
    let cut = far.cut();
    app.until_tab(tab, "what is wrong", |tab| {
        matches!(
            &tab.problem,
            Some(Problem::EngineStalled {
                stall: Stall::EngineAway { .. },
                ..
            })
        )
    })
    .await;
    drop(cut);
    app.until_live(tab).await;
    app.quit().await;
    until_empty(&far).await;
    home.until_nothing_is_left().await;
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (from, to) = {
            let entry = entry.unwrap();
            (entry.path(), to.join(entry.file_name()))
        };
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(from, to).unwrap();
        }
    }
}

async fn until_taken(app: &mut App, tab: TabId) {
    app.until_tab(tab, "who has the profile", |tab| {
        matches!(
            &tab.problem,
            Some(Problem::StartFailed {
                failure: StartFailure::ProfileTaken { by },
                ..
            }) if !by.is_empty()
        )
    })
    .await;
}

#[tokio::test]
async fn of_two_copies_of_a_data_folder_one_has_the_profile_and_the_other_is_told_and_may_take_it()
{
    let (Some(home), Some(other)) = (Home::with_worker(), Home::with_worker()) else {
        return;
    };
    let (mut app, far, attic) = with_worker(&home).await;
    let site = Site::at(far.gateway).await;
    let tab = app.open(&site.url("/login"), "proxy").await;
    run_on(&mut app, tab, &attic).await;
    app.until_title(tab, "welcome").await;
    app.set_mode(tab, "proxy").await.unwrap();
    app.quit().await;
    until_empty(&far).await;
    copy(&home.dirs.data, &other.dirs.data);

    let mut app = home.app().await;
    run_on(&mut app, tab, &attic).await;
    let mut twin = other.app().await;
    let seen = |state: &ShellState| {
        state
            .machines
            .known
            .iter()
            .any(|it| it.node.id == attic && it.facts.is_some())
    };
    twin.until("the worker", seen).await;
    twin.set_mode(tab, "streamed").await.unwrap();
    until_taken(&mut twin, tab).await;
    app.act("reload", tab).await;
    app.until_live(tab).await;

    twin.act("take_profile", tab).await;
    twin.until_live(tab).await;
    twin.navigate(tab, &site.url("/who")).await;
    twin.until_tab(tab, "the login", |tab| tab.title.contains("user=ann"))
        .await;
    app.until_tab(tab, "the end", |tab| tab.problem.is_some())
        .await;
    app.act("reload", tab).await;
    until_taken(&mut app, tab).await;
    twin.quit().await;
    app.quit().await;
    until_empty(&far).await;
    for home in [home, other] {
        home.until_nothing_is_left().await;
    }
}
