//! `WT_ORCH_RUN_SLOTS=4` for `slots` in `[run]`: section and key in upper case.

use std::collections::{BTreeMap, BTreeSet};

use super::read::{Keys, Limits, Named, Texts, layer};
use super::{Environment, Layer};
use crate::adapters::host::crash_point::is_crash_variable;
use crate::adapters::process::DRIVER;
use crate::domain::diagnostic::{Diagnostic, Placed, Problems, closest, quoted};
use crate::domain::suite::ConfiguredModule;
use crate::domain::task::{ITEM_VARIABLES, Regenerate, SetupHook};

/// How the names of all settings start.
const PREFIX: &str = "WT_ORCH_";

/// Variables that tasks are given, and the one that approves: never settings. A wt-orch that runs
/// within a task meets them.
pub const TASK_VARIABLES: [&str; 10] = [
    "WT_ORCH_RUN",
    "WT_ORCH_TASK",
    "WT_ORCH_WORKTREE",
    "WT_ORCH_BASE",
    "WT_ORCH_YES",
    "WT_ORCH_ATTEMPT",
    "WT_ORCH_PORT",
    DRIVER,
    ITEM_VARIABLES[0],
    ITEM_VARIABLES[1],
];

/// A layer from the environment, with the text that the places of its problems refer to.
pub(super) struct FromVariables {
    pub(super) layer: Layer,
    pub(super) text: String,
    pub(super) problems: Vec<Diagnostic>,
}

/// Reads the settings of the environment. A variable of ours that sets nothing is a warning.
pub(super) fn variables(environment: &Environment) -> FromVariables {
    let problems = Problems::default();
    let (mut variables, text) = Variables::new(environment, &problems);
    let layer = layer(&mut variables, &problems);
    for (name, unread) in &variables.left {
        let span = unread.span.start - name.len() - 1..unread.span.start - 1;
        let message = format!("`{name}` is no setting and has no effect");
        let problem = Diagnostic::warning("unknown_variable", span, message);
        problems.push(match closest(name, variables.asked.iter().map(String::as_str)) {
            Some(meant) => problem.labelled(format!("did you mean `{meant}`?")),
            None => problem.help("`wt-orch config` lists all settings"),
        });
    }
    let mut problems = problems.into_vec();
    problems.sort_by_key(Diagnostic::offset);
    FromVariables { layer, text, problems }
}

struct Variables<'p> {
    /// Not asked for so far.
    left: BTreeMap<String, Placed<String>>,
    asked: BTreeSet<String>,
    problems: &'p Problems,
}

impl<'p> Variables<'p> {
    /// The variables and a text with one `NAME=value` a line that their places refer to.
    fn new(environment: &Environment, problems: &'p Problems) -> (Self, String) {
        let mut text = String::new();
        let mut left = BTreeMap::new();
        for (name, value) in environment.iter() {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
                continue;
            };
            if TASK_VARIABLES.contains(&name) || is_crash_variable(name) || value.is_empty() {
                continue;
            }
            let value = value.to_string_lossy();
            text.extend([name, "="]);
            let start = text.len();
            text.push_str(&value);
            let placed = Placed { value: value.into_owned(), span: start..text.len() };
            text.push('\n');
            left.insert(name.to_owned(), placed);
        }
        (Self { left, asked: BTreeSet::new(), problems }, text)
    }

    fn take(&mut self, section: &str, key: &str) -> Option<Placed<String>> {
        let name = match section {
            "" => format!("{PREFIX}{key}"),
            section => format!("{PREFIX}{section}_{key}"),
        };
        let name = name.to_uppercase();
        let found = self.left.remove(&name);
        self.asked.insert(name);
        found
    }

    /// Every variable whose name is the section, a name that the user chose, and `end`.
    fn take_all(&mut self, section: &str, end: &str) -> Named<String> {
        let start = format!("{PREFIX}{}_", section.to_uppercase());
        let end = end.to_uppercase();
        let chosen = |variable: &str| {
            let name = variable.strip_prefix(&start)?.strip_suffix(&end)?;
            (!name.is_empty()).then(|| name.to_lowercase())
        };
        let mut named = Vec::new();
        self.left.retain(|variable, value| {
            let Some(name) = chosen(variable) else { return true };
            let at = value.span.start - variable.len() - 1 + start.len();
            let name = Placed { span: at..at + name.len(), value: name };
            named.push((name, value.clone()));
            false
        });
        named
    }

    fn parsed(&self, text: Placed<String>, (least, most): Limits) -> Option<Placed<u64>> {
        let number = text.value.trim().parse().ok().filter(|n| (least..=most).contains(n));
        if number.is_none() {
            let range = match most {
                u64::MAX => format!("of {least} or more"),
                most => format!("between {least} and {most}"),
            };
            let message = format!("{} must be a whole number {range}", quoted(&text.value));
            self.problems.push(Diagnostic::error("out_of_range", text.span.clone(), message));
        }
        number.map(|number| text.with(number))
    }
}

impl Keys for Variables<'_> {
    fn text(&mut self, section: &'static str, key: &'static str) -> Option<Placed<String>> {
        self.take(section, key)
    }

    /// The list is separated by commas.
    fn texts(&mut self, section: &'static str, key: &'static str) -> Option<Texts> {
        let all = self.take(section, key)?;
        let mut items = Vec::new();
        let mut at = all.span.start;
        for item in all.value.split(',') {
            let start = at + item.len() - item.trim_start().len();
            let span = start..start + item.trim().len();
            if !span.is_empty() {
                items.push(Placed { value: item.trim().to_owned(), span });
            }
            at += item.len() + 1;
        }
        Some(all.with(items))
    }

    fn number(
        &mut self,
        section: &'static str,
        key: &'static str,
        limits: Limits,
    ) -> Option<Placed<u64>> {
        let text = self.take(section, key)?;
        self.parsed(text, limits)
    }

    fn boolean(&mut self, section: &'static str, key: &'static str) -> Option<Placed<bool>> {
        let text = self.take(section, key)?;
        let value = text.value.trim().parse().ok();
        if value.is_none() {
            let message = format!("{} must be `true` or `false`", quoted(&text.value));
            self.problems.push(Diagnostic::error("wrong_type", text.span.clone(), message));
        }
        value.map(|value| text.with(value))
    }

    /// Commands are written into files.
    fn hooks(&mut self) -> Option<Vec<SetupHook>> {
        None
    }

    fn regenerations(&mut self) -> Option<Vec<Regenerate>> {
        None
    }

    fn modules(&mut self) -> BTreeMap<String, ConfiguredModule> {
        BTreeMap::new()
    }

    fn numbers(&mut self, section: &'static str, limits: Limits) -> Named<u64> {
        let texts = self.take_all(section, "");
        let number = |(name, text)| Some((name, self.parsed(text, limits)?));
        texts.into_iter().filter_map(number).collect()
    }

    fn named_texts(&mut self, section: &'static str, key: &'static str) -> Named<String> {
        self.take_all(section, &format!("_{key}"))
    }
}
