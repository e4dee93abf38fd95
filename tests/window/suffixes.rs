//! Cookies against the cases of the Public Suffix List: none is kept for a domain under which
//! strangers register theirs. By the proxy as without it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use duotab_test_support::{Outcome, World, Zoo, world, zoo};
use url::Host;

use crate::zoo::visitor::{Bare, Visitor, Window};

const LIST: &str = include_str!("../fixtures/test_psl.txt");

/// As many hosts are visited at one go.
const AT_ONCE: usize = 16;

/// Hosts of which the engine does otherwise, and why.
const KNOWN: [(&str, &str); 0] = [];

/// A host, and the domain above or at it that can be registered.
#[derive(Clone, Debug)]
struct Case {
    host: String,
    registrable: Option<String>,
}

/// The list's cases that are hosts, each once.
fn cases() -> Vec<Case> {
    let ascii = |name: &str| Host::parse(name).ok().map(|host| host.to_string());
    let mut known = BTreeSet::new();
    LIST.lines()
        .filter_map(|line| line.strip_prefix("checkPublicSuffix('"))
        .filter_map(|rest| {
            let mut parts = rest.split('\'');
            let host = parts.next().filter(|host| !host.starts_with('.'))?;
            let registrable = parts.nth(1).and_then(ascii);
            Some(Case {
                host: ascii(host)?,
                registrable,
            })
        })
        .filter(|case| known.insert(case.host.clone()))
        .collect()
}

/// A host and all domains above it.
fn domains(host: &str) -> Vec<&str> {
    let mut domains = vec![host];
    while let Some((_, above)) = domains.last().and_then(|it| it.split_once('.')) {
        domains.push(above);
    }
    domains
}

/// Whether a cookie for `domain` has to be kept; `None` where either is right: a public suffix may
/// have cookies of its own (RFC 6265, 5.3).
fn wanted(case: &Case, domain: &str) -> Option<bool> {
    match &case.registrable {
        Some(own) => Some(domain == own || domain.ends_with(&format!(".{own}"))),
        None => (domain != case.host).then_some(false),
    }
}

/// What came back, by run and host.
type Came = Arc<Mutex<BTreeMap<(String, usize), String>>>;

async fn set(Path((run, n)): Path<(String, usize)>) -> impl IntoResponse {
    let cases = cases();
    let mut headers = HeaderMap::new();
    for (level, domain) in domains(&cases[n].host).into_iter().enumerate() {
        let cookie = format!("c{n}l{level}=1; Path=/; Domain={domain}");
        headers.append(SET_COOKIE, cookie.parse().unwrap());
    }
    let next = format!("/suffix/{run}/{n}/see");
    (
        headers,
        Html(format!("<script>location.replace('{next}')</script>")),
    )
}

async fn see(
    State(came): State<Came>,
    Path((run, n)): Path<(String, usize)>,
    headers: HeaderMap,
) -> Html<String> {
    let cookies = headers.get(COOKIE).and_then(|it| it.to_str().ok());
    let cookies = cookies.unwrap_or_default().to_owned();
    came.lock().unwrap().insert((run.clone(), n), cookies);
    let cases = cases();
    let mut page = String::from("<script>");
    if (n + 1) % AT_ONCE == 0 || n + 1 == cases.len() {
        let told = format!("/told/{run}/{}", n / AT_ONCE);
        let _ = write!(
            page,
            "fetch('{told}', {{ method: 'POST', body: '{{\"verdict\": \"pass\"}}' }})"
        );
    } else {
        let next = n + 1;
        let host = &cases[next].host;
        let _ = write!(
            page,
            "location.replace('http://{host}/suffix/{run}/{next}/set')"
        );
    }
    Html(page + "</script>")
}

#[tokio::test]
async fn no_cookie_is_kept_for_a_domain_that_is_nobody_s() -> Outcome<()> {
    let cases = cases();
    let mut names: Vec<(&str, &str)> = zoo::NAMES.to_vec();
    names.extend(cases.iter().map(|case| (case.host.as_str(), world::PUBLIC)));
    World::new(&names)?.play("suffixes::every_suffix").await
}

#[tokio::test]
#[ignore = "played by the test above, in a world of its own"]
async fn every_suffix() -> Outcome<()> {
    let came = Came::default();
    let router = Router::new()
        .route("/suffix/{run}/{n}/set", get(set))
        .route("/suffix/{run}/{n}/see", get(see))
        .with_state(Arc::clone(&came));
    let zoo = Zoo::with(router).await?;
    let (window, bare) = tokio::join!(visit::<Window>(&zoo), visit::<Bare>(&zoo));
    window?;
    bare?;
    let came = came.lock().unwrap();
    let mut failed = BTreeMap::new();
    let cases = cases();
    for run in [Window::NAME, Bare::NAME] {
        for (n, case) in cases.iter().enumerate() {
            let sent = came
                .get(&(run.to_owned(), n))
                .ok_or("a host was not seen")?;
            for (level, domain) in domains(&case.host).into_iter().enumerate() {
                let cookie = format!("c{n}l{level}=1");
                let is = sent.split("; ").any(|it| it == cookie);
                if wanted(case, domain).is_some_and(|wanted| wanted != is) {
                    failed.insert(
                        case.host.clone(),
                        format!("{run}: a cookie for {domain}: {is}"),
                    );
                }
            }
        }
    }
    println!(
        "public suffixes: {} of {} hosts pass",
        cases.len() - failed.len(),
        cases.len()
    );
    let known: BTreeSet<String> = KNOWN.iter().map(|(host, _)| (*host).to_owned()).collect();
    let hosts: BTreeSet<String> = failed.keys().cloned().collect();
    assert_eq!(hosts, known, "{failed:#?}");
    Ok(())
}

async fn visit<V: Visitor>(zoo: &Zoo) -> Outcome<()> {
    let visitor = V::open().await?;
    let cases = cases();
    for first in (0..cases.len()).step_by(AT_ONCE) {
        let host = &cases[first].host;
        let url = format!("http://{host}/suffix/{}/{first}/set", V::NAME);
        visitor.visit(zoo, &url).await?;
        let told = zoo
            .hear(V::NAME, &(first / AT_ONCE).to_string(), false)
            .await;
        told.ok_or_else(|| format!("{}: the hosts from {host} on", V::NAME))?;
    }
    visitor.close().await
}
