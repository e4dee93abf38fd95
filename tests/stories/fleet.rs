//! Tabs that run on the nodes of a Swarm, which is a real one of three engines. Where none is, each of
//! these says so and has nothing to tell: `make test-workers` has one.

use std::time::Duration;

use duotab_core::fault::{EngineFault, Stall};
use duotab_core::message::{Problem, ShellState, TabId};
use duotab_core::node::Lack;
use duotab_core::worker::MachineView;
use duotab_test_support::fleet::Fleet;
use serde_json::json;

use crate::app::{App, is_live, session};
use crate::home::Home;
use crate::killed::play_and_kill;
use crate::site::Site;
use crate::within;

fn nodes(state: &ShellState) -> impl Iterator<Item = &MachineView> {
    let all = state.machines.known.iter();
    all.filter(|machine| machine.manager.is_some())
}

/// The app with the Swarm's manager as its worker, whose nodes it has seen.
async fn with_fleet(home: &Home) -> (App, Fleet) {
    let fleet = home.fleet.clone().unwrap();
    let mut app = home.app().await;
    let worker = json!({
        "name": "The hall",
        "address": format!("tcp://{}:2376", fleet.manager),
        "certificates": fleet.certificates(),
    });
    app.ask("add_worker", worker).await.unwrap();
    app.until("the nodes", |state| {
        let manager = state.machines.known.iter().find(|it| it.members == 3);
        manager.is_some_and(|it| it.lacks == [Lack::InSwarm])
    })
    .await;
    (app, fleet)
}

/// All that the Swarm keeps of an app.
fn kept(fleet: &Fleet) -> Vec<String> {
    let mut all = Vec::new();
    for what in ["service", "config", "secret"] {
        let ours = [what, "ls", "--quiet", "--filter", "label=io.duotab.install"];
        all.extend(fleet.docker(1, &ours));
    }
    for node in 1..=3 {
        let of_swarm = "label=com.docker.swarm.service.name";
        all.extend(fleet.docker(node, &["ps", "--all", "--quiet", "--filter", of_swarm]));
    }
    all
}

/// Waits until nothing of the app is there any more: what ends takes a moment, of which nobody here
/// is told.
async fn until_empty(fleet: &Fleet) {
    let mut glance = tokio::time::interval(Duration::from_millis(500));
    within("the end of all services", async {
        while !kept(fleet).is_empty() {
            glance.tick().await;
        }
    })
    .await;
}

/// The name of the node where a tab's page runs.
async fn runs_on(app: &mut App, tab: TabId) -> String {
    let view = app.until_live(tab).await;
    view.stream.unwrap().node.unwrap().name
}

#[tokio::test]
async fn a_page_goes_to_the_best_node_of_a_swarm_and_from_there_to_another_with_its_login() {
    let Some(home) = Home::with_fleet() else {
        return;
    };
    let (mut app, fleet) = with_fleet(&home).await;
    assert_eq!(nodes(&app.state).count(), 3);
    for node in nodes(&app.state) {
        let facts = node.facts.as_ref().unwrap();
        assert!(facts.total_memory_mib >= 3072 && node.seen_ago_ms.is_some());
        let labels = &facts.worker.as_ref().unwrap().labels;
        assert!(labels.iter().any(|label| label.starts_with("place=")));
    }
    let site = Site::at(fleet.gateway).await;
    let tab = app.open(&site.url("/login"), "streamed").await;
    // It says that it has a GPU, and has the most room as well.
    assert_eq!(runs_on(&mut app, tab).await, "node2");
    app.until_title(tab, "welcome").await;
    let other = nodes(&app.state).find(|it| it.node.name == "node1");
    let other = other.unwrap().node.id.clone();
    let body = json!({ "tab": tab, "mode": "streamed", "node": other });
    app.ask("set_tab_mode", body).await.unwrap();
    app.until_tab(tab, "a picture from there", |tab| {
        let node = tab.stream.as_ref().and_then(|stream| stream.node.as_ref());
        is_live(tab) && node.is_some_and(|node| node.id == other)
    })
    .await;
    app.navigate(tab, &site.url("/who")).await;
    app.until_tab(tab, "the login", |tab| tab.title.contains("user=ann"))
        .await;
    app.quit().await;
    until_empty(&fleet).await;
}

#[tokio::test]
async fn of_ten_pages_at_once_as_many_run_as_there_is_room_for_and_the_rest_is_told() {
    let Some(mut home) = Home::with_fleet() else {
        return;
    };
    // One on a node of 3 GiB and one of 4, two on one of 6: four in all.
    home.settings.demand.session_memory_mib = 3000;
    let (mut app, fleet) = with_fleet(&home).await;
    let site = Site::at(fleet.gateway).await;
    let mut tabs = Vec::new();
    for number in 0..10 {
        let title = format!("Profile {number}");
        let create = json!({ "title": title, "colour": "blue" });
        app.ask("create_profile", create).await.unwrap();
        let profile = app.state.profiles.iter().find(|it| it.title == title);
        let profile = profile.unwrap().name.clone();
        app.ask("open_tab_of", json!({ "profile": profile }))
            .await
            .unwrap();
        let tab = app.state.active.unwrap();
        app.navigate(tab, &site.url("/page/one")).await;
        tabs.push(tab);
    }
    for tab in &tabs {
        // What has no room is refused, and the tab says so.
        let _ = app.set_mode(*tab, "streamed").await;
    }
    let mut live = 0;
    for tab in tabs {
        let view = app
            .until_tab(tab, "an answer", |tab| {
                // Four browsers begin at once: one may be slow to answer, and passes.
                let passing = |problem: &Problem| {
                    matches!(
                        problem,
                        Problem::EngineStalled { .. } | Problem::ConnectionLost { .. }
                    )
                };
                is_live(tab) || tab.problem.as_ref().is_some_and(|it| !passing(it))
            })
            .await;
        match view.problem {
            None => live += 1,
            Some(Problem::NoCapableNode { .. }) => {}
            Some(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(live, 4);
    app.quit().await;
    until_empty(&fleet).await;
}

#[tokio::test]
async fn a_node_that_is_lost_is_told_and_its_page_comes_back_with_it() {
    let Some(home) = Home::with_fleet() else {
        return;
    };
    let (mut app, fleet) = with_fleet(&home).await;
    let site = Site::at(fleet.gateway).await;
    let tab = app.open(&site.url("/page/one"), "streamed").await;
    assert_eq!(runs_on(&mut app, tab).await, "node2");
    app.until_title(tab, "one").await;
    let cut = fleet.cut(2);
    app.until_tab(tab, "what is wrong", |tab| {
        let Some(Problem::EngineStalled { stall, .. }) = &tab.problem else {
            return false;
        };
        matches!(stall, Stall::EngineAway { .. })
    })
    .await;
    // By and by its Swarm gives it up, and that is shown.
    let down = EngineFault::NodeDown {
        host: "node2".into(),
    };
    let lacks = [Lack::EngineAway { fault: down }];
    app.until("a node that is down", |state| {
        nodes(state).any(|node| node.node.name == "node2" && node.lacks == lacks)
    })
    .await;
    drop(cut);
    app.until_live(tab).await;
    app.until_title(tab, "one").await;
    app.quit().await;
    until_empty(&fleet).await;
}

#[tokio::test]
async fn a_chromium_that_is_killed_on_a_node_is_started_anew_there_and_its_page_is_opened_again() {
    let Some(home) = Home::with_fleet() else {
        return;
    };
    let (mut app, fleet) = with_fleet(&home).await;
    let site = Site::at(fleet.gateway).await;
    let tab = app.open(&site.url("/login"), "streamed").await;
    app.until_live(tab).await;
    app.until_title(tab, "welcome").await;
    app.navigate(tab, &site.url("/who")).await;
    app.until_tab(tab, "a login", |tab| tab.title.contains("user=ann"))
        .await;
    let of_swarm = "label=com.docker.swarm.service.name";
    let container = fleet.docker(2, &["ps", "--quiet", "--filter", of_swarm]);
    let _ = fleet.docker(2, &["kill", &container.concat()]);
    app.until_tab(tab, "what is wrong", |tab| {
        matches!(
            &tab.problem,
            Some(Problem::EngineStalled {
                stall: Stall::Restarting,
                ..
            })
        )
    })
    .await;
    let before = session(
        &app.state
            .tabs
            .iter()
            .find(|it| it.id == tab)
            .unwrap()
            .clone(),
    );
    let view = app.until_live(tab).await;
    assert_eq!(session(&view), before, "it is the same session");
    app.until_tab(tab, "its page", |tab| tab.title.starts_with("user="))
        .await;
    app.quit().await;
    until_empty(&fleet).await;
}

#[tokio::test]
async fn what_runs_in_a_swarm_when_the_app_is_killed_is_adopted_by_the_next_one() {
    let Some(home) = Home::with_fleet() else {
        return;
    };
    let (mut app, fleet) = with_fleet(&home).await;
    let site = Site::at(fleet.gateway).await;
    let tab = app.open(&site.url("/page/kept"), "streamed").await;
    app.until_live(tab).await;
    app.until_title(tab, "kept").await;
    app.quit().await;
    until_empty(&fleet).await;
    play_and_kill(&home, "live").await;
    let (rows, left) = (home.rows(), kept(&fleet));
    assert_eq!(rows.len(), 1);
    let mut app = home.app().await;
    let view = app.until_live(tab).await;
    assert_eq!(session(&view), rows[0].id.0, "it was adopted");
    assert_eq!(kept(&fleet), left, "and is the same one");
    app.until_title(tab, "kept").await;
    app.quit().await;
    until_empty(&fleet).await;
}
