//! Profiles of proxied pages in the window: made in the settings, apart from each other, cleared.

use axum::Router;
use axum::http::HeaderMap;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::response::IntoResponse;
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::{App, Display, Outcome, ProbeSite};
use serde_json::{Value, json};

use crate::room::start;

/// Tells which cookie came, and whether the storage has the mark; leaves both.
async fn visit(headers: HeaderMap) -> impl IntoResponse {
    let came = headers.get(COOKIE).is_some();
    let tell = format!(
        "<body style='background:#cc1122'><script>
            tell({{ cookie: {came}, mark: localStorage.mark ?? null }});
            localStorage.mark = 'there';
        </script>"
    );
    let cookie = "user=ann; Max-Age=86400; Path=/";
    ([(SET_COOKIE, cookie)], page("Visit", &tell))
}

async fn visited(site: &ProbeSite) -> Outcome<(Value, Value)> {
    site.told("a visit", |told| {
        Some((told.get("cookie")?.clone(), told.get("mark")?.clone()))
    })
    .await
}

const SETTINGS: &str = "[data-testid=settings]";

#[tokio::test]
async fn a_profile_is_made_and_used_apart_from_the_other_and_cleared_and_deleted() -> Outcome<()> {
    let display = Display::start(1000, 700).await?;
    let site = ProbeSite::with(Router::new().route("/visit", get(visit))).await?;
    let url = site.url("/visit");
    let app = App::new()?;
    let shell = app.open(&start(&display).argument(url.clone())).await?;
    assert_eq!(visited(&site).await?, (json!(false), Value::Null));

    // Made by hand.
    shell.click(SETTINGS).await?;
    let name = shell.find("[data-testid=new-profile-name]").await?;
    name.send_keys("Work").await?;
    shell.click("[data-testid=new-profile-add]").await?;
    shell
        .until("document.querySelector('[data-testid=profile-p1]')")
        .await?;
    shell
        .click("[data-testid=profile-p1] [data-testid=profile-new-tab]")
        .await?;
    shell
        .until("document.querySelector('[data-testid=tab-profile][data-colour=blue]')")
        .await?;
    let active = "document.querySelector('[role=tab][aria-selected=true]')";
    let tab = shell
        .value(&format!("Number({active}.dataset.tab)"))
        .await?;
    let navigate = json!({ "tab": tab, "input": url });
    shell
        .invoke("navigate", navigate)
        .await?
        .map_err(|it| it.to_string())?;
    assert_eq!(visited(&site).await?, (json!(false), Value::Null));
    shell.click("[data-testid=reload]").await?;
    let there = (json!(true), json!("there"));
    assert_eq!(visited(&site).await?, there);

    // Cleared, its page comes back with nothing; the other profile's has kept all.
    shell.click(SETTINGS).await?;
    shell
        .click("[data-testid=profile-p1] [data-testid=profile-clear]")
        .await?;
    shell.click("[data-testid=profile-confirm-yes]").await?;
    shell
        .until("document.querySelector('[data-testid=profile-p1] [data-testid=profile-outcome]')")
        .await?;
    assert_eq!(visited(&site).await?, (json!(false), Value::Null));
    shell.click("[data-testid=tab]").await?;
    shell.click("[data-testid=reload]").await?;
    assert_eq!(visited(&site).await?, there);

    shell.click(SETTINGS).await?;
    shell
        .click("[data-testid=profile-p1] [data-testid=profile-delete]")
        .await?;
    shell.click("[data-testid=profile-confirm-yes]").await?;
    shell
        .until(
            "!document.querySelector('[data-testid=profile-p1]')
             && document.querySelectorAll('[role=tab]').length === 1",
        )
        .await?;
    shell.close().await
}
