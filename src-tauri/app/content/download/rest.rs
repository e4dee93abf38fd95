//! The rest of a download that was held up: fetched without the engine, as the engine would.

use std::path::{Path, PathBuf};

use duotab_backend::endpoint::Secret;
use duotab_backend::landing::{Guise, Kept, Unfinished, go_on};
use duotab_core::download::{Anew, DownloadNews, Halt, Rest, Transfer};
use gtk::glib;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use webkit2gtk::{CookieManagerExt, SettingsExt, WebContextExt};

use super::super::Profile;
use super::{PACE, Running, Transfers, Wish};

/// How a transfer without the engine ended.
type End = Result<u64, Unfinished>;

impl Transfers {
    /// Goes on with a download that was held up, with the profile's cookies and through its proxy.
    pub(in super::super) fn go_on(&self, profile: &Profile, rest: Rest) {
        let taken = Kept::take(Path::new(&rest.path));
        let path = match &taken {
            Ok(Some(kept)) => kept.path().to_owned(),
            _ => PathBuf::from(&rest.path),
        };
        let end = CancellationToken::new();
        let transfer = self.add(Running::rest(&rest.profile, end.clone(), path.clone()));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let goes_on = DownloadNews::GoesOn {
            id: rest.id,
            name: name.into_owned(),
            path: path.display().to_string(),
        };
        (self.0.report)(transfer, goes_on);
        let ready = match (taken, profile.door.address()) {
            (Ok(Some(kept)), Some(proxy)) => Ok((kept, proxy)),
            (Ok(Some(_)), None) => Err(Unfinished::Halt(Halt::Broke)),
            (Ok(None), _) => Err(Unfinished::Anew(Anew::Lost)),
            (Err(fault), _) => {
                tracing::warn!(?fault, "a download does not go on");
                Err(Unfinished::Halt(Halt::Disk))
            }
        };
        let (kept, proxy) = match ready {
            Ok(ready) => ready,
            Err(why) => return self.stop(transfer, Err(why)),
        };
        let agent = profile.settings.user_agent();
        let manager = profile.context.cookie_manager();
        let of = self.clone();
        glib::MainContext::default().spawn_local(async move {
            let cookies = match manager {
                Some(manager) => tokio::select! {
                    biased;
                    () = end.cancelled() => Vec::new(),
                    cookies = manager.cookies_future(&rest.url) => cookies.unwrap_or_default(),
                },
                None => Vec::new(),
            };
            let guise = Guise {
                proxy,
                agent: agent.map(String::from).unwrap_or_default(),
                cookies: header(cookies),
            };
            let (tell, mut told) = watch::channel((0, None));
            let work = tauri::async_runtime::spawn(async move {
                let told = |received, total| {
                    tell.send_replace((received, total));
                };
                go_on(&rest, &kept, &guise, &end, told).await
            });
            while told.changed().await.is_ok() {
                let (received, total) = *told.borrow_and_update();
                (of.0.report)(transfer, DownloadNews::Progress { received, total });
                glib::timeout_future(PACE).await;
            }
            let end = work.await.unwrap_or_else(|error| {
                tracing::error!(%error, "a download does not go on");
                Err(Unfinished::Halt(Halt::Broke))
            });
            of.stop(transfer, end);
        });
    }

    fn stop(&self, transfer: Transfer, end: End) {
        let ended = self.0.running.borrow_mut().remove(&transfer);
        let Some(ended) = ended else { return };
        let held = |why| DownloadNews::Held {
            received: ended.held(),
            why,
        };
        let news = match end {
            end if ended.wish == Wish::GiveUp => {
                ended.discard();
                if end.is_ok() {
                    ended.remove();
                }
                DownloadNews::Cancelled
            }
            Ok(length) => {
                let all = DownloadNews::Progress {
                    received: length,
                    total: Some(length),
                };
                (self.0.report)(transfer, all);
                DownloadNews::Done
            }
            Err(Unfinished::Halt(why)) => held(why),
            Err(Unfinished::Anew(why)) => {
                ended.discard();
                DownloadNews::Anew(why)
            }
        };
        (self.0.report)(transfer, news);
    }
}

/// Cookies as a request's header has them.
fn header(cookies: Vec<soup::Cookie>) -> Secret {
    let pair = |mut cookie: soup::Cookie| {
        let (name, value) = (cookie.name()?, cookie.value().unwrap_or_default());
        Some(format!("{name}={value}"))
    };
    let pairs: Vec<String> = cookies.into_iter().filter_map(pair).collect();
    Secret::new(pairs.join("; "))
}
