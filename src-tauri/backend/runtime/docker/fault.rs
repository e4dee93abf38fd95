//! What an engine's errors mean. The API gives most of them as text alone.

use bollard::errors::Error;
use duotab_core::fault::EngineFault;
use duotab_core::message::StartFailure;

use crate::runtime::EngineError;

/// Characters of an engine's words that are kept.
const WORDS_LIMIT: usize = 500;

/// What an error of a pull, a create or a start comes down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The engine itself could not be asked.
    Away,
    /// It took the question, and gave no answer in time.
    Silent,
    DiskFull,
    Missing,
    Denied,
    NoNetwork,
    PortTaken,
    /// A limit cannot be set: the kernel lacks it, or it was not delegated to this person.
    NoSuchLimit,
    /// The name is taken.
    Conflict,
    Other,
}

/// What the engine said, for a person.
pub(super) fn words(error: &Error) -> String {
    let text = match error {
        Error::DockerResponseServerError { message, .. } => message.clone(),
        Error::DockerStreamError { error } => error.clone(),
        other => other.to_string(),
    };
    let text = text.trim();
    text.chars().take(WORDS_LIMIT).collect()
}

/// What kind of error it is.
pub(super) fn kind(error: &Error) -> Kind {
    let (status, text) = match error {
        Error::DockerResponseServerError {
            status_code,
            message,
        } => (*status_code, message.as_str()),
        Error::DockerStreamError { error } => (500, error.as_str()),
        Error::RequestTimeoutError => return Kind::Silent,
        Error::JsonDataError { .. } | Error::JsonSerdeError { .. } => return Kind::Other,
        _ => return Kind::Away,
    };
    of_words(status, text)
}

/// By the words of Docker 20.10 to 29 and Podman 4 to 5.
pub(super) fn of_words(status: u16, text: &str) -> Kind {
    let text = text.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&["no space left on device", "disk quota exceeded"]) {
        Kind::DiskFull
    } else if says(&["port is already allocated", "address already in use"]) {
        Kind::PortTaken
    } else if says(&[
        "cgroup controller",
        "cgroups: cannot",
        "nanocpus can not be set",
    ]) {
        Kind::NoSuchLimit
    } else if says(&[
        "denied",
        "unauthorized",
        "authentication required",
        "no basic auth",
    ]) || matches!(status, 401 | 403)
    {
        Kind::Denied
    } else if says(&[
        "no such host",
        "dial tcp",
        "i/o timeout",
        "connection refused",
        "connection reset",
        "network is unreachable",
        "no route to host",
        "tls handshake",
        "client.timeout",
        "context deadline exceeded",
        "server misbehaving",
        "unexpected eof",
        "proxyconnect",
        "pinging container registry",
    ]) {
        Kind::NoNetwork
    } else if status == 404
        || says(&[
            "manifest unknown",
            "not found",
            "name unknown",
            "no such image",
        ])
    {
        Kind::Missing
    } else if status == 409 || says(&["already in use"]) {
        Kind::Conflict
    } else {
        Kind::Other
    }
}

/// What it means for a pull of `image` by the engine at `socket`.
pub(super) fn of_pull(error: &Error, image: &str, socket: &str) -> StartFailure {
    let image = image.to_owned();
    match kind(error) {
        Kind::Missing => StartFailure::ImageMissing { image },
        Kind::Denied => StartFailure::RegistryDenied { image },
        Kind::NoNetwork => StartFailure::RegistryUnreachable { image },
        _ => of_start(error, socket),
    }
}

/// Why the engine at `socket` could not be asked, if it is that.
pub(super) fn away(error: &Error, socket: &str) -> Option<EngineFault> {
    let socket = socket.to_owned();
    match kind(error) {
        Kind::Away => Some(EngineFault::NotRunning { socket }),
        Kind::Silent => Some(EngineFault::Silent { socket }),
        _ => None,
    }
}

/// What it means for any other step of a start by the engine at `socket`.
pub(super) fn of_start(error: &Error, socket: &str) -> StartFailure {
    let socket = socket.to_owned();
    if let Some(fault) = away(error, &socket) {
        return StartFailure::EngineAway { fault };
    }
    match kind(error) {
        Kind::DiskFull => StartFailure::EngineDiskFull,
        Kind::PortTaken => StartFailure::PortTaken,
        _ => StartFailure::Refused {
            detail: words(error),
        },
    }
}

/// What it means for a call about a session that runs.
pub(super) fn of_call(error: &Error) -> EngineError {
    if is_gone(error) {
        EngineError::Gone
    } else {
        EngineError::Unreachable(words(error))
    }
}

/// Whether it may have done what it was asked, and only its answer did not come.
pub(super) fn is_open(error: &Error) -> bool {
    matches!(kind(error), Kind::Away | Kind::Silent)
}

/// Whether the thing that was asked about is not there.
pub(super) fn is_gone(error: &Error) -> bool {
    matches!(
        error,
        Error::DockerResponseServerError {
            status_code: 404,
            ..
        }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_engines_say_about_a_pull_is_told_apart() {
        for (status, text, kind) in [
            (
                404,
                "manifest for localhost:5000/a:9 not found: manifest unknown: manifest unknown",
                Kind::Missing,
            ),
            (
                500,
                r#"Head "https://ghcr.io/v2/a/manifests/1": denied: requested access to the resource is denied"#,
                Kind::Denied,
            ),
            (
                404,
                "pull access denied for a, repository does not exist or may require 'docker login': denied",
                Kind::Denied,
            ),
            (
                500,
                r#"Get "https://ghcr.io/v2/": dial tcp: lookup ghcr.io on 1.1.1.1:53: no such host"#,
                Kind::NoNetwork,
            ),
            (
                500,
                r#"Get "http://localhost:5000/v2/": dial tcp 127.0.0.1:5000: connect: connection refused"#,
                Kind::NoNetwork,
            ),
            (
                500,
                "failed to register layer: Error processing tar file(exit status 1): write /a: no space left on device",
                Kind::DiskFull,
            ),
            (
                500,
                "initializing source docker://localhost:5000/a:9: reading manifest 9 in localhost:5000/a: manifest unknown",
                Kind::Missing,
            ),
            (
                500,
                "initializing source docker://quay.io/a: pinging container registry quay.io: Get ...",
                Kind::NoNetwork,
            ),
        ] {
            assert_eq!(of_words(status, text), kind, "{text}");
        }
    }

    #[test]
    fn what_engines_say_about_a_start_is_told_apart() {
        for (status, text, kind) in [
            (
                500,
                "driver failed programming external connectivity on endpoint a: Bind for 127.0.0.1:4444 failed: port is already allocated",
                Kind::PortTaken,
            ),
            (
                500,
                "rootlessport listen udp 127.0.0.1:4444: bind: address already in use",
                Kind::PortTaken,
            ),
            (
                500,
                "the requested cgroup controller `cpu` is not available: OCI runtime error",
                Kind::NoSuchLimit,
            ),
            (
                409,
                r#"Conflict. The container name "/a" is already in use by container "b"."#,
                Kind::Conflict,
            ),
            (500, "unknown or invalid runtime name: a", Kind::Other),
        ] {
            assert_eq!(of_words(status, text), kind, "{text}");
        }
    }

    #[test]
    fn an_engine_s_words_are_cut() {
        let long = Error::DockerStreamError {
            error: "ä".repeat(10_000),
        };
        assert_eq!(words(&long).chars().count(), WORDS_LIMIT);
    }
}
