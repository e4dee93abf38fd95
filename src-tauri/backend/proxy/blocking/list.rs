//! Block lists: fetched by the way out of a profile, kept on the disk, and fetched anew once a day.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use duotab_core::blocking::{ListFault, ListNews};
use duotab_core::message::ProfileName;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use md5::{Digest as _, Md5};
use tokio::task::AbortHandle;

use super::{HostRules, Hosts, PageRules, hosts_of};
use crate::proxy::Proxies;

/// The largest lists have some 10 MiB.
const LARGEST: u64 = 32 * 1024 * 1024;
/// A list is fetched no more often by itself.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How often it is looked whether one is due.
const LOOK: Duration = Duration::from_secs(60 * 60);
/// The longest that a server may take for one.
const FETCH: Duration = Duration::from_secs(120);

/// Says what becomes of a list, by its address.
type Told = Arc<dyn Fn(&str, ListNews) + Send + Sync>;

/// Hands on what is the web engine's to keep to; `None` when no lists are in use.
type Handed = Arc<dyn Fn(Option<PageRules>) + Send + Sync>;

/// The block lists of all profiles.
pub struct Lists {
    folder: PathBuf,
    proxies: Arc<Proxies>,
    profile: ProfileName,
    told: Told,
    handed: Handed,
    task: Mutex<Option<AbortHandle>>,
}

impl std::fmt::Debug for Lists {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lists")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

impl Drop for Lists {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Lists {
    /// Lists that are kept in `folder`, and fetched by the way out of `profile`.
    #[must_use]
    pub fn new(
        folder: PathBuf,
        proxies: Arc<Proxies>,
        profile: ProfileName,
        told: Told,
        handed: Handed,
    ) -> Self {
        Self {
            folder,
            proxies,
            profile,
            told,
            handed,
            task: Mutex::default(),
        }
    }

    /// Uses these lists and no others from now on. What is not there or older than a day is
    /// fetched; all of them if that is wanted now.
    pub fn use_these(&self, urls: Vec<String>, anew: bool) {
        let work = Work {
            folder: self.folder.clone(),
            proxies: Arc::clone(&self.proxies),
            profile: self.profile.clone(),
            told: Arc::clone(&self.told),
            handed: Arc::clone(&self.handed),
            urls,
        };
        let task = tokio::spawn(async move { work.run(anew).await }).abort_handle();
        if let Some(former) = self.lock().replace(task) {
            former.abort();
        }
    }

    /// Uses none.
    pub fn stop(&self) {
        if let Some(task) = self.lock().take() {
            task.abort();
        }
        self.proxies.rules().put(None);
        (self.handed)(None);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<AbortHandle>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is done for the lists that are in use.
struct Work {
    folder: PathBuf,
    proxies: Arc<Proxies>,
    profile: ProfileName,
    told: Told,
    handed: Handed,
    urls: Vec<String>,
}

/// A list as it was read.
struct Read {
    hosts: Hosts,
    /// Of all that it says.
    digest: String,
}

impl Work {
    async fn run(&self, mut anew: bool) {
        let mut read = BTreeMap::new();
        for url in &self.urls {
            match self.kept(url).await {
                Ok(Some((list, fetched))) => self.take(&mut read, url, list, fetched),
                Ok(None) => {}
                Err(fault) => (self.told)(url, ListNews::Failed(fault)),
            }
        }
        self.forget_others().await;
        self.put(&read).await;
        loop {
            // One whose server is slow holds up none of the others.
            let mut fetching = FuturesUnordered::new();
            for url in &self.urls {
                if anew || is_due(&self.path(url)).await {
                    (self.told)(url, ListNews::Fetching);
                    fetching.push(async move { (url, self.fetch(url).await) });
                }
            }
            while let Some((url, fetched)) = fetching.next().await {
                match fetched {
                    Ok((list, fetched)) => {
                        self.take(&mut read, url, list, fetched);
                        self.put(&read).await;
                    }
                    Err(fault) => {
                        tracing::info!(?fault, "a block list");
                        (self.told)(url, ListNews::Failed(fault));
                    }
                }
            }
            anew = false;
            tokio::time::sleep(LOOK).await;
        }
    }

    fn take(&self, read: &mut BTreeMap<String, Read>, url: &str, list: Read, fetched: u64) {
        let rules = list.hosts.rules;
        read.insert(url.to_owned(), list);
        (self.told)(url, ListNews::InUse { rules, fetched });
    }

    async fn put(&self, read: &BTreeMap<String, Read>) {
        let of_pages = read
            .iter()
            .map(|(url, list)| (url.as_str(), self.path(url), list.digest.as_str()));
        (self.handed)(Some(PageRules::of(of_pages)));
        let lists: Vec<String> = read.values().map(|list| list.hosts.lines.clone()).collect();
        let compiled = tokio::task::spawn_blocking(move || {
            // Each may make exceptions from those of another list.
            HostRules::of(lists.iter().flat_map(|lines| lines.lines()))
        })
        .await;
        match compiled {
            Ok(rules) => self.proxies.rules().put(Some(rules)),
            Err(error) => tracing::error!(%error, "block lists"),
        }
    }

    /// What is on the disk of a list, and when it was fetched.
    async fn kept(&self, url: &str) -> Result<Option<(Read, u64)>, ListFault> {
        let path = self.path(url);
        let failed = |error: io::Error| ListFault::DiskFailed {
            path: path.display().to_string(),
            detail: error.to_string(),
        };
        let Ok(file) = tokio::fs::metadata(&path).await else {
            return Ok(None);
        };
        if file.len() > LARGEST {
            return Ok(None);
        }
        let bytes = tokio::fs::read(&path).await.map_err(failed)?;
        let fetched = seconds(file.modified().map_err(failed)?);
        // One that is broken is fetched again.
        Ok(read_list(bytes).await.ok().map(|list| (list, fetched)))
    }

    /// Fetches a list, and keeps it if it is one.
    async fn fetch(&self, url: &str) -> Result<(Read, u64), ListFault> {
        let bytes = tokio::time::timeout(FETCH, self.load(url))
            .await
            .unwrap_or_else(|_| {
                Err(ListFault::Unreachable {
                    detail: format!("nothing whole within {} s", FETCH.as_secs()),
                })
            })?;
        let list = read_list(bytes.clone()).await?;
        let path = self.path(url);
        let kept = keep(&path, bytes).await;
        kept.map_err(|error| ListFault::DiskFailed {
            path: path.display().to_string(),
            detail: error.to_string(),
        })?;
        Ok((list, seconds(SystemTime::now())))
    }

    /// By the profile's own proxy, so by its way out and with its names.
    async fn load(&self, url: &str) -> Result<Vec<u8>, ListFault> {
        let unreachable = |detail: String| ListFault::Unreachable { detail };
        let proxy = self.proxies.of(&self.profile);
        let proxy = proxy.ok_or_else(|| unreachable("the local proxy does not run".to_owned()))?;
        // The person named it.
        proxy.permit(url);
        let failed = |error: reqwest::Error| {
            let said = proxy.failure(url).map(|failure| failure.to_string());
            unreachable(said.unwrap_or_else(|| deepest(&error)))
        };
        // By a proxy of this kind it leaves names to the proxy.
        let way = proxy.access().socks_url();
        let way = way.expose().replacen("socks5:", "socks5h:", 1);
        let way = reqwest::Proxy::all(way).map_err(failed)?;
        let client = reqwest::Client::builder()
            .no_proxy()
            .proxy(way)
            .build()
            .map_err(failed)?;
        let mut answer = client.get(url).send().await.map_err(failed)?;
        let status = answer.status();
        if !status.is_success() {
            return Err(ListFault::Refused {
                status: status.as_u16(),
            });
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            bytes.extend(chunk);
            if bytes.len() as u64 > LARGEST {
                return Err(ListFault::TooLarge { limit: LARGEST });
            }
        }
        Ok(bytes)
    }

    fn path(&self, url: &str) -> PathBuf {
        self.folder.join(file_name(url))
    }

    /// Files of lists that are not used any more go.
    async fn forget_others(&self) {
        let known: Vec<String> = self.urls.iter().map(|url| file_name(url)).collect();
        let Ok(mut entries) = tokio::fs::read_dir(&self.folder).await else {
            return;
        };
        while let Ok(Some(entry)) = entries.next_entry().await {
            let is_known = entry
                .file_name()
                .to_str()
                .is_some_and(|name| known.iter().any(|it| it == name));
            if !is_known && let Err(error) = tokio::fs::remove_file(entry.path()).await {
                tracing::debug!(%error, "a block list that is not used stays");
            }
        }
    }
}

fn file_name(url: &str) -> String {
    format!("{}.txt", hex(&Md5::digest(url.as_bytes())))
}

pub(super) fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A list that is of use here.
async fn read_list(bytes: Vec<u8>) -> Result<Read, ListFault> {
    let read = tokio::task::spawn_blocking(move || {
        let digest = hex(&Md5::digest(&bytes));
        let hosts = hosts_of(&String::from_utf8(bytes).ok()?)?;
        Some(Read { hosts, digest })
    });
    read.await.ok().flatten().ok_or(ListFault::NotAList)
}

async fn is_due(path: &Path) -> bool {
    let modified = tokio::fs::metadata(path).await.and_then(|it| it.modified());
    // A time that is yet to come says that a clock was wrong.
    !modified.is_ok_and(|at| at.elapsed().is_ok_and(|age| age < DAY))
}

/// The file is there whole, or as it was.
async fn keep(path: &Path, bytes: Vec<u8>) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await?;
    }
    let beside = path.with_extension("new");
    tokio::fs::write(&beside, bytes).await?;
    tokio::fs::rename(&beside, path).await
}

fn seconds(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

fn deepest(error: &reqwest::Error) -> String {
    let mut error: &dyn std::error::Error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
