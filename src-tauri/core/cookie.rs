//! Cookies of a site on their way from one mode's engine to the other's: by memory alone, and in no
//! log. Which of them are the site's is decided here, for both engines.

use url::{Host, Url};

use crate::ask::Unspoken;

/// Cookies that are taken along at most. Browsers keep 180 of a site.
const MOST: usize = 400;

/// The longest name and value of a cookie, both together, in bytes, as browsers take it.
const LONGEST: usize = 4096;

/// The hosts that share their cookies with the one of a page: those below the name that somebody
/// can register, or the one host itself where there is no such name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm {
    name: String,
    below: bool,
}

impl Realm {
    /// Of the page at this address; `None` for what has no cookies.
    #[must_use]
    pub fn of(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let host = url.host_str()?.trim_end_matches('.');
        let registered = match url.host()? {
            Host::Domain(_) => psl::domain_str(host),
            Host::Ipv4(_) | Host::Ipv6(_) => None,
        };
        Some(Self {
            name: registered.unwrap_or(host).to_owned(),
            below: registered.is_some(),
        })
    }

    /// Whether a host is one of them.
    #[must_use]
    pub fn has(&self, host: &str) -> bool {
        let host = host.trim_start_matches('.').trim_end_matches('.');
        match host.len().checked_sub(self.name.len()) {
            Some(0) => host.eq_ignore_ascii_case(&self.name),
            Some(more) if self.below && host.is_char_boundary(more) => {
                let (front, name) = host.split_at(more);
                front.ends_with('.') && name.eq_ignore_ascii_case(&self.name)
            }
            _ => false,
        }
    }
}

/// When a cookie goes along with what other sites ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// Never.
    Strict,
    /// When the person goes to its site.
    Lax,
    /// Always.
    None,
}

/// A cookie. One that belongs to a partition of another site is never taken along.
#[derive(Clone, PartialEq, Eq)]
pub struct Cookie {
    /// Its name, which may be empty.
    pub name: String,
    /// Its value.
    pub value: Unspoken,
    /// The host it is of, without a dot in front; an IPv6 address in brackets.
    pub host: String,
    /// Whether it goes to the hosts below that one too.
    pub below: bool,
    /// Where on the host it goes, from a slash on.
    pub path: String,
    /// Its end, in seconds since 1970; `None` for the end of the engine.
    pub expires: Option<i64>,
    /// Whether it goes through secure connections alone.
    pub secure: bool,
    /// Whether it is out of reach of scripts.
    pub http_only: bool,
    /// `None` if its site has not said, or not so that it counts.
    pub same_site: Option<SameSite>,
}

impl Cookie {
    /// Whether both have one place in a browser, so that the later one counts.
    fn replaces(&self, other: &Self) -> bool {
        (&self.name, &self.host, self.below, &self.path)
            == (&other.name, &other.host, other.below, &other.path)
    }

    /// The same one, as its site would take it away: empty, and over since 1970.
    fn ended(&self) -> Self {
        Self {
            value: Unspoken(String::new()),
            expires: Some(1),
            ..self.clone()
        }
    }

    fn goes_to(&self, path: &str) -> bool {
        path.strip_prefix(self.path.as_str()).is_some_and(|rest| {
            self.path.ends_with('/') || matches!(rest.get(..1), None | Some("/"))
        })
    }
}

/// Cookies. No log shows more than how many.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Jar(Vec<Cookie>);

impl std::fmt::Debug for Jar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Jar({})", self.0.len())
    }
}

impl FromIterator<Cookie> for Jar {
    fn from_iter<T: IntoIterator<Item = Cookie>>(cookies: T) -> Self {
        Self(cookies.into_iter().collect())
    }
}

impl Jar {
    /// The cookies.
    #[must_use]
    pub fn cookies(&self) -> &[Cookie] {
        &self.0
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Only those of the site of a page, within limits. Which ones those are, no engine is believed.
    #[must_use]
    pub fn of(self, url: &str) -> Self {
        let Some(realm) = Realm::of(url) else {
            return Self::default();
        };
        let kept = self.0.into_iter().filter(|cookie| {
            let size = cookie.name.len() + cookie.value.0.len();
            let sizes = [cookie.host.len(), cookie.path.len()];
            realm.has(&cookie.host)
                && cookie.path.starts_with('/')
                && size <= LONGEST
                && sizes.iter().all(|size| *size <= LONGEST)
        });
        Self(kept.take(MOST).collect())
    }

    /// With those that were taken along before and have gone since, as ones that have ended. What is
    /// asked for a page is told only as far as it goes to that page, so only that can be missed.
    #[must_use]
    pub fn with_ends_of(mut self, before: &Self, url: &str) -> Self {
        let path = Url::parse(url).map_or_else(|_| "/".to_owned(), |url| url.path().to_owned());
        for cookie in &before.0 {
            if cookie.goes_to(&path) && !self.0.iter().any(|now| now.replaces(cookie)) {
                self.0.push(cookie.ended());
            }
        }
        self
    }

    /// Which cookies there are, without what is in them.
    #[must_use]
    pub fn names(&self) -> Self {
        let lasting = self.0.iter().filter(|cookie| cookie.expires != Some(1));
        lasting.map(Cookie::ended).collect()
    }
}

/// What an engine is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Say which cookies the site of the page at this address has; answered by
    /// [`crate::event::PageNews::Cookies`].
    Take(String),
    /// Have these; answered by [`crate::event::PageNews::CookiesGiven`].
    Give(Jar),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookie(name: &str, host: &str) -> Cookie {
        Cookie {
            name: name.to_owned(),
            value: Unspoken("secret".to_owned()),
            host: host.to_owned(),
            below: false,
            path: "/".to_owned(),
            expires: None,
            secure: false,
            http_only: true,
            same_site: None,
        }
    }

    fn has(url: &str, host: &str) -> bool {
        Realm::of(url).is_some_and(|realm| realm.has(host))
    }

    #[test]
    fn a_site_reaches_from_the_name_that_can_be_registered_to_all_below_it() {
        let page = "https://www.shop.example.co.uk/a?b";
        for own in [
            "example.co.uk",
            ".example.co.uk",
            "login.example.co.uk",
            "WWW.Example.co.uk",
        ] {
            assert!(has(page, own), "{own}");
        }
        for other in [
            "co.uk",
            "uk",
            "other.co.uk",
            "badexample.co.uk",
            "example.co.uk.evil.test",
        ] {
            assert!(!has(page, other), "{other}");
        }
        assert!(!has("https://ann.github.io/", "bob.github.io"));
        assert!(!has("https://ann.github.io/", "github.io"));
        assert!(has("https://example.com./", "example.com"));
    }

    #[test]
    fn an_address_and_a_name_without_a_registry_are_sites_of_their_own() {
        assert!(has("http://127.0.0.1:8080/", "127.0.0.1"));
        assert!(!has("http://127.0.0.1/", "1.127.0.0.1"));
        assert!(has("http://[::1]/", "[::1]"));
        assert!(has("http://localhost:3000/", "localhost"));
        assert!(!has("http://localhost/", "a.localhost"));
        assert!(!has("https://com/", "example.com"));
        assert_eq!(Realm::of("file:///etc/passwd"), None);
        assert_eq!(Realm::of("about:blank"), None);
    }

    #[test]
    fn no_engine_can_press_cookies_of_another_site_on_us() {
        let all = [
            cookie("own", "example.com"),
            cookie("other", "example.org"),
            Cookie {
                path: "nowhere".to_owned(),
                ..cookie("odd", "example.com")
            },
            Cookie {
                value: Unspoken("x".repeat(LONGEST)),
                ..cookie("long", "example.com")
            },
        ];
        let jar: Jar = all.into_iter().collect();
        let names: Vec<_> = jar.of("https://www.example.com/").0;
        assert_eq!(
            names.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(),
            ["own"]
        );
        let many: Jar = (0..2 * MOST)
            .map(|n| cookie(&n.to_string(), "a.test"))
            .collect();
        assert_eq!(many.of("http://a.test/").0.len(), MOST);
    }

    #[test]
    fn no_log_shows_a_cookie() {
        let jar: Jar = [cookie("name", "example.com")].into_iter().collect();
        assert_eq!(format!("{:?}", Order::Give(jar)), "Give(Jar(1))");
    }

    #[test]
    fn a_cookie_that_was_taken_along_and_is_gone_ends_where_it_came_from() {
        let here = "http://a.test/app/page";
        let on = |path: &str| Cookie {
            path: path.to_owned(),
            ..cookie("on", "a.test")
        };
        let before: Jar = [cookie("login", "a.test"), on("/app"), on("/api"), on("/ap")]
            .into_iter()
            .collect();
        let before = before.names();
        assert!(before.0.iter().all(|cookie| cookie.value.0.is_empty()));
        let now: Jar = [cookie("new", "a.test")].into_iter().collect();
        let now = now.with_ends_of(&before, here);
        let ends: Vec<_> = now
            .0
            .iter()
            .filter(|cookie| cookie.expires == Some(1))
            .collect();
        let ends: Vec<_> = ends
            .iter()
            .map(|it| (it.name.as_str(), it.path.as_str()))
            .collect();
        assert_eq!(ends, [("login", "/"), ("on", "/app")]);
        assert_eq!(now.names().0.len(), 1);
        let still: Jar = [cookie("login", "a.test")].into_iter().collect();
        let still = still.with_ends_of(&before.names(), here);
        assert_eq!(still.0.len(), 1, "what has ended is over");
    }
}
