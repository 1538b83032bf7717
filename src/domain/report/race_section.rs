//! What a race found: every arm beside the control, the winner and why, how sure that is, and what
//! shows that the others are falsified.

use super::prose::{Line, Mark};
use super::race_document::{ArmFacts, ArmVerdict, ControlFacts, RaceFacts};
use super::section::{Block, Section, Table};
use crate::domain::diagnostic::some_quoted;
use crate::domain::id::TaskId;
use crate::domain::race::{
    Evidence, MetricSummary, Reproduction, Shown, Tally, metric_text, miss, pass_rate,
};
use crate::domain::time::human_duration;

/// Paths named in one line.
const PATHS_NAMED: usize = 3;

/// The result in one line.
pub fn race_headline(facts: &RaceFacts) -> Line {
    let line = Line::new().text("race ").code(facts.run.as_str()).text(": ");
    if facts.reproduction() == Some(Reproduction::NotReproduced) {
        let line = line.mark(Mark::Bad, "not reproduced");
        return line.text(": the base passes the check, so there is nothing to decide");
    }
    if let Some(why) = facts.control.as_ref().and_then(|control| control.reason.as_ref()) {
        let line = line.mark(Mark::Bad, "not decided");
        let line = line.text(": the check came to no result on the base: ");
        return line.join(Line::prose(why));
    }
    if let Some(winner) = facts.ranking().winner() {
        return line.code(winner.as_str()).text(" is ").mark(Mark::Good, "proved");
    }
    if facts.arms.iter().any(|arm| arm.verdict.is_none()) {
        return line.mark(Mark::Warn, "not decided yet");
    }
    line.mark(Mark::Bad, "no hypothesis is proved")
}

/// What goes with the headline.
pub fn race_sections(facts: &RaceFacts) -> Vec<Section> {
    let mut blocks = vec![Block::Table(table(facts))];
    let sentences = sentences(facts);
    if !sentences.is_empty() {
        blocks.push(Block::List(sentences));
    }
    let mut sections = vec![Section { heading: "Race", blocks }];
    let control = facts.control.iter().flat_map(control_blocks);
    let evidence: Vec<Block> = control.chain(facts.arms.iter().flat_map(evidence_blocks)).collect();
    if !evidence.is_empty() {
        sections.push(Section { heading: "Evidence", blocks: evidence });
    }
    sections
}

/// How far a race is that goes on: every arm beside the control, and which of them can still win.
pub(super) fn race_progress(facts: &RaceFacts) -> Section {
    let blocks = vec![Block::Table(table(facts)), Block::Line(chances(facts))];
    Section { heading: "Race", blocks }
}

fn chances(facts: &RaceFacts) -> Line {
    let can_win = facts.arms.iter().filter_map(|arm| Some((arm, facts.lacks(arm)?)));
    let mut line = Line::new();
    for (at, (arm, lacks)) in can_win.enumerate() {
        line = line.text(if at == 0 { "can still win: " } else { ", " }).code(arm.id.as_str());
        let left = facts.rules.runs.saturating_sub(arm.tally.runs());
        line = match lacks {
            0 => line.text(" (is proved)"),
            _ if facts.rules.runs == 1 => line,
            _ => line.text(format!(" (needs {lacks} of {left} more runs)")),
        };
    }
    if line.spans.is_empty() { line.text("no arm can win any more") } else { line }
}

fn table(facts: &RaceFacts) -> Table {
    let has_metric = facts.rules.metric.is_some();
    let repeats = facts.rules.runs > 1;
    let mut headings = vec!["Arm", "Verdict", ">Passes"];
    headings.extend(repeats.then_some("Pass rate (95 %)"));
    headings.extend(has_metric.then_some(">Metric"));
    headings.extend([">Diff", ">Files", ">Time"]);
    let mut table = Table::new(&headings);
    let text = |text: String| Line::new().text(text);
    let measured = |tally: Tally, metric: Option<MetricSummary>| {
        let mut cells = vec![text(passes(tally))];
        cells.extend(repeats.then(|| text(rate_text(facts, tally))));
        cells.extend(has_metric.then(|| text(metric.map_or_else(none, metric_cell))));
        cells
    };
    if let Some(control) = &facts.control {
        let word = match facts.reproduction() {
            Some(Reproduction::Reproduced) => Line::new().mark(Mark::Good, "reproduced"),
            Some(Reproduction::NotReproduced) => Line::new().mark(Mark::Bad, "not reproduced"),
            Some(Reproduction::Open) | None if control.reason.is_some() => {
                verdict_word(Some(ArmVerdict::Errored))
            }
            Some(Reproduction::Open) | None => text(none()),
        };
        let mut row = vec![text("control (the base)".to_owned()), word];
        row.extend(measured(control.tally, control.metric));
        row.extend([none(), none(), human_duration(control.duration)].map(text));
        table.rows.push(row);
    }
    for arm in &facts.arms {
        let mut row = vec![Line::new().code(arm.id.as_str()), verdict_word(arm.verdict)];
        row.extend(measured(arm.tally, arm.metric));
        row.extend(sizes(arm).map(text));
        table.rows.push(row);
    }
    table
}

/// Of its diff, where it came to have one, and of its time.
fn sizes(arm: &ArmFacts) -> [String; 3] {
    let has_work = arm.tip.is_some() || !arm.changes.paths.is_empty();
    let lines = match arm.changes.lines {
        _ if !has_work => none(),
        1 => "1 line".to_owned(),
        lines => format!("{lines} lines"),
    };
    let files = if has_work { arm.changes.paths.len().to_string() } else { none() };
    let has_run = has_work || !arm.duration.is_zero();
    [lines, files, if has_run { human_duration(arm.duration) } else { none() }]
}

fn none() -> String {
    "-".to_owned()
}

fn verdict_word(verdict: Option<ArmVerdict>) -> Line {
    match verdict {
        Some(ArmVerdict::Proved) => Line::new().mark(Mark::Good, "proved"),
        Some(ArmVerdict::Falsified) => Line::new().mark(Mark::Bad, "falsified"),
        Some(ArmVerdict::Stopped) => Line::new().mark(Mark::Dim, "stopped"),
        Some(ArmVerdict::Errored) => Line::new().mark(Mark::Warn, "errored"),
        None => Line::new().text("open"),
    }
}

fn passes(tally: Tally) -> String {
    match tally.runs() {
        0 => none(),
        runs => format!("{} of {runs}", tally.passes),
    }
}

fn rate_text(facts: &RaceFacts, tally: Tally) -> String {
    if tally.runs() == 0 {
        return none();
    }
    let bounds = pass_rate(&facts.rules, tally);
    // Outwards, so that the interval that is shown holds as well.
    let (low, high) = ((bounds.low * 100.0).floor(), (bounds.high * 100.0).ceil());
    format!("{low:.0} % to {high:.0} %")
}

fn metric_cell(metric: MetricSummary) -> String {
    let [median, low, high] = [metric.median, metric.low, metric.high].map(metric_text);
    match metric.runs {
        1 => median,
        _ if metric.is_confident() => format!("{median} ({low} to {high})"),
        _ => format!("{median} (seen {low} to {high})"),
    }
}

/// Titles, winner, why, certainty, what was saved.
fn sentences(facts: &RaceFacts) -> Vec<Line> {
    let titled = facts.arms.iter().filter_map(|arm| Some((arm, arm.title.as_ref()?)));
    let mut lines: Vec<Line> = titled
        .map(|(arm, title)| Line::new().code(arm.id.as_str()).text(format!(": {title}")))
        .collect();
    let ranking = facts.ranking();
    if let Some(winner) = ranking.winner() {
        let why = facts.why().unwrap_or_default();
        lines.push(Line::new().mark(Mark::Strong, "winner").text(": ").join(Line::prose(&why)));
        let others = ranking.places.iter().skip(1).filter_map(|place| place.before_next.as_ref());
        lines.extend(others.map(|why| Line::prose(why)));
        lines.extend(certainty(facts, winner).iter().map(|said| Line::prose(said)));
    }
    lines.extend(facts.arms.iter().filter_map(|arm| changes_check(facts, arm)));
    let saved = human_duration(facts.saved);
    if facts.saved.as_millis() > 0 {
        lines.push(Line::new().text(format!("stopping the others saved about {saved} of work")));
    }
    lines
}

/// What of the check's own files a proved arm changes. A file that every arm changes is what they are
/// about, and not what judges them.
fn changes_check(facts: &RaceFacts, arm: &ArmFacts) -> Option<Line> {
    let changing = || facts.arms.iter().filter(|arm| !arm.changes.paths.is_empty());
    let judges = |path: &&String| changing().any(|arm| !arm.changes.paths.contains(*path));
    let paths: Vec<&String> = arm.changes_check.iter().filter(judges).collect();
    (arm.verdict == Some(ArmVerdict::Proved) && !paths.is_empty()).then(|| {
        let paths = some_quoted(&paths, PATHS_NAMED);
        Line::prose(&format!("look twice: `{}` changes {paths}, which the check names", arm.id))
    })
}

/// How sure it is, where the check was repeated.
fn certainty(facts: &RaceFacts, winner: &TaskId) -> Vec<String> {
    let mut said = Vec::new();
    let arms = facts.arms.len();
    let (runs, need) = (facts.rules.runs, facts.rules.need);
    if let Some(luck) = facts.luck_of(winner) {
        let beside = format!("{} of {} runs", luck.others.passes, luck.others.runs());
        let among = if arms == 1 {
            String::new()
        } else {
            format!(", with {arms} arms to be lucky in at most {}", at_most_percent(luck.any))
        };
        said.push(format!(
            "luck: an arm that is no better than those it was compared with, which passed {beside}, \
             is proved beside such results in at most {} of races{among}",
            at_most_percent(luck.one),
        ));
    }
    let tally = facts.arms.iter().find(|arm| arm.id == *winner).map(|arm| arm.tally);
    let missed = tally.filter(|_| runs > 1).and_then(|tally| miss(&facts.rules, tally, arms));
    said.extend(missed.map(|miss| {
        format!(
            "a right arm that passes as often as `{winner}` did would miss {need} of {runs} in {} of \
             races; from so few runs it could be as many as {}",
            at_most_percent(miss.estimate),
            at_most_percent(miss.at_most),
        )
    }));
    said
}

/// Two significant digits, rounded up so that "at most" stays true: `0.013 %`, `1.4 %`, `38 %`.
fn at_most_percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent <= 0.0 {
        return "0 %".to_owned();
    }
    if percent < 0.001 {
        return "0.001 %".to_owned();
    }
    let digits = (1.0 - percent.log10().floor()).clamp(0.0, 4.0);
    let scale = 10_f64.powf(digits);
    // What is a whole number but for rounding stays one.
    let up = ((percent * scale - 1e-9).ceil() / scale).min(100.0);
    format!("{up} %")
}

/// What the check says of the base.
fn control_blocks(control: &ControlFacts) -> Vec<Block> {
    let name = || Line::new().text("control: ");
    let reason = control.reason.as_ref().map(|why| name().join(Line::prose(why)));
    let Some(evidence) = &control.evidence else {
        return reason.map(Block::Line).into_iter().collect();
    };
    shown(reason.unwrap_or_else(|| name().join(Line::prose(&evidence.ending()))), evidence)
}

/// Why an arm did not make it.
fn evidence_blocks(arm: &ArmFacts) -> Vec<Block> {
    let id = || Line::new().code(arm.id.as_str()).text(" ").join(verdict_word(arm.verdict));
    let reason = arm.reason.as_ref().map(|reason| id().text(": ").join(Line::prose(reason)));
    let Some(evidence) = &arm.evidence else {
        return reason.map(Block::Line).into_iter().collect();
    };
    shown(reason.unwrap_or_else(|| id().text(": ").join(Line::prose(&evidence.ending()))), evidence)
}

/// A sentence, and the output that goes with it.
fn shown(line: Line, evidence: &Evidence) -> Vec<Block> {
    let (same, lines) = match &evidence.shown {
        Shown::Same => (line.text("; its output is the same as the control's"), Vec::new()),
        Shown::Diff { lines, more } => {
            let mut lines = lines.clone();
            lines.extend((*more > 0).then(|| format!("… and {more} lines more")));
            (line.text("; its output against the control's:"), lines)
        }
        Shown::End { lines } if lines.is_empty() => (line.text("; it printed nothing"), Vec::new()),
        Shown::End { lines } => (line.text("; the end of its output:"), lines.clone()),
    };
    let mut blocks = vec![Block::Line(same)];
    if !lines.is_empty() {
        blocks.push(Block::Verbatim(lines));
    }
    blocks
}

#[cfg(test)]
mod tests;
