//! One JSON object that an agent wrote, looked into without assuming what it holds.

use serde_json::Value;

/// An object, or a part of one; what is not there or of another type is empty.
#[derive(Debug, Clone)]
pub(super) struct Event(Value);

static NOTHING: Value = Value::Null;

impl Event {
    /// `None` for what is no JSON object. Bytes that are no UTF-8 are replaced.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_str(&String::from_utf8_lossy(text)).ok()?;
        value.is_object().then_some(Self(value))
    }

    /// Its `type`.
    pub(super) fn kind(&self) -> &str {
        text(self.at(&["type"])).unwrap_or_default()
    }

    /// The value at the end of a path of keys.
    pub(super) fn at(&self, path: &[&str]) -> &Value {
        at(&self.0, path)
    }
}

/// The value at the end of a path of keys.
pub(super) fn at<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    path.iter().try_fold(value, |value, key| value.get(key)).unwrap_or(&NOTHING)
}

/// A text that is not blank.
pub(super) fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.trim().is_empty())
}

/// A count; 0 for what is none.
pub(super) fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

/// US dollars as millionths; `None` for what is no amount.
pub(super) fn micro_usd(value: &Value) -> Option<u64> {
    micro_usd_of(value.as_f64()?)
}

/// US dollars as millionths; `None` for what is no amount.
pub(super) fn micro_usd_of(dollars: f64) -> Option<u64> {
    const MOST: f64 = 1e9;
    (0.0..=MOST).contains(&dollars).then(|| (dollars * 1e6).round() as u64)
}
