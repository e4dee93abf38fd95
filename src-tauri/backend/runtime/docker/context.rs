//! The engines of other machines that this person already has: Docker's contexts, and the
//! connections of Podman.

use std::path::Path;

use duotab_core::worker::{EngineContext, WorkerAddress};
use serde::Deserialize;
use url::Url;

use super::place::{Surroundings, read};

/// Contexts that are looked at. Nobody has more.
const LIMIT: usize = 256;
/// Docker's usual port for TLS.
const TLS_PORT: u16 = 2376;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Context {
    name: String,
    endpoints: Endpoints,
}

#[derive(Deserialize)]
struct Endpoints {
    docker: Option<Endpoint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Endpoint {
    host: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Podman {
    connection: PodmanConnections,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PodmanConnections {
    connections: std::collections::BTreeMap<String, PodmanConnection>,
}

#[derive(Deserialize)]
struct PodmanConnection {
    #[serde(rename = "URI")]
    uri: String,
}

/// All that are reached by SSH or TLS, by name. Reads small files.
pub(super) fn all(surroundings: &Surroundings) -> Vec<EngineContext> {
    let mut found = Vec::new();
    if let Some(folder) = &surroundings.config_dir {
        docker(&folder.join("contexts"), &mut found);
    }
    if let Some(folder) = &surroundings.podman_dir {
        podman(&folder.join("podman-connections.json"), &mut found);
    }
    found.sort_by(|one: &EngineContext, other| one.name.cmp(&other.name));
    found.dedup_by(|one, other| one.name == other.name);
    found
}

fn docker(folder: &Path, found: &mut Vec<EngineContext>) {
    let Ok(contexts) = std::fs::read_dir(folder.join("meta")) else {
        return;
    };
    for entry in contexts.flatten().take(LIMIT) {
        let text = read(&entry.path().join("meta.json"));
        let context = text.and_then(|it| serde_json::from_str::<Context>(&it).ok());
        let Some(context) = context else { continue };
        // A context's files are in a folder of the same name beside it.
        let certificates = folder.join("tls").join(entry.file_name()).join("docker");
        let host = context.endpoints.docker.and_then(|it| it.host);
        if let Some(address) = host.and_then(|host| address(&host, &certificates)) {
            found.push(EngineContext {
                name: context.name,
                address,
            });
        }
    }
}

fn podman(file: &Path, found: &mut Vec<EngineContext>) {
    let connections = read(file).and_then(|it| serde_json::from_str::<Podman>(&it).ok());
    let Some(connections) = connections else {
        return;
    };
    let all = connections.connection.connections.into_iter().take(LIMIT);
    found.extend(all.filter_map(|(name, connection)| {
        let address = address(&connection.uri, Path::new(""))?;
        Some(EngineContext { name, address })
    }));
}

/// `ssh://user@host:port/socket`, or `tcp://host:port` beside certificates. `None` for all else.
pub(super) fn address(host: &str, certificates: &Path) -> Option<WorkerAddress> {
    let url = Url::parse(host).ok()?;
    let name = url.host_str().filter(|it| !it.is_empty())?;
    match url.scheme() {
        "ssh" => Some(WorkerAddress::Ssh {
            destination: match url.username() {
                "" => name.to_owned(),
                user => format!("{user}@{name}"),
            },
            port: url.port(),
            socket: Some(url.path().to_owned()).filter(|path| path.len() > 1),
        }),
        "tcp" | "https" if certificates.join("ca.pem").is_file() => Some(WorkerAddress::Tls {
            host: name.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(TLS_PORT),
            certificates: certificates.to_str()?.to_owned(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn contexts_of_other_machines_are_candidates_and_those_in_the_clear_are_not() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(".docker");
        for (hash, name, host) in [
            ("a1", "attic", "ssh://me@attic:2222"),
            ("b2", "here", "unix:///run/docker.sock"),
            ("c3", "open", "tcp://10.0.0.2:2375"),
            ("d4", "tls", "tcp://[fd00::2]:2376"),
        ] {
            let meta = serde_json::json!({
                "Name": name, "Metadata": {}, "Endpoints": { "docker": { "Host": host } },
            });
            write(
                &folder.join(format!("contexts/meta/{hash}/meta.json")),
                &meta.to_string(),
            );
        }
        let certificates = folder.join("contexts/tls/d4/docker");
        write(&certificates.join("ca.pem"), "");
        write(
            &home
                .path()
                .join(".config/containers/podman-connections.json"),
            r#"{"Connection":{"Default":"pi","Connections":{"pi":{"URI":"ssh://pi@pi:22/run/user/1000/podman/podman.sock"}}}}"#,
        );
        let surroundings = Surroundings {
            config_dir: Some(folder),
            podman_dir: Some(home.path().join(".config/containers")),
            ..Surroundings::default()
        };
        let found = all(&surroundings);
        let names: Vec<&str> = found.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["attic", "pi", "tls"]);
        assert_eq!(
            found[0].address,
            WorkerAddress::Ssh {
                destination: "me@attic".into(),
                port: Some(2222),
                socket: None
            }
        );
        assert_eq!(
            found[2].address,
            WorkerAddress::Tls {
                host: "fd00::2".into(),
                port: 2376,
                certificates: certificates.display().to_string()
            }
        );
    }
}
