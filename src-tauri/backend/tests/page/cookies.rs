//! Cookies, out of a Chromium and into it.

use axum::Router;
use axum::http::{HeaderMap, header};
use axum::response::{AppendHeaders, IntoResponse};
use axum::routing::get;
use duotab_core::ask::Unspoken;
use duotab_core::cookie::{Cookie, Jar, Order, SameSite};
use duotab_core::event::PageNews;

use crate::ONE;
use crate::bench::{Bench, bench_with};

/// Sets one cookie of each kind.
async fn sets() -> impl IntoResponse {
    let all = [
        "plain=1",
        "hidden=2; HttpOnly; SameSite=Strict",
        "lasting=3; Max-Age=86400; SameSite=Lax; Path=/",
        "deep=4; Path=/deep/er",
        "part=5; Secure; SameSite=None; Partitioned; Path=/",
    ];
    AppendHeaders(all.map(|cookie| (header::SET_COOKIE, cookie)))
}

/// Says in its title which cookies it was sent.
async fn says(headers: HeaderMap) -> axum::response::Html<String> {
    let sent = headers.get(header::COOKIE);
    let sent = sent.and_then(|sent| sent.to_str().ok()).unwrap_or("none");
    let mut sent: Vec<_> = sent.split("; ").collect();
    sent.sort_unstable();
    axum::response::Html(format!("<title>{}</title>", sent.join(" ")))
}

async fn bench() -> Bench {
    let site = Router::new()
        .route("/sets", get(sets))
        .route("/says", get(says))
        .route("/deep/er/says", get(says));
    bench_with(site).await
}

/// A Chromium that has just begun may be slow to answer, and is asked again.
async fn told(bench: &Bench, order: Order) -> PageNews {
    let asked = async {
        loop {
            if let Some(news) = bench.pages.cookies(ONE, order.clone()).await {
                return news;
            }
        }
    };
    tokio::time::timeout(crate::LIMIT, asked).await.unwrap()
}

async fn take(bench: &Bench) -> Jar {
    match told(bench, Order::Take(bench.site.url("/sets"))).await {
        PageNews::Cookies(jar) => jar,
        other => panic!("{other:?}"),
    }
}

async fn give(bench: &Bench, jar: Jar) {
    let given = told(bench, Order::Give(jar)).await;
    assert_eq!(given, PageNews::CookiesGiven);
}

async fn title(bench: &mut Bench, path: &str) -> String {
    let url = bench.site.url(path);
    bench
        .act(ONE, duotab_core::action::PageAction::Navigate(url))
        .await;
    let news = bench
        .until(
            ONE,
            |news| matches!(news, PageNews::Title(title) if title.contains('=') || title == "none"),
        )
        .await;
    match news {
        PageNews::Title(title) => title,
        _ => unreachable!(),
    }
}

fn named<'a>(jar: &'a Jar, name: &str) -> Option<&'a Cookie> {
    jar.cookies().iter().find(|cookie| cookie.name == name)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jar_keeps_every_attribute_and_serves_another_chromium_as_it_served_the_first() {
    let mut first = bench().await;
    first.open(ONE, first.site.url("/sets")).await;
    first.loaded(ONE).await;
    first.open(crate::TWO, first.site.other_url("/sets")).await;
    first.loaded(crate::TWO).await;
    let jar = take(&first).await;
    let names: Vec<_> = jar.cookies().iter().map(|it| it.name.as_str()).collect();
    assert_eq!(
        names.len(),
        4,
        "of this site alone, and no partition's: {names:?}"
    );
    let get = |name: &str| named(&jar, name).unwrap();
    let hidden = get("hidden");
    assert_eq!(
        (hidden.http_only, hidden.same_site),
        (true, Some(SameSite::Strict))
    );
    assert_eq!((hidden.host.as_str(), hidden.below), ("127.0.0.1", false));
    let lasting = get("lasting");
    assert_eq!(lasting.same_site, Some(SameSite::Lax));
    assert!(lasting.expires.is_some() && get("plain").expires.is_none());
    assert_eq!(
        (get("deep").path.as_str(), get("plain").same_site),
        ("/deep/er", None)
    );

    let mut second = bench().await;
    give(&second, jar.clone()).await;
    assert_eq!(take(&second).await.cookies().len(), 4);
    second.open(ONE, "about:blank".to_owned()).await;
    assert_eq!(
        title(&mut second, "/says").await,
        "hidden=2 lasting=3 plain=1"
    );
    let deep = title(&mut second, "/deep/er/says").await;
    assert_eq!(deep, "deep=4 hidden=2 lasting=3 plain=1");
    let again = take(&second).await;
    for cookie in jar.cookies() {
        assert!(
            named(&again, &cookie.name) == Some(cookie),
            "{}",
            cookie.name
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_that_has_ended_is_taken_away_and_one_that_is_refused_keeps_no_other_out() {
    let mut bench = bench().await;
    let cookie = |name: &str, value: &str| Cookie {
        name: name.to_owned(),
        value: Unspoken(value.to_owned()),
        host: "127.0.0.1".to_owned(),
        below: false,
        path: "/".to_owned(),
        expires: None,
        secure: false,
        http_only: true,
        same_site: None,
    };
    let refused = Cookie {
        host: "no host".to_owned(),
        ..cookie("odd", "1")
    };
    give(
        &bench,
        [cookie("a", "1"), refused, cookie("b", "2")]
            .into_iter()
            .collect(),
    )
    .await;
    bench.open(ONE, "about:blank".to_owned()).await;
    assert_eq!(title(&mut bench, "/says").await, "a=1 b=2");
    let ended = Cookie {
        expires: Some(1),
        ..cookie("a", "")
    };
    give(&bench, [ended].into_iter().collect()).await;
    assert_eq!(title(&mut bench, "/says").await, "b=2");
}
