//! The rest of a file whose download was held up: asked for from where it stopped, with the cookies
//! of the page's profile and through its proxy, and added if it is the rest of the very same file.

use std::time::Duration;

use duotab_core::download::{Anew, DownloadFault, Halt, Rest, Verdict};
use reqwest::header::{ACCEPT_ENCODING, COOKIE, HeaderValue, IF_RANGE, RANGE, USER_AGENT};

use tokio_util::sync::CancellationToken;

use super::Kept;
use crate::endpoint::Secret;

/// The longest that nothing may come.
const SILENCE: Duration = Duration::from_secs(60);
/// The longest wait for a connection to the local proxy.
const CONNECT: Duration = Duration::from_secs(30);

/// What the web engine would say for itself.
#[derive(Debug)]
pub struct Guise {
    /// The profile's proxy, as the engine is told it.
    pub proxy: Secret,
    /// What it calls itself.
    pub agent: String,
    /// The cookies for the address, as the header has them.
    pub cookies: Secret,
}

/// Why the rest is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfinished {
    /// The file has to begin anew.
    Anew(Anew),
    /// Nothing more comes; what is there is kept.
    Halt(Halt),
}

/// Fetches the rest and gives the file its name. `told` hears how many bytes are there, and how many
/// it will be in all. Ended by `end`, it halts as wanted when all that has come is written. Gives the
/// file's length.
///
/// # Errors
/// If the rest is not there now.
pub async fn go_on(
    rest: &Rest,
    kept: &Kept,
    guise: &Guise,
    end: &CancellationToken,
    told: impl Fn(u64, Option<u64>),
) -> Result<u64, Unfinished> {
    let mut have = kept.length();
    let mut total = rest.total;
    if total.is_some_and(|total| have > total) {
        return Err(Unfinished::Anew(Anew::Lost));
    }
    if total != Some(have) {
        let asked = end.run_until_cancelled(ask(rest, have, guise)).await;
        let mut answer = asked.unwrap_or(Err(Unfinished::Halt(Halt::Wanted)))?;
        let header = |name: &str| {
            let value = answer.headers().get(name)?.to_str();
            value.ok().map(str::to_owned)
        };
        total = match rest.judge(have, answer.status().as_u16(), header) {
            Verdict::GoesOn(total) => total,
            Verdict::Whole => return land(kept, have).await,
            Verdict::Anew(why) => return Err(Unfinished::Anew(why)),
            Verdict::Halt(why) => return Err(Unfinished::Halt(why)),
        };
        told(have, total);
        let mut adding = kept.open().await.map_err(unwritten)?;
        let ended = loop {
            // Nothing is cut off while it is written.
            let Some(came) = end.run_until_cancelled(answer.chunk()).await else {
                break Err(Unfinished::Halt(Halt::Wanted));
            };
            match came {
                Ok(Some(bytes)) => {
                    have += bytes.len() as u64;
                    if total.is_some_and(|total| have > total) {
                        return Err(Unfinished::Anew(Anew::Changed));
                    }
                    adding.write(&bytes).await.map_err(unwritten)?;
                    told(have, total);
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(broke(&error)),
            }
        };
        adding.end().await.map_err(unwritten)?;
        ended?;
        if total.is_some_and(|total| have < total) {
            return Err(Unfinished::Halt(Halt::Broke));
        }
        if kept.length() != have {
            return Err(Unfinished::Anew(Anew::Lost));
        }
    }
    land(kept, have).await
}

async fn land(kept: &Kept, have: u64) -> Result<u64, Unfinished> {
    kept.land().await.map_err(unwritten)?;
    Ok(have)
}

async fn ask(rest: &Rest, have: u64, guise: &Guise) -> Result<reqwest::Response, Unfinished> {
    // By a proxy of this kind it leaves names to the proxy.
    let way = guise.proxy.expose().replacen("socks5:", "socks5h:", 1);
    let client = reqwest::Proxy::all(way).and_then(|way| {
        reqwest::Client::builder()
            .no_proxy()
            .proxy(way)
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            // Where one server sends on to another is nothing to tell that one.
            .referer(false)
            .build()
    });
    let client = client.map_err(|error| broke(&error))?;
    let mut request = client
        .get(&rest.url)
        .header(RANGE, format!("bytes={have}-"))
        .header(IF_RANGE, &rest.version)
        // The part that is there was not packed.
        .header(ACCEPT_ENCODING, "identity")
        .header(USER_AGENT, &guise.agent);
    // What is no header is no cookie.
    if let Ok(mut cookies) = HeaderValue::from_bytes(guise.cookies.expose().as_bytes())
        && !cookies.is_empty()
    {
        cookies.set_sensitive(true);
        request = request.header(COOKIE, cookies);
    }
    request.send().await.map_err(|error| broke(&error))
}

fn broke(error: &reqwest::Error) -> Unfinished {
    tracing::info!(error = %error.to_string().split(" for url").next().unwrap_or_default(), "the rest of a file");
    Unfinished::Halt(Halt::Broke)
}

fn unwritten(fault: DownloadFault) -> Unfinished {
    tracing::warn!(?fault, "the rest of a file");
    Unfinished::Halt(Halt::Disk)
}
