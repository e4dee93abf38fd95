//! How all that is ours is marked, and found again by its marks alone.

use std::collections::HashMap;

use bollard::models::{ContainerState, ContainerSummary, ContainerSummaryStateEnum};
use bollard::query_parameters::{ListContainersOptionsBuilder, ListVolumesOptionsBuilder};
use duotab_core::message::{Encoder, ProfileName, SessionId};

use super::config::DockerConfig;
use super::link::Link;
use super::owner::Owner;

const INSTALL: &str = "io.duotab.install";
const SESSION: &str = "io.duotab.session";
const PROFILE: &str = "io.duotab.profile";
const HOME: &str = "io.duotab.home-network";
const ENCODER: &str = "io.duotab.encoder";
const VERSION: &str = "io.duotab.version";
const CHECK: &str = "io.duotab.check";
const OWNER: &str = "io.duotab.owner";
const OWNER_NAME: &str = "io.duotab.owner-name";

/// Characters of the install's id that stand in names.
const SHORT: usize = 8;

/// The labels of a container.
pub(super) fn of(
    install: &str,
    session: SessionId,
    profile: &ProfileName,
    home_closed: bool,
    encoder: Encoder,
) -> HashMap<String, String> {
    let mut labels = of_volume(install, profile);
    labels.insert(ENCODER.to_owned(), encoder.word().to_owned());
    if home_closed {
        labels.insert(HOME.to_owned(), "closed".to_owned());
    }
    labels.insert(SESSION.to_owned(), session.0.to_string());
    labels
}

/// The labels of a profile's volume.
pub(super) fn of_volume(install: &str, profile: &ProfileName) -> HashMap<String, String> {
    let mut labels = of_install(install);
    labels.insert(PROFILE.to_owned(), profile.0.clone());
    labels
}

/// The labels of what is there for a moment, and has no profile.
pub(super) fn of_install(install: &str) -> HashMap<String, String> {
    HashMap::from([
        (INSTALL.to_owned(), install.to_owned()),
        (VERSION.to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
    ])
}

/// The labels of what tries the ways into a container: it goes by itself, and is nobody's leftover
/// while it is there.
pub(super) fn of_check(install: &str) -> HashMap<String, String> {
    HashMap::from([
        (CHECK.to_owned(), install.to_owned()),
        (VERSION.to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
    ])
}

/// With whose container it is: an install can be there twice, and each copy minds its own.
pub(super) fn owned_by(
    owner: &Owner,
    mut labels: HashMap<String, String>,
) -> HashMap<String, String> {
    labels.insert(OWNER.to_owned(), owner.id.clone());
    labels.insert(OWNER_NAME.to_owned(), owner.name.clone());
    labels
}

/// Another copy of this install, if it is one whose container that is: what its machine is called.
pub(super) fn other_copy(labels: &HashMap<String, String>, with: &DockerConfig) -> Option<String> {
    let of_install = labels.get(INSTALL) == Some(&with.install);
    let theirs = labels.get(OWNER).is_some_and(|id| *id != with.owner.id);
    let name = || labels.get(OWNER_NAME).cloned().unwrap_or_default();
    (of_install && theirs).then(name)
}

/// The labels of what is beside a session's container: this install's, and no session.
pub(super) fn of_what_is_beside(mut labels: HashMap<String, String>) -> HashMap<String, String> {
    labels.remove(SESSION);
    labels
}

/// What asks for all that bears this install's label.
pub(super) fn filter(install: &str) -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_owned(), vec![format!("{INSTALL}={install}")])])
}

/// The same for what tries the ways into a container.
pub(super) fn filter_check(install: &str) -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_owned(), vec![format!("{CHECK}={install}")])])
}

/// A session's container, for people who look at their engine. Two copies of an install count
/// their sessions alike.
pub(super) fn container_name(with: &DockerConfig, session: SessionId) -> String {
    container_name_for(with, &session.0.to_string())
}

/// The name of another container, by what it is for.
pub(super) fn container_name_for(with: &DockerConfig, what: &str) -> String {
    let (install, owner) = (short(&with.install), short(&with.owner.id));
    format!("duotab-{install}-{owner}-{what}")
}

/// A room's service in a Swarm, in which names are everybody's.
pub(super) fn room_name(install: &str) -> String {
    let mut bytes = [0; 4];
    // The same name twice would be told.
    let _ = getrandom::fill(&mut bytes);
    let number = u32::from_le_bytes(bytes);
    format!("duotab-{}-room-{number:08x}", short(install))
}

/// A profile's volume. The install's whole id is on its label.
pub(super) fn volume_name(install: &str, profile: &ProfileName) -> String {
    // Two profiles whose names differ in other characters alone must not share a volume.
    let plain = profile.0.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let profile = if plain {
        profile.0.clone()
    } else {
        profile
            .0
            .bytes()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
            + "-x"
    };
    format!("duotab-{}-{profile}", short(install))
}

fn short(install: &str) -> String {
    plain(install).chars().take(SHORT).collect()
}

/// What of it can stand in a name.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The profiles that have a volume of this install.
pub(super) async fn profiles(
    link: &Link,
    install: &str,
) -> Result<Vec<String>, bollard::errors::Error> {
    let options = ListVolumesOptionsBuilder::default()
        .filters(&filter(install))
        .build();
    let found = link.docker.list_volumes(Some(options)).await?;
    let volumes = found.volumes.unwrap_or_default().into_iter();
    Ok(volumes
        .filter_map(|mut volume| volume.labels.remove(PROFILE))
        .collect())
}

/// A container of this install.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ours {
    pub(super) id: String,
    pub(super) name: String,
    /// `None` if the label is not one of ours.
    pub(super) session: Option<SessionId>,
    /// Whose data it has.
    pub(super) profile: Option<ProfileName>,
    pub(super) state: State,
    /// Whether the home network is closed to it, or to be closed.
    pub(super) home_closed: bool,
    /// What encodes its picture.
    pub(super) encoder: Encoder,
}

/// What a container does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Running,
    Paused,
    /// Made and not started, ended, or on its way out.
    Dead,
}

/// All containers of this copy of the app, dead ones too.
pub(super) async fn containers(
    link: &Link,
    with: &DockerConfig,
) -> Result<Vec<Ours>, bollard::errors::Error> {
    let options = ListContainersOptionsBuilder::default()
        .all(true)
        .filters(&filter(&with.install))
        .build();
    let found = link.docker.list_containers(Some(options)).await?;
    let is_ours = |it: &ContainerSummary| {
        let labels = it.labels.as_ref();
        labels.is_none_or(|labels| other_copy(labels, with).is_none())
    };
    Ok(found.into_iter().filter(is_ours).filter_map(ours).collect())
}

fn ours(container: ContainerSummary) -> Option<Ours> {
    let labels = container.labels.unwrap_or_default();
    let name = container.names.unwrap_or_default().into_iter().next();
    Some(Ours {
        id: container.id?,
        // As a path, from the engine's own root.
        name: name.unwrap_or_default().trim_start_matches('/').to_owned(),
        session: session(&labels),
        profile: profile(&labels),
        home_closed: labels.get(HOME).is_some_and(|it| it == "closed"),
        encoder: encoder(&labels),
        state: state(container.state),
    })
}

/// What a container does that is listed so.
pub(super) const fn state(listed: Option<ContainerSummaryStateEnum>) -> State {
    match listed {
        Some(ContainerSummaryStateEnum::RUNNING) => State::Running,
        Some(ContainerSummaryStateEnum::PAUSED) => State::Paused,
        _ => State::Dead,
    }
}

/// What a container does that was inspected.
pub(super) fn state_of(inspected: Option<&ContainerState>) -> State {
    match inspected {
        Some(state) if state.paused == Some(true) => State::Paused,
        Some(state) if state.running == Some(true) => State::Running,
        _ => State::Dead,
    }
}

/// The profile that labels name.
pub(super) fn profile(labels: &HashMap<String, String>) -> Option<ProfileName> {
    labels.get(PROFILE).cloned().map(ProfileName)
}

/// What encodes the picture, by the labels.
pub(super) fn encoder(labels: &HashMap<String, String>) -> Encoder {
    let known = labels.get(ENCODER).and_then(|word| Encoder::parse(word));
    known.unwrap_or_default()
}

/// The session that a container's labels name.
pub(super) fn session(labels: &HashMap<String, String>) -> Option<SessionId> {
    labels.get(SESSION)?.parse().ok().map(SessionId)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_s_session_can_be_read_off_its_labels() {
        let labels = of(
            "install",
            SessionId(7),
            &ProfileName("default".into()),
            false,
            Encoder::Vaapi,
        );
        assert_eq!(session(&labels), Some(SessionId(7)));
        assert_eq!(session(&HashMap::new()), None);
        let beside = of_what_is_beside(labels);
        assert_eq!(session(&beside), None, "it is no session");
        assert_eq!(beside[INSTALL], "install", "and yet ours");
    }

    #[test]
    fn what_another_copy_of_the_install_has_is_told_apart() {
        let with = DockerConfig::new("install".to_owned());
        let den = Owner::new("another".to_owned(), "The den", "");
        let labels = || of_volume("install", &ProfileName("default".into()));
        assert_eq!(other_copy(&labels(), &with), None, "from an earlier day");
        assert_eq!(other_copy(&owned_by(&with.owner, labels()), &with), None);
        let theirs = owned_by(&den, labels());
        assert_eq!(other_copy(&theirs, &with), Some("The den".to_owned()));
        let stranger = owned_by(&den, of_install("other"));
        assert_eq!(other_copy(&stranger, &with), None);
        let other = DockerConfig {
            owner: den,
            ..with.clone()
        };
        let name = |with: &DockerConfig| container_name(with, SessionId(1));
        assert_ne!(name(&with), name(&other));
    }

    #[test]
    fn no_two_profiles_share_a_volume() {
        let name = |profile: &str| volume_name("0123456789", &ProfileName(profile.into()));
        assert_eq!(name("default"), "duotab-01234567-default");
        let names = ["a b", "a_b", "ab", "a", "6120", "ä", ""].map(name);
        let distinct: std::collections::HashSet<&String> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        assert!(names.iter().all(|name| name.chars().all(allowed)));
    }
}
