//! `width=8,cpus=4,task.api=20m` to changes, all problems at once.

use std::collections::BTreeMap;
use std::ops::Range;

use super::apply::{behind, with_dependency};
use super::{Change, WhatIf};
use crate::domain::diagnostic::{Diagnostic, closest, quoted};
use crate::domain::id::TaskId;
use crate::domain::plan::build::check_order;
use crate::domain::task::{TaskSet, parse_size};
use crate::domain::time::parse_duration;

/// Everything that can be changed, as it is written.
const KEYS: [&str; 11] = [
    "width",
    "add",
    "cpus",
    "memory",
    "scale",
    "drop",
    "tasks",
    "task.",
    "clone.",
    "after.",
    "capacity.",
];
const KNOWN: &str = "known: width=N, add=N, cpus=N, memory=SIZE, scale=X, drop=ID, tasks=+N, \
                     task.ID=TIME, clone.ID=N, after.ID=OTHER, capacity.NAME=N";
/// Most slots, cores or tasks a scenario may ask for.
const MOST: usize = 1000;
/// Factors of `scale`.
const SCALES: (f64, f64) = (0.001, 1000.0);

/// Reads one scenario against the tasks and countable things there are.
///
/// # Errors
/// Every problem, with its place in `text`.
pub fn parse_what_if(
    text: &str,
    set: &TaskSet,
    capacity: &BTreeMap<String, u32>,
) -> Result<WhatIf, Vec<Diagnostic>> {
    let mut reader = Reader { set, capacity, problems: Vec::new() };
    let mut changes: Vec<(Range<usize>, Change)> = Vec::new();
    let mut start = 0;
    for piece in text.split(',') {
        let span = trimmed(piece, start);
        start += piece.len() + 1;
        let Some(change) = reader.change(&text[span.clone()], &span) else { continue };
        let same = changes.iter().find(|(_, known)| is_repeated(known, &change));
        if let Some((first, _)) = same {
            let message = format!("{} is said twice", quoted(key_of(piece.trim())));
            let problem = Diagnostic::error("repeated_change", span.clone(), message);
            reader.problems.push(problem.also(first.clone(), "here first"));
        }
        changes.push((span, change));
    }
    reader.contradictions(&changes);
    if reader.problems.is_empty() {
        let changes = changes.into_iter().map(|(_, change)| change).collect();
        Ok(WhatIf { text: text.trim().to_owned(), changes })
    } else {
        Err(reader.problems)
    }
}

/// Place of a piece without the blanks around it.
fn trimmed(piece: &str, start: usize) -> Range<usize> {
    let from = start + piece.len() - piece.trim_start().len();
    from..from + piece.trim().len()
}

fn key_of(piece: &str) -> &str {
    piece.split('=').next().unwrap_or(piece).trim()
}

/// Whether two changes set the same thing. Tasks can be dropped and ordered one after another.
fn is_repeated(a: &Change, b: &Change) -> bool {
    match (a, b) {
        (Change::Capacity { name: a, .. }, Change::Capacity { name: b, .. }) => a == b,
        (Change::Takes { task: a, .. }, Change::Takes { task: b, .. })
        | (Change::Clone { task: a, .. }, Change::Clone { task: b, .. }) => a == b,
        (Change::Drop(_), Change::Drop(_)) | (Change::After { .. }, Change::After { .. }) => a == b,
        _ => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}

struct Reader<'a> {
    set: &'a TaskSet,
    capacity: &'a BTreeMap<String, u32>,
    problems: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn change(&mut self, piece: &str, span: &Range<usize>) -> Option<Change> {
        let Some((key, value)) = piece.split_once('=') else {
            let message = if piece.is_empty() {
                "there is nothing between the commas".to_owned()
            } else {
                format!("{} has no value", quoted(piece))
            };
            self.problem("no_value", span.clone(), message, Some(KNOWN.to_owned()));
            return None;
        };
        let value_span = trimmed(value, span.start + key.len() + 1);
        let key_span = trimmed(key, span.start);
        let (key, value) = (key.trim(), value.trim());
        match key {
            "width" => self.count(value, value_span, 1).map(Change::Width),
            "add" => self.more(value, value_span).map(Change::Add),
            "cpus" => self.count(value, value_span, 1).map(Change::Cpus),
            "memory" => self.converted(value, value_span, parse_size).map(Change::Memory),
            "scale" => self.scale(value, value_span).map(Change::Scale),
            "drop" => self.task(value, value_span).map(Change::Drop),
            "tasks" => self.more(value, value_span).map(Change::Tasks),
            _ => self.change_of(key, &key_span, value, value_span),
        }
    }

    /// `task.ID` and the like. Both sides are read, so that both are complained about.
    fn change_of(
        &mut self,
        key: &str,
        span: &Range<usize>,
        value: &str,
        value_span: Range<usize>,
    ) -> Option<Change> {
        let named = key.split_once('.').map(|(kind, name)| {
            let at = span.start + kind.len() + 1;
            (kind, name, at..span.end)
        });
        match named {
            Some(("task", id, at)) => {
                let task = self.task(id, at);
                let time = self.converted(value, value_span, parse_duration)?;
                Some(Change::Takes { task: task?, seconds: time.as_secs_f64() })
            }
            Some(("clone", id, at)) => {
                let task = self.task(id, at);
                let count = self.more(value, value_span)?;
                Some(Change::Clone { task: task?, count })
            }
            Some(("after", id, at)) => {
                let task = self.task(id, at);
                let on = self.task(value, value_span)?;
                Some(Change::After { task: task?, on })
            }
            Some(("capacity", name, at)) => {
                let known = self.capacity.contains_key(name);
                if !known {
                    let known: Vec<&str> = self.capacity.keys().map(String::as_str).collect();
                    let message = format!("`[capacity]` has no {}", quoted(name));
                    self.unknown("unknown_capacity", at, message, name, &known);
                }
                let units = self.count(value, value_span, 1)?;
                let units = u32::try_from(units).ok()?;
                known.then(|| Change::Capacity { name: name.to_owned(), units })
            }
            Some(_) | None => {
                self.unknown_key(key, value, span);
                None
            }
        }
    }

    fn unknown_key(&mut self, key: &str, value: &str, span: &Range<usize>) {
        let (kind, name) = key.split_once('.').unwrap_or((key, "ID"));
        let meant = closest(kind, KEYS.map(|key| key.trim_end_matches('.')));
        let meant =
            meant.and_then(|near| KEYS.iter().find(|key| key.trim_end_matches('.') == near));
        let help = match meant {
            Some(key) if key.ends_with('.') => format!("did you mean `{key}{name}={value}`?"),
            Some(key) => format!("did you mean `{key}={value}`?"),
            None => KNOWN.to_owned(),
        };
        let message = format!("{} cannot be changed", quoted(key));
        self.problem("unknown_change", span.clone(), message, Some(help));
    }

    fn task(&mut self, id: &str, span: Range<usize>) -> Option<TaskId> {
        let found = self.set.tasks.iter().find(|task| task.id.as_str() == id);
        if found.is_none() {
            let known: Vec<&str> = self.set.tasks.iter().map(|task| task.id.as_str()).collect();
            self.unknown(
                "unknown_task",
                span,
                format!("there is no task {}", quoted(id)),
                id,
                &known,
            );
        }
        found.map(|task| task.id.clone())
    }

    fn unknown(
        &mut self,
        code: &'static str,
        span: Range<usize>,
        message: String,
        wanted: &str,
        known: &[&str],
    ) {
        let help = closest(wanted, known.iter().copied())
            .map(|near| format!("did you mean `{near}`?"))
            .or_else(|| {
                let listed = !known.is_empty() && known.len() <= 20;
                listed.then(|| format!("known: {}", known.join(", ")))
            });
        self.problem(code, span, message, help);
    }

    fn more(&mut self, value: &str, span: Range<usize>) -> Option<usize> {
        let digits = value.strip_prefix('+').unwrap_or(value);
        self.count(digits, span, 1)
    }

    fn count(&mut self, value: &str, span: Range<usize>, least: usize) -> Option<usize> {
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        let count = value.parse().ok().filter(|count| (least..=MOST).contains(count) && digits);
        if count.is_none() {
            let message = format!("{} is no whole number from {least} to {MOST}", quoted(value));
            self.problem("bad_number", span, message, None);
        }
        count
    }

    fn scale(&mut self, value: &str, span: Range<usize>) -> Option<f64> {
        let (least, most) = SCALES;
        let scale = value.parse().ok().filter(|scale| (least..=most).contains(scale));
        if scale.is_none() {
            let message = format!("{} is no number from {least} to {most}", quoted(value));
            self.problem("bad_number", span, message, None);
        }
        scale
    }

    fn converted<T, E: std::fmt::Display>(
        &mut self,
        value: &str,
        span: Range<usize>,
        convert: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        match convert(value) {
            Ok(converted) => Some(converted),
            Err(error) => {
                self.problem("bad_value", span, format!("{} {error}", quoted(value)), None);
                None
            }
        }
    }

    /// What is wrong with sound changes taken together.
    fn contradictions(&mut self, changes: &[(Range<usize>, Change)]) {
        let dropped = changes.iter().filter_map(|(_, change)| match change {
            Change::Drop(task) => Some(task.clone()),
            Change::Width(_)
            | Change::Add(_)
            | Change::Cpus(_)
            | Change::Memory(_)
            | Change::Capacity { .. }
            | Change::Takes { .. }
            | Change::Scale(_)
            | Change::Tasks(_)
            | Change::Clone { .. }
            | Change::After { .. } => None,
        });
        let gone = behind(self.set, dropped);
        if gone.len() == self.set.tasks.len() && !gone.is_empty() {
            let whole = changes.first().map_or(0..0, |(first, _)| first.clone());
            let message = "nothing is left when that is dropped with what depends on it";
            self.problem("nothing_left", whole, message.to_owned(), None);
        }
        let mut set = self.set.clone();
        for (span, change) in changes {
            let named: &[&TaskId] = match change {
                Change::Takes { task, .. } | Change::Clone { task, .. } => &[task],
                Change::After { task, on } => &[task, on],
                Change::Width(_)
                | Change::Add(_)
                | Change::Cpus(_)
                | Change::Memory(_)
                | Change::Capacity { .. }
                | Change::Scale(_)
                | Change::Drop(_)
                | Change::Tasks(_) => &[],
            };
            if let Some(task) = named.iter().find(|task| gone.contains(**task)) {
                let message = format!("`{task}` is dropped in the same scenario");
                self.problem("dropped_task", span.clone(), message, None);
            }
            if let Change::After { task, on } = change {
                with_dependency(&mut set, task, on);
                if task == on || check_order(&set).is_err() {
                    let message = format!("`{task}` cannot wait for `{on}`, which waits for it");
                    self.problem("cycle", span.clone(), message, None);
                    return;
                }
            }
        }
    }

    fn problem(
        &mut self,
        code: &'static str,
        span: Range<usize>,
        message: String,
        help: Option<String>,
    ) {
        let problem = Diagnostic::error(code, span, message);
        self.problems.push(match help {
            Some(help) => problem.help(help),
            None => problem,
        });
    }
}
