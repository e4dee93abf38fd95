//! What keeps a session's container in, and others out of it.

use duotab_core::message::SessionId;

use crate::home::{Home, spec, within};

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_of_a_session_can_be_read_from_its_swarm_or_from_its_node_s_engine() {
    let Some(home) = Home::new("swarm-secret") else {
        return;
    };
    let endpoint = home.start(1, 2).await.unwrap();
    let password = endpoint.password.expose();
    let in_base64 = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(password)
    };
    let mut said = Vec::new();
    for what in ["service", "config", "secret"] {
        let ours = [
            what,
            "ls",
            "--quiet",
            "--filter",
            "label=io.duotab.install=swarm-secret",
        ];
        for id in home.fleet.docker(1, &ours) {
            said.extend(home.fleet.docker(1, &[what, "inspect", &id]));
        }
    }
    let container = home.containers(2, "{{.ID}}").concat();
    said.extend(home.fleet.docker(2, &["inspect", &container]));
    said.extend(home.run(
        2,
        "neko",
        "tr '\\0' '\\n' </proc/*/environ 2>/dev/null; true",
    ));
    said.extend(home.run(2, "root", "cat /proc/*/cmdline | tr '\\0' '\\n'"));
    assert!(said.len() > 100);
    for line in said {
        let shown =
            line.contains(password) || line.contains(&in_base64) || line.contains("PRIVATE KEY");
        assert!(!shown, "{line}");
    }
    home.stop(1, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_container_needs_to_begin_is_given_up_before_the_browser_runs() {
    let Some(home) = Home::new("swarm-fence") else {
        return;
    };
    home.start(1, 2).await.unwrap();
    let status = "grep -hE 'NoNewPrivs|CapBnd' /proc/1/status";
    // CHOWN, KILL, SETGID and SETUID: bits 0, 5, 6 and 7.
    assert_eq!(
        home.run(2, "root", status),
        ["CapBnd:\t00000000000000e1", "NoNewPrivs:\t1"]
    );
    let held =
        "until pid=$(pgrep -o chromium); do sleep 0.05; done; grep -h CapEff /proc/$pid/status";
    assert_eq!(home.run(2, "neko", held), ["CapEff:\t0000000000000000"]);
    let memory = "df --output=size -B1 /dev/shm | tail -1; cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max";
    let memory = home.run(2, "neko", memory);
    assert_eq!(memory[0].trim(), (512 << 20).to_string());
    assert_eq!(memory[1], (1024 << 20).to_string());
    home.stop(1, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_home_network_is_closed_to_a_node_s_container_where_that_is_asked_for() {
    let Some(home) = Home::with("swarm-closed", |docker| docker.home_closed = true) else {
        return;
    };
    home.runtime.close_home_network(true);
    home.runtime.use_workers(vec![]);
    home.runtime.use_workers(vec![home.fleet.worker()]);
    let node = home.fleet.node(2);
    within("a start", home.starting(spec(1), &node))
        .await
        .unwrap();
    // Its own engine answers there, and nobody may ask it from here.
    let reach = |to: &str| {
        let ask = format!(
            "(exec 3<>/dev/tcp/{to}) 2>&1 | grep -o 'Permission denied\\|prohibited\\|refused\\|No route.*\\|unreachable' || echo open"
        );
        home.run(2, "neko", &ask).concat()
    };
    let closed = reach("10.212.0.11/2376");
    assert_ne!(closed, "open");
    assert_eq!(
        home.run(2, "root", "grep -h CapBnd /proc/1/status"),
        ["CapBnd:\t00000000000000e1"]
    );
    within("a stop", home.runtime.stop(SessionId(1), &node))
        .await
        .unwrap();
    home.runtime.close_home_network(false);
    within("a start", home.starting(spec(1), &node))
        .await
        .unwrap();
    assert_eq!(reach("10.212.0.11/2376"), "open");
    within("a stop", home.runtime.stop(SessionId(1), &node))
        .await
        .unwrap();
}
