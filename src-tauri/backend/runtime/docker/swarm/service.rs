//! A session, and a room for a profile's data, as a Swarm is asked for them.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bollard::models::{
    EndpointPortConfig, EndpointPortConfigProtocolEnum, EndpointPortConfigPublishModeEnum,
    EndpointSpec, Limit, Mount, MountTmpfsOptions, MountType, MountVolumeOptions, ResourceObject,
    ServiceSpec, ServiceSpecMode, ServiceSpecModeReplicated, TaskSpec, TaskSpecContainerSpec,
    TaskSpecContainerSpecConfigs, TaskSpecContainerSpecFile, TaskSpecContainerSpecFile1,
    TaskSpecContainerSpecPrivileges, TaskSpecContainerSpecPrivilegesSeccomp,
    TaskSpecContainerSpecPrivilegesSeccompModeEnum, TaskSpecContainerSpecSecrets,
    TaskSpecLogDriver, TaskSpecPlacement, TaskSpecResources, TaskSpecRestartPolicy,
    TaskSpecRestartPolicyConditionEnum,
};
use duotab_core::message::ProfileName;

use crate::runtime::docker::create::{
    CACHES, CACHES_SIZE, CAPABILITIES, CORE, PIDS, SECCOMP, SHARED_MEMORY, cpus,
};
use crate::runtime::docker::files::{CONFIG, NEKO};
use crate::runtime::docker::flavour::Flavour;
use crate::runtime::docker::label;

#[cfg(test)]
mod tests;

/// Where the files are that are no secret, until the first program has put each in its place.
pub(super) const FILES: &str = "/etc/neko/duotab-files.tar";
/// The door's key and certificates.
pub(super) const PAPERS: &str = "/etc/neko/duotab-papers.pem";
/// The door's program, and the first one of all.
pub(super) const GATE_PROGRAM: &str = "/etc/neko/duotab-gate.py";
pub(super) const ENTER_PROGRAM: &str = "/etc/neko/duotab-enter.sh";

/// Unpacks, and goes on with what was unpacked.
const UNPACK: &str = r#"tar -x -f "$1" -C / && shift && exec /bin/bash "$@""#;

/// What a session is promised of its node's processors. What it may use is all but half a core.
const PROMISED: i64 = CORE / 2;
/// What a room for data is promised and may use. MiB.
const ROOM_MEMORY: u64 = 256;

/// Nanoseconds that Chromium is given to write what it has (cookies, history).
const STOP_GRACE: i64 = 8 * 1_000_000_000;
/// A container that was killed is started anew after a second, three times in two minutes at most.
const RESTART_DELAY: i64 = 1_000_000_000;
const RESTARTS: i64 = 3;
const RESTART_WINDOW: i64 = 120 * 1_000_000_000;

/// The first API whose services can have a list of system calls.
const FENCE_API: (u32, u32) = (1, 44);

/// Something that a Swarm keeps, by its own id and by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) id: String,
    pub(super) name: String,
}

/// What a service is made for.
#[derive(Clone, Debug)]
pub(super) struct Plan<'a> {
    pub(super) name: &'a str,
    pub(super) labels: HashMap<String, String>,
    pub(super) install: &'a str,
    pub(super) profile: &'a ProfileName,
    pub(super) image: &'a str,
    pub(super) flavour: Flavour,
    /// The node's id in its Swarm.
    pub(super) node: &'a str,
    /// Logical cores of the node.
    pub(super) cores: u32,
    /// Of its door; where there is a browser, the media have the same number.
    pub(super) port: u16,
    pub(super) api: (u32, u32),
    pub(super) files: &'a Kept,
    pub(super) papers: &'a Kept,
}

/// A session's, with a browser.
pub(super) fn browser(
    plan: &Plan<'_>,
    memory_mib: u64,
    login: &Kept,
    home_closed: bool,
) -> ServiceSpec {
    let mut capabilities = CAPABILITIES.to_vec();
    // Given up by the first program, for good, before any other one runs.
    capabilities.push("SETPCAP");
    if home_closed {
        capabilities.push("NET_ADMIN");
    }
    let mut mounts = vec![memory("/dev/shm", Some(SHARED_MEMORY))];
    if plan.profile.is_private() {
        mounts.push(memory(plan.flavour.profile, None));
        mounts.push(memory(CACHES, Some(i64::from(CACHES_SIZE))));
    } else {
        mounts.push(volume(plan));
    }
    let program = [
        "browse",
        "/usr/bin/supervisord",
        "-c",
        "/etc/neko/supervisord.conf",
    ];
    let container = TaskSpecContainerSpec {
        mounts: Some(mounts),
        secrets: Some(vec![secret(plan.papers, PAPERS), secret(login, CONFIG)]),
        // Chromium's lock on its profile names the host: it must be the same each time.
        hostname: Some("duotab".to_owned()),
        ..container(plan, &program, capabilities)
    };
    let udp = EndpointPortConfigProtocolEnum::UDP;
    let tcp = EndpointPortConfigProtocolEnum::TCP;
    let resources = resources((memory_mib, PROMISED), cpus(plan.cores), PIDS);
    let ports = vec![port(plan, udp), port(plan, tcp)];
    let restart = TaskSpecRestartPolicy {
        // What ends in peace (the browser, or a lease) is at its end.
        condition: Some(TaskSpecRestartPolicyConditionEnum::ON_FAILURE),
        delay: Some(RESTART_DELAY),
        max_attempts: Some(RESTARTS),
        window: Some(RESTART_WINDOW),
    };
    service(plan, container, resources, ports, restart)
}

/// A room for a profile's data, in which no browser runs.
pub(super) fn room(plan: &Plan<'_>) -> ServiceSpec {
    let port_text = plan.port.to_string();
    let program = [
        "room",
        "/usr/bin/python3",
        "-I",
        GATE_PROGRAM,
        &port_text,
        PAPERS,
    ];
    let capabilities = vec!["CHOWN", "SETGID", "SETPCAP", "SETUID"];
    let container = TaskSpecContainerSpec {
        mounts: Some(vec![volume(plan)]),
        secrets: Some(vec![secret(plan.papers, PAPERS)]),
        ..container(plan, &program, capabilities)
    };
    let resources = resources((ROOM_MEMORY, 0), CORE, 64);
    let ports = vec![port(plan, EndpointPortConfigProtocolEnum::TCP)];
    service(plan, container, resources, ports, never())
}

/// Has the node's engine remove a profile's volume, which nobody else can: it is asked at its own
/// socket, from a container that has no port, and ends with that question.
pub(super) fn removal(plan: &Plan<'_>, socket: &str, program: &str) -> ServiceSpec {
    let volume = label::volume_name(plan.install, plan.profile);
    let command = ["/usr/bin/python3", "-I", "-c", program, socket, &volume];
    let container = TaskSpecContainerSpec {
        image: Some(plan.image.to_owned()),
        command: Some(command.map(str::to_owned).to_vec()),
        user: Some("root".to_owned()),
        mounts: Some(vec![Mount {
            typ: Some(MountType::BIND),
            source: Some(socket.to_owned()),
            target: Some(socket.to_owned()),
            ..Mount::default()
        }]),
        capability_drop: Some(vec!["ALL".to_owned()]),
        privileges: privileges(plan.api),
        ..TaskSpecContainerSpec::default()
    };
    let resources = resources((ROOM_MEMORY, 0), CORE, 16);
    service(plan, container, resources, Vec::new(), never())
}

fn never() -> TaskSpecRestartPolicy {
    TaskSpecRestartPolicy {
        condition: Some(TaskSpecRestartPolicyConditionEnum::NONE),
        ..TaskSpecRestartPolicy::default()
    }
}

fn service(
    plan: &Plan<'_>,
    container: TaskSpecContainerSpec,
    resources: TaskSpecResources,
    ports: Vec<EndpointPortConfig>,
    restart: TaskSpecRestartPolicy,
) -> ServiceSpec {
    ServiceSpec {
        name: Some(plan.name.to_owned()),
        labels: Some(plan.labels.clone()),
        mode: Some(ServiceSpecMode {
            replicated: Some(ServiceSpecModeReplicated { replicas: Some(1) }),
            ..ServiceSpecMode::default()
        }),
        task_template: Some(TaskSpec {
            container_spec: Some(container),
            resources: Some(resources),
            restart_policy: Some(restart),
            placement: Some(TaskSpecPlacement {
                constraints: Some(vec![format!("node.id=={}", plan.node)]),
                ..TaskSpecPlacement::default()
            }),
            // supervisord says much.
            log_driver: Some(TaskSpecLogDriver {
                name: Some("json-file".to_owned()),
                options: Some(HashMap::from([
                    ("max-size".to_owned(), "1m".to_owned()),
                    ("max-file".to_owned(), "1".to_owned()),
                ])),
            }),
            ..TaskSpec::default()
        }),
        endpoint_spec: Some(EndpointSpec {
            ports: Some(ports),
            ..EndpointSpec::default()
        }),
        ..ServiceSpec::default()
    }
}

fn container(
    plan: &Plan<'_>,
    program: &[&str],
    capabilities: Vec<&'static str>,
) -> TaskSpecContainerSpec {
    let profile = plan.flavour.profile;
    let start = [
        "/bin/bash",
        "-c",
        UNPACK,
        "duotab",
        FILES,
        ENTER_PROGRAM,
        profile,
    ];
    let command = start.iter().chain(program).map(|&it| it.to_owned());
    TaskSpecContainerSpec {
        image: Some(plan.image.to_owned()),
        command: Some(command.collect()),
        user: Some("root".to_owned()),
        configs: Some(vec![TaskSpecContainerSpecConfigs {
            config_id: Some(plan.files.id.clone()),
            config_name: Some(plan.files.name.clone()),
            file: Some(TaskSpecContainerSpecFile1 {
                name: Some(FILES.to_owned()),
                uid: Some("0".to_owned()),
                gid: Some("0".to_owned()),
                mode: Some(0o444),
            }),
            ..TaskSpecContainerSpecConfigs::default()
        }]),
        stop_grace_period: Some(STOP_GRACE),
        // What sleeps from within cannot be asked for its health.
        health_check: Some(bollard::models::HealthConfig {
            test: Some(vec!["NONE".to_owned()]),
            ..Default::default()
        }),
        capability_drop: Some(vec!["ALL".to_owned()]),
        capability_add: Some(capabilities.into_iter().map(str::to_owned).collect()),
        privileges: privileges(plan.api),
        ..TaskSpecContainerSpec::default()
    }
}

/// A list of system calls, where a service can have one. Without it the engine's own list holds, by
/// which Chromium has no sandbox of its own.
fn privileges(api: (u32, u32)) -> Option<TaskSpecContainerSpecPrivileges> {
    (api >= FENCE_API).then(|| TaskSpecContainerSpecPrivileges {
        seccomp: Some(TaskSpecContainerSpecPrivilegesSeccomp {
            mode: Some(TaskSpecContainerSpecPrivilegesSeccompModeEnum::CUSTOM),
            profile: Some(STANDARD.encode(SECCOMP)),
        }),
        no_new_privileges: Some(true),
        ..TaskSpecContainerSpecPrivileges::default()
    })
}

/// MiB and processor time that are promised; what may be used besides.
fn resources((memory_mib, promised): (u64, i64), cpus: i64, pids: i64) -> TaskSpecResources {
    let memory = i64::try_from(memory_mib << 20).unwrap_or(i64::MAX);
    TaskSpecResources {
        limits: Some(Limit {
            memory_bytes: Some(memory),
            nano_cpus: Some(cpus),
            pids: Some(pids),
        }),
        reservations: Some(ResourceObject {
            memory_bytes: Some(memory),
            nano_cpus: Some(promised),
            ..ResourceObject::default()
        }),
        ..TaskSpecResources::default()
    }
}

/// The same number inside and outside: Neko tells its own.
fn port(plan: &Plan<'_>, protocol: EndpointPortConfigProtocolEnum) -> EndpointPortConfig {
    EndpointPortConfig {
        protocol: Some(protocol),
        target_port: Some(i64::from(plan.port)),
        published_port: Some(i64::from(plan.port)),
        publish_mode: Some(EndpointPortConfigPublishModeEnum::HOST),
        ..EndpointPortConfig::default()
    }
}

/// The profile's, not filled from the image: the image's own preferences forget cookies.
fn volume(plan: &Plan<'_>) -> Mount {
    Mount {
        typ: Some(MountType::VOLUME),
        source: Some(label::volume_name(plan.install, plan.profile)),
        target: Some(plan.flavour.profile.to_owned()),
        volume_options: Some(MountVolumeOptions {
            no_copy: Some(true),
            labels: Some(label::of_volume(plan.install, plan.profile)),
            ..MountVolumeOptions::default()
        }),
        ..Mount::default()
    }
}

/// Whoever runs in the container may write there.
fn memory(target: &str, bytes: Option<i64>) -> Mount {
    Mount {
        typ: Some(MountType::TMPFS),
        target: Some(target.to_owned()),
        tmpfs_options: Some(MountTmpfsOptions {
            size_bytes: bytes,
            mode: Some(0o1777),
            ..MountTmpfsOptions::default()
        }),
        ..Mount::default()
    }
}

/// Neko's user alone reads it.
fn secret(kept: &Kept, path: &str) -> TaskSpecContainerSpecSecrets {
    TaskSpecContainerSpecSecrets {
        secret_id: Some(kept.id.clone()),
        secret_name: Some(kept.name.clone()),
        file: Some(TaskSpecContainerSpecFile {
            name: Some(path.to_owned()),
            uid: Some(NEKO.to_string()),
            gid: Some(NEKO.to_string()),
            mode: Some(0o400),
        }),
    }
}

/// The port that a service of ours has, and its node's id in the Swarm.
pub(super) fn place(spec: &ServiceSpec) -> Option<(u16, &str)> {
    let ports = spec.endpoint_spec.as_ref()?.ports.as_ref()?;
    let port = u16::try_from(ports.first()?.published_port?).ok()?;
    let placement = spec.task_template.as_ref()?.placement.as_ref()?;
    let node = placement.constraints.as_ref()?.first()?;
    Some((port, node.strip_prefix("node.id==")?))
}
