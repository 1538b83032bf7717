//! The modules of a test run as cases, as reports of tests have them.

use super::suite_facts::{left_out, part_trouble};
use crate::domain::run::{Outcome, RunState};
use crate::domain::suite::{CaseOutcome, CaseResult, FailedTry, Part, SuiteReading, cases};

/// The cases of a module, or of one of its `parts`, from what its attempts said. What is under way, was
/// not run or was stopped as another module failed is one case that was skipped, with the reason.
/// What failed before its tests has a case as well.
pub fn part_cases(
    state: &RunState,
    part: &Part,
    (parts, attempts): (usize, &[SuiteReading]),
) -> Vec<CaseResult> {
    let Some(task) = state.index(&part.task) else { return Vec::new() };
    let record = &state.tasks[task];
    let whole = Whole { part, is_split: parts > 1 };
    if let Some(why) = left_out(state, record) {
        return vec![CaseResult { why_skipped: Some(why), ..whole.case(CaseOutcome::Skipped) }];
    }
    let failed = match record.outcome() {
        Some(Outcome::Failed | Outcome::TimedOut | Outcome::Cancelled) => true,
        Some(Outcome::Succeeded | Outcome::Skipped) | None => false,
    };
    let mut told = cases(&part.module, attempts);
    if whole.is_split {
        let named = told.iter_mut().filter(|case| case.is_whole(&part.module));
        for case in named {
            case.name = whole.name();
            if let (Some(last), Some(why)) = (case.tries.last_mut(), part_trouble(state, part)) {
                last.message = why;
            }
        }
    }
    let is_bad = |case: &CaseResult| match case.outcome {
        CaseOutcome::Failed | CaseOutcome::Broken => true,
        CaseOutcome::Passed | CaseOutcome::Skipped => false,
    };
    if failed && !told.iter().any(is_bad) {
        let why = record.reason().map(ToString::to_string).unwrap_or_default();
        let message = part_trouble(state, part).filter(|_| whole.is_split).unwrap_or(why);
        let tries = vec![FailedTry { message, output: String::new() }];
        told.insert(0, CaseResult { tries, ..whole.case(CaseOutcome::Broken) });
    } else if told.is_empty() {
        told.push(whole.case(CaseOutcome::Passed));
    }
    told
}

/// A module, or a part of it, as one case.
struct Whole<'a> {
    part: &'a Part,
    is_split: bool,
}

impl Whole<'_> {
    fn name(&self) -> String {
        match self.is_split {
            true => self.part.task.to_string(),
            false => self.part.module.clone(),
        }
    }

    fn case(&self, outcome: CaseOutcome) -> CaseResult {
        CaseResult {
            class: self.part.module.clone(),
            name: self.name(),
            outcome,
            duration: None,
            tries: Vec::new(),
            why_skipped: None,
        }
    }
}

#[cfg(test)]
mod tests;
