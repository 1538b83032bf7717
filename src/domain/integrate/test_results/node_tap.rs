//! Node's tests as TAP.

use std::time::Duration;

use super::TestReading;
use super::collected::Outcome;
use super::excerpt::Excerpt;
use super::lines::{Line, lines};
use super::node::{Ended, Session};

/// Blanks by which what a test holds is indented.
const STEP: usize = 4;

pub(super) fn parse(text: &str) -> Option<TestReading> {
    let mut run = Run::default();
    for line in lines(text) {
        match line {
            Line::Text(line) => run.take(&line),
            Line::Cut => {
                run.close();
                run.session.forget_place();
            }
        }
    }
    run.close();
    if run.open {
        run.session.note_gap();
    }
    run.session.finish()
}

#[derive(Default)]
struct Run {
    session: Session,
    /// It began and has not come to its numbers.
    open: bool,
    /// The plan of all tests was seen: numbers follow.
    planned: bool,
    /// A test whose details follow, and its depth.
    ended: Option<(usize, Ended)>,
    in_details: bool,
}

impl Run {
    fn take(&mut self, line: &str) {
        let said = line.trim_start_matches(' ');
        let blanks = line.len() - said.len();
        if self.in_details {
            self.take_detail(blanks, said);
            return;
        }
        if let Some((depth, _)) = &self.ended
            && said == "---"
            && blanks == depth * STEP + 2
        {
            self.in_details = true;
            return;
        }
        self.close();
        let depth = blanks / STEP;
        if line.starts_with("TAP version ") {
            self.session.begin();
            (self.open, self.planned) = (true, false);
        } else if !self.open {
        } else if let Some(name) = said.strip_prefix("# Subtest: ") {
            self.session.open_group(depth, &unescaped(name));
        } else if let Some((name, outcome)) = parse_point(said) {
            let holds = self.session.holds(depth, &name);
            let ended = Ended {
                name,
                outcome,
                duration: None,
                output: Excerpt::default(),
                holds,
                is_suite: false,
                fails_itself: true,
            };
            self.ended = Some((depth, ended));
        } else if line.starts_with("1..") {
            self.planned = true;
        } else if self.planned
            && let Some(number) = line.strip_prefix("# ")
            && self.session.take_number(number)
        {
            (self.open, self.planned) = (false, false);
        }
    }

    fn take_detail(&mut self, blanks: usize, said: &str) {
        let Some((depth, ended)) = &mut self.ended else { return };
        let own = *depth * STEP + 2;
        if blanks <= own && said == "..." {
            self.in_details = false;
            self.close();
            return;
        }
        if blanks == own {
            match said.split_once(": ") {
                Some(("duration_ms", time)) => {
                    let seconds = time.parse::<f64>().ok().map(|time| time / 1000.0);
                    ended.duration =
                        seconds.and_then(|time| Duration::try_from_secs_f64(time).ok());
                }
                Some(("type", "'suite'")) => ended.is_suite = true,
                Some(("failureType", "'subtestsFailed'")) => ended.fails_itself = false,
                // A file that could not be run, whatever tests it holds.
                Some(("exitCode", _)) => self.session.note_gap(),
                _ => {}
            }
        }
        ended.output.push(&format!("{}{said}", " ".repeat(blanks.saturating_sub(own))));
    }

    fn close(&mut self) {
        self.in_details = false;
        if let Some((depth, ended)) = self.ended.take() {
            self.session.end(depth, ended);
        }
    }
}

/// From `ok 3 - name # SKIP why`.
fn parse_point(said: &str) -> Option<(String, Outcome)> {
    let (passed, rest) = match said.strip_prefix("not ok ") {
        Some(rest) => (false, rest),
        None => (true, said.strip_prefix("ok ")?),
    };
    let (number, name) = rest.split_once(" - ")?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // In a name, `#` stands behind a backslash.
    let (name, directive) = name.split_once(" # ").unwrap_or((name, ""));
    let outcome = match (directive.get(..4), passed) {
        (Some("SKIP" | "TODO"), _) => Outcome::Skipped,
        (_, true) => Outcome::Passed,
        (_, false) => Outcome::Failed,
    };
    Some((unescaped(name), outcome))
}

fn unescaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        text.push(if c == '\\' { chars.next().unwrap_or(c) } else { c });
    }
    text
}
