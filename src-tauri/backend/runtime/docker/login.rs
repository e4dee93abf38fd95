//! The person's login at a registry, as `docker login` keeps it.

use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bollard::auth::DockerCredentials;
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::time::timeout;

use super::place::read;

/// Docker Hub's own key, for it is older than registries' names.
const HUB: &str = "https://index.docker.io/v1/";

/// A helper asks a keyring, which may ask the person.
const HELPER_LIMIT: Duration = Duration::from_secs(30);
/// Bytes of a helper's answer.
const ANSWER_LIMIT: u64 = 64 * 1024;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Config {
    auths: HashMap<String, Login>,
    /// The program that keeps all logins.
    creds_store: Option<String>,
    /// The programs that keep those of some registries.
    cred_helpers: HashMap<String, String>,
}

#[derive(Deserialize)]
struct Login {
    /// `user:password` in base64. Absent where another program keeps it.
    auth: Option<String>,
}

/// What a helper says.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Kept {
    username: String,
    secret: String,
}

/// The login for the registry of `repository`, as Docker's own client finds it: by the helper of
/// that registry, else by the one for all, else in the configuration itself.
pub(super) async fn for_repository(
    config_dir: &Path,
    repository: &str,
) -> Option<DockerCredentials> {
    let path = config_dir.join("config.json");
    let text = tokio::task::spawn_blocking(move || read(&path))
        .await
        .ok()??;
    let config: Config = serde_json::from_str(&text).ok()?;
    let registry = registry(repository);
    let helper = config
        .cred_helpers
        .get(registry)
        .or(config.creds_store.as_ref());
    let login = match helper {
        Some(helper) => ask(helper, registry).await,
        None => written(&config, registry),
    };
    Some(DockerCredentials {
        serveraddress: Some(registry.to_owned()),
        ..login?
    })
}

fn written(config: &Config, registry: &str) -> Option<DockerCredentials> {
    let auth = config.auths.get(registry)?.auth.as_ref()?;
    let plain = String::from_utf8(STANDARD.decode(auth).ok()?).ok()?;
    let (user, password) = plain.split_once(':')?;
    Some(DockerCredentials {
        username: Some(user.to_owned()),
        password: Some(password.to_owned()),
        ..DockerCredentials::default()
    })
}

/// Asks `docker-credential-…`, by the protocol of github.com/docker/docker-credential-helpers: the
/// registry goes in, a login in JSON comes out. One that knows no login fails.
async fn ask(helper: &str, registry: &str) -> Option<DockerCredentials> {
    let plain = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
    if helper.is_empty() || !helper.chars().all(plain) {
        tracing::warn!("the configuration names a helper that cannot be one");
        return None;
    }
    run(Path::new(&format!("docker-credential-{helper}")), registry).await
}

async fn run(helper: &Path, registry: &str) -> Option<DockerCredentials> {
    let mut child = Command::new(helper)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .inspect_err(|error| tracing::warn!(%error, helper = %helper.display(), "no helper for the registry's login"))
        .ok()?;
    let (mut input, output) = (child.stdin.take()?, child.stdout.take()?);
    let said = async {
        input.write_all(registry.as_bytes()).await.ok()?;
        drop(input);
        let mut said = Vec::new();
        output
            .take(ANSWER_LIMIT)
            .read_to_end(&mut said)
            .await
            .ok()?;
        child.wait().await.ok()?.success().then_some(said)
    };
    let said = timeout(HELPER_LIMIT, said).await.ok()??;
    let kept: Kept = serde_json::from_slice(&said).ok()?;
    Some(if kept.username == "<token>" {
        DockerCredentials {
            identitytoken: Some(kept.secret),
            ..DockerCredentials::default()
        }
    } else {
        DockerCredentials {
            username: Some(kept.username),
            password: Some(kept.secret),
            ..DockerCredentials::default()
        }
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

    async fn user(home: &Path, repository: &str) -> Option<(String, String)> {
        let login = for_repository(home, repository).await?;
        Some((login.username?, login.password?))
    }

    fn login(user: &str, password: &str) -> Option<(String, String)> {
        Some((user.to_owned(), password.to_owned()))
    }

    #[tokio::test]
    async fn a_login_is_found_by_its_registry() {
        let home = tempfile::tempdir().unwrap();
        let config = serde_json::json!({ "auths": {
            "localhost:5001": { "auth": STANDARD.encode("ann:se:cret") },
            "elsewhere.example": {},
            HUB: { "auth": STANDARD.encode("hub:word") },
        } });
        std::fs::write(home.path().join("config.json"), config.to_string()).unwrap();
        let found = user(home.path(), "localhost:5001/a/b").await;
        assert_eq!(found, login("ann", "se:cret"));
        assert_eq!(user(home.path(), "ann/own").await, login("hub", "word"));
        assert_eq!(user(home.path(), "elsewhere.example/a").await, None);
        assert_eq!(user(home.path(), "ghcr.io/a").await, None);
    }

    #[tokio::test]
    async fn a_helper_that_cannot_be_one_is_not_run_and_one_that_is_missing_is_no_login() {
        let home = tempfile::tempdir().unwrap();
        for helper in ["../../bin/sh", "a b", "", "no-such-helper-anywhere"] {
            let config = serde_json::json!({ "credsStore": helper });
            std::fs::write(home.path().join("config.json"), config.to_string()).unwrap();
            assert_eq!(user(home.path(), "ghcr.io/a").await, None);
        }
    }

    /// A helper that keeps two logins.
    fn helper(folder: &Path) -> std::path::PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = folder.join("docker-credential-fake");
        let script = r#"#!/bin/sh
[ "$1" = get ] || exit 2
case "$(cat)" in
    ghcr.io) echo '{"ServerURL":"ghcr.io","Username":"ann","Secret":"se:cret"}' ;;
    token.example) echo '{"Username":"<token>","Secret":"t0ken"}' ;;
    odd.example) echo 'not json' ;;
    *) echo 'credentials not found in native keychain'; exit 1 ;;
esac
"#;
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[tokio::test]
    async fn a_helper_is_asked_for_the_registry_s_login() {
        let home = tempfile::tempdir().unwrap();
        let helper = helper(home.path());
        let found = run(&helper, "ghcr.io").await.unwrap();
        assert_eq!(found.username.zip(found.password), login("ann", "se:cret"));
        let found = run(&helper, "token.example").await.unwrap();
        assert_eq!(
            (found.identitytoken.as_deref(), found.username),
            (Some("t0ken"), None)
        );
        assert!(run(&helper, "odd.example").await.is_none());
        assert!(run(&helper, "elsewhere.example").await.is_none());
    }
}
