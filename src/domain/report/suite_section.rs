//! Sections about the module suites of a test run.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::prose::{Line, Mark};
use super::section::{Block, Section, Table};
use crate::domain::suite::{ModuleKind, SuiteResults, TestFailure};
use crate::domain::time::human_duration;

/// Failures of one module that are shown with their output.
const OUTPUTS_SHOWN: usize = 20;
/// Quicker tests are none of the slowest: rounded, they take no time.
const NOTICED: Duration = Duration::from_millis(50);
/// Slowest tests shown.
const SLOWEST_SHOWN: usize = 10;
/// Flaky tests shown of one module.
const FLAKY_SHOWN: usize = 20;

/// How a module came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModuleOutcome {
    /// Exit 0.
    Passed,
    /// Failed, then passed unchanged.
    Flaky,
    /// Anything else that is its own doing.
    Failed,
    /// Its time ran out.
    TimedOut,
    /// It was stopped.
    Cancelled,
    /// It was stopped because another module failed.
    Stopped,
    /// It never started.
    Skipped,
    /// It is under way.
    Running,
    /// Its turn has not come yet.
    Waiting,
}

impl ModuleOutcome {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Flaky => "flaky",
            Self::Failed => "failed",
            Self::TimedOut => "timed out",
            Self::Cancelled => "cancelled",
            Self::Stopped => "stopped",
            Self::Skipped => "skipped",
            Self::Running => "running",
            Self::Waiting => "waiting",
        }
    }

    /// It ran, and nothing but itself or its limit of time ended it: how long it took means something.
    pub fn came_to_its_end(self) -> bool {
        matches!(self, Self::Passed | Self::Flaky | Self::Failed | Self::TimedOut)
    }

    /// Its time so far, or in all, is worth telling.
    fn has_time(self) -> bool {
        self == Self::Running || self.came_to_its_end()
    }

    fn mark(self) -> Mark {
        match self {
            Self::Passed => Mark::Good,
            Self::Flaky => Mark::Warn,
            Self::Failed | Self::TimedOut => Mark::Bad,
            Self::Running => Mark::Strong,
            Self::Cancelled | Self::Stopped | Self::Skipped | Self::Waiting => Mark::Dim,
        }
    }

    /// It counts as a failure of the run.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::TimedOut | Self::Cancelled)
    }
}

/// What became of a module, over all of its parts and attempts.
#[derive(Debug, Clone, PartialEq)]
pub struct ModuleResult {
    /// Its name.
    pub name: String,
    /// Who knows how to test it.
    pub kind: ModuleKind,
    /// What was run, as one types it.
    pub command: String,
    /// How it came out.
    pub outcome: ModuleOutcome,
    /// What its tests said; `None` where it did not run.
    pub results: Option<SuiteResults>,
    /// From its start to its end, of several parts their sum.
    pub duration: Duration,
    /// What the plan expected of that.
    pub predicted: Option<Duration>,
    /// Attempts that were begun, of several parts the most.
    pub attempts: u32,
    /// Why it did not pass where its results alone don't say it: no worktree could be made for it,
    /// another module stopped it, one of its parts crashed, …
    pub trouble: Option<String>,
}

impl ModuleResult {
    /// Why it did not pass, in a few words.
    pub fn why(&self) -> String {
        let cause = self.results.as_ref().and_then(|results| results.cause.as_ref());
        let told = self.trouble.clone().or_else(|| cause.map(ToString::to_string));
        told.unwrap_or_else(|| self.outcome.word().to_owned())
    }

    /// What was said by test, where something was.
    fn said(&self) -> Option<&SuiteResults> {
        // What could not be built is not what has no tests, whoever tells that it could not.
        let counted = |said: &SuiteResults| said.tally.tests() > 0 || said.passed();
        self.results.as_ref().filter(|said| said.format.is_some() && counted(said))
    }
}

/// All modules of a test run.
#[derive(Debug, Clone, PartialEq)]
pub struct SuiteSummary {
    /// In the order in which they are told.
    pub modules: Vec<ModuleResult>,
    /// Time in which the run was at work.
    pub wall: Duration,
    /// What one after another would have taken; `None` where that is not known.
    pub sequential: Option<Duration>,
}

/// The sections: modules, failures, flaky tests, notes, what was not run, slowest tests.
pub fn suite_sections(summary: &SuiteSummary) -> Vec<Section> {
    let failures = summary.modules.iter().flat_map(failure_blocks).collect();
    let flaky = summary.modules.iter().filter_map(flaky_line).collect();
    let sections = [
        Some(modules(summary)),
        section("Failures", failures),
        section("Flaky", list(flaky)),
        section("Notes", list(summary.modules.iter().flat_map(note_lines).collect())),
        section("Not run", list(summary.modules.iter().filter_map(not_run_line).collect())),
        slowest(summary),
    ];
    sections.into_iter().flatten().collect()
}

fn section(heading: &'static str, blocks: Vec<Block>) -> Option<Section> {
    (!blocks.is_empty()).then_some(Section { heading, blocks })
}

fn list(lines: Vec<Line>) -> Vec<Block> {
    if lines.is_empty() { Vec::new() } else { vec![Block::List(lines)] }
}

fn modules(summary: &SuiteSummary) -> Section {
    let columns =
        ["Module", "Result", ">Tests", ">Failed", ">Skipped", ">Flaky", ">Time", ">Predicted"];
    let mut table = Table::new(&columns);
    for module in &summary.modules {
        let told = |number: Option<u64>| {
            Line::new().text(number.map_or("-".to_owned(), |number| number.to_string()))
        };
        let said = module.said();
        let ran = module.results.as_ref();
        let flaky = ran.map(|results| u64::try_from(results.flaky.len()).unwrap_or(u64::MAX));
        table.rows.push(vec![
            Line::new().code(module.name.as_str()),
            Line::new().mark(module.outcome.mark(), module.outcome.word()),
            told(said.map(|results| results.tally.tests())),
            told(said.map(|results| results.tally.failed)),
            told(said.map(|results| results.tally.skipped)),
            told(flaky),
            Line::new().text(match module.outcome.has_time() {
                true => human_duration(module.duration),
                false => "-".to_owned(),
            }),
            Line::new().text(module.predicted.map_or("-".to_owned(), human_duration)),
        ]);
    }
    let mut blocks = vec![Block::Table(table)];
    blocks.extend(saved_line(summary).map(Block::Line));
    Section { heading: "Modules", blocks }
}

/// What running at once saved, or cost.
pub fn saved_line(summary: &SuiteSummary) -> Option<Line> {
    let sequential = summary.sequential?;
    let line = Line::new().text(format!("{} in all; ", human_duration(summary.wall)));
    let one_by_one = format!("one after another about {}", human_duration(sequential));
    let rest = if sequential >= summary.wall {
        format!("{one_by_one}, {} saved", human_duration(sequential - summary.wall))
    } else {
        format!("{one_by_one}, {} lost", human_duration(summary.wall - sequential))
    };
    Some(line.text(rest))
}

fn failure_blocks(module: &ModuleResult) -> Vec<Block> {
    if !module.outcome.is_failure() {
        return Vec::new();
    }
    let mut blocks = vec![Block::Line(
        Line::new().code(module.name.as_str()).text(": ").join(Line::prose(&module.why())),
    )];
    let Some(results) = &module.results else { return blocks };
    for (at, failure) in results.failures.iter().enumerate() {
        blocks.push(Block::Line(failure_line(failure)));
        if at < OUTPUTS_SHOWN && !failure.output.is_empty() {
            blocks.push(Block::Verbatim(failure.output.lines().map(str::to_owned).collect()));
        }
    }
    if results.more_failures > 0 {
        blocks.push(Block::Line(Line::new().text(format!("and {} more", results.more_failures))));
    }
    if !results.last_lines.is_empty() {
        blocks.push(Block::Verbatim(results.last_lines.clone()));
    }
    blocks
}

fn failure_line(failure: &TestFailure) -> Line {
    let line = Line::new().mark(Mark::Bad, "failed").text(" ").code(failure.test.as_str());
    let line = match &failure.place {
        Some(place) => line.text(format!(" at {}:{}", place.file, place.line)),
        None => line,
    };
    // The output says it, too.
    if failure.message.is_empty() || !failure.output.is_empty() {
        return line;
    }
    line.text(format!(": {}", failure.message))
}

fn flaky_line(module: &ModuleResult) -> Option<Line> {
    let results = module.results.as_ref()?;
    let line = Line::new().code(module.name.as_str()).text(": ");
    match (results.flaky.is_empty(), results.flaked) {
        (false, _) => Some(line.some_codes(&results.flaky, FLAKY_SHOWN)),
        (true, true) => Some(line.text("failed as a whole, then passed unchanged")),
        (true, false) => None,
    }
}

fn note_lines(module: &ModuleResult) -> Vec<Line> {
    let line =
        |note: &String| Line::new().code(module.name.as_str()).text(": ").join(Line::prose(note));
    module.results.iter().flat_map(|results| &results.notes).map(line).collect()
}

fn not_run_line(module: &ModuleResult) -> Option<Line> {
    let not_run = matches!(module.outcome, ModuleOutcome::Stopped | ModuleOutcome::Skipped);
    let why = module.trouble.as_deref().filter(|_| not_run)?;
    Some(Line::new().code(module.name.as_str()).text(": ").join(Line::prose(why)))
}

fn slowest(summary: &SuiteSummary) -> Option<Section> {
    let slow = |module: &'_ ModuleResult| {
        let name = module.name.clone();
        let results = module.results.iter();
        let tests = results.flat_map(|results| results.slowest.clone());
        let tests = tests.filter(|test| test.duration >= NOTICED);
        tests.map(move |test| (name.clone(), test)).collect::<Vec<_>>()
    };
    let mut slowest: Vec<_> = summary.modules.iter().flat_map(slow).collect();
    slowest.sort_by(|(a_module, a), (b_module, b)| {
        b.duration.cmp(&a.duration).then_with(|| (a_module, &a.test).cmp(&(b_module, &b.test)))
    });
    slowest.truncate(SLOWEST_SHOWN);
    if slowest.is_empty() {
        return None;
    }
    let mut table = Table::new(&["Test", "Module", ">Time"]);
    for (module, slow) in slowest {
        table.rows.push(vec![
            Line::new().code(slow.test),
            Line::new().code(module),
            Line::new().text(human_duration(slow.duration)),
        ]);
    }
    Some(Section { heading: "Slowest tests", blocks: vec![Block::Table(table)] })
}

#[cfg(test)]
mod tests;
