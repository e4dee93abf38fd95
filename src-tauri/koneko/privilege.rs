//! The way from whoever started koneko to the process that serves: an ordinary user with a tidy
//! environment. Everything is done by `exec`, so the process id stays the same.
//!
//! Root gives the directories to the user, and where that user could not reach them (they lie
//! below a directory of root's own) shows them elsewhere, in a mount namespace nobody else sees.

use crate::config::Config;
use duotab_core::message::StartFailure;
use rustix::fs::{Gid, Mode, Uid};
use rustix::mount::{MountFlags, mount, mount_bind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Tells the stages apart; set by koneko itself.
const STAGE: &str = "KONEKO_STAGE";
/// `nobody` on every Linux.
const NOBODY: u32 = 65_534;
/// Empty on nearly every machine, and hidden for nobody but us.
const STAND_IN: &str = "/mnt";

/// Becomes what koneko is to be; returns only when it is.
pub(crate) fn settle(path: &Path, config: &Config) -> Result<(), StartFailure> {
    make(&config.profile_dir)?;
    make(&config.runtime_dir)?;
    let stage = std::env::var(STAGE).unwrap_or_default();
    if !rustix::process::geteuid().is_root() {
        if stage == "settled" {
            return Ok(());
        }
        return Err(become_server(&own_program(), path, config, None));
    }
    let user = user_of(&config.profile_dir);
    for dir in [&config.profile_dir, &config.runtime_dir] {
        give(dir, user);
    }
    give(path, user);
    let program = own_program();
    let places = [&config.profile_dir, &config.runtime_dir, path, &program];
    if places.iter().all(|it| reachable(it, user)) {
        return Err(become_server(&program, path, config, Some(user)));
    }
    if stage != "apart" {
        let error = Command::new("unshare")
            .args(["--mount", "--propagation", "private", "--"])
            .arg(&program)
            .arg("--config")
            .arg(path)
            .env(STAGE, "apart")
            .exec();
        crate::complain(&format!("unshare: {error}"));
        return Err(StartFailure::ProgramMissing {
            program: "unshare".to_owned(),
        });
    }
    let (program, path, config) = show_elsewhere(&program, config, user).map_err(|error| {
        crate::complain(&format!("showing the directories elsewhere: {error}"));
        unusable(&config.profile_dir, &error)
    })?;
    Err(become_server(&program, &path, &config, Some(user)))
}

/// This program's own file. `/proc/self/exe` would be read by the new user, who may not.
fn own_program() -> PathBuf {
    std::env::current_exe().unwrap_or_else(|_| PathBuf::from("koneko"))
}

fn make(dir: &Path) -> Result<(), StartFailure> {
    std::fs::DirBuilder::new()
        .recursive(true)
        // A profile is nobody else's to read.
        .mode(0o700)
        .create(dir)
        .map_err(|error| unusable(dir, &error))
}

/// What keeps a directory from being used.
pub(crate) fn unusable(dir: &Path, error: &std::io::Error) -> StartFailure {
    let path = dir.display().to_string();
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            StartFailure::DiskFull { path }
        }
        _ => StartFailure::ReadOnly { path },
    }
}

/// The owner of a profile that is somebody's already, else nobody.
fn user_of(profile: &Path) -> (u32, u32) {
    match std::fs::metadata(profile) {
        Ok(it) if it.uid() != 0 => (it.uid(), it.gid()),
        _ => (NOBODY, NOBODY),
    }
}

/// Gives a tree to the user. Links are not followed.
fn give(path: &Path, user: (u32, u32)) {
    let Ok(it) = std::fs::symlink_metadata(path) else {
        return;
    };
    if (it.uid(), it.gid()) != user {
        let _ = std::os::unix::fs::lchown(path, Some(user.0), Some(user.1));
    }
    if it.is_dir() {
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            give(&entry.path(), user);
        }
    }
}

/// Whether the user may walk to it.
fn reachable(path: &Path, user: (u32, u32)) -> bool {
    path.ancestors().skip(1).all(|dir| {
        std::fs::metadata(dir).is_ok_and(|it| {
            let mode = it.permissions().mode();
            let bit = if it.uid() == user.0 {
                0o100
            } else if it.gid() == user.1 {
                0o010
            } else {
                0o001
            };
            mode & bit != 0
        })
    })
}

/// Shows what the server needs below [`STAND_IN`], and writes a configuration that says so.
fn show_elsewhere(
    program: &Path,
    config: &Config,
    user: (u32, u32),
) -> std::io::Result<(PathBuf, PathBuf, Config)> {
    let base = Path::new(STAND_IN);
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    mount("koneko", base, "tmpfs", flags, Some(c"mode=0755,size=1m"))?;
    let mut config = config.clone();
    for (name, dir) in [
        ("profile", &mut config.profile_dir),
        ("run", &mut config.runtime_dir),
    ] {
        let shown = base.join(name);
        std::fs::create_dir(&shown)?;
        mount_bind(&*dir, &shown)?;
        *dir = shown;
    }
    let shown = base.join("koneko");
    std::fs::File::create(&shown)?;
    mount_bind(program, &shown)?;
    let file = base.join("config.json");
    std::fs::write(&file, serde_json::to_string(&config)?)?;
    rustix::fs::chmod(&file, Mode::RUSR)?;
    let owner = (Uid::from_raw(user.0), Gid::from_raw(user.1));
    rustix::fs::chown(&file, Some(owner.0), Some(owner.1))?;
    Ok((shown, file, config))
}

/// The last `exec`. Returns only to say why it could not.
fn become_server(
    program: &Path,
    path: &Path,
    config: &Config,
    user: Option<(u32, u32)>,
) -> StartFailure {
    let home = config.profile_dir.join("home");
    let mut command = Command::new(program);
    command
        .arg("--config")
        .arg(path)
        .env(STAGE, "settled")
        // Otherwise GStreamer looks at every plugin there is: seconds, and each time anew where
        // its cache cannot be written. The few that are needed are loaded by name.
        .env("GST_REGISTRY_DISABLE", "yes")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("DISPLAY")
        .env_remove("XAUTHORITY");
    if let Some((uid, gid)) = user {
        // As root, std drops the supplementary groups as well.
        command
            .uid(uid)
            .gid(gid)
            .env("HOME", &home)
            .env("USER", "koneko")
            .env("LOGNAME", "koneko")
            .env_remove("XDG_RUNTIME_DIR")
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_CACHE_HOME")
            .env_remove("XDG_DATA_HOME")
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .current_dir("/");
    }
    let error = command.exec();
    crate::complain(&format!("{}: {error}", program.display()));
    StartFailure::ProgramMissing {
        program: program.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_read_only_one_are_told_apart() {
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let locked = std::io::Error::from(std::io::ErrorKind::ReadOnlyFilesystem);
        let path = "/p".to_owned();
        assert_eq!(
            unusable(Path::new("/p"), &full),
            StartFailure::DiskFull { path: path.clone() }
        );
        assert_eq!(
            unusable(Path::new("/p"), &locked),
            StartFailure::ReadOnly { path }
        );
    }

    #[test]
    fn a_closed_directory_on_the_way_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        let stranger = (NOBODY - 1, NOBODY - 1);
        for (mode, open) in [(0o755, true), (0o700, false)] {
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(dir.path(), mode).unwrap();
            assert_eq!(reachable(&inner, stranger), open);
        }
    }
}
