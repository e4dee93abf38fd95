//! The address bar against the URL cases of the Web Platform Tests: where they come from is in
//! `tests/fixtures/README.md`.

use serde::Deserialize;

use super::{SCHEMES, Search, read};

/// A line, and what the URL standard makes of it without a base.
#[derive(Deserialize)]
struct Case {
    input: String,
    href: Option<String>,
}

/// What the address bar has to make of a line.
#[derive(Debug, PartialEq)]
enum Wanted<'a> {
    /// This address.
    Address(&'a str),
    /// No address: nothing at all, or words to search for.
    NoAddress,
}

/// Lines of which the address bar makes something else than the URL standard, and why it does.
const OTHERWISE: [(&str, &str); 22] = [
    ("#x", "words to search for: it has no base to be a place of"),
    (
        "#x:y",
        "words to search for: it has no base to be a place of",
    ),
    (
        "h\tt\nt\rp://h\to\ns\rt:9\t0\n0\r0/p\ta\nt\rh?q\tu\ne\rry#f\tr\na\rg",
        "words: a scheme is not pieced together from lines",
    ),
    (
        "sc::a@example.net",
        "a name and a password for a host, as `sc` is no scheme that opens",
    ),
    (
        "a/",
        "a host of the home network, which has a slash to say so",
    ),
    (
        "a//",
        "a host of the home network, which has a slash to say so",
    ),
    ("file:\\\\//", CRATE),
    ("file:\\\\\\\\", CRATE),
    ("file:\\\\\\\\?fox", CRATE),
    ("file:\\\\\\\\#guppy", CRATE),
    ("file://spider///", CRATE),
    ("file:\\\\localhost//", CRATE),
    ("file://\\/localhost//cat", CRATE),
    ("file://localhost//a//../..//", CRATE),
    ("file://example.net/C:/", CRATE),
    ("file://1.2.3.4/C:/", CRATE),
    ("file://[1::8]/C:/", CRATE),
    ("file://localhost//a//../..//foo", CRATE),
    ("file://localhost////foo", CRATE),
    ("file:////foo", CRATE),
    ("file:.//p", CRATE),
    ("file:/.//p", CRATE),
];

/// A list of the crate `url` itself: slashes and letters of drives in the addresses of files.
const CRATE: &str = "the crate url has it among its own expected failures";

fn cases() -> Vec<Case> {
    let text = include_str!("../../../tests/fixtures/urltestdata.json");
    serde_json::from_str(text).expect("a list of cases")
}

fn wanted(case: &Case) -> Wanted<'_> {
    match &case.href {
        Some(href) if SCHEMES.contains(&href.split(':').next().unwrap_or_default()) => {
            Wanted::Address(href)
        }
        _ => Wanted::NoAddress,
    }
}

fn passes(case: &Case) -> bool {
    let search = Search::default();
    let search = search.as_str().trim_end_matches("%s");
    let got = read(&case.input, &Search::default());
    let address = got.as_ref().map(url::Url::as_str);
    let address = address.filter(|address| !address.starts_with(search));
    match wanted(case) {
        Wanted::Address(href) => address == Some(href),
        Wanted::NoAddress => address.is_none(),
    }
}

#[test]
fn a_line_is_read_as_the_url_standard_reads_it() {
    let cases = cases();
    let failed: Vec<&Case> = cases.iter().filter(|case| !passes(case)).collect();
    let known = |case: &&&Case| OTHERWISE.iter().any(|(input, _)| *input == case.input);
    let news: Vec<String> = failed
        .iter()
        .filter(|case| !known(case))
        .map(|case| {
            let got = read(&case.input, &Search::default()).map(String::from);
            format!("{:?}: {got:?} instead of {:?}", case.input, wanted(case))
        })
        .collect();
    assert!(news.is_empty(), "{}", news.join("\n"));
    let stale: Vec<_> = OTHERWISE
        .iter()
        .filter(|(input, _)| !failed.iter().any(|case| case.input == *input))
        .collect();
    assert!(stale.is_empty(), "these pass now: {stale:?}");
    assert_eq!((cases.len() - failed.len(), cases.len()), (483, 505));
}
