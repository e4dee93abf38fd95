//! Whether a device encodes: asked of it where it would have to, in a container of the same image
//! that is there for that alone, with the elements that Neko would use.

use std::time::Duration;

use bollard::errors::Error;
use bollard::models::{ContainerCreateBody, HostConfig};
use duotab_core::message::{Encoder, SessionId};
use tokio::time::timeout;

use super::encoder::{self, Way};
use super::files::File;
use super::link::Link;
use super::{Inner, archive, create, label, network, remove};

/// Encodes some pictures by GStreamer's own library, for Neko's images have no program that does.
const PROGRAM: &str = include_str!("files/encode.py");
const PROGRAM_PATH: &str = "/etc/neko/duotab-encode.py";
const PIPELINE_PATH: &str = "/etc/neko/duotab-encode";

/// A driver that is loaded from a cold disk takes some seconds.
const LIMIT: Duration = Duration::from_secs(20);
/// Bytes of memory that it gets.
const MEMORY: i64 = 1 << 30;
/// GStreamer and a driver begin some dozens of threads.
const PIDS: i64 = 256;

/// What encodes in a container of this image: the best that has shown that it does.
pub(super) async fn choose(inner: &Inner, link: &Link, image: &str, session: SessionId) -> Way {
    for way in encoder::ways(&inner.with.machine, link.facts) {
        let name = way.name();
        let works = match inner.images.encodes(image, &name) {
            Some(known) => known,
            None => {
                let works = encodes(inner, link, image, session, &way).await;
                inner.images.note_encodes(image, &name, works).await;
                works
            }
        };
        if works {
            return way;
        }
    }
    Way::SOFTWARE
}

async fn encodes(inner: &Inner, link: &Link, image: &str, session: SessionId, way: &Way) -> bool {
    let container = label::container_name(&inner.with, session);
    let name = format!("{container}-encoder");
    remove(link, &name).await;
    let asked = timeout(LIMIT, ask(inner, link, image, &name, way)).await;
    remove(link, &name).await;
    let encoder = way.encoder;
    match asked {
        Ok(Ok(None)) => {
            tracing::info!(?encoder, device = way.name(), "a device encodes");
            true
        }
        Ok(Ok(Some(said))) => {
            let why = said.lines().last().unwrap_or("it gave no reason");
            tracing::warn!(
                ?encoder,
                device = way.name(),
                why,
                "a device does not encode"
            );
            false
        }
        Ok(Err(error)) => {
            tracing::warn!(?encoder, device = way.name(), %error, "a device cannot be used");
            false
        }
        Err(_) => {
            tracing::warn!(?encoder, device = way.name(), "a device does not answer");
            false
        }
    }
}

/// What it said, if it failed.
async fn ask(
    inner: &Inner,
    link: &Link,
    image: &str,
    name: &str,
    way: &Way,
) -> Result<Option<String>, Error> {
    let host = HostConfig {
        network_mode: Some("none".to_owned()),
        cap_drop: Some(vec!["ALL".to_owned()]),
        security_opt: Some(create::security(link.facts)),
        memory: link.facts.limits_memory.then_some(MEMORY),
        pids_limit: link.facts.limits_pids.then_some(PIDS),
        group_add: way.group.map(|group| vec![group.to_string()]),
        ..HostConfig::default()
    };
    let body = ContainerCreateBody {
        image: Some(image.to_owned()),
        labels: Some(label::of_install(&inner.with.install)),
        user: Some("neko".to_owned()),
        entrypoint: Some(vec!["python3".to_owned(), "-I".to_owned()]),
        cmd: Some(vec![PROGRAM_PATH.to_owned(), PIPELINE_PATH.to_owned()]),
        env: way.environment(),
        host_config: Some(way.equip(host)),
        ..ContainerCreateBody::default()
    };
    network::make(link, name, body).await?;
    let file = |path: &str, text: String| File {
        path: path.to_owned(),
        owner: 0,
        mode: 0o444,
        text,
    };
    let files = [
        file(PROGRAM_PATH, PROGRAM.to_owned()),
        file(PIPELINE_PATH, pipeline(way.encoder)),
    ];
    archive::put(link, name, &files).await?;
    link.docker.start_container(name, None).await?;
    network::last_words(link, name).await
}

/// Some pictures in the place of the screen's.
fn pipeline(encoder: Encoder) -> String {
    format!(
        "videotestsrc num-buffers=4 ! video/x-raw,width=1280,height=720,framerate=30/1 \
         ! videoconvert ! {} ! fakesink",
        encoder::elements(encoder)
    )
}
