//! Processes in the place of containers whose engine is away.

use duotab_backend::runtime::docker::{DockerConfig, Surroundings};
use duotab_backend::runtime::{Choice, Runtime, RuntimeConfig};
use duotab_core::fault::EngineFault;
use duotab_core::node::EngineHealth;

use crate::home::Home;

/// A runtime that may choose, where the container engine's socket is `docker_host`.
fn runtime(home: &Home, docker_host: Option<&str>, home_closed: bool) -> Runtime {
    let docker = DockerConfig {
        surroundings: Surroundings {
            docker_host: docker_host.map(str::to_owned),
            run_dir: home.path().to_owned(),
            ..Surroundings::default()
        },
        home_closed,
        ..DockerConfig::new("install-of-the-test".into())
    };
    let (choice, embedded) = (Choice::Auto, home.with.clone());
    let with = RuntimeConfig {
        choice,
        embedded,
        docker,
    };
    Runtime::new(with).0
}

#[tokio::test]
async fn processes_serve_where_containers_cannot() {
    let home = Home::with_stub("");
    for (at, closed) in [(Some("unix:///nobody/here"), false), (None, true)] {
        let runtime = runtime(&home, at, closed);
        assert_eq!(runtime.health().await, EngineHealth::Healthy, "{at:?}");
        assert!(!runtime.is_contained());
    }
}

#[tokio::test]
async fn processes_do_not_serve_who_is_to_be_kept_off_the_home_network() {
    let home = Home::with_stub("");
    let runtime = runtime(&home, Some("unix:///nobody/here"), true);
    let health = runtime.health().await;
    let EngineHealth::Away(EngineFault::NotRunning { socket }) = health else {
        panic!("{health:?}");
    };
    assert_eq!(socket, "/nobody/here");
    assert!(runtime.is_contained());
    // It is the person's to say otherwise.
    runtime.close_home_network(false);
    assert_eq!(runtime.health().await, EngineHealth::Healthy);
    assert!(!runtime.is_contained());
}
