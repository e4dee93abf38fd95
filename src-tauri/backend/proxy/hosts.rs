//! The names that this machine's own hosts file knows.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::SystemTime;

use tokio::sync::Mutex;

/// The largest file that is read: lists of blocked names have some megabytes.
const LARGEST: u64 = 32 * 1024 * 1024;

/// The hosts file, read again when it has changed.
pub(super) struct Hosts {
    path: PathBuf,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    changed: Option<SystemTime>,
    names: HashMap<String, Vec<IpAddr>>,
}

impl Hosts {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            known: Mutex::default(),
        }
    }

    /// The addresses of a name in lower case; none if the file does not know it.
    pub(super) async fn of(&self, name: &str) -> Vec<IpAddr> {
        let mut known = self.known.lock().await;
        let changed = match tokio::fs::metadata(&self.path).await {
            Ok(file) if file.len() <= LARGEST => file.modified().ok(),
            _ => None,
        };
        if known.changed != changed {
            let text = match changed {
                Some(_) => tokio::fs::read_to_string(&self.path).await.ok(),
                None => None,
            };
            known.names = text.map(|text| read(&text)).unwrap_or_default();
            known.changed = changed;
        }
        known.names.get(name).cloned().unwrap_or_default()
    }
}

fn read(text: &str) -> HashMap<String, Vec<IpAddr>> {
    let mut names: HashMap<String, Vec<IpAddr>> = HashMap::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let Some(address) = words.next().and_then(|word| word.parse().ok()) else {
            continue;
        };
        for name in words {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            names.entry(name).or_default().push(address);
        }
    }
    names
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_file_is_read_again_when_it_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hosts");
        let hosts = Hosts::new(path.clone());
        assert!(hosts.of("app.test").await.is_empty(), "no file at all");
        std::fs::write(
            &path,
            "127.0.0.1 App.test. other # app.test\n::1\tapp.test\nno x\n",
        )
        .unwrap();
        let both: Vec<IpAddr> = vec!["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()];
        assert_eq!(hosts.of("app.test").await, both);
        assert!(hosts.of("x").await.is_empty());
        std::fs::write(&path, "10.0.0.1 app.test\n").unwrap();
        let later = SystemTime::now() + std::time::Duration::from_secs(5);
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(later).unwrap();
        let moved: Vec<IpAddr> = vec!["10.0.0.1".parse().unwrap()];
        assert_eq!(hosts.of("app.test").await, moved);
    }
}
