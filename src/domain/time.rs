//! Points in time and durations. The domain never asks a clock: `now` is an argument.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The time from `earlier` to `self`; zero when the clock went backwards.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The point `duration` later.
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The beginning of its hour.
    pub fn hour(self) -> Self {
        Self(self.0 - self.0.rem_euclid(3_600_000))
    }

    /// RFC 3339 in UTC, to the second: `2026-11-20T09:38:00Z`.
    pub fn to_rfc3339(self) -> String {
        jiff::Timestamp::from_millisecond(self.0).map_or_else(
            |_| "unknown".to_owned(),
            |t| t.round(jiff::Unit::Second).unwrap_or(t).to_string(),
        )
    }
}

/// The text is not a duration such as `90s`, `10m` or `1h 30m`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is no duration; write it like `90s`, `10m` or `1h 30m`")]
pub struct DurationError;

/// Longest duration accepted anywhere: 30 days.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// Reads `90s`, `10m`, `1h 30m`, `2 hours`: units from milliseconds to hours, at most 30 days.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let signed: jiff::SignedDuration = text.trim().parse().map_err(|_| DurationError)?;
    let duration = Duration::try_from(signed).map_err(|_| DurationError)?;
    if duration.is_zero() || duration > LONGEST { Err(DurationError) } else { Ok(duration) }
}

/// A duration for people: `0.4s`, `12s`, `3m 05s`, `2h 10m`.
pub fn human_duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 9.95 {
        return format!("{seconds:.1}s");
    }
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{whole}s"),
        60..3600 => format!("{}m {:02}s", whole / 60, whole % 60),
        _ => format!("{}h {:02}m", whole / 3600, whole % 3600 / 60),
    }
}

/// Seconds as a float to a [`Duration`]; negative and non-finite become zero.
pub fn from_secs(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default()
}

/// Serde form of a [`Duration`]: whole milliseconds.
pub mod millis {
    use super::{Deserialize, Duration};

    /// Writes milliseconds.
    pub fn serialize<S: serde::Serializer>(
        duration: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    /// Reads milliseconds.
    pub fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        let secs = |text| parse_duration(text).map(|d| d.as_secs_f64());
        assert_eq!(secs("90s"), Ok(90.0));
        assert_eq!(secs("1h 30m"), Ok(5400.0));
        assert_eq!(secs("1h30m"), Ok(5400.0));
        assert_eq!(secs("250ms"), Ok(0.25));
        for bad in ["", "10", "-5s", "0s", "soon", "NaN", "100000h", "1 fortnight"] {
            assert_eq!(secs(bad), Err(DurationError), "{bad}");
        }
    }

    #[test]
    fn durations_are_shown_in_two_units_at_most() {
        let shown = |s: f64| human_duration(from_secs(s));
        assert_eq!(
            [0.04, 9.94, 12.4, 59.6, 61.0, 3599.9, 7_800.0].map(shown),
            ["0.0s", "9.9s", "12s", "1m 00s", "1m 01s", "1h 00m", "2h 10m"]
        );
    }

    #[test]
    fn a_clock_that_goes_backwards_gives_zero() {
        assert_eq!(Timestamp(5).since(Timestamp(9)), Duration::ZERO);
    }
}
