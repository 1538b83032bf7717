//! Node's tests by its `spec` reporter.

use std::time::Duration;

use super::TestReading;
use super::collected::Outcome;
use super::excerpt::Excerpt;
use super::lines::{Line, lines};
use super::node::{Ended, Session};

/// Blanks by which what a test holds is indented.
const STEP: usize = 2;

pub(super) fn parse(text: &str) -> Option<TestReading> {
    let mut run = Run::default();
    for line in lines(text) {
        match line {
            Line::Text(line) => run.take(&line),
            Line::Cut => {
                run.close_output();
                run.session.forget_place();
            }
        }
    }
    run.close_output();
    run.session.finish()
}

#[derive(Default)]
struct Run {
    session: Session,
    /// What is told of a test that failed.
    output: Option<(Failed, Excerpt)>,
    /// Blanks by which that is indented.
    indent: usize,
    /// All tests ended; those that failed are told of again.
    in_failing: bool,
    /// Tests that failed: name and id.
    failed: Vec<(String, String)>,
}

/// The test that is told of.
enum Failed {
    Id(String),
    /// One that is told of at the end has only its name.
    Name(String),
}

impl Run {
    fn take(&mut self, line: &str) {
        let said = line.trim_start_matches(' ');
        let depth = (line.len() - said.len()) / STEP;
        if line == "✖ failing tests:" {
            self.close_output();
            self.in_failing = true;
        } else if let Some(number) = line.strip_prefix("ℹ ") {
            self.close_output();
            if self.session.take_number(number) {
                self.in_failing = false;
            }
        } else if let Some(name) = said.strip_prefix("▶ ") {
            self.close_output();
            self.in_failing = false;
            match parse_timed(name) {
                // Older ones end a group in the way it began.
                Some(timed) if self.session.holds(depth, timed.name) => {
                    self.end(depth, Outcome::Passed, &timed);
                }
                Some(_) | None => self.session.open_group(depth, name),
            }
        } else if let Some((outcome, timed)) = parse_end(said)
            && self.session.has_depth(depth)
        {
            self.close_output();
            if self.in_failing && depth == 0 {
                self.output = Some((Failed::Name(timed.name.to_owned()), Excerpt::default()));
                self.indent = STEP;
            } else {
                self.end(depth, outcome, &timed);
            }
        } else if let Some((_, output)) = &mut self.output
            && !(self.in_failing && line.starts_with("test at "))
        {
            let blanks = line.len() - said.len();
            output.push(line.get(blanks.min(self.indent)..).unwrap_or_default());
        }
    }

    fn end(&mut self, depth: usize, outcome: Outcome, timed: &Timed<'_>) {
        let ended = Ended {
            name: timed.name.to_owned(),
            outcome,
            duration: timed.duration,
            output: Excerpt::default(),
            holds: self.session.holds(depth, timed.name),
            is_suite: false,
            fails_itself: false,
        };
        // As a file is called that could not be run.
        if outcome == Outcome::Failed && depth == 0 && timed.name.starts_with('/') {
            self.session.note_gap();
        }
        let id = self.session.end(depth, ended);
        if outcome == Outcome::Failed
            && let Some(id) = id
        {
            self.failed.push((timed.name.to_owned(), id.clone()));
            self.output = Some((Failed::Id(id), Excerpt::default()));
            self.indent = STEP * (depth + 1);
        }
    }

    fn close_output(&mut self) {
        let Some((of, output)) = self.output.take() else { return };
        if output.is_empty() {
            return;
        }
        let id = match of {
            Failed::Id(id) => Some(id),
            Failed::Name(name) => {
                let at = self.failed.iter().position(|(own, _)| *own == name);
                at.map(|at| self.failed.remove(at).1)
            }
        };
        if let Some(id) = id {
            self.session.print(&id, output);
        }
    }
}

struct Timed<'a> {
    name: &'a str,
    duration: Option<Duration>,
    directive: &'a str,
}

/// From `✔ name (0.9ms) # why`.
fn parse_end(said: &str) -> Option<(Outcome, Timed<'_>)> {
    let (mark, rest) = said.split_once(' ')?;
    let outcome = match mark {
        "✔" => Outcome::Passed,
        "✖" => Outcome::Failed,
        "﹣" => Outcome::Skipped,
        _ => return None,
    };
    let timed = parse_timed(rest)?;
    let is_todo = timed.directive.starts_with("TODO") || timed.directive.starts_with("SKIP");
    Some((if is_todo { Outcome::Skipped } else { outcome }, timed))
}

fn parse_timed(text: &str) -> Option<Timed<'_>> {
    let (at, _) = text.rmatch_indices(" (").find(|(at, _)| time_at(text, *at).is_some())?;
    let (time, rest) = time_at(text, at)?;
    let directive = match rest.strip_prefix(" # ") {
        Some(directive) => directive,
        None if rest.is_empty() => "",
        None => return None,
    };
    let duration = Duration::try_from_secs_f64(time / 1000.0).ok();
    Some(Timed { name: text.get(..at)?, duration, directive })
}

/// Milliseconds of ` (0.9ms)` that begins there, and what follows.
fn time_at(text: &str, at: usize) -> Option<(f64, &str)> {
    let (time, rest) = text.get(at + 2..)?.split_once("ms)")?;
    Some((time.parse().ok()?, rest))
}
