//! What is private leaves nothing behind, whatever a page keeps and however the app ends.

use std::path::Path;

use axum::Router;
use axum::extract;
use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::response::IntoResponse;
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::{App, Display, Outcome, ProbeSite};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::room::start;

/// A page that keeps its mark wherever a page can.
async fn keep(extract::Path(mark): extract::Path<String>) -> impl IntoResponse {
    let cookie = format!("{mark}=cookie; Max-Age=86400; Path=/");
    let script = "<script>
        const mark = location.pathname.split('/').pop();
        localStorage[mark] = 'local';
        sessionStorage[mark] = 'session';
        const opened = new Promise((done, failed) => {
            const request = indexedDB.open(mark);
            request.onupgradeneeded = () => request.result.createObjectStore(mark).put(mark, 1);
            request.onsuccess = done;
            request.onerror = failed;
        });
        const cached = caches.open(mark).then((cache) => cache.add(location.href));
        const visited = fetch(`/keep/${mark}?again`).then((answer) => answer.text());
        Promise.all([opened, cached, visited]).then(() => tell({ kept: mark }));
    </script>";
    let headers = [
        (CACHE_CONTROL, "max-age=86400".to_owned()),
        (SET_COOKIE, cookie),
    ];
    (headers, page(&format!("Title of {mark}"), script))
}

/// The files in a folder that have a mark in their name or in them.
fn found(mark: &str, folder: &Path) -> Outcome<String> {
    let within = std::process::Command::new("grep")
        .args(["-rlais", mark])
        .arg(folder)
        .output()?;
    let named = std::process::Command::new("find")
        .arg(folder)
        .args(["-iname", &format!("*{mark}*")])
        .output()?;
    Ok(String::from_utf8([within.stdout, named.stdout].concat())?)
}

#[tokio::test]
async fn a_private_proxied_page_leaves_nothing_on_disk_however_the_app_ends() -> Outcome<()> {
    let display = Display::start(1000, 700).await?;
    let site = ProbeSite::with(Router::new().route("/keep/{mark}", get(keep))).await?;
    let app = App::new()?;
    let home = tempfile::tempdir()?;
    let place = |name: &str| home.path().join(name).display().to_string();
    let all = || {
        start(&display)
            .variable("HOME", place("home"))
            .variable("TMPDIR", place("temporary"))
            .variable("XDG_CACHE_HOME", place("cache"))
            .variable("XDG_CONFIG_HOME", place("config"))
            .variable("XDG_DATA_HOME", place("share"))
    };
    std::fs::create_dir(home.path().join("temporary"))?;
    let nothing_of = |mark: &str, when: &str| {
        for folder in [&app.data(), &app.run_folder(), home.path()] {
            assert_eq!(found(mark, folder)?, "", "{when}");
        }
        Outcome::Ok(())
    };

    let shell = app.open(&all().argument(site.url("/keep/shouted"))).await?;
    site.tells(&json!({ "kept": "shouted" })).await?;
    let private = shell.invoke("open_tab_of", json!({ "profile": "private" }));
    private.await?.map_err(|it| it.to_string())?;
    display.visit(&site.url("/keep/whispered")).await?;
    site.tells(&json!({ "kept": "whispered" })).await?;
    nothing_of("whispered", "while it is open")?;

    let pid = i32::try_from(app.pid()?)?;
    let pid = Pid::from_raw(pid).ok_or("no such process")?;
    kill_process(pid, Signal::KILL)?;
    drop(shell);
    nothing_of("whispered", "after a crash")?;
    let shell = app.open(&all()).await?;
    shell.quit().await?;
    nothing_of("whispered", "after the next start")?;
    assert_ne!(
        found("shouted", &app.data())?,
        "",
        "what is not private stays"
    );
    Ok(())
}
