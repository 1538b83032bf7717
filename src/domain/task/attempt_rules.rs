//! What ends an attempt early, and what a failed one is tried again for.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::time::{human_duration, parse_duration};

/// Rules for the attempts of one task, beside its `timeout` and `retries`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AttemptRules {
    /// Stopped when it neither wrote output nor used processor time for this long; `None`: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stall_timeout: Option<Duration>,
    /// Most memory that all of its processes may hold together, bytes; `None`: as much as there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_limit: Option<u64>,
    /// Failures that a retry may mend; `None`: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_on: Option<Vec<RetryCause>>,
}

impl AttemptRules {
    /// Whether there is nothing in it.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// A kind of failure that `retry_on` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryCause {
    /// `timeout`: its time ran out.
    Timeout,
    /// `stall`: it did nothing for too long.
    Stall,
    /// `exit`: any exit code but 0.
    AnyExit,
    /// `exit:75`: this exit code.
    Exit(i32),
    /// `signal`: a signal that wt-orch did not send.
    AnySignal,
    /// `signal:9`: this signal.
    Signal(i32),
    /// `check`: its check did not pass.
    Check,
}

/// A text that names no kind of failure. The message is a fragment that fits after the quoted text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no kind of failure")]
pub struct RetryCauseError;

impl std::str::FromStr for RetryCause {
    type Err = RetryCauseError;

    fn from_str(text: &str) -> Result<Self, RetryCauseError> {
        let number = |text: &str| text.parse::<u8>().map_err(|_| RetryCauseError);
        match text.split_once(':') {
            None => match text {
                "timeout" => Ok(Self::Timeout),
                "stall" => Ok(Self::Stall),
                "exit" => Ok(Self::AnyExit),
                "signal" => Ok(Self::AnySignal),
                "check" => Ok(Self::Check),
                _ => Err(RetryCauseError),
            },
            Some(("exit", code)) => match number(code)? {
                0 => Err(RetryCauseError),
                code => Ok(Self::Exit(i32::from(code))),
            },
            Some(("signal", signal)) => match number(signal)? {
                signal @ 1..=64 => Ok(Self::Signal(i32::from(signal))),
                _ => Err(RetryCauseError),
            },
            Some(_) => Err(RetryCauseError),
        }
    }
}

impl fmt::Display for RetryCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("timeout"),
            Self::Stall => f.write_str("stall"),
            Self::AnyExit => f.write_str("exit"),
            Self::Exit(code) => write!(f, "exit:{code}"),
            Self::AnySignal => f.write_str("signal"),
            Self::Signal(signal) => write!(f, "signal:{signal}"),
            Self::Check => f.write_str("check"),
        }
    }
}

/// A limit in words: a duration, or `never`.
///
/// # Errors
/// A fragment that fits after the quoted text.
pub fn parse_limit(text: &str) -> Result<Option<Duration>, String> {
    match text {
        "never" => Ok(None),
        text => parse_duration(text).map(Some).map_err(|error| error.to_string()),
    }
}

/// A limit for people.
pub fn human_limit(limit: Option<Duration>) -> String {
    limit.map_or_else(|| "never".to_owned(), human_duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_read_back_as_they_are_written() {
        for text in ["timeout", "stall", "exit", "exit:75", "signal", "signal:9", "check"] {
            assert_eq!(text.parse::<RetryCause>().map(|cause| cause.to_string()), Ok(text.into()));
        }
        for text in ["", "exit:0", "exit:256", "signal:0", "signal:65", "exit:", "Timeout", "x:1"] {
            assert_eq!(text.parse::<RetryCause>(), Err(RetryCauseError), "{text}");
        }
    }
}
