//! `cargo test`: complete when every target that was started ended with numbers that are those of the
//! tests it listed, and cargo did not stop at the first target that failed (it does without
//! `--no-fail-fast`). With `-q` only tests that failed are named, and without their targets. What a
//! test prints past the harness can hide its line; the numbers then tell. A test binary that is run
//! without cargo is complete only where nothing failed: cargo may have said elsewhere that it stopped.
//!
//! Ids: `foo src/lib.rs tests::name`, `it tests/it.rs name`; of doc-tests
//! `doc foo src/lib.rs - item`, with ` #2` for the second of an item, as line numbers move. A target
//! that is run again under the same name is numbered in the same way.

use std::collections::BTreeMap;

use super::cargo_block::Block;
use super::collected::{Collected, Outcome, prefix};
use super::excerpt::Excerpt;
use super::lines::{Line, lines};
use super::{TestFormat, TestReading};

/// `None` when no test binary spoke.
pub(super) fn parse(text: &str) -> Option<TestReading> {
    let mut run = Run::default();
    for line in lines(text) {
        match line {
            Line::Text(line) => run.take(&line),
            Line::Cut => run.forget_place(),
        }
    }
    run.close_target();
    if run.failed_targets > 0 || run.owes_error {
        run.collected.note_gap();
    }
    run.spoke.then(|| run.collected.finish(TestFormat::Cargo))
}

#[derive(Default)]
struct Run {
    collected: Collected,
    spoke: bool,
    target: Option<Target>,
    block: Option<Block>,
    /// How often each target was started.
    started: BTreeMap<String, usize>,
    /// A binary spoke whose target is not known.
    nameless: bool,
    /// A test failed, and cargo has not said yet that its target did.
    owes_error: bool,
    /// Targets that failed and that no list at the end has counted yet.
    failed_targets: usize,
}

struct Target {
    id: String,
    is_doc: bool,
    blocks: usize,
    /// Doc-tests.
    docs: Vec<Doc>,
}

struct Doc {
    name: String,
    line: u64,
    outcome: Outcome,
    output: Option<Excerpt>,
}

impl Run {
    fn take(&mut self, line: &str) {
        if let Some(block) = &mut self.block
            && block.is_in_details()
        {
            if block.take(line) {
                self.close_block(Some(line));
            }
            return;
        }
        self.take_error(line);
        if let Some((id, is_doc)) = parse_header(line) {
            self.close_target();
            self.start(&id, is_doc);
        } else if let Some(block) = Block::parse_start(line) {
            self.close_block(None);
            self.begin(block);
        } else if let Some(block) = &mut self.block
            && block.take(line)
        {
            self.close_block(Some(line));
        }
    }

    /// What cargo says of itself.
    fn take_error(&mut self, line: &str) {
        if line.trim_start().starts_with("process didn't exit successfully") {
            self.collected.note_gap();
        }
        let Some(error) = line.strip_prefix("error: ") else { return };
        match parse_failure(error) {
            Some(Failure::Target) => {
                self.failed_targets += 1;
                self.owes_error = false;
            }
            Some(Failure::All(count)) => {
                if count != self.failed_targets {
                    self.collected.note_gap();
                }
                self.failed_targets = 0;
            }
            Some(Failure::Nextest) => {}
            None if self.block.is_none() || error.starts_with("could not compile") => {
                self.collected.note_gap();
            }
            None => {}
        }
    }

    fn start(&mut self, id: &str, is_doc: bool) {
        let times = self.started.entry(id.to_owned()).or_default();
        *times += 1;
        let id = if *times > 1 { format!("{id} #{times}") } else { id.to_owned() };
        self.target = Some(Target { id, is_doc, blocks: 0, docs: Vec::new() });
    }

    fn begin(&mut self, block: Block) {
        self.block = Some(block);
        let again = match &mut self.target {
            Some(target) => {
                target.blocks += 1;
                target.blocks > 1 && !target.is_doc || self.nameless
            }
            None => std::mem::replace(&mut self.nameless, true) || self.spoke,
        };
        if again {
            self.collected.note_gap();
        }
        self.spoke = true;
    }

    fn close_block(&mut self, last: Option<&str>) {
        let Some(block) = self.block.take() else { return };
        let ended = block.finish(last);
        if !ended.whole {
            self.collected.note_gap();
        }
        if let Some(tally) = ended.tally {
            self.collected.count(tally);
        }
        if let (Some(target), Some(took)) = (&self.target, ended.took) {
            self.collected.time_group(&[&target.id], took);
        }
        let mut outputs: BTreeMap<String, Excerpt> = ended.outputs.into_iter().collect();
        for (name, outcome) in ended.tests {
            self.owes_error |= outcome == Outcome::Failed;
            let output = outputs.remove(&name);
            let parts = match &mut self.target {
                Some(target) if target.is_doc => {
                    let (name, line) = without_line(&name);
                    target.docs.push(Doc { name, line, outcome, output });
                    continue;
                }
                Some(target) => [target.id.as_str(), &name],
                None => ["", name.as_str()],
            };
            self.collected.record(&parts, outcome);
            if let Some(output) = output {
                self.collected.print(&parts, output);
            }
        }
    }

    fn close_target(&mut self) {
        self.close_block(None);
        let Some(mut target) = self.target.take() else { return };
        if target.blocks == 0 {
            self.collected.note_gap();
        }
        target.docs.sort_by(|a, b| (&a.name, a.line, a.outcome).cmp(&(&b.name, b.line, b.outcome)));
        let mut last: Option<(String, usize)> = None;
        for doc in target.docs {
            let number = match &last {
                Some((name, number)) if *name == doc.name => number + 1,
                Some(_) | None => 1,
            };
            let mark = if number > 1 { format!("#{number}") } else { String::new() };
            let parts = [target.id.as_str(), &doc.name, &mark];
            self.collected.record(&parts, doc.outcome);
            if let Some(output) = doc.output {
                self.collected.print(&parts, output);
            }
            last = Some((doc.name, number));
        }
    }

    /// What comes next may belong to any target.
    fn forget_place(&mut self) {
        self.close_target();
        self.collected.note_gap();
        self.nameless = true;
    }
}

/// That tests failed, as cargo and nextest say it.
pub(super) enum Failure {
    /// A target of `cargo test`.
    Target,
    /// So many targets of it in all, which is told when no further one will be started.
    All(usize),
    /// A run of nextest.
    Nextest,
}

/// Reads what stands behind `error: `.
pub(super) fn parse_failure(error: &str) -> Option<Failure> {
    let (first, rest) = error.split_once(' ')?;
    match rest {
        "run failed" if first == "test" => Some(Failure::Nextest),
        "target failed:" | "targets failed:" => Some(Failure::All(first.parse().ok()?)),
        _ if rest.starts_with("failed, to rerun pass") => Some(Failure::Target),
        _ => None,
    }
}

/// The name of a doc-test without the line it stands in.
fn without_line(name: &str) -> (String, u64) {
    let parts = name.strip_suffix(')').and_then(|name| name.rsplit_once(" (line "));
    match parts.and_then(|(name, line)| Some((name, line.parse().ok()?))) {
        Some((name, line)) => (name.to_owned(), line),
        None => (name.to_owned(), 0),
    }
}

/// The target that a line says is started, and whether it is the doc-tests of one.
fn parse_header(line: &str) -> Option<(String, bool)> {
    let said = line.strip_prefix(' ')?.trim_start();
    if let Some(name) = said.strip_prefix("Doc-tests ") {
        return Some((prefix(&format!("doc {name}"))?, true));
    }
    let said = said.strip_prefix("Running ")?;
    let said = said.strip_prefix("unittests ").unwrap_or(said);
    let (path, binary) = match said.strip_suffix(')').and_then(|said| said.split_once(" (")) {
        Some((path, binary)) => (path, binary),
        // As old ones and `-v` say it.
        None => ("", said.trim_matches('`').split(' ').next()?),
    };
    let file = binary.rsplit(['/', '\\']).next()?;
    let (name, hash) = file.strip_suffix(".exe").unwrap_or(file).rsplit_once('-')?;
    let is_hash = hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    let id = if path.is_empty() { prefix(name)? } else { prefix(&format!("{name} {path}"))? };
    is_hash.then_some((id, false))
}

#[cfg(test)]
mod tests;
