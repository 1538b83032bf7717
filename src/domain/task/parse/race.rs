//! `[race]`: how the hypotheses of a file are decided.

use std::ops::Range;
use std::time::Duration;

use super::fields::Fields;
use super::hypothesis::{Arms, HypothesisPlace, WrittenHypothesis};
use super::{Known, Written, value};
use crate::domain::diagnostic::{Diagnostic, Placed, Problems, Table};
use crate::domain::id::TaskId;
use crate::domain::task::{Better, Metric, RaceRules, RaceSet, RaceStop};

/// Most runs of the check on one arm.
const MOST_RUNS: u64 = 1000;

/// `[race]` and its hypotheses as written.
pub(super) struct WrittenRace {
    /// The header, where it is there.
    place: Option<Range<usize>>,
    rules: Option<RaceRules>,
    hypotheses: Vec<WrittenHypothesis>,
    /// Something stands under `hypothesis`, right or wrong.
    told_of_hypotheses: bool,
}

/// What a valid file says of its race.
pub(super) struct Settled {
    pub(super) set: Option<RaceSet>,
    pub(super) places: Vec<HypothesisPlace>,
}

pub(super) fn read(root: &mut Table<'_>, known: &Known, problems: &Problems) -> WrittenRace {
    let form = "{ id = \"…\", patch = \"…\" }";
    let place = root.key("race");
    let rules = root.table("race").and_then(|table| rules(table, known, problems));
    let tables = root.tables_like("hypothesis", Some(form)).into_iter();
    let hypotheses = tables.map(|table| WrittenHypothesis::read(table, known, problems));
    WrittenRace {
        place,
        rules,
        hypotheses: hypotheses.collect(),
        told_of_hypotheses: root.key("hypothesis").is_some(),
    }
}

impl WrittenRace {
    /// The hypotheses, as tasks.
    pub(super) fn written(&self) -> impl Iterator<Item = &Written> {
        self.hypotheses.iter().map(|hypothesis| &hypothesis.task)
    }

    /// The finished race. `ids` belong to the hypotheses, in order; `meant` are keys of the file that
    /// are misspelt.
    pub(super) fn settled(
        self,
        (ids, meant): (Vec<Option<TaskId>>, &[&str]),
        (defaults, known): (&Fields, &Known),
        problems: &Problems,
    ) -> Settled {
        let first = self.hypotheses.first().map(|hypothesis| hypothesis.task.place.clone());
        match (&self.place, first) {
            (Some(race), None) if !self.told_of_hypotheses && !meant.contains(&"hypothesis") => {
                let message = "there is no `[[hypothesis]]` for this race to decide between";
                let problem = Diagnostic::error("no_hypotheses", race.clone(), message);
                let help = "add `[[hypothesis]]` with `id` and `patch`, `run`, `argv` or `agent`";
                problems.push(problem.help(help));
            }
            (None, Some(first)) if !meant.contains(&"race") => {
                let message = "nothing decides between the hypotheses of this file";
                let problem = Diagnostic::error("no_race", first, message);
                let help = "add `[race]` with `check = \"…\"`: a command that passes where a \
                            hypothesis is right";
                problems.push(problem.help(help));
            }
            (Some(_) | None, Some(_) | None) => {}
        }
        let mut arms = Arms::new(self.written(), defaults, known);
        for (hypothesis, id) in self.hypotheses.into_iter().zip(ids) {
            arms.add(hypothesis, id, problems);
        }
        let (hypotheses, places) = arms.finished();
        let set = match (self.rules, hypotheses) {
            (Some(rules), Some(hypotheses)) if !hypotheses.is_empty() => {
                Some(RaceSet { rules, hypotheses })
            }
            (Some(_) | None, Some(_) | None) => None,
        };
        Settled { set, places }
    }
}

impl Settled {
    /// Further attempts of each hypothesis.
    pub(super) fn retries(&self) -> impl Iterator<Item = u32> {
        let hypotheses = self.set.iter().flat_map(|set| &set.hypotheses);
        hypotheses.map(|hypothesis| hypothesis.task.retries)
    }
}

/// The rules; `None` means that an error was recorded.
fn rules(mut table: Table<'_>, known: &Known, problems: &Problems) -> Option<RaceRules> {
    let place = table.span();
    let check = value::text(&mut table, "check", problems);
    let control = table.boolean("control").is_none_or(|control| control.value);
    let runs = table.integer("runs", (1, MOST_RUNS));
    let need = table.integer("need", (1, MOST_RUNS));
    let stop = stop(&mut table, problems);
    let pattern = value::text(&mut table, "metric", problems);
    let better = better(&mut table, problems);
    let timeout = value::duration(&mut table, "timeout", problems);
    let has_key = |key| table.key(key).is_some();
    let (has_check, has_runs, has_metric) = (has_key("check"), has_key("runs"), has_key("metric"));
    let meant = table.finish();
    if !has_check && !meant.contains(&"check") {
        let problem = Diagnostic::error("missing_key", place, "`[race]` has no `check`");
        let help = "add `check = \"…\"`: a command that passes where a hypothesis is right";
        problems.push(problem.help(help));
    }
    let count = |written: &Placed<u64>| u32::try_from(written.value).unwrap_or(u32::MAX);
    let all = runs.as_ref().map_or(1, count);
    let is_known = runs.is_some() || !(has_runs || meant.contains(&"runs"));
    if let Some(most) = need.as_ref().filter(|need| is_known && count(need) > all) {
        let times = if all == 1 { "once".to_owned() } else { format!("{all} times") };
        let message = format!("`need` is {}, but the check runs {times}", most.value);
        let problem = Diagnostic::error("out_of_range", most.span.clone(), message);
        problems.push(problem.help(format!("write `runs = {}`, or lower `need`", most.value)));
    }
    if let Some(better) = better.as_ref().filter(|_| !has_metric && !meant.contains(&"metric")) {
        let message = "`better` compares numbers of a `metric`, and there is none";
        let problem = Diagnostic::error("no_metric", better.span.clone(), message);
        problems.push(problem.help(METRIC_FORM));
    }
    let better = better.map_or(Better::Lower, |better| better.value);
    let metric = pattern.and_then(|pattern| metric(pattern, better, problems));
    Some(RaceRules {
        check: check?.value,
        control,
        runs: all,
        need: need.as_ref().map_or(all, count),
        stop: stop.unwrap_or_default(),
        metric,
        timeout: timeout.unwrap_or(known.default_timeout).max(Duration::from_millis(1)),
    })
}

const METRIC_FORM: &str = r"write it with the number in parentheses: `metric = 'p95 = (\d+\.\d+)'`";

fn metric(pattern: Placed<String>, better: Better, problems: &Problems) -> Option<Metric> {
    match Metric::parse(&pattern.value, better) {
        Ok(metric) => Some(metric),
        Err(error) => {
            let message = format!("`metric` {error}");
            let problem = Diagnostic::error("bad_metric", pattern.span, message);
            problems.push(problem.help(METRIC_FORM));
            None
        }
    }
}

fn stop(table: &mut Table<'_>, problems: &Problems) -> Option<RaceStop> {
    let written = table.string("stop")?;
    let known = [("first", RaceStop::First), ("all", RaceStop::All)];
    word("stop", &written, known, problems)
}

fn better(table: &mut Table<'_>, problems: &Problems) -> Option<Placed<Better>> {
    let written = table.string("better")?;
    let known = [("lower", Better::Lower), ("higher", Better::Higher)];
    word("better", &written, known, problems).map(|better| written.with(better))
}

fn word<T: Copy>(
    key: &str,
    written: &Placed<String>,
    known: [(&'static str, T); 2],
    problems: &Problems,
) -> Option<T> {
    let found = known.iter().find(|(word, _)| *word == written.value);
    if found.is_none() {
        let words = known.map(|(word, _)| word);
        let what = format!("value of `{key}`");
        problems.push(value::unknown("unknown_value", &what, written, words));
    }
    found.map(|&(_, value)| value)
}
