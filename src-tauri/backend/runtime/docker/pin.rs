//! Which of an image's digests is used: the one in use, one on trial, the one before, and those
//! that did not become ready. A tag can lead elsewhere tomorrow; a digest cannot.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use duotab_core::streaming::Looked;
use serde::{Deserialize, Serialize};

/// Digests that failed and are remembered.
const FAILED_LIMIT: usize = 8;

/// What is kept of an image from one run of the app to the next. Digests with their `sha256:`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Pin {
    /// Containers are made from this one.
    pub(super) digest: Option<String>,
    /// Fetched, and on trial at the next start.
    pub(super) next: Option<String>,
    /// The one that was used before, until the one in use has served well.
    pub(super) before: Option<String>,
    /// These did not become ready.
    failed: Vec<String>,
    /// Whether a device encodes in a container of a digest: by the two, as [`Pin::key`] has them.
    encodes: BTreeMap<String, bool>,
    /// Seconds since 1970 when the registry last answered.
    asked_at: Option<u64>,
}

impl Pin {
    /// As [`Pin::text`] wrote it; an empty one from anything else.
    pub(super) fn parse(text: &str) -> Self {
        let mut pin: Self = serde_json::from_str(text).unwrap_or_default();
        let all = [&mut pin.digest, &mut pin.next, &mut pin.before];
        for digest in all {
            if !digest.as_deref().is_none_or(is_digest) {
                *digest = None;
            }
        }
        if pin.digest.is_none() {
            (pin.next, pin.before) = (None, None);
        }
        pin
    }

    /// To be kept.
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// From now on this one is used.
    pub(super) fn pin(&mut self, digest: String) {
        *self = Self {
            digest: Some(digest),
            failed: std::mem::take(&mut self.failed),
            encodes: std::mem::take(&mut self.encodes),
            asked_at: self.asked_at,
            ..Self::default()
        };
    }

    /// Whether a device encodes in a container of this image, if that was asked.
    pub(super) fn encodes(&self, image: &str, device: &str) -> Option<bool> {
        self.encodes.get(&Self::key(image, device)).copied()
    }

    /// Notes what came of that. Of images that nobody uses any more nothing is known.
    pub(super) fn note_encodes(&mut self, image: &str, device: &str, works: bool) {
        let known = [&self.digest, &self.next, &self.before];
        let known: Vec<&str> = known.into_iter().flatten().map(String::as_str).collect();
        self.encodes
            .retain(|key, _| known.iter().any(|digest| key.contains(digest)));
        self.encodes.insert(Self::key(image, device), works);
    }

    fn key(image: &str, device: &str) -> String {
        format!("{device} {image}")
    }

    /// What `digest`, which the registry has under the tag now, is to the one in use.
    pub(super) fn compare(&self, digest: &str) -> Looked {
        let is = |known: &Option<String>| known.as_deref() == Some(digest);
        if self.digest.is_none() {
            Looked::Unused
        } else if is(&self.digest) {
            Looked::Newest
        } else if is(&self.next) {
            Looked::Fetched
        } else if self.failed.iter().any(|it| it == digest) {
            Looked::GivenUp
        } else if is_digest(digest) {
            Looked::Newer
        } else {
            Looked::Unable
        }
    }

    /// This one is there, and is tried at the next start. Gives the one that was to be tried.
    pub(super) fn try_next(&mut self, digest: String) -> Option<String> {
        self.next.replace(digest)
    }

    /// The one on trial became ready. Gives one that is not needed any more.
    pub(super) fn next_is_ready(&mut self) -> Option<String> {
        let next = self.next.take()?;
        let before = self.digest.replace(next);
        std::mem::replace(&mut self.before, before)
    }

    /// The one on trial did not become ready, and is not tried again. Gives it.
    pub(super) fn roll_back(&mut self) -> Option<String> {
        let failed = self.next.take()?;
        if self.failed.len() >= FAILED_LIMIT {
            self.failed.remove(0);
        }
        self.failed.push(failed.clone());
        Some(failed)
    }

    /// How long the registry need not be asked, if it is asked this often.
    pub(super) fn quiet(&self, every: Duration, now: SystemTime) -> Duration {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let Some(asked) = self.asked_at.map(Duration::from_secs) else {
            return Duration::ZERO;
        };
        // A clock that was set back must not make it wait for years.
        if asked > now {
            return Duration::ZERO;
        }
        (asked + every).saturating_sub(now)
    }

    /// The registry has answered.
    pub(super) fn asked(&mut self, now: SystemTime) {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.asked_at = Some(now.as_secs());
    }
}

/// What a registry or an engine calls a digest is used in addresses.
pub(super) fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64
            && hex
                .bytes()
                .all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(of: u8) -> String {
        format!("sha256:{}", format!("{of:02x}").repeat(32))
    }

    fn pinned() -> Pin {
        let mut pin = Pin::default();
        pin.pin(digest(1));
        pin
    }

    #[test]
    fn a_new_digest_is_tried_used_and_the_former_one_kept_until_it_is_not_needed() {
        let mut pin = pinned();
        assert_eq!(pin.compare(&digest(2)), Looked::Newer);
        assert_eq!(pin.compare(&digest(1)), Looked::Newest);
        assert_eq!(pin.try_next(digest(2)), None);
        assert_eq!(pin.compare(&digest(2)), Looked::Fetched);
        assert_eq!(pin.next_is_ready(), None);
        assert_eq!(pin.digest, Some(digest(2)));
        assert_eq!(pin.before, Some(digest(1)));
        pin.try_next(digest(3));
        assert_eq!(pin.next_is_ready(), Some(digest(1)));
    }

    #[test]
    fn one_that_failed_is_never_offered_again() {
        let mut pin = pinned();
        pin.try_next(digest(2));
        assert_eq!(pin.roll_back(), Some(digest(2)));
        assert_eq!(pin.digest, Some(digest(1)));
        assert_eq!(pin.compare(&digest(2)), Looked::GivenUp);
        let pin = Pin::parse(&pin.text());
        assert_eq!(pin.compare(&digest(2)), Looked::GivenUp);
        assert_eq!(pin.compare(&digest(3)), Looked::Newer);
    }

    #[test]
    fn what_is_no_digest_is_not_taken_for_one() {
        for text in ["", "{}", "[]", r#"{"digest":"latest","next":"x"}"#] {
            assert_eq!(Pin::parse(text), Pin::default());
        }
        assert_eq!(pinned().compare("sha256:../.."), Looked::Unable);
        assert_eq!(Pin::default().compare(&digest(1)), Looked::Unused);
    }

    #[test]
    fn what_a_device_can_is_known_for_each_digest_while_it_is_used() {
        let mut pin = pinned();
        let image = |of| format!("a/b@{}", digest(of));
        pin.note_encodes(&image(1), "/dev/video11", true);
        pin.try_next(digest(2));
        pin.note_encodes(&image(2), "/dev/video11", false);
        let mut pin = Pin::parse(&pin.text());
        assert_eq!(pin.encodes(&image(1), "/dev/video11"), Some(true));
        assert_eq!(pin.encodes(&image(2), "/dev/video11"), Some(false));
        assert_eq!(pin.encodes(&image(2), "/dev/dri/renderD128"), None);
        pin.pin(digest(3));
        pin.note_encodes(&image(3), "/dev/video11", true);
        assert_eq!(pin.encodes(&image(1), "/dev/video11"), None);
    }

    #[test]
    fn a_registry_is_asked_once_in_a_while_whatever_the_clock_says() {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        let mut pin = pinned();
        let now = UNIX_EPOCH + 400 * DAY;
        assert_eq!(pin.quiet(DAY, now), Duration::ZERO);
        pin.asked(now);
        assert_eq!(pin.quiet(DAY, now), DAY);
        assert_eq!(pin.quiet(DAY, now + DAY), Duration::ZERO);
        assert_eq!(pin.quiet(DAY, now - DAY), Duration::ZERO);
    }
}
