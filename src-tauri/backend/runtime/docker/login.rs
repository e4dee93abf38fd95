//! The person's login at a registry, as `docker login` keeps it.

use std::collections::HashMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bollard::auth::DockerCredentials;
use serde::Deserialize;

use super::place::read;

/// Docker Hub's own key, for it is older than registries' names.
const HUB: &str = "https://index.docker.io/v1/";

#[derive(Default, Deserialize)]
struct Config {
    #[serde(default)]
    auths: HashMap<String, Login>,
}

#[derive(Deserialize)]
struct Login {
    /// `user:password` in base64. Absent where another program keeps it.
    auth: Option<String>,
}

/// The login for the registry of `repository`, if it stands in the configuration itself. Reads a
/// small file.
pub(super) fn for_repository(config_dir: &Path, repository: &str) -> Option<DockerCredentials> {
    let config: Config = serde_json::from_str(&read(&config_dir.join("config.json"))?).ok()?;
    let registry = registry(repository);
    let auth = config.auths.get(registry)?.auth.as_ref()?;
    let plain = String::from_utf8(STANDARD.decode(auth).ok()?).ok()?;
    let (user, password) = plain.split_once(':')?;
    Some(DockerCredentials {
        username: Some(user.to_owned()),
        password: Some(password.to_owned()),
        serveraddress: Some(registry.to_owned()),
        ..DockerCredentials::default()
    })
}

/// A first part with a dot or a port, or `localhost`, is a registry; else it is Docker Hub.
fn registry(repository: &str) -> &str {
    match repository.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => first,
        _ => HUB,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_found_by_its_registry() {
        let home = tempfile::tempdir().unwrap();
        let config = serde_json::json!({ "auths": {
            "localhost:5001": { "auth": STANDARD.encode("ann:se:cret") },
            "elsewhere.example": {},
            HUB: { "auth": STANDARD.encode("hub:word") },
        } });
        std::fs::write(home.path().join("config.json"), config.to_string()).unwrap();
        let user = |repository: &str| {
            let login = for_repository(home.path(), repository)?;
            Some((login.username?, login.password?))
        };
        let login = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(user("localhost:5001/a/b"), login("ann", "se:cret"));
        assert_eq!(user("ann/own"), login("hub", "word"));
        assert_eq!(user("elsewhere.example/a"), None);
        assert_eq!(user("ghcr.io/a"), None);
    }
}
