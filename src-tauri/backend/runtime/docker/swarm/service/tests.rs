//! What a Swarm is asked for, and what it is not.

use super::*;
use duotab_core::message::{Encoder, SessionId};

fn kept(name: &str) -> Kept {
    Kept {
        id: format!("id of {name}"),
        name: name.to_owned(),
    }
}

fn session(profile: &str, api: (u32, u32), home_closed: bool) -> ServiceSpec {
    let profile = ProfileName(profile.into());
    let (files, papers, login) = (kept("files"), kept("papers"), kept("login"));
    let plan = Plan {
        name: "duotab-install-3",
        labels: label::of(
            "install",
            SessionId(3),
            &profile,
            home_closed,
            Encoder::Software,
        ),
        install: "install",
        profile: &profile,
        image: "neko:1",
        flavour: Flavour::of("chromium"),
        node: "node3",
        cores: 4,
        port: 61_000,
        api,
        files: &files,
        papers: &papers,
    };
    browser(&plan, 2048, &login, home_closed)
}

fn container(spec: &ServiceSpec) -> TaskSpecContainerSpec {
    let task = spec.task_template.clone().unwrap();
    task.container_spec.unwrap()
}

#[test]
fn a_session_is_promised_what_it_may_use_on_one_node_and_no_other() {
    let spec = session("default", (1, 41), false);
    let task = spec.task_template.clone().unwrap();
    let resources = task.resources.unwrap();
    let (limits, promised) = (resources.limits.unwrap(), resources.reservations.unwrap());
    assert_eq!(limits.memory_bytes, Some(2 << 30));
    assert_eq!(promised.memory_bytes, limits.memory_bytes);
    assert_eq!(limits.nano_cpus, Some(3_500_000_000));
    assert_eq!(promised.nano_cpus, Some(500_000_000));
    assert_eq!(place(&spec), Some((61_000, "node3")));
    for port in spec.endpoint_spec.unwrap().ports.unwrap() {
        assert_eq!(
            port.publish_mode,
            Some(EndpointPortConfigPublishModeEnum::HOST)
        );
        assert_eq!(port.target_port, port.published_port);
    }
}

#[test]
fn shared_memory_and_what_private_pages_keep_are_in_memory() {
    let targets = |profile: &str| -> Vec<(String, MountType)> {
        let mounts = container(&session(profile, (1, 41), false)).mounts.unwrap();
        let target = |it: Mount| (it.target.unwrap(), it.typ.unwrap());
        mounts.into_iter().map(target).collect()
    };
    let profile = "/home/neko/.config/chromium".to_owned();
    let kept = targets("default");
    assert!(kept.contains(&("/dev/shm".to_owned(), MountType::TMPFS)));
    assert!(kept.contains(&(profile.clone(), MountType::VOLUME)));
    let private = targets("private");
    assert!(private.contains(&(profile, MountType::TMPFS)));
    assert!(private.iter().all(|(_, kind)| *kind == MountType::TMPFS));
}

#[test]
fn what_is_secret_is_neko_s_alone_and_in_no_environment() {
    let container = container(&session("default", (1, 41), false));
    let secrets = container.secrets.unwrap();
    let paths: Vec<_> = secrets
        .iter()
        .map(|it| it.file.clone().unwrap().name.unwrap())
        .collect();
    assert_eq!(paths, [PAPERS, CONFIG]);
    for secret in secrets {
        let file = secret.file.unwrap();
        assert_eq!(
            (file.uid.as_deref(), file.mode),
            (Some("1000"), Some(0o400))
        );
    }
    assert_eq!(container.env, None);
    assert_eq!(container.labels, None, "it is no container of this engine");
}

#[test]
fn the_network_can_be_changed_only_where_the_home_network_is_to_be_closed() {
    let adds = |closed| container(&session("default", (1, 41), closed)).capability_add;
    assert!(!adds(false).unwrap().contains(&"NET_ADMIN".to_owned()));
    assert!(adds(true).unwrap().contains(&"NET_ADMIN".to_owned()));
}

#[test]
fn the_list_of_system_calls_is_given_to_swarms_that_take_one() {
    let privileges = |api| container(&session("default", api, false)).privileges;
    assert_eq!(privileges((1, 43)), None);
    let fence = privileges((1, 44)).unwrap();
    assert_eq!(fence.no_new_privileges, Some(true));
    assert!(fence.seccomp.unwrap().profile.is_some());
}
