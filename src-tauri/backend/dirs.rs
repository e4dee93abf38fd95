//! Which folders are ours.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The folders of an install.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dirs {
    /// What is kept: database and profiles.
    pub data: PathBuf,
    /// What belongs to running engines, gone after a restart of the machine.
    pub run: PathBuf,
    /// Whether other users must be able to walk through them (not read them): as root, engines run
    /// as somebody else.
    pub shared: bool,
}

/// Who asks, and what the environment says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// Effective user 0.
    pub root: bool,
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// `XDG_DATA_HOME`.
    pub data_home: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`.
    pub runtime_dir: Option<PathBuf>,
    /// `DUOTAB_DATA_DIR`.
    pub chosen_data: Option<PathBuf>,
    /// `DUOTAB_RUNTIME_DIR`.
    pub chosen_run: Option<PathBuf>,
}

impl User {
    /// The user of this process.
    #[must_use]
    pub fn current() -> Self {
        // The XDG base directory specification: a relative path counts as none.
        let path = |name| {
            std::env::var_os(name)
                .filter(|value: &OsString| Path::new(value).is_absolute())
                .map(PathBuf::from)
        };
        let chosen = |name| {
            std::env::var_os(name)
                .filter(|value: &OsString| !value.is_empty())
                .and_then(|value| std::path::absolute(value).ok())
        };
        Self {
            root: rustix::process::geteuid().is_root(),
            home: path("HOME"),
            data_home: path("XDG_DATA_HOME"),
            runtime_dir: path("XDG_RUNTIME_DIR"),
            chosen_data: chosen("DUOTAB_DATA_DIR"),
            chosen_run: chosen("DUOTAB_RUNTIME_DIR"),
        }
    }
}

impl Dirs {
    /// Where a user's folders are, unless told otherwise.
    ///
    /// Root's are outside of `/root`, which nobody else may enter. Whoever chooses the data folder
    /// alone gets a run folder of its own too: two installs never share one.
    #[must_use]
    pub fn default_for(user: &User) -> Self {
        let (data, run) = if user.root {
            (
                PathBuf::from("/var/lib/duotab"),
                Some(PathBuf::from("/run/duotab")),
            )
        } else {
            let home = user.home.clone().unwrap_or_else(|| PathBuf::from("/"));
            let data_home = user
                .data_home
                .clone()
                .unwrap_or_else(|| home.join(".local/share"));
            let run = user
                .runtime_dir
                .as_ref()
                .map(|runtime| runtime.join("duotab"));
            (data_home.join("duotab"), run)
        };
        let run = if user.chosen_data.is_some() {
            None
        } else {
            run
        };
        let data = user.chosen_data.clone().unwrap_or(data);
        let run = user
            .chosen_run
            .clone()
            .or(run)
            .unwrap_or_else(|| data.join("run"));
        Self {
            data,
            run,
            shared: user.root,
        }
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.data.join("duotab.db")
    }

    /// The folder of all profiles.
    #[must_use]
    pub fn profiles(&self) -> PathBuf {
        self.data.join("profiles")
    }

    /// Make the folders, closed to other users. What exists already is closed as well, unless it
    /// is not ours to change.
    pub fn prepare(&self) -> io::Result<()> {
        let mode = if self.shared { 0o711 } else { 0o700 };
        for folder in [&self.data, &self.run, &self.profiles()] {
            DirBuilder::new()
                .recursive(true)
                .mode(mode)
                .create(folder)?;
            if fs::metadata(folder)?.permissions().mode() & 0o777 != mode {
                fs::set_permissions(folder, Permissions::from_mode(mode))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person() -> User {
        User {
            home: Some("/home/ann".into()),
            ..User::default()
        }
    }

    #[test]
    fn a_person_keeps_data_under_home_and_runs_engines_under_the_runtime_folder() {
        let user = User {
            runtime_dir: Some("/run/user/1000".into()),
            ..person()
        };
        let dirs = Dirs::default_for(&user);
        assert_eq!(dirs.data, Path::new("/home/ann/.local/share/duotab"));
        assert_eq!(dirs.run, Path::new("/run/user/1000/duotab"));
        assert!(!dirs.shared);
    }

    #[test]
    fn without_a_runtime_folder_engines_run_under_the_data_folder() {
        let user = User {
            data_home: Some("/data".into()),
            ..person()
        };
        assert_eq!(Dirs::default_for(&user).run, Path::new("/data/duotab/run"));
    }

    #[test]
    fn root_uses_folders_that_another_user_can_walk_through() {
        let user = User {
            root: true,
            home: Some("/root".into()),
            ..User::default()
        };
        let dirs = Dirs::default_for(&user);
        assert_eq!(dirs.data, Path::new("/var/lib/duotab"));
        assert_eq!(dirs.run, Path::new("/run/duotab"));
        assert!(dirs.shared);
    }

    #[test]
    fn a_chosen_data_folder_brings_its_own_run_folder() {
        let user = User {
            runtime_dir: Some("/run/user/1000".into()),
            chosen_data: Some("/srv/b".into()),
            ..person()
        };
        assert_eq!(Dirs::default_for(&user).run, Path::new("/srv/b/run"));
        let user = User {
            chosen_run: Some("/tmp/b".into()),
            ..user
        };
        assert_eq!(Dirs::default_for(&user).run, Path::new("/tmp/b"));
    }

    #[test]
    fn prepared_folders_are_closed_to_others_also_when_they_were_open() {
        let root = tempfile::tempdir().unwrap();
        let dirs = Dirs {
            data: root.path().join("a/b"),
            run: root.path().join("run"),
            shared: false,
        };
        fs::create_dir(&dirs.run).unwrap();
        fs::set_permissions(&dirs.run, Permissions::from_mode(0o755)).unwrap();
        dirs.prepare().unwrap();
        for folder in [&dirs.data, &dirs.run, &dirs.profiles()] {
            assert_eq!(
                fs::metadata(folder).unwrap().permissions().mode() & 0o777,
                0o700
            );
        }
    }
}
