//! `[[group]]`, `group`, `fail_fast` and `run_timeout`: which failures stop what else, and how long a
//! group or the run may take.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::value;
use crate::domain::diagnostic::{Diagnostic, Placed, Problems, Table, quoted};
use crate::domain::task::{FailFast, TimeLimits};

/// What the file says about groups.
pub(super) struct WrittenGroups {
    fail_fast: FailFast,
    time_limits: TimeLimits,
    names: BTreeMap<String, Range<usize>>,
}

/// Reads `fail_fast` and `run_timeout` of the file and all of `[[group]]`.
pub(super) fn read(root: &mut Table<'_>, problems: &Problems) -> WrittenGroups {
    let run = root.boolean("fail_fast").is_some_and(|flag| flag.value);
    let limit = value::duration(root, "run_timeout", problems);
    let mut time_limits = TimeLimits { run: limit, groups: BTreeMap::new() };
    let mut groups = BTreeSet::new();
    let mut names: BTreeMap<String, Range<usize>> = BTreeMap::new();
    for mut table in root.tables("group") {
        let name = value::required(&mut table, "name", problems);
        let fail_fast = table.boolean("fail_fast");
        let limit = value::duration(&mut table, "timeout", problems);
        table.finish();
        let Some(name) = name else { continue };
        if let Some(first) = names.get(&name.value) {
            let message = format!("there is a group {} already", quoted(&name.value));
            let problem = Diagnostic::error("duplicate_group", name.span.clone(), message);
            problems.push(problem.labelled("again here").also(first.clone(), "first here"));
            continue;
        }
        if fail_fast.is_some_and(|flag| flag.value) {
            groups.insert(name.value.clone());
        }
        time_limits.groups.extend(limit.map(|limit| (name.value.clone(), limit)));
        names.insert(name.value, name.span);
    }
    WrittenGroups { fail_fast: FailFast { run, groups }, time_limits, names }
}

impl WrittenGroups {
    /// Reports groups of tasks that are not declared, and groups that no task is in.
    pub(super) fn settled<'a>(
        self,
        members: impl Iterator<Item = &'a Placed<String>>,
        problems: &Problems,
    ) -> (FailFast, TimeLimits) {
        let mut used: BTreeSet<&str> = BTreeSet::new();
        for group in members {
            used.insert(&group.value);
            if !self.names.contains_key(&group.value) {
                let known = self.names.keys().map(String::as_str);
                let problem = value::unknown("unknown_group", "group", group, known);
                let how = format!("declare it: `[[group]]` with `name = {:?}`", group.value);
                problems.push(problem.help(how));
            }
        }
        for (name, span) in self.names.iter().filter(|(name, _)| !used.contains(name.as_str())) {
            let message = format!("no task is in the group {}", quoted(name));
            problems.push(
                Diagnostic::warning("empty_group", span.clone(), message)
                    .help("a task joins it by `group = \"…\"`"),
            );
        }
        (self.fail_fast, self.time_limits)
    }
}
