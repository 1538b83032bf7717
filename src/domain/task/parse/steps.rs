//! `[[gate]]` and `[[validate]]`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{Known, value};
use crate::domain::diagnostic::{Diagnostic, Placed, Problems, Table, quoted};
use crate::domain::id::slugify;
use crate::domain::task::{Gate, PassRule, Validation};

/// Suggestions compare with every phase, so only the first problems get one.
const MOST_SUGGESTIONS: usize = 100;

/// Gates in the order of the file, each with the place of its phase. Two gates after one phase are
/// an error; phases whose slugs are equal count as one, since gates take their ids from them.
pub(super) fn gates(root: &mut Table<'_>, known: &Known, problems: &Problems) -> Vec<Placed<Gate>> {
    let mut first: BTreeMap<String, Range<usize>> = BTreeMap::new();
    let mut gates = Vec::new();
    for mut table in root.tables_like("gate", Some("{ after = \"…\", run = \"…\" }")) {
        let after = value::required(&mut table, "after", problems);
        let run = value::required(&mut table, "run", problems);
        let timeout = value::duration(&mut table, "timeout", problems);
        table.finish();
        let Some(after) = after else { continue };
        let message = || format!("there is a gate after {} already", quoted(&after.value));
        let key = slugify(&after.value);
        only_once(&mut first, (key, &after.span), ("duplicate_gate", message), problems);
        let gate = Gate {
            after: after.value,
            run: run.map(|run| run.value).unwrap_or_default(),
            timeout: timeout.unwrap_or(known.default_timeout),
        };
        gates.push(Placed { value: gate, span: after.span });
    }
    gates
}

/// Validations in the order of the file.
pub(super) fn validations(
    root: &mut Table<'_>,
    known: &Known,
    problems: &Problems,
) -> Vec<Validation> {
    let mut first: BTreeMap<String, Range<usize>> = BTreeMap::new();
    let mut validations = Vec::new();
    for mut table in root.tables_like("validate", Some("{ name = \"…\", run = \"…\" }")) {
        let name = value::required(&mut table, "name", problems);
        let run = value::required(&mut table, "run", problems);
        let report = report(&mut table, problems);
        let rerun = rerun(&mut table, problems);
        let locks = value::texts(&mut table, "locks", problems);
        let cache = table.boolean("cache");
        let timeout = value::duration(&mut table, "timeout", problems);
        table.finish();
        let Some(name) = name else { continue };
        let message = || format!("there is a validation {} already", quoted(&name.value));
        let place = (name.value.clone(), &name.span);
        only_once(&mut first, place, ("duplicate_validation", message), problems);
        validations.push(Validation {
            name: name.value,
            run: run.map(|run| run.value).unwrap_or_default(),
            report,
            rerun,
            locks: locks.unwrap_or_default(),
            cache: cache.is_none_or(|cache| cache.value),
            pass: PassRule::default(),
            timeout: timeout.unwrap_or(known.default_timeout),
        });
    }
    validations
}

/// Reports gates after phases that no task has.
pub(super) fn check_phases<'a>(
    gates: &[Placed<Gate>],
    phases: impl Iterator<Item = &'a str>,
    problems: &Problems,
) {
    let phases: BTreeSet<&str> = phases.collect();
    let astray = gates.iter().filter(|gate| !phases.contains(gate.value.after.as_str()));
    for (count, gate) in astray.enumerate() {
        let written = gate.with(gate.value.after.clone());
        let known =
            phases.iter().copied().take(if count < MOST_SUGGESTIONS { usize::MAX } else { 0 });
        let problem = value::unknown("unknown_phase", "phase", &written, known);
        problems.push(if phases.is_empty() {
            problem.help("no task has a `phase`")
        } else {
            problem
        });
    }
}

/// Where the results by test are left: a path within the worktree.
fn report(table: &mut Table<'_>, problems: &Problems) -> Option<String> {
    let report = value::text(table, "report", problems)?;
    let path = std::path::Path::new(&report.value);
    let outside = path.components().any(|part| !matches!(part, std::path::Component::Normal(_)));
    if outside {
        let message = "`report` must be a path within the repository, without `..`";
        problems.push(Diagnostic::error("bad_path", report.span, message));
        return None;
    }
    Some(report.value)
}

/// A command for chosen tests must have a place for them.
fn rerun(table: &mut Table<'_>, problems: &Problems) -> Option<String> {
    let rerun = value::text(table, "rerun", problems)?;
    if !rerun.value.contains("{tests}") {
        let message = "`rerun` must say where the names of the tests go: `{tests}`";
        problems.push(Diagnostic::error("bad_rerun", rerun.span, message));
        return None;
    }
    Some(rerun.value)
}

fn only_once(
    first: &mut BTreeMap<String, Range<usize>>,
    (key, span): (String, &Range<usize>),
    (code, message): (&'static str, impl Fn() -> String),
    problems: &Problems,
) {
    match first.get(&key) {
        Some(earlier) => {
            let problem = Diagnostic::error(code, span.clone(), message()).labelled("again here");
            problems.push(problem.also(earlier.clone(), "first here"));
        }
        None => {
            first.insert(key, span.clone());
        }
    }
}
