//! Which machine is chosen, and what is said when there is none.

use duotab_core::message::{Lack, NodeKind, Problem, Stage, TabId};
use duotab_core::node::{Node, NodeId};
use serde_json::{Value, json};

use crate::home::{Home, host};
use crate::site::Site;

#[tokio::test]
async fn a_host_with_16_gb_and_no_workers_is_chosen_and_shows_the_page() {
    let (home, site) = (Home::new(), Site::start().await);
    let mut app = home.app().await;
    let tab = app.open(&site.url("/page/one"), "proxy").await;
    assert_eq!(app.set_mode(tab, "streamed").await, Ok(Value::Null));
    let live = app.until_live(tab).await;
    let stream = live.stream.unwrap();
    let node = stream.node.unwrap();
    assert_eq!((node.name.as_str(), node.kind), ("pi", NodeKind::Host));
    let stages: Vec<Stage> = stream.stages.iter().map(|time| time.stage).collect();
    let all = [
        Stage::Placing,
        Stage::Starting,
        Stage::Connecting,
        Stage::Live,
    ];
    assert_eq!(stages, all);
    assert!(stream.stages[..3].iter().all(|time| time.took_ms.is_some()));
    app.until_title(tab, "one").await;
    assert_eq!(home.browsers().len(), 1);
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_host_with_4_gb_and_no_workers_says_what_it_lacks_and_creates_nothing() {
    let home = Home::new();
    home.given.set(vec![host(4)]);
    let mut app = home.app().await;
    let tab = app.open("http://127.0.0.1:9/", "proxy").await;
    let problem = app.set_mode(tab, "streamed").await.unwrap_err();
    let Problem::NoCapableNode { nodes } = &problem else {
        panic!("{problem:?}");
    };
    let lacks = Lack::TotalMemory {
        has: 4096,
        needs: 6144,
    };
    assert_eq!((nodes.len(), &nodes[0].lacks[..]), (1, &[lacks][..]));
    assert_eq!(app.until_problem(tab).await, problem);
    home.assert_nothing_left();

    // The way out is the other mode.
    app.set_mode(tab, "proxy").await.unwrap();
    app.until_tab(tab, "no problem", |tab| tab.problem.is_none())
        .await;
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_machine_that_was_chosen_and_vanished_is_named_and_nothing_takes_its_place() {
    let home = Home::new();
    let mut app = home.app().await;
    let tab = app.open("http://127.0.0.1:9/", "proxy").await;
    let body = json!({ "tab": tab, "mode": "streamed", "node": "w2" });
    let problem = app.ask("set_tab_mode", body).await.unwrap_err();
    let node = "w2".to_owned();
    assert_eq!(problem, Problem::NodeGone { node });
    assert_eq!(app.until_problem(tab).await, problem);
    home.assert_nothing_left();
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_machine_that_vanishes_between_choice_and_start_leaves_nothing_here() {
    let home = Home::new();
    // Nobody answers for it any more.
    let worker = Node {
        id: NodeId("w2".to_owned()),
        name: "w2".to_owned(),
        kind: NodeKind::Worker,
        ..host(16)
    };
    home.given.set(vec![host(4), worker]);
    let mut app = home.app().await;
    let tab = app.open("http://127.0.0.1:9/", "proxy").await;
    app.set_mode(tab, "streamed").await.unwrap();
    let node = "w2".to_owned();
    assert_eq!(app.until_problem(tab).await, Problem::NodeGone { node });
    home.until_nothing_is_left().await;
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_problem_crosses_to_the_page_by_its_code_and_its_facts() {
    let home = Home::new();
    home.given.set(vec![host(4)]);
    let mut app = home.app().await;
    let tab = app.open("http://127.0.0.1:9/", "proxy").await;
    let asked = [
        ("close_tab", json!({ "tab": 99 }), "unknown_tab"),
        (
            "navigate",
            json!({ "tab": tab, "input": "" }),
            "bad_address",
        ),
        (
            "set_tab_mode",
            json!({ "tab": tab, "mode": "streamed", "node": null }),
            "no_capable_node",
        ),
        (
            "set_tab_mode",
            json!({ "tab": tab, "mode": "streamed", "node": "w9" }),
            "node_gone",
        ),
    ];
    for (command, body, code) in asked {
        let error = app
            .ask_as(app.shell(), crate::app::SHELL, command, body)
            .await
            .unwrap_err();
        assert_eq!(error["code"], code, "{command}: {error}");
    }
    let unknown = app.ask("reload", json!({ "tab": 99 })).await;
    assert_eq!(unknown, Err(Problem::UnknownTab { tab: TabId(99) }));
    app.quit().await;
    home.assert_nothing_left();
}
