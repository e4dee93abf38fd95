//! A site's cookies, out of a Chromium and into it.

use std::time::Duration;

use duotab_core::ask::Unspoken;
use duotab_core::cookie::{Cookie, Jar, Order, Realm, SameSite};
use duotab_core::event::PageNews;
use serde_json::{Map, Value, json};

use super::{PageError, Shared};

/// How long the engine may take: a page waits for it. One that has just begun is slow to answer.
const LIMIT: Duration = Duration::from_millis(1500);

/// Does it; `None` from an engine that does not answer in time.
pub(super) async fn cookies(shared: &Shared, order: Order) -> Option<PageNews> {
    let done = async {
        match order {
            Order::Take(url) => take(shared, &url).await.map(PageNews::Cookies),
            Order::Give(jar) => give(shared, &jar).await.map(|()| PageNews::CookiesGiven),
        }
    };
    match tokio::time::timeout(LIMIT, done).await.ok()? {
        Ok(news) => Some(news),
        Err(error) => {
            tracing::warn!(%error, "cookies stay behind");
            None
        }
    }
}

/// The engine tells those of all sites; the others' go no further than here.
async fn take(shared: &Shared, url: &str) -> Result<Jar, PageError> {
    let Some(realm) = Realm::of(url) else {
        return Ok(Jar::default());
    };
    let answer = shared.wire.call(None, "Storage.getCookies", json!({}));
    let answer = answer.await?;
    let told = answer["cookies"].as_array();
    let all = told.into_iter().flatten().filter_map(read);
    Ok(all.filter(|cookie| realm.has(&cookie.host)).collect())
}

async fn give(shared: &Shared, jar: &Jar) -> Result<(), PageError> {
    let method = "Storage.setCookies";
    let all: Vec<Value> = jar.cookies().iter().map(write).collect();
    let given = shared.wire.call(None, method, json!({ "cookies": all }));
    match given.await {
        // It takes all or none.
        Err(PageError::Engine { .. }) => {
            for cookie in all {
                let given = shared
                    .wire
                    .call(None, method, json!({ "cookies": [cookie] }));
                if let Err(error @ PageError::Disconnected) = given.await {
                    return Err(error);
                }
            }
            Ok(())
        }
        given => given.map(|_| ()),
    }
}

/// A cookie as Chromium tells it; `None` for one that belongs to a partition.
fn read(told: &Value) -> Option<Cookie> {
    let partitioned = !told["partitionKey"].is_null() || told["partitionKeyOpaque"] == true;
    if partitioned {
        return None;
    }
    let text = |key: &str| told[key].as_str().map(str::to_owned);
    let domain = text("domain")?;
    let host = domain.strip_prefix('.');
    Some(Cookie {
        name: text("name")?,
        value: Unspoken(text("value")?),
        below: host.is_some(),
        host: host.unwrap_or(&domain).to_owned(),
        path: text("path")?,
        expires: whole(&told["expires"]).filter(|_| told["session"] != true),
        secure: told["secure"] == true,
        http_only: told["httpOnly"] == true,
        same_site: match told["sameSite"].as_str() {
            Some("Strict") => Some(SameSite::Strict),
            Some("Lax") => Some(SameSite::Lax),
            Some("None") => Some(SameSite::None),
            _ => None,
        },
    })
}

/// Whole seconds.
fn whole(seconds: &Value) -> Option<i64> {
    // Saturating, and a date beyond all calendars is as good as any other.
    #[allow(clippy::cast_possible_truncation)]
    seconds.as_f64().map(|seconds| seconds as i64)
}

/// A cookie as Chromium takes it.
fn write(cookie: &Cookie) -> Value {
    let mut told = Map::new();
    let mut put = |key: &str, value: Value| told.insert(key.to_owned(), value);
    let scheme = if cookie.secure { "https" } else { "http" };
    put("name", json!(cookie.name));
    put("value", json!(cookie.value.0));
    put(
        "url",
        json!(format!("{scheme}://{}{}", cookie.host, cookie.path)),
    );
    put("path", json!(cookie.path));
    put("secure", json!(cookie.secure));
    put("httpOnly", json!(cookie.http_only));
    // Without, it is of that host alone.
    if cookie.below {
        put("domain", json!(format!(".{}", cookie.host)));
    }
    if let Some(expires) = cookie.expires {
        put("expires", json!(expires));
    }
    // Chromium takes no insecure cookie that goes everywhere; unsaid, it counts as lax.
    let same_site = match cookie.same_site {
        Some(SameSite::Strict) => Some("Strict"),
        Some(SameSite::Lax) => Some("Lax"),
        Some(SameSite::None) if cookie.secure => Some("None"),
        Some(SameSite::None) | None => None,
    };
    if let Some(same_site) = same_site {
        put("sameSite", json!(same_site));
    }
    Value::Object(told)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_of_a_partition_is_not_read_and_no_engine_s_nonsense_is() {
        let plain = json!({ "name": "a", "value": "b", "domain": "a.test", "path": "/",
            "expires": -1, "session": true });
        let cookie = read(&plain).unwrap();
        assert_eq!((cookie.expires, cookie.below), (None, false));
        let mut partitioned = plain.clone();
        partitioned["partitionKey"] = json!({ "topLevelSite": "https://b.test" });
        assert!(read(&partitioned).is_none());
        let mut odd = plain;
        odd["value"] = json!(7);
        assert!(read(&odd).is_none());
        assert!(read(&Value::Null).is_none());
    }
}
