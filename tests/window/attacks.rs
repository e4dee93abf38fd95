//! Pages that try to get in: by the app's ports and its bridge, to files, to the home network, and
//! into the address bar under another's name.

mod names;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::Router;
use axum::routing::any;
use duotab_test_support::{Outcome, World, Zoo, socket, world, zoo};
use serde_json::json;

use crate::zoo::visitor::{Visitor, Window};

/// A look-alike of `apple`, all in Cyrillic.
const LOOK_ALIKE: &str = "xn--80ak6aa92e.test";

#[tokio::test]
async fn no_page_gets_in_by_a_port_the_bridge_a_file_a_scheme_or_a_name() -> Outcome<()> {
    let mut names = zoo::NAMES.to_vec();
    names.push((LOOK_ALIKE, world::PUBLIC));
    names.push(("inside.test", "127.0.0.1"));
    World::new(&names)?.play("attacks::every_attack").await
}

#[tokio::test]
#[ignore = "played by the test above, in a world of its own"]
async fn every_attack() -> Outcome<()> {
    let zoo = Zoo::open().await?;
    let turned = Arc::new(AtomicBool::new(false));
    names::serve(Arc::clone(&turned)).await?;
    let (treasure, found) = treasure().await?;
    let window = Window::open().await?;
    let mut ports = socket::ports_of(window.app().pid()?)?;
    assert!(ports.len() >= 2, "the proxy and the lane: {ports:?}");
    ports.push(treasure);
    let visits = ["attackbridge", "attackfiles", "attackschemes"]
        .map(|case| ("other.test", case, String::new()))
        .into_iter()
        .chain(
            ports
                .iter()
                .map(|port| ("other.test", "attackports", port.to_string())),
        )
        .chain((0..3).map(|which| ("other.test", "attackopen", which.to_string())))
        .chain([("rebind.test", "attackrebind", String::new())]);
    let mut won = Vec::new();
    for (host, case, port) in visits {
        let run = format!("attack{port}");
        let url = format!(
            "http://{host}/case/{case}?run={run}&port={port}&limit=60&home=http://zoo.test"
        );
        window.visit(&zoo, &url).await?;
        let mut told = zoo.hear(&run, case, true).await;
        if told.as_ref().is_some_and(|it| it.get("ready").is_some()) {
            if case == "attackrebind" {
                turned.store(true, Ordering::Relaxed);
            } else {
                window.click().await?;
            }
            told = zoo.hear(&run, case, false).await;
        }
        match told {
            Some(told) if told["verdict"] == "pass" => {}
            told => won.push(format!("{case} {port}: {told:?}")),
        }
        // The page is where it was, and no other has come of it.
        let place = format!("{host}/case/{case}");
        let stayed = format!(
            "document.querySelector('[data-testid=address]').value.includes({}) &&
             document.querySelectorAll('[role=tab]').length === 1",
            json!(place)
        );
        if let Err(error) = window.shell().until(&stayed).await {
            won.push(format!("{case}: {error}"));
        }
    }
    assert!(won.is_empty(), "{}", won.join("\n"));
    let found = found.load(Ordering::Relaxed);
    assert_eq!(found, 0, "nobody got to the server inside");

    for (host, shown) in [
        (LOOK_ALIKE, LOOK_ALIKE),
        ("xn--bcher-kva.test", "bücher.test"),
    ] {
        let url = format!("http://{host}/echo");
        window.visit(&zoo, &url).await?;
        let wanted = format!("{shown}/echo");
        window
            .shell()
            .until(&format!(
                "document.querySelector('[data-testid=address]').value.includes({})",
                json!(wanted)
            ))
            .await?;
    }
    window.close().await
}

/// A server of this machine that lets every page in, and how often it was found.
async fn treasure() -> Outcome<(u16, Arc<AtomicUsize>)> {
    let found = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&found);
    let router = Router::new().fallback(any(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        async { ([("access-control-allow-origin", "*")], "treasure") }
    }));
    let listener = tokio::net::TcpListener::bind(("::", 0)).await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok((port, found))
}
