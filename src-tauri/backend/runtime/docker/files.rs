//! What is put into a container before it starts: Neko's configuration, the browser's start
//! command and its policies. By the archive call, so that no path of this machine is mounted and
//! nothing of it shows when the container is inspected.

use std::net::IpAddr;

use duotab_core::chromium;
use duotab_core::message::Encoder;
use serde::Deserialize;
use serde_json::{Value, json};

use super::encoder;
use super::flavour::Flavour;
use super::lease;
use super::volume::SETTLE;
use crate::endpoint::Secret;

/// Neko's user and group in all of its images.
pub(super) const NEKO: u64 = 1000;
/// Neko's own port in its images.
pub(super) const SERVER_PORT: u16 = 8080;
/// Where Chromium answers the `DevTools` protocol, on the container's own loopback.
pub(super) const CDP_PORT: u16 = 9222;
/// Neko reads any of `/etc/neko/neko.*`; its image has a `.yaml`, and JSON is YAML.
pub(super) const CONFIG: &str = "/etc/neko/neko.yaml";

/// Where files wait on their way to the browser and from it. No volume: it goes with the container.
pub(super) const SHELF: &str = "/home/neko/Downloads";

/// Who is in which group.
pub(super) const GROUPS: &str = "/etc/group";

const BROWSER: &str = include_str!("files/browser.sh");
const NETWORK: &str = include_str!("files/network.py");
const LEASE: &str = include_str!("files/lease.sh");
const SLEEP: &str = include_str!("files/sleep.sh");
const POLICIES: &str = include_str!("files/policies.json");

/// The program that lets all sleep but the lease, where there is one.
pub(super) const SLEEP_PROGRAM: &str = "/etc/neko/duotab-sleep.sh";
/// The folder of the extension that keeps Chromium's news of downloads out of the picture.
const QUIET: &str = "/etc/neko/duotab-quiet";
const LEASE_PROGRAM: &str = "/etc/neko/duotab-lease.sh";

/// There where the home network is to be closed.
const HOME_CLOSED: &str = "/etc/neko/duotab-home-closed";
/// The program that closes it.
pub(super) const NETWORK_PROGRAM: &str = "/etc/neko/duotab-network.py";
/// There when it is closed; nobody but root can make it.
pub(super) const NETWORK_CLOSED: &str = "/etc/neko/duotab-home-is-closed";

/// Something to put into a container.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct File {
    /// Absolute. A folder's ends in a slash.
    pub(super) path: String,
    /// User and group.
    pub(super) owner: u64,
    pub(super) mode: u32,
    pub(super) text: String,
}

/// What differs from one container to the next.
#[derive(Clone)]
pub(super) struct Settings<'a> {
    pub(super) flavour: Flavour,
    /// What encodes the picture.
    pub(super) encoder: Encoder,
    /// The profile's volume, if it is not in memory: how it is taken.
    pub(super) owner: Option<[File; 2]>,
    pub(super) username: &'a str,
    pub(super) password: &'a Secret,
    /// For picture, sound and input; the same inside and outside.
    pub(super) media_port: u16,
    /// Where that port is, as this machine sees it.
    pub(super) seen_at: IpAddr,
    /// Width and height in pixels, pictures per second.
    pub(super) screen: (u16, u16, u16),
    /// Device pixels per CSS pixel, in percent.
    pub(super) scale_percent: u16,
    pub(super) start_url: &'a str,
    /// More arguments for the browser.
    pub(super) browser_args: &'a [String],
    /// Whether the home network is to be closed.
    pub(super) home_closed: bool,
    /// For how many seconds it goes on without us, if that has a limit.
    pub(super) lease: Option<u64>,
}

/// All files, folders first.
pub(super) fn all(with: &Settings<'_>) -> Vec<File> {
    let folder = |path: &str| File {
        path: format!("{path}/"),
        owner: NEKO,
        mode: 0o700,
        text: String::new(),
    };
    let file = |path: &str, mode, text: String| File {
        path: path.to_owned(),
        owner: 0,
        mode,
        text,
    };
    let Flavour {
        name,
        profile,
        policies,
        ..
    } = with.flavour;
    let mut all = vec![
        File {
            // A file system in memory takes the mode of the folder below it, and not its owner.
            mode: if with.owner.is_none() { 0o1777 } else { 0o700 },
            ..folder(profile)
        },
        folder(SHELF),
        File {
            owner: NEKO,
            ..file(CONFIG, 0o400, neko(with).to_string())
        },
        file("/etc/neko/duotab-browser.sh", 0o755, BROWSER.to_owned()),
        file("/etc/neko/duotab-settle.sh", 0o644, SETTLE.to_owned()),
        file("/etc/neko/duotab-arguments", 0o644, arguments(with)),
        file(SLEEP_PROGRAM, 0o755, SLEEP.to_owned()),
        file(
            &format!("/etc/neko/supervisord/{name}.conf"),
            0o644,
            supervisord(with),
        ),
        file(
            &format!("{policies}/policies.json"),
            0o644,
            POLICIES.to_owned(),
        ),
    ];
    all.extend(
        chromium::QUIET
            .map(|(name, text)| file(&format!("{QUIET}/{name}"), 0o644, text.to_owned())),
    );
    all.extend(with.owner.iter().flatten().cloned());
    if with.lease.is_some() {
        all.push(file(LEASE_PROGRAM, 0o755, LEASE.to_owned()));
        all.push(lease::file());
    }
    if with.home_closed {
        // The browser waits until it is closed.
        all.push(file(HOME_CLOSED, 0o444, String::new()));
    }
    all
}

/// A container's groups, with one more that Neko's user is in: whose a device is outside need not
/// have a name inside.
pub(super) fn groups(all: &str, group: u32) -> File {
    let end = if all.is_empty() || all.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    File {
        path: GROUPS.to_owned(),
        owner: 0,
        mode: 0o644,
        text: format!("{all}{end}duotab-encoder:x:{group}:neko\n"),
    }
}

/// What a second container runs to close the home network.
pub(super) fn network_program() -> File {
    File {
        path: NETWORK_PROGRAM.to_owned(),
        owner: 0,
        mode: 0o444,
        text: NETWORK.to_owned(),
    }
}

/// Neko's configuration, version 3. Its own defaults ask a server of the world for our address,
/// give everybody a password, and serve the protocol of version 2.
fn neko(with: &Settings<'_>) -> Value {
    let (width, height, rate) = with.screen;
    json!({
        "legacy": false,
        "log": { "nocolor": true },
        "server": { "bind": format!(":{SERVER_PORT}"), "metrics": false },
        "session": {
            "cookie": { "enabled": false },
            "implicit_hosting": true,
            "merciful_reconnect": true,
        },
        "member": {
            "provider": "object",
            "object": { "users": [{
                "username": with.username,
                "password": with.password.expose(),
                "profile": {
                    "name": with.username,
                    "is_admin": true,
                    "can_login": true,
                    "can_connect": true,
                    "can_watch": true,
                    "can_host": true,
                    "can_share_media": true,
                    "can_access_clipboard": true,
                    "sends_inactive_cursor": false,
                    "can_see_inactive_cursors": false,
                },
            }] },
        },
        "desktop": { "screen": format!("{width}x{height}@{rate}") },
        "capture": { "video": {
            "codec": encoder::codec(with.encoder),
            "pipeline": pipeline(rate, with.encoder),
        } },
        "webrtc": {
            "icelite": true,
            "icetrickle": true,
            "udpmux": with.media_port,
            "nat1to1": [with.seen_at],
            "ip_retrieval_url": "",
        },
    })
}

/// The picture, with one frame under way at most: a late frame is worth less than none.
fn pipeline(rate: u16, encoder: Encoder) -> String {
    let elements = encoder::elements(encoder);
    format!(
        "ximagesrc display-name={{display}} show-pointer=false use-damage=false \
         ! video/x-raw,framerate={rate}/1 ! videoconvert \
         ! queue max-size-buffers=1 max-size-bytes=0 max-size-time=0 leaky=downstream \
         ! {elements} ! appsink name=appsink"
    )
}

/// The browser's arguments, one a line.
fn arguments(with: &Settings<'_>) -> String {
    let (width, height, _) = with.screen;
    let profile = with.flavour.profile;
    let mut all = chromium::arguments(profile, QUIET, (width, height), with.scale_percent);
    all.push(format!("--remote-debugging-port={CDP_PORT}"));
    all.extend_from_slice(with.browser_args);
    // An address is no option, whatever it begins with.
    all.push("--".to_owned());
    all.push(with.start_url.to_owned());
    let lines: Vec<String> = all
        .iter()
        .map(|it| it.chars().filter(|c| !c.is_control()).collect())
        .collect();
    lines.join("\n") + "\n"
}

/// In place of the image's own: the same programs, ours as the browser.
fn supervisord(with: &Settings<'_>) -> String {
    let Flavour {
        name,
        program,
        profile,
        ..
    } = with.flavour;
    let program_of = |name: &str, command: &str, rest: &str| {
        format!(
            "[program:{name}]\n\
             environment=HOME=\"/home/%(ENV_USER)s\",USER=\"%(ENV_USER)s\",DISPLAY=\"%(ENV_DISPLAY)s\"\n\
             command={command}\n\
             user=%(ENV_USER)s\n\
             stdout_logfile=/var/log/neko/{name}.log\n\
             stdout_logfile_maxbytes=1MB\n\
             stdout_logfile_backups=1\n\
             redirect_stderr=true\n\
             {rest}\n"
        )
    };
    let browser = format!("/bin/bash /etc/neko/duotab-browser.sh {program} {profile}");
    let window_manager = "/usr/bin/openbox --config-file /etc/neko/openbox.xml";
    program_of(
        name,
        &browser,
        "stopsignal=INT\nstopwaitsecs=5\nautorestart=false\nstartsecs=0\npriority=800\n",
    ) + &program_of(
        "openbox",
        window_manager,
        "autorestart=true\npriority=300\n",
    ) + &with.lease.map_or_else(String::new, |seconds| {
        let command = format!("/bin/bash {LEASE_PROGRAM} {seconds}");
        program_of("duotab-lease", &command, "autorestart=true\npriority=100\n")
    })
}

/// Who logs in, as [`neko`] wrote it: what an earlier life of the app put into a container.
pub(super) fn login(config: &str) -> Option<(String, Secret)> {
    #[derive(Deserialize)]
    struct Config {
        member: Member,
    }
    #[derive(Deserialize)]
    struct Member {
        object: Object,
    }
    #[derive(Deserialize)]
    struct Object {
        users: Vec<User>,
    }
    #[derive(Deserialize)]
    struct User {
        username: String,
        password: String,
    }
    let config: Config = serde_json::from_str(config).ok()?;
    let user = config.member.object.users.into_iter().next()?;
    Some((user.username, Secret::new(user.password)))
}

#[cfg(test)]
mod tests;
