//! A container, as the engine is asked for it.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, HealthConfig, HostConfig, HostConfigLogConfig, Mount, MountType,
    MountVolumeOptions, PortBinding, VolumeCreateRequest,
};
use duotab_core::message::{ProfileName, SessionId};

use super::encoder::Way;
use super::facts::Facts;
use super::files::SERVER_PORT;
use super::flavour::Flavour;
use super::label;
use super::owner::Owner;

/// The system calls that a browser needs, user namespaces for its own sandbox included.
pub(super) const SECCOMP: &str = include_str!("seccomp.json");

/// What supervisord cannot do without: it is root, starts its programs as somebody else, ends them,
/// and gives them its socket.
pub(super) const CAPABILITIES: [&str; 4] = ["CHOWN", "KILL", "SETGID", "SETUID"];

/// Chromium counts every thread; some dozens of pages come to a thousand.
pub(super) const PIDS: i64 = 4096;
/// Bytes of `/dev/shm`. Chromium keeps its pages' pictures there.
pub(super) const SHARED_MEMORY: i64 = 512 << 20;
/// A core's worth, in the engine's unit.
pub(super) const CORE: i64 = 1_000_000_000;

/// Where every browser of Neko's images has its caches, if its profile is at its usual place.
pub(super) const CACHES: &str = "/home/neko/.cache";
/// Bytes of them in memory.
pub(super) const CACHES_SIZE: u32 = 128 << 20;

/// What a container is made for.
#[derive(Clone, Debug)]
pub(super) struct Plan<'a> {
    pub(super) install: &'a str,
    pub(super) owner: &'a Owner,
    pub(super) session: SessionId,
    pub(super) profile: &'a ProfileName,
    pub(super) image: &'a str,
    pub(super) flavour: Flavour,
    pub(super) way: &'a Way,
    pub(super) memory_mib: u64,
    pub(super) media_port: u16,
    /// Whether it is on another machine, where no port but that one is published.
    pub(super) far: bool,
    pub(super) facts: Facts,
    /// Whether the home network is to be closed.
    pub(super) home_closed: bool,
    /// Off where the engine has refused limits.
    pub(super) limited: bool,
}

/// The engine's words for it.
pub(super) fn body(plan: &Plan<'_>) -> ContainerCreateBody {
    let server = format!("{SERVER_PORT}/tcp");
    let media = format!("{}/udp", plan.media_port);
    let private = plan.profile.is_private();
    let publish = |port: Option<u16>| {
        Some(vec![PortBinding {
            host_ip: (!plan.far).then(|| "127.0.0.1".to_owned()),
            host_port: Some(port.map_or_else(String::new, |port| port.to_string())),
        }])
    };
    let media = (media, publish(Some(plan.media_port)));
    let ports = if plan.far {
        HashMap::from([media])
    } else {
        HashMap::from([(server, publish(None)), media])
    };
    ContainerCreateBody {
        image: Some(plan.image.to_owned()),
        // Chromium's lock on its profile names the host: it must be the same each time.
        hostname: Some("duotab".to_owned()),
        labels: Some(label::owned_by(
            plan.owner,
            label::of(
                plan.install,
                plan.session,
                plan.profile,
                plan.home_closed,
                plan.way.encoder,
            ),
        )),
        // Nobody here asks the engine, and a probe that begins while a container is paused keeps that
        // from ever being woken.
        healthcheck: Some(HealthConfig {
            test: Some(vec!["NONE".to_owned()]),
            ..HealthConfig::default()
        }),
        env: plan.way.environment(),
        exposed_ports: Some(ports.keys().cloned().collect()),
        host_config: Some(HostConfig {
            port_bindings: Some(ports),
            // What private pages store is in memory. Whoever runs in the container may write there.
            // All else that they leave lies in the container, and goes with it.
            tmpfs: private.then(|| {
                let options = "rw,nosuid,nodev,mode=1777";
                HashMap::from([
                    (plan.flavour.profile.to_owned(), options.to_owned()),
                    (CACHES.to_owned(), format!("{options},size={CACHES_SIZE}")),
                ])
            }),
            shm_size: Some(SHARED_MEMORY),
            log_config: log(plan.facts),
            ..host(plan)
        }),
        ..ContainerCreateBody::default()
    }
}

/// The fence, and the profile's volume inside it.
fn host(plan: &Plan<'_>) -> HostConfig {
    let fence = plan.way.equip(fence(plan));
    if plan.profile.is_private() {
        return fence;
    }
    let name = label::volume_name(plan.install, plan.profile);
    with_volume(fence, plan.facts, &name, plan.flavour.profile)
}

/// What keeps a browser in.
fn fence(plan: &Plan<'_>) -> HostConfig {
    let Facts {
        podman,
        cores,
        limits_memory,
        limits_cpu,
        limits_pids,
        nvidia: _,
        api: _,
        cannot_pause: _,
    } = plan.facts;
    let memory = i64::try_from(plan.memory_mib << 20).unwrap_or(i64::MAX);
    let with = |can: bool, limit: i64| (plan.limited && can).then_some(limit);
    let mut capabilities = CAPABILITIES.map(str::to_owned).to_vec();
    if podman {
        // For a browser's sandbox, which calls `chroot`: Podman's list of system calls has that with
        // the capability. The browser itself, which is not root, does not get it.
        capabilities.push("SYS_CHROOT".to_owned());
    }
    HostConfig {
        memory: with(limits_memory, memory),
        // No more with swap than without.
        memory_swap: with(limits_memory, memory),
        nano_cpus: with(limits_cpu, cpus(cores)),
        pids_limit: with(limits_pids, PIDS),
        cap_drop: Some(vec!["ALL".to_owned()]),
        cap_add: Some(capabilities),
        security_opt: Some(security(plan.facts)),
        ..HostConfig::default()
    }
}

/// No new privileges, and the list of system calls. Podman takes a path of its own machine for
/// that, and has a list of its own.
pub(super) fn security(facts: Facts) -> Vec<String> {
    let mut security = vec!["no-new-privileges".to_owned()];
    if !facts.podman {
        security.push(format!("seccomp={SECCOMP}"));
    }
    security
}

/// All cores but half a one, which is the desktop's, and never less than one.
pub(super) fn cpus(cores: u32) -> i64 {
    (i64::from(cores) * CORE - CORE / 2).max(CORE)
}

/// A profile's volume, there already or not.
pub(super) fn volume_request(install: &str, profile: &ProfileName) -> VolumeCreateRequest {
    VolumeCreateRequest {
        name: Some(label::volume_name(install, profile)),
        labels: Some(label::of_volume(install, profile)),
        ..VolumeCreateRequest::default()
    }
}

/// With a volume at a folder, not filled from the image: the image's own preferences forget
/// cookies. Podman heeds that word in the older form alone, in which a name is a volume's too.
pub(super) fn with_volume(host: HostConfig, facts: Facts, name: &str, target: &str) -> HostConfig {
    if facts.podman {
        let binds = Some(vec![format!("{name}:{target}:nocopy")]);
        return HostConfig { binds, ..host };
    }
    let volume = Mount {
        typ: Some(MountType::VOLUME),
        source: Some(name.to_owned()),
        target: Some(target.to_owned()),
        volume_options: Some(MountVolumeOptions {
            no_copy: Some(true),
            ..MountVolumeOptions::default()
        }),
        ..Mount::default()
    };
    HostConfig {
        mounts: Some(vec![volume]),
        ..host
    }
}

/// supervisord says much. Podman keeps logs in a way of its own.
fn log(facts: Facts) -> Option<HostConfigLogConfig> {
    (!facts.podman).then(|| HostConfigLogConfig {
        typ: Some("json-file".to_owned()),
        config: Some(HashMap::from([
            ("max-size".to_owned(), "1m".to_owned()),
            ("max-file".to_owned(), "1".to_owned()),
        ])),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    const FACTS: Facts = Facts {
        podman: false,
        nvidia: false,
        api: (1, 41),
        cores: 4,
        limits_memory: true,
        limits_cpu: true,
        limits_pids: true,
        cannot_pause: false,
    };

    fn host(facts: Facts, limited: bool) -> HostConfig {
        let profile = ProfileName("default".into());
        let plan = Plan {
            install: "install",
            owner: &Owner::new("here".into(), "", ""),
            session: SessionId(3),
            profile: &profile,
            image: "neko:1",
            flavour: Flavour::of("chromium"),
            way: &Way::SOFTWARE,
            memory_mib: 2048,
            media_port: 40_000,
            far: false,
            facts,
            home_closed: false,
            limited,
        };
        body(&plan).host_config.unwrap()
    }

    #[test]
    fn a_container_gets_what_was_promised_and_no_more() {
        let host = host(FACTS, true);
        assert_eq!(host.memory, Some(2 << 30));
        assert_eq!(host.memory_swap, host.memory);
        assert_eq!(host.nano_cpus, Some(3_500_000_000));
        assert_eq!(host.pids_limit, Some(PIDS));
    }

    #[test]
    fn what_private_pages_store_and_cache_is_in_memory_and_in_no_volume() {
        let plan = |profile: &ProfileName| {
            let plan = Plan {
                install: "install",
                owner: &Owner::new("here".into(), "", ""),
                session: SessionId(3),
                profile,
                image: "neko:1",
                flavour: Flavour::of("chromium"),
                way: &Way::SOFTWARE,
                memory_mib: 2048,
                media_port: 40_000,
                far: false,
                facts: FACTS,
                home_closed: false,
                limited: true,
            };
            body(&plan).host_config.unwrap()
        };
        let host = plan(&ProfileName("private".into()));
        let memory = host.tmpfs.unwrap();
        assert!(memory.contains_key("/home/neko/.config/chromium"));
        assert!(memory.contains_key("/home/neko/.cache"));
        assert_eq!(host.mounts, None);
        assert_eq!(plan(&ProfileName("default".into())).tmpfs, None);
    }

    #[test]
    fn limits_that_an_engine_does_not_have_are_not_asked_for() {
        let facts = Facts {
            limits_memory: false,
            ..FACTS
        };
        let host_without = host(facts, true);
        assert_eq!(
            (host_without.memory, host_without.memory_swap),
            (None, None)
        );
        assert!(host_without.pids_limit.is_some());
        assert_eq!(host(FACTS, false).pids_limit, None);
    }

    #[test]
    fn nothing_of_the_host_is_open_to_a_container() {
        let host = host(FACTS, true);
        assert_eq!(host.cap_drop, Some(vec!["ALL".to_owned()]));
        assert!(host.cap_add.iter().flatten().all(|cap| cap != "SYS_ADMIN"));
        assert_eq!(
            (host.privileged, host.binds, host.devices),
            (None, None, None)
        );
        let mounts = host.mounts.unwrap();
        assert!(mounts.iter().all(|it| it.typ == Some(MountType::VOLUME)));
        let ports = host.port_bindings.unwrap();
        assert_eq!(ports.len(), 2);
        for binding in ports.values().flatten().flatten() {
            assert_eq!(binding.host_ip.as_deref(), Some("127.0.0.1"));
        }
        assert_eq!(
            ports["40000/udp"].as_ref().unwrap()[0].host_port.as_deref(),
            Some("40000")
        );
    }

    #[test]
    fn podman_is_told_in_its_own_words_not_to_fill_a_volume_from_the_image() {
        let facts = Facts {
            podman: true,
            ..FACTS
        };
        let host = host(facts, true);
        assert_eq!(host.mounts, None);
        let binds = host.binds.unwrap();
        // A name, and no path of the host.
        assert_eq!(
            binds,
            ["duotab-install-default:/home/neko/.config/chromium:nocopy"]
        );
    }

    #[test]
    fn the_system_calls_of_a_sandbox_are_allowed_and_those_of_an_administrator_are_not() {
        let profile: Value = serde_json::from_str(SECCOMP).unwrap();
        assert_eq!(profile["defaultAction"], "SCMP_ACT_ERRNO");
        let allowed: Vec<&str> = profile["syscalls"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|rule| rule["names"].as_array().unwrap())
            .filter_map(Value::as_str)
            .collect();
        for needed in ["clone", "clone3", "unshare", "setns", "chroot", "seccomp"] {
            assert!(allowed.contains(&needed), "{needed}");
        }
        for refused in [
            "mount",
            "umount2",
            "pivot_root",
            "move_mount",
            "bpf",
            "ptrace",
            "keyctl",
            "reboot",
            "kexec_load",
            "init_module",
            "perf_event_open",
            "open_by_handle_at",
            "io_uring_setup",
            "userfaultfd",
            "settimeofday",
            "swapon",
        ] {
            assert!(!allowed.contains(&refused), "{refused}");
        }
    }

    #[test]
    fn a_small_machine_keeps_one_core_for_the_browser() {
        assert_eq!(cpus(1), CORE);
        assert_eq!(cpus(0), CORE);
    }
}
