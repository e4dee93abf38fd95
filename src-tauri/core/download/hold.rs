//! Downloads that are held up: what is kept of them, and whether their servers go on in the middle
//! of the very same file (RFC 9110, sections 13.1.5 and 14).

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::DownloadId;
use crate::message::ProfileName;

/// Whether a download can be held up, and what comes after that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// It cannot: nobody could give it again.
    #[default]
    Never,
    /// It can, and has to begin anew then.
    Anew,
    /// It can, and goes on where it was if its server still has this version of the file: a strong
    /// entity tag, with its quotes, or else the time of its last change, as the server wrote them.
    At(String),
}

impl Hold {
    /// What the first answer says, by what was asked for and its headers by their names in small
    /// letters.
    #[must_use]
    pub fn of(method: &str, url: &str, header: impl Fn(&str) -> Option<String>) -> Self {
        if method != "GET" || !super::can_be_fetched(url) {
            return Self::Never;
        }
        let no_ranges = header("accept-ranges").is_some_and(|says| says.trim() == "none");
        // What is packed for the way has other bytes in the file than it has on the way.
        if no_ranges || is_packed(&header) {
            return Self::Anew;
        }
        if let Some(tag) = header("etag").filter(|tag| is_strong(tag)) {
            return Self::At(tag);
        }
        // Of a file that has just been changed, another one can have the same time.
        let changed =
            header("last-modified").filter(|at| header("date").is_some_and(|now| now != *at));
        changed.map_or(Self::Anew, Self::At)
    }
}

fn is_strong(tag: &str) -> bool {
    tag.len() > 2 && tag.starts_with('"') && tag.ends_with('"')
}

fn is_packed(header: impl Fn(&str) -> Option<String>) -> bool {
    header("content-encoding").is_some_and(|packing| packing.trim() != "identity")
}

/// Why a download is held up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Halt {
    /// The person wanted it.
    Wanted,
    /// The connection broke, or could not be made.
    Broke,
    /// The app ended.
    Closed,
    /// Its server did not give the rest.
    Refused,
    /// Its server wants a password, which pages alone can be asked for.
    Login,
    /// Nothing more can be written to its folder.
    Disk,
}

/// Why a download that was held up begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Anew {
    /// The server has another file there now.
    Changed,
    /// The server gives the whole of it or nothing.
    Whole,
    /// What had come is not where it was.
    Lost,
}

/// What is still to come of a download that was held up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rest {
    /// Its place on the list.
    pub id: DownloadId,
    /// With whose cookies.
    pub profile: ProfileName,
    /// The address.
    pub url: String,
    /// The file, with its folder, as it is to be called.
    pub path: String,
    /// The version of which a part is there, as in [`Hold::At`].
    pub version: String,
    /// Bytes in all, if the server has said.
    pub total: Option<u64>,
}

/// What a server's answer to the question for the rest means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The rest follows, to so many bytes in all if that is known.
    GoesOn(Option<u64>),
    /// There is no rest: all of it is there.
    Whole,
    /// It has to begin anew.
    Anew(Anew),
    /// Nothing follows; what is there is kept.
    Halt(Halt),
}

impl Rest {
    /// What an answer means, by its status and its headers by their names in small letters, if
    /// `have` bytes are there.
    #[must_use]
    pub fn judge(
        &self,
        have: u64,
        status: u16,
        header: impl Fn(&str) -> Option<String>,
    ) -> Verdict {
        let kind = if is_strong(&self.version) {
            "etag"
        } else {
            "last-modified"
        };
        let version = header(kind);
        match status {
            206 => {
                let Some((first, total)) = header("content-range").as_deref().and_then(range)
                else {
                    return Verdict::Anew(Anew::Whole);
                };
                // Without a length it could not be told whether all has come.
                let unknown = self.total.is_none() && total.is_none();
                if first != have || unknown || is_packed(&header) {
                    return Verdict::Anew(Anew::Whole);
                }
                let other_length = self.total.zip(total).is_some_and(|(was, is)| was != is);
                if other_length || version.is_some_and(|version| version != self.version) {
                    return Verdict::Anew(Anew::Changed);
                }
                Verdict::GoesOn(self.total.or(total))
            }
            200 if version.as_ref() == Some(&self.version) => Verdict::Anew(Anew::Whole),
            // A page that asks to log in, say: nothing is said about the file.
            200 if version.is_none() || self.is_page_instead(&header) => {
                Verdict::Halt(Halt::Refused)
            }
            // Nothing lies behind what is there, and it is the same file: with another one a server
            // does not look at the range.
            416 if self.total.is_none_or(|total| total == have)
                && header("content-range").as_deref().and_then(length) == Some(have)
                && version.is_none_or(|version| version == self.version) =>
            {
                Verdict::Whole
            }
            200 | 412 | 416 => Verdict::Anew(Anew::Changed),
            401 => Verdict::Halt(Halt::Login),
            // What a proxy says when the way beyond it breaks.
            502 | 504 => Verdict::Halt(Halt::Broke),
            _ => Verdict::Halt(Halt::Refused),
        }
    }

    /// Whether an answer is a page to be seen, where the file is none.
    fn is_page_instead(&self, header: impl Fn(&str) -> Option<String>) -> bool {
        let says = |name, word: &str| {
            header(name).is_some_and(|it| it.trim().to_ascii_lowercase().starts_with(word))
        };
        let name = self.path.to_ascii_lowercase();
        says("content-type", "text/html")
            && !says("content-disposition", "attachment")
            && !name.ends_with(".html")
            && !name.ends_with(".htm")
    }
}

/// How long a file is, of a range that was not given.
fn length(says: &str) -> Option<u64> {
    says.strip_prefix("bytes */")?.trim().parse().ok()
}

/// The first byte of a range that can be, and how many there are in all if that is said.
fn range(says: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = says.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let first: u64 = first.trim().parse().ok()?;
    let last: u64 = last.trim().parse().ok()?;
    let total: Option<u64> = match total.trim() {
        "*" => None,
        total => Some(total.parse().ok()?),
    };
    let can_be = first <= last && total.is_none_or(|total| last < total);
    can_be.then_some((first, total))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FILE: &str = "https://a.example/f";

    fn said<'a>(headers: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| {
            let found = headers.iter().find(|(of, _)| *of == name);
            found.map(|(_, value)| (*value).to_owned())
        }
    }

    fn rest(version: &str) -> Rest {
        Rest {
            id: DownloadId(1),
            profile: ProfileName("p1".into()),
            url: FILE.into(),
            path: "/home/ann/f".into(),
            version: version.into(),
            total: Some(100),
        }
    }

    #[test]
    fn a_file_goes_on_by_a_strong_tag_or_a_change_that_lies_back() {
        let at = |version: &str| Hold::At(version.to_owned());
        let (then, now) = (
            "Mon, 02 Mar 2026 10:00:00 GMT",
            "Mon, 02 Mar 2026 10:00:09 GMT",
        );
        for (headers, expected) in [
            (&[("etag", "\"a\"")][..], at("\"a\"")),
            (&[("etag", "W/\"a\"")], Hold::Anew),
            (&[("etag", "\"a\""), ("accept-ranges", "none")], Hold::Anew),
            (
                &[("etag", "\"a\""), ("content-encoding", "gzip")],
                Hold::Anew,
            ),
            (&[("last-modified", then), ("date", now)], at(then)),
            (&[("last-modified", now), ("date", now)], Hold::Anew),
            (&[("last-modified", then)], Hold::Anew),
            (&[], Hold::Anew),
        ] {
            assert_eq!(
                Hold::of("GET", FILE, said(headers)),
                expected,
                "{headers:?}"
            );
        }
    }

    #[test]
    fn what_nobody_can_give_again_is_not_held_up() {
        let tagged = [("etag", "\"a\"")];
        assert_eq!(Hold::of("POST", FILE, said(&tagged)), Hold::Never);
        assert_eq!(
            Hold::of("GET", "blob:https://a.example/1", said(&tagged)),
            Hold::Never
        );
    }

    #[test]
    fn only_the_rest_of_the_same_file_is_taken() {
        let part = ("content-range", "bytes 40-99/100");
        let (page, other) = (
            ("content-type", "Text/HTML; charset=utf-8"),
            ("etag", "\"b\""),
        );
        for (status, headers, expected) in [
            (
                206,
                &[part, ("etag", "\"a\"")][..],
                Verdict::GoesOn(Some(100)),
            ),
            (206, &[part], Verdict::GoesOn(Some(100))),
            (
                206,
                &[("content-range", "bytes 40-99/*")],
                Verdict::GoesOn(Some(100)),
            ),
            (
                206,
                &[part, ("etag", "\"b\"")],
                Verdict::Anew(Anew::Changed),
            ),
            (
                206,
                &[("content-range", "bytes 40-199/200")],
                Verdict::Anew(Anew::Changed),
            ),
            (
                206,
                &[("content-range", "bytes 0-99/100")],
                Verdict::Anew(Anew::Whole),
            ),
            (
                206,
                &[part, ("content-encoding", "gzip")],
                Verdict::Anew(Anew::Whole),
            ),
            (206, &[], Verdict::Anew(Anew::Whole)),
            (200, &[("etag", "\"a\"")], Verdict::Anew(Anew::Whole)),
            (200, &[("etag", "\"b\"")], Verdict::Anew(Anew::Changed)),
            (200, &[], Verdict::Halt(Halt::Refused)),
            (200, &[page, other], Verdict::Halt(Halt::Refused)),
            (
                200,
                &[
                    page,
                    other,
                    ("content-disposition", "Attachment; filename=f"),
                ],
                Verdict::Anew(Anew::Changed),
            ),
            (200, &[page, ("etag", "\"a\"")], Verdict::Anew(Anew::Whole)),
            (416, &[], Verdict::Anew(Anew::Changed)),
            (
                416,
                &[("content-range", "bytes */40")],
                Verdict::Anew(Anew::Changed),
            ),
            (401, &[], Verdict::Halt(Halt::Login)),
            (403, &[], Verdict::Halt(Halt::Refused)),
            (503, &[], Verdict::Halt(Halt::Refused)),
            (502, &[], Verdict::Halt(Halt::Broke)),
        ] {
            let verdict = rest("\"a\"").judge(40, status, said(headers));
            assert_eq!(verdict, expected, "{status} {headers:?}");
        }
    }

    #[test]
    fn a_page_is_another_file_where_the_file_is_a_page() {
        for name in ["/home/ann/f.html", "/home/ann/F.HTM"] {
            let rest = Rest {
                path: name.into(),
                ..rest("\"a\"")
            };
            let headers = [("content-type", "text/html"), ("etag", "\"b\"")];
            let verdict = rest.judge(40, 200, said(&headers));
            assert_eq!(verdict, Verdict::Anew(Anew::Changed), "{name}");
        }
    }

    #[test]
    fn a_part_of_which_nobody_says_the_whole_is_not_taken_for_it() {
        let rest = Rest {
            total: None,
            ..rest("\"a\"")
        };
        for (range, expected) in [
            ("bytes 40-59/100", Verdict::GoesOn(Some(100))),
            ("bytes 40-59/*", Verdict::Anew(Anew::Whole)),
            ("bytes 40-39/100", Verdict::Anew(Anew::Whole)),
            ("bytes 40-100/100", Verdict::Anew(Anew::Whole)),
        ] {
            let verdict = rest.judge(40, 206, said(&[("content-range", range)]));
            assert_eq!(verdict, expected, "{range}");
        }
    }

    #[test]
    fn a_file_whose_end_was_not_known_is_whole_where_its_server_has_no_more() {
        let rest = Rest {
            total: None,
            ..rest("\"a\"")
        };
        let all = ("content-range", "bytes */40");
        for (headers, expected) in [
            (&[all][..], Verdict::Whole),
            (&[all, ("etag", "\"a\"")], Verdict::Whole),
            (&[all, ("etag", "\"b\"")], Verdict::Anew(Anew::Changed)),
            (
                &[("content-range", "bytes */39")],
                Verdict::Anew(Anew::Changed),
            ),
            (&[], Verdict::Anew(Anew::Changed)),
        ] {
            assert_eq!(rest.judge(40, 416, said(headers)), expected, "{headers:?}");
        }
    }

    #[test]
    fn a_time_is_compared_with_a_time() {
        let headers = [("content-range", "bytes 40-99/100"), ("etag", "\"new\"")];
        let verdict = rest("Mon, 02 Mar 2026 10:00:00 GMT").judge(40, 206, said(&headers));
        assert_eq!(verdict, Verdict::GoesOn(Some(100)));
    }

    proptest! {
        #[test]
        fn no_range_makes_more_of_it_than_it_says(says in any::<String>(), have in any::<u64>()) {
            let headers = [("content-range", says.as_str())];
            if let Verdict::GoesOn(total) = rest("\"a\"").judge(have, 206, said(&headers)) {
                prop_assert_eq!(total, Some(100));
                prop_assert_eq!(range(&says).map(|(first, _)| first), Some(have));
            }
        }
    }
}
