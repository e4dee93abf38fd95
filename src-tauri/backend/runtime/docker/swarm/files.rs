//! What a Swarm keeps of a session's files: an archive of what anybody may read, and the login.

use std::net::IpAddr;

use duotab_core::message::{Encoder, ProfileName};

use super::gate::Gate;
use super::service::{ENTER_PROGRAM, GATE_PROGRAM, PAPERS};
use super::{Inner, USERNAME};
use crate::endpoint::Secret;
use crate::runtime::StartSpec;
use crate::runtime::docker::archive;
use crate::runtime::docker::files::{self as usual, CONFIG, File, Settings};
use crate::runtime::docker::owner::Owner;
use crate::runtime::docker::volume;

const GATE: &str = include_str!("files/gate.py");
const ENTER: &str = include_str!("files/enter.sh");
const GATE_SUPERVISED: &str = "/etc/neko/supervisord/duotab-gate.conf";

/// What a session's files are made from.
pub(super) struct Session<'a> {
    pub(super) inner: &'a Inner,
    pub(super) spec: &'a StartSpec,
    pub(super) password: &'a Secret,
    pub(super) gate: &'a Gate,
    pub(super) home_closed: bool,
}

/// Files of a service.
pub(super) struct Files {
    /// An archive, which is unpacked at the root of the container's files.
    pub(super) open: Vec<u8>,
    /// Neko's configuration.
    pub(super) login: Secret,
}

fn file(path: &str, mode: u32, text: String) -> File {
    File {
        path: path.to_owned(),
        owner: 0,
        mode,
        text,
    }
}

/// Those of a session: the usual ones of a container, and what lets us in.
pub(super) fn session(with: &Session<'_>) -> std::io::Result<Files> {
    let docker = &with.inner.docker.inner;
    let (width, height, rate) = docker.with.screen;
    let (width, height) = with.spec.screen.unwrap_or((width, height));
    let flavour = docker.flavour();
    let seen_at = match with.gate.address() {
        // A container need not have IPv6, and then its Neko does not listen there. The client knows
        // where to go.
        IpAddr::V6(_) => IpAddr::from([127, 0, 0, 1]),
        four => four,
    };
    let all = usual::all(&Settings {
        flavour,
        encoder: Encoder::Software,
        owner: (!with.spec.profile.is_private())
            .then(|| docker.with.owner.files(&with.spec.profile)),
        username: USERNAME,
        password: with.password,
        media_port: with.gate.number(),
        seen_at,
        screen: (width, height, rate),
        scale_percent: with.spec.scale_percent,
        start_url: &with.spec.start_url,
        browser_args: &docker.with.browser_args,
        home_closed: with.home_closed,
        lease: Some(docker.with.lease.as_secs()),
    });
    let (login, mut open): (Vec<File>, Vec<File>) =
        all.into_iter().partition(|file| file.path == CONFIG);
    // Folders are of Neko's user, and made by the first program.
    open.retain(|file| !file.path.ends_with('/'));
    open.push(file(GATE_SUPERVISED, 0o644, supervised(with.gate.number())));
    open.extend(door());
    if with.home_closed {
        open.push(usual::network_program());
    }
    let login = login.into_iter().next().map(|file| file.text);
    Ok(Files {
        open: archive::pack(&open)?,
        login: Secret::new(login.unwrap_or_default()),
    })
}

/// Those of a room for a profile's data.
pub(super) fn room(owner: &Owner, profile: &ProfileName) -> std::io::Result<Vec<u8>> {
    let mut all = volume::room::files().to_vec();
    all.extend(owner.files(profile));
    all.extend(door());
    archive::pack(&all)
}

fn door() -> [File; 2] {
    [
        file(GATE_PROGRAM, 0o644, GATE.to_owned()),
        file(ENTER_PROGRAM, 0o644, ENTER.to_owned()),
    ]
}

/// The door is a program of supervisord, as the browser is.
fn supervised(port: u16) -> String {
    format!(
        "[program:duotab-gate]\n\
         environment=HOME=\"/home/%(ENV_USER)s\",USER=\"%(ENV_USER)s\"\n\
         command=/usr/bin/python3 -I {GATE_PROGRAM} {port} {PAPERS}\n\
         user=%(ENV_USER)s\n\
         stopsignal=KILL\n\
         stdout_logfile=/var/log/neko/duotab-gate.log\n\
         stdout_logfile_maxbytes=1MB\n\
         stdout_logfile_backups=1\n\
         redirect_stderr=true\n\
         autorestart=true\n\
         priority=100\n"
    )
}
