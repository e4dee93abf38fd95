//! When pages that nobody looks at are put to sleep.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// After how long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum SleepAfter {
    /// Five minutes.
    Soon,
    /// Half an hour.
    #[default]
    HalfHour,
    /// Two hours.
    Hours,
    /// They stay awake.
    Never,
}

impl SleepAfter {
    /// In milliseconds; `None` for ever.
    #[must_use]
    pub const fn limit_ms(self) -> Option<u64> {
        const MINUTE: u64 = 60_000;
        match self {
            Self::Soon => Some(5 * MINUTE),
            Self::HalfHour => Some(30 * MINUTE),
            Self::Hours => Some(120 * MINUTE),
            Self::Never => None,
        }
    }

    /// Its name in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Soon => "soon",
            Self::HalfHour => "half_hour",
            Self::Hours => "hours",
            Self::Never => "never",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::Soon, Self::HalfHour, Self::Hours, Self::Never];
        all.into_iter().find(|after| after.name() == name)
    }
}

/// It as the settings show it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SleepView {
    /// What the person has chosen.
    pub after: SleepAfter,
    /// Whether the environment of the app has settled it otherwise.
    pub fixed: bool,
}
