//! The headers of a message that passes: what belongs to one leg of the way stays on that leg
//! (RFC 9110, 7.6.1).

use duotab_core::proxy::Target;
use hyper::header::{
    CONNECTION, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION, REFERER, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use hyper::http::uri::PathAndQuery;
use hyper::{Request, Uri};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// Removes what is not for the next leg.
pub(super) fn strip(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        // What frames the message is not for a client to name away.
        .filter(|name| {
            !matches!(
                name,
                &HOST | &hyper::header::CONTENT_LENGTH | &TRANSFER_ENCODING
            )
        })
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in [
        CONNECTION,
        KEEP_ALIVE,
        PROXY_CONNECTION,
        PROXY_AUTHENTICATE,
        PROXY_AUTHORIZATION,
        UPGRADE,
    ] {
        headers.remove(name);
    }
}

/// The same for a request. The body is sent on as it comes, so that there is nothing to expect.
pub(super) fn strip_request(headers: &mut HeaderMap) {
    let trailers = headers
        .get_all(TE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| coding.trim().eq_ignore_ascii_case("trailers"));
    strip(headers);
    headers.remove(EXPECT);
    headers.remove(TE);
    if trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    } else {
        headers.remove(TRAILER);
    }
}

/// Whether a request wants to become a WebSocket.
pub(super) fn wants_websocket(headers: &HeaderMap) -> bool {
    let has = |name: HeaderName, token: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|value| value.trim().eq_ignore_ascii_case(token))
    };
    has(CONNECTION, "upgrade") && has(UPGRADE, "websocket")
}

/// The page that a request comes from, as far as it says. No page can make it say otherwise
/// (Fetch standard, forbidden request-headers).
pub(super) fn initiator(headers: &HeaderMap) -> Option<Target> {
    let said = headers.get(ORIGIN).or_else(|| headers.get(REFERER))?;
    Target::of_url(said.to_str().ok()?)
}

/// Where a request in absolute form goes; `None` if it is in another form.
pub(super) fn target(uri: &Uri) -> Option<Target> {
    let default = match uri.scheme_str()? {
        "http" | "ws" => 80,
        _ => return None,
    };
    let authority = uri.authority()?;
    if authority.as_str().contains('@') {
        return None;
    }
    let port = match authority.port() {
        Some(port) => port.as_str().parse().ok()?,
        // `host:` has no port and is allowed (RFC 3986, 3.2.3).
        None => default,
    };
    Target::new(authority.host(), port)
}

/// Where a `CONNECT` goes.
pub(super) fn connect_target(uri: &Uri) -> Option<Target> {
    let authority = uri.authority()?;
    if uri.scheme().is_some() || authority.as_str().contains('@') {
        return None;
    }
    Target::new(authority.host(), authority.port()?.as_str().parse().ok()?)
}

/// Addresses a request to its target, and nobody else: the request line wins over what `Host`
/// says (RFC 9112, 3.2.2).
pub(super) fn address<B>(request: &mut Request<B>, absolute: bool) -> Option<()> {
    let uri = request.uri().clone();
    let authority = HeaderValue::from_str(uri.authority()?.as_str()).ok()?;
    request.headers_mut().insert(HOST, authority);
    let path = uri.path_and_query().cloned();
    let path = path.unwrap_or_else(|| PathAndQuery::from_static("/"));
    *request.uri_mut() = if absolute {
        let mut parts = uri.into_parts();
        parts.scheme = Some(hyper::http::uri::Scheme::HTTP);
        parts.path_and_query = Some(path);
        Uri::from_parts(parts).ok()?
    } else {
        Uri::from(path)
    };
    *request.version_mut() = hyper::Version::HTTP_11;
    Some(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn what_belongs_to_one_leg_stays_on_it() {
        let mut all = headers(&[
            ("connection", "close, X-Mine"),
            ("connection", "content-length"),
            ("x-mine", "1"),
            ("keep-alive", "5"),
            ("proxy-connection", "keep-alive"),
            ("proxy-authorization", "Digest secret"),
            ("upgrade", "h2c"),
            ("te", "trailers, gzip"),
            ("expect", "100-continue"),
            ("content-length", "3"),
            ("cookie", "a=b"),
        ]);
        strip_request(&mut all);
        let mut left: Vec<&str> = all.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["content-length", "cookie", "te"]);
        assert_eq!(all[TE], "trailers");
    }

    #[test]
    fn only_requests_in_absolute_form_have_a_target() {
        for (uri, expected) in [
            ("http://example.org/a", Some("example.org:80")),
            ("http://example.org:8080/a", Some("example.org:8080")),
            ("ws://example.org/", Some("example.org:80")),
            ("http://[::1]:3/", Some("[::1]:3")),
            ("http://2130706433/", Some("127.0.0.1:80")),
            ("https://example.org/", None),
            ("ftp://example.org/", None),
            ("http://user@example.org/", None),
            ("http://example.org:0/", None),
            ("/path", None),
            ("*", None),
        ] {
            let read = target(&uri.parse().unwrap()).map(|target| target.to_string());
            assert_eq!(read.as_deref(), expected, "{uri}");
        }
        for (uri, expected) in [
            ("example.org:443", Some("example.org:443")),
            ("example.org", None),
            ("https://example.org:443", None),
            ("/path", None),
        ] {
            let read = connect_target(&uri.parse().unwrap()).map(|target| target.to_string());
            assert_eq!(read.as_deref(), expected, "{uri}");
        }
    }

    #[test]
    fn the_request_line_wins_over_the_host_header() {
        let mut request = Request::get("http://a.example:8080/x?y").body(()).unwrap();
        request
            .headers_mut()
            .append(HOST, HeaderValue::from_static("b.example"));
        address(&mut request, false).unwrap();
        assert_eq!(request.uri(), "/x?y");
        assert_eq!(request.headers().get_all(HOST).iter().count(), 1);
        assert_eq!(request.headers()[HOST], "a.example:8080");
        let mut request = Request::get("ws://a.example/").body(()).unwrap();
        address(&mut request, true).unwrap();
        assert_eq!(request.uri(), "http://a.example/");
    }

    #[test]
    fn a_page_is_known_by_what_its_engine_says() {
        let said = |lines: &[(&'static str, &str)]| initiator(&headers(lines));
        let page = Target::new("localhost", 3000);
        assert_eq!(said(&[("origin", "http://localhost:3000")]), page);
        assert_eq!(said(&[("referer", "http://localhost:3000/a")]), page);
        let opaque = [("origin", "null"), ("referer", "http://localhost:3000/")];
        assert_eq!(said(&opaque), None);
        assert_eq!(said(&[]), None);
    }
}
