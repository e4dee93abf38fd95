//! A site's cookies, out of a profile's data and into it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use duotab_core::ask::Unspoken;
use duotab_core::cookie::{Cookie, Jar, Order, Realm, SameSite};
use duotab_core::event::PageNews;
use gtk::{gio, glib};
use soup::SameSitePolicy;
use webkit2gtk::{CookieManager, CookieManagerExt, WebContext, WebContextExt};

const NOW: Option<&gio::Cancellable> = gio::Cancellable::NONE;

/// Hosts of a site that are asked about at most.
const MOST_HOSTS: usize = 64;

/// Does it, and tells when it is done. Nobody waits for long.
pub(in super::super) fn cookies(
    context: &WebContext,
    order: Order,
    tell: impl FnOnce(PageNews) + 'static,
) {
    let Some(manager) = context.cookie_manager() else {
        tracing::warn!("no cookies can be had");
        return;
    };
    match order {
        Order::Take(url) => take(&manager, &url, |jar| tell(PageNews::Cookies(jar))),
        Order::Give(jar) => give(&manager, &jar, || tell(PageNews::CookiesGiven)),
    }
}

/// Asks for what goes to the page, and to the root of each host of its site: there is no way to ask
/// for all. So what is kept to some other folder stays behind.
#[expect(
    deprecated,
    reason = "what is to take its place tells sites, and not hosts"
)]
fn take(manager: &CookieManager, url: &str, done: impl FnOnce(Jar) + 'static) {
    let Some((realm, page)) = Realm::of(url).zip(url::Url::parse(url).ok()) else {
        return done(Jar::default());
    };
    let of = manager.clone();
    manager.domains_with_cookies(NOW, move |hosts| {
        let hosts = hosts.unwrap_or_default();
        let hosts = hosts.iter().map(|host| host.trim_start_matches('.'));
        let roots = hosts.filter(|host| realm.has(host)).take(MOST_HOSTS);
        // What may go through secure connections alone is told for such an address only.
        let mut places: Vec<_> = roots.map(|host| format!("https://{host}/")).collect();
        let own = page.host_str().unwrap_or_default();
        places.push(format!("https://{own}{}", page.path()));
        let gathered = Rc::new(RefCell::new(Vec::<Cookie>::new()));
        let kept = Rc::clone(&gathered);
        each(
            places,
            move |place, next| {
                let gathered = Rc::clone(&gathered);
                of.cookies(&place, NOW, move |told| {
                    for cookie in told.unwrap_or_default().into_iter().filter_map(read) {
                        let mut gathered = gathered.borrow_mut();
                        if !gathered.contains(&cookie) {
                            gathered.push(cookie);
                        }
                    }
                    next();
                });
            },
            move || done(kept.take().into_iter().collect()),
        );
    });
}

fn give(manager: &CookieManager, jar: &Jar, done: impl FnOnce() + 'static) {
    let of = manager.clone();
    let all: Vec<_> = jar.cookies().iter().map(write).collect();
    let add = move |mut cookie: soup::Cookie, next: Box<dyn FnOnce()>| {
        of.add_cookie(&mut cookie, NOW, move |added| {
            if let Err(error) = added {
                tracing::debug!(%error, "a cookie stays behind");
            }
            next();
        });
    };
    each(all, add, done);
}

/// Begins `act` for all; when the last has called back, it is `done`.
fn each<T>(all: Vec<T>, act: impl Fn(T, Box<dyn FnOnce()>), done: impl FnOnce() + 'static) {
    if all.is_empty() {
        return done();
    }
    let left = Rc::new(Cell::new(all.len()));
    let done = Rc::new(Cell::new(Some(done)));
    for one in all {
        let (left, done) = (Rc::clone(&left), Rc::clone(&done));
        let next = move || {
            left.set(left.get() - 1);
            if left.get() == 0
                && let Some(done) = done.take()
            {
                done();
            }
        };
        act(one, Box::new(next));
    }
}

fn read(mut told: soup::Cookie) -> Option<Cookie> {
    let text = |text: Option<glib::GString>| text.map(String::from);
    let domain = text(told.domain())?;
    let host = domain.strip_prefix('.');
    let secure = told.is_secure();
    Some(Cookie {
        name: text(told.name())?,
        value: Unspoken(text(told.value()).unwrap_or_default()),
        below: host.is_some(),
        host: host.unwrap_or(&domain).to_owned(),
        path: text(told.path())?,
        expires: told.expires().map(|end| end.to_unix()),
        secure,
        http_only: told.is_http_only(),
        same_site: match told.same_site_policy() {
            SameSitePolicy::Strict => Some(SameSite::Strict),
            SameSitePolicy::Lax => Some(SameSite::Lax),
            _ => Some(SameSite::None),
        },
    })
}

fn write(cookie: &Cookie) -> soup::Cookie {
    let domain = format!("{}{}", if cookie.below { "." } else { "" }, cookie.host);
    let mut told = soup::Cookie::new(&cookie.name, &cookie.value.0, &domain, &cookie.path, -1);
    let end = cookie
        .expires
        .and_then(|end| glib::DateTime::from_unix_utc(end).ok());
    if let Some(end) = end {
        told.set_expires(&end);
    }
    told.set_secure(cookie.secure);
    told.set_http_only(cookie.http_only);
    told.set_same_site_policy(match cookie.same_site {
        Some(SameSite::Strict) => SameSitePolicy::Strict,
        Some(SameSite::None) => SameSitePolicy::None,
        // What is unsaid counts so where it comes from.
        Some(SameSite::Lax) | None => SameSitePolicy::Lax,
    });
    told
}
