//! The image that engines run from: there already, or fetched.

use std::path::PathBuf;

use bollard::query_parameters::{
    CreateImageOptionsBuilder, RemoveImageOptionsBuilder, TagImageOptionsBuilder,
};
use duotab_core::message::StartFailure;
use futures_util::StreamExt as _;

use super::link::Link;
use super::pin::is_digest;
use super::progress::Progress;
use super::{fault, login};

/// An image's reference, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reference<'a> {
    /// With the registry, if one is named.
    pub(super) repository: &'a str,
    /// A tag, or a digest with its `sha256:`.
    pub(super) version: &'a str,
}

impl<'a> Reference<'a> {
    /// Whether it names one image for ever.
    pub(super) fn is_fixed(&self) -> bool {
        is_digest(self.version)
    }

    /// Takes `registry:5000/a/b:tag` or `a/b@sha256:…` apart. Without a version it is `latest`.
    pub(super) fn parse(text: &'a str) -> Self {
        if let Some((repository, digest)) = text.split_once('@') {
            // A tag beside a digest says nothing.
            let repository = match Self::parse(repository) {
                tagged if tagged.version != "latest" => tagged.repository,
                _ => repository,
            };
            return Self {
                repository,
                version: digest,
            };
        }
        // A colon before the last slash is a registry's port.
        match text.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => Self {
                repository,
                version: tag,
            },
            _ => Self {
                repository: text,
                version: "latest",
            },
        }
    }
}

/// Whether the engine has the image.
pub(super) async fn is_there(link: &Link, image: &str) -> Result<bool, StartFailure> {
    match link.docker.inspect_image(image).await {
        Ok(_) => Ok(true),
        Err(error) if fault::is_gone(&error) => Ok(false),
        Err(error) => Err(fault::of_start(&error, &link.socket)),
    }
}

/// The digest of an image that the engine has, as its registry knows it. One that was built here
/// has none.
pub(super) async fn digest(link: &Link, image: &str) -> Option<String> {
    let inspected = link.docker.inspect_image(image).await.ok()?;
    let all = inspected.repo_digests?;
    let repository = Reference::parse(image).repository;
    // Podman writes Docker Hub's name in full.
    let of = |name: &str| name == repository || name.ends_with(&format!("/{repository}"));
    all.iter()
        .filter_map(|it| it.split_once('@'))
        .find(|(name, digest)| of(name) && is_digest(digest))
        .map(|(_, digest)| digest.to_owned())
}

/// The person's login for the image's registry, if there is one.
pub(super) async fn login(
    config_dir: Option<PathBuf>,
    image: &str,
) -> Option<bollard::auth::DockerCredentials> {
    let repository = Reference::parse(image).repository.to_owned();
    login::for_repository(&config_dir?, &repository).await
}

/// Sees to it that the engine has the image. `fetched` hears the percentage when it grows; without
/// a pull it hears nothing. Dropped, it gives the pull up: whole layers are kept for the next one.
pub(super) async fn have(
    link: &Link,
    image: &str,
    config_dir: Option<PathBuf>,
    fetched: &(dyn Fn(u8) + Send + Sync),
) -> Result<(), StartFailure> {
    if is_there(link, image).await? {
        return Ok(());
    }
    tracing::info!(image, "fetching the image");
    fetched(0);
    let reference = Reference::parse(image);
    let options = CreateImageOptionsBuilder::default()
        .from_image(reference.repository)
        .tag(reference.version)
        .build();
    let login = login(config_dir, image).await;
    let mut progress = Progress::default();
    let mut pull = link.pulls.create_image(Some(options), None, login);
    while let Some(line) = pull.next().await {
        let line = line.map_err(|error| fault::of_pull(&error, image, &link.socket))?;
        let at = line
            .progress_detail
            .and_then(|detail| Some((detail.current?, detail.total?)));
        if let (Some(layer), Some(status)) = (&line.id, &line.status)
            && let Some(percent) = progress.says(layer, status, at)
        {
            fetched(percent);
        }
    }
    drop(pull);
    fetched(100);
    // A pull that was cut short ends like one that is done.
    if is_there(link, image).await? {
        return Ok(());
    }
    Err(StartFailure::RegistryUnreachable {
        image: image.to_owned(),
    })
}

/// Has the engine call an image by this tag from now on, and no other one.
pub(super) async fn tag(link: &Link, image: &str, name: &str) {
    let reference = Reference::parse(name);
    if reference.is_fixed() {
        return;
    }
    let options = TagImageOptionsBuilder::default()
        .repo(reference.repository)
        .tag(reference.version)
        .build();
    if let Err(error) = link.docker.tag_image(image, Some(options)).await {
        tracing::debug!(%error, image, name, "image not tagged");
    }
}

/// Removes an image that no container uses. Nothing is lost but a download if it stays.
pub(super) async fn remove(link: &Link, image: &str) -> bool {
    let options = RemoveImageOptionsBuilder::default().build();
    let removed = link.docker.remove_image(image, Some(options), None).await;
    match removed {
        Ok(_) => tracing::info!(image, "an image that is not needed any more was removed"),
        Err(error) if fault::is_gone(&error) => {}
        Err(error) => {
            tracing::debug!(%error, image, "image not removed");
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_taken_apart() {
        for (text, repository, version) in [
            ("neko", "neko", "latest"),
            ("localhost:5000/neko", "localhost:5000/neko", "latest"),
            ("localhost:5000/neko:1.2", "localhost:5000/neko", "1.2"),
            (
                "ghcr.io/m1k1o/neko/chromium:3.1.5",
                "ghcr.io/m1k1o/neko/chromium",
                "3.1.5",
            ),
            ("a/b@sha256:0f", "a/b", "sha256:0f"),
            ("a/b:1@sha256:0f", "a/b", "sha256:0f"),
        ] {
            assert_eq!(
                Reference::parse(text),
                Reference {
                    repository,
                    version
                }
            );
        }
    }
}
