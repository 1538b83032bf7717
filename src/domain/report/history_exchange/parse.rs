//! Reading a file of history: everything that is wrong with it at once, each with its place.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::{Map, Value};

use super::{FORMAT, SCHEMA};
use crate::domain::id::{RunId, TaskId};
use crate::domain::plan::{
    Observations, ObservedAttempt, ObservedRun, RecordedAttempt, RecordedRun, ResourceUse,
};
use crate::domain::time::Timestamp;

/// Longest time that anything may have taken, seconds: 30 years.
const LONGEST_S: f64 = 1e9;
/// Largest end of an interval, seconds: wide intervals of few runs have no sense of proportion.
const FARTHEST_S: f64 = 1e100;
/// Most cores that a task may have kept busy.
const MOST_CORES: f64 = 4096.0;
/// Most tasks at once, slots, tasks, attempts and branches.
const MOST: u32 = 100_000;
/// Most bytes that an attempt may have held, read or written: one exbibyte.
const MOST_BYTES: u64 = 1 << 60;
/// Most processes that a task may have had at once: what Linux counts to.
const MOST_PROCESSES: u64 = 1 << 22;
/// Largest standard deviation of a logarithm.
const LARGEST_SD: f64 = 100.0;
/// Longest category, in bytes.
const CATEGORY_MAX: usize = 4096;
/// Clocks that were never set begin here: 1970.
const EARLIEST: Timestamp = Timestamp(0);
/// By how much the clock of another machine may be ahead.
const AHEAD: Duration = Duration::from_secs(24 * 3600);

/// Something in a file that cannot be taken over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place} {message}")]
pub struct ImportProblem {
    /// Where: `attempts[3].wall_s`, or `line 4, column 2`.
    pub place: String,
    /// What is wrong, as it follows the place.
    pub message: String,
}

/// Reads what `history export` wrote, at `now`. Fields that this version does not know are passed
/// over.
///
/// # Errors
/// Everything that is wrong with the text.
pub fn parse_history_export(
    text: &str,
    now: Timestamp,
) -> Result<Observations, Vec<ImportProblem>> {
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let place = format!("line {}, column {}:", error.line(), error.column());
        let message = error.to_string();
        let cut = message.find(" at line ").unwrap_or(message.len());
        vec![ImportProblem { place, message: message[..cut].to_owned() }]
    })?;
    let mut reading = Reading { problems: Vec::new(), latest: now.after(AHEAD) };
    let observations = reading.document(&value);
    if reading.problems.is_empty() { Ok(observations) } else { Err(reading.problems) }
}

struct Reading {
    problems: Vec<ImportProblem>,
    latest: Timestamp,
}

/// An entry of a list, with its place.
struct Entry<'a> {
    fields: &'a Map<String, Value>,
    place: String,
}

impl Reading {
    fn document(&mut self, value: &Value) -> Observations {
        let Some(fields) = value.as_object() else {
            self.add("the document", "is no JSON object");
            return Observations::default();
        };
        match fields.get("schema").and_then(Value::as_u64) {
            Some(schema) if schema == u64::from(SCHEMA) => {}
            Some(schema) => self.add("schema", format!("is {schema}; this wt-orch reads {SCHEMA}")),
            None => self.add("schema", "is missing, or no number"),
        }
        if fields.get("format").and_then(Value::as_str) != Some(FORMAT) {
            self.add("format", format!("is not `{FORMAT}`"));
        }
        let attempts = self.list(fields, "attempts");
        let attempts = attempts.iter().filter_map(|entry| self.attempt(entry)).collect();
        let runs = self.list(fields, "runs");
        let runs = runs.iter().filter_map(|entry| self.run(entry)).collect();
        Observations { attempts, runs }
    }

    fn add(&mut self, place: impl Into<String>, message: impl Into<String>) {
        self.problems.push(ImportProblem { place: place.into(), message: message.into() });
    }

    fn list<'a>(&mut self, fields: &'a Map<String, Value>, name: &str) -> Vec<Entry<'a>> {
        let Some(list) = fields.get(name).and_then(Value::as_array) else {
            self.add(name, "is missing, or no list");
            return Vec::new();
        };
        let mut entries = Vec::new();
        for (at, value) in list.iter().enumerate() {
            let place = format!("{name}[{at}]");
            match value.as_object() {
                Some(fields) => entries.push(Entry { fields, place }),
                None => self.add(place, "is no JSON object"),
            }
        }
        entries
    }

    /// Every field is looked at, whatever is wrong with those before it.
    fn attempt(&mut self, entry: &Entry<'_>) -> Option<RecordedAttempt> {
        let run = self.digest(entry, "run");
        let workflow = self.name(entry, "workflow", |text| text.parse::<RunId>().err());
        let task = self.name(entry, "task", |text| text.parse::<TaskId>().err());
        let attempt = self.count(entry, "attempt", 1);
        let work = self.digest(entry, "work");
        let category = self.category(entry);
        let wall_s = self.number(entry, "wall_s", 0.0..=LONGEST_S);
        let cpu_s = match entry.fields.get("cpu_s") {
            None | Some(Value::Null) => Some(None),
            Some(_) => self.number(entry, "cpu_s", 0.0..=LONGEST_S * MOST_CORES).map(Some),
        };
        let active = self.number(entry, "active", 1.0..=f64::from(MOST));
        let lane_position = self.optional_count(entry, "lane_position");
        let censored = self.flag(entry, "censored");
        let used = self.resources(entry);
        let at = self.time(entry);
        let observed = ObservedAttempt {
            run: run?,
            workflow: workflow?,
            task: task?,
            work: work?,
            category: category?,
            wall_s: wall_s?,
            cpu_s: cpu_s?,
            active: active?,
            lane_position: lane_position?,
            censored: censored?,
            used: used?,
            at: at?,
        };
        if observed.cpu_s.is_some_and(|cpu| cpu > (observed.wall_s + 1.0) * MOST_CORES) {
            let cores = format!("is more than {MOST_CORES} cores could do in `wall_s`");
            self.add(format!("{}.cpu_s", entry.place), cores);
        }
        Some(RecordedAttempt { attempt: attempt?, imported: true, observed })
    }

    /// Older files have none of these fields.
    fn resources(&mut self, entry: &Entry<'_>) -> Option<ResourceUse> {
        let peak_rss = self.optional_whole(entry, "peak_rss_bytes", MOST_BYTES);
        let read_bytes = self.optional_whole(entry, "read_bytes", MOST_BYTES);
        let written_bytes = self.optional_whole(entry, "written_bytes", MOST_BYTES);
        let processes = self.optional_whole(entry, "processes", MOST_PROCESSES);
        let processes = processes?.and_then(|count| u32::try_from(count).ok());
        let (peak_rss, read_bytes, written_bytes) = (peak_rss?, read_bytes?, written_bytes?);
        Some(ResourceUse { peak_rss, read_bytes, written_bytes, processes })
    }

    fn run(&mut self, entry: &Entry<'_>) -> Option<RecordedRun> {
        let run = self.digest(entry, "run");
        let workflow = self.name(entry, "workflow", |text| text.parse::<RunId>().err());
        let width = self.count(entry, "width", 1);
        let tasks = self.count(entry, "tasks", 1);
        let times =
            ["predicted_s", "actual_s"].map(|name| self.number(entry, name, 0.0..=LONGEST_S));
        let ends = ["low_s", "high_s"].map(|name| self.number(entry, name, 0.0..=FARTHEST_S));
        let sd = self.number(entry, "sd", 0.0..=LARGEST_SD);
        let calibrated = self.flag(entry, "calibrated");
        let overruled = self.flag(entry, "overruled");
        let conflicts = self.optional_count(entry, "conflicts");
        let branches = self.count(entry, "branches", 0);
        let at = self.time(entry);
        let ([predicted_s, actual_s], [low_s, high_s]) = (times, ends);
        let observed = ObservedRun {
            run: run?,
            workflow: workflow?,
            width: width?,
            tasks: tasks?,
            predicted_s: predicted_s?,
            sd: sd?,
            low_s: low_s?,
            high_s: high_s?,
            calibrated: calibrated?,
            overruled: overruled?,
            actual_s: actual_s?,
            conflicts: conflicts?,
            branches: branches?,
            at: at?,
        };
        if observed.low_s > observed.high_s {
            self.add(format!("{}.low_s", entry.place), "is larger than `high_s`");
        }
        if observed.conflicts.is_some_and(|conflicts| conflicts > observed.branches) {
            self.add(format!("{}.conflicts", entry.place), "is larger than `branches`");
        }
        Some(RecordedRun { imported: true, observed })
    }

    /// The value of a field that `read` accepts; otherwise a problem: it is not `what`.
    fn field<T>(
        &mut self,
        entry: &Entry<'_>,
        name: &str,
        what: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        let value = entry.fields.get(name);
        let found = value.and_then(read);
        if found.is_none() {
            let message = match value {
                None => "is missing".to_owned(),
                Some(value) => format!("is {}; it must be {what}", shown(value)),
            };
            self.add(format!("{}.{name}", entry.place), message);
        }
        found
    }

    fn number(&mut self, entry: &Entry<'_>, name: &str, range: RangeInclusive<f64>) -> Option<f64> {
        let what = format!("a number from {} to {:e}", range.start(), range.end());
        self.field(entry, name, &what, |value| value.as_f64().filter(|n| range.contains(n)))
    }

    fn count(&mut self, entry: &Entry<'_>, name: &str, least: u32) -> Option<u32> {
        let what = format!("a whole number from {least} to {MOST}");
        let whole = |value: &Value| u32::try_from(value.as_u64()?).ok();
        self.field(entry, name, &what, |value| {
            whole(value).filter(|count| (least..=MOST).contains(count))
        })
    }

    fn optional_count(&mut self, entry: &Entry<'_>, name: &str) -> Option<Option<u32>> {
        match entry.fields.get(name) {
            None | Some(Value::Null) => Some(None),
            Some(_) => self.count(entry, name, 0).map(Some),
        }
    }

    fn optional_whole(&mut self, entry: &Entry<'_>, name: &str, most: u64) -> Option<Option<u64>> {
        let what = format!("a whole number from 0 to {most}");
        match entry.fields.get(name) {
            None | Some(Value::Null) => Some(None),
            Some(_) => {
                let read = |value: &Value| value.as_u64().filter(|number| *number <= most);
                self.field(entry, name, &what, read).map(Some)
            }
        }
    }

    fn flag(&mut self, entry: &Entry<'_>, name: &str) -> Option<bool> {
        self.field(entry, name, "true or false", Value::as_bool)
    }

    fn digest(&mut self, entry: &Entry<'_>, name: &str) -> Option<u64> {
        self.field(entry, name, "16 hexadecimal digits", |value| {
            let text = value.as_str()?;
            let is_hex = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_hex.then(|| u64::from_str_radix(text, 16).ok())?
        })
    }

    fn name<E: std::fmt::Display>(
        &mut self,
        entry: &Entry<'_>,
        name: &str,
        wrong: impl FnOnce(&str) -> Option<E>,
    ) -> Option<String> {
        let text = self.field(entry, name, "a name", |value| value.as_str().map(str::to_owned))?;
        if let Some(error) = wrong(&text) {
            self.add(format!("{}.{name}", entry.place), error.to_string());
            return None;
        }
        Some(text)
    }

    fn category(&mut self, entry: &Entry<'_>) -> Option<String> {
        let what = format!("a text of 1 to {CATEGORY_MAX} bytes");
        self.field(entry, "category", &what, |value| {
            value
                .as_str()
                .filter(|text| (1..=CATEGORY_MAX).contains(&text.len()))
                .map(str::to_owned)
        })
    }

    fn time(&mut self, entry: &Entry<'_>) -> Option<Timestamp> {
        let what = format!("a time from {} to tomorrow, in milliseconds", EARLIEST.to_rfc3339());
        let range = EARLIEST..=self.latest;
        self.field(entry, "at_ms", &what, |value| {
            value.as_i64().map(Timestamp).filter(|at| range.contains(at))
        })
    }
}

/// A value in a message.
fn shown(value: &Value) -> String {
    const LONGEST: usize = 40;
    match value {
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            let text = value.to_string();
            match text.char_indices().nth(LONGEST) {
                Some((end, _)) => format!("{}…", &text[..end]),
                None => text,
            }
        }
    }
}
