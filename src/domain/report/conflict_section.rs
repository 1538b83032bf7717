//! Tasks that an integration left out, with the evidence and the commands that resolve each.

use super::advice::again;
use super::integrate_document::command_of;
use super::prose::{Line, Mark, Span};
use super::section::{Block, Section, Step};
use super::shell_word;
use crate::domain::integrate::{Ejection, EjectionReason, Integration, IntegrationOutcome, Member};
use crate::domain::run::RunSpec;

/// Lines of a conflict shown for one task.
const LINES_SHOWN: usize = 20;

/// The section; `None` when nothing that was ready was left out.
pub(super) fn conflicts(run: &RunSpec, integration: &Integration) -> Option<Section> {
    let mut blocks = Vec::new();
    for ejection in &integration.ejected() {
        if ejection.reason == EjectionReason::Unfinished {
            continue;
        }
        blocks.push(Block::Line(ejection_line(ejection)));
        let excerpt = excerpt(&ejection.hunks);
        if !excerpt.is_empty() {
            blocks.push(Block::Verbatim(excerpt));
        }
        let steps = resolution(run, integration, ejection);
        if !steps.is_empty() {
            blocks.push(Block::Commands(steps));
        }
    }
    (!blocks.is_empty()).then_some(Section { heading: "Conflicts and how to resolve them", blocks })
}

/// One sentence on why a task was left out.
pub(super) fn ejection_line(ejection: &Ejection) -> Line {
    Line::new().code(ejection.task.as_str()).text(" ").join(ejection_words(ejection))
}

fn ejection_words(ejection: &Ejection) -> Line {
    let line = Line::new().mark(Mark::Bad, "left out");
    let line = match ejection.reason {
        EjectionReason::Conflict if ejection.with.is_empty() => line.text(": it conflicts"),
        EjectionReason::Conflict => line.text(": it conflicts with ").codes(&ejection.with),
        EjectionReason::Validation => line.text(": it fails ").codes(&ejection.tests),
        EjectionReason::Dependency => {
            line.text(": it needs ").codes(&ejection.with).text(", which is left out")
        }
        EjectionReason::Unfinished => line.text(": it did not succeed"),
        EjectionReason::NeedsGit => line.text(": only the git program can merge it"),
        EjectionReason::Tainted => {
            line.text(": while it was validated, tracked files were changed")
        }
    };
    let line = match ejection.paths.len() {
        0 => line,
        _ => line.text(" in ").codes(&ejection.paths),
    };
    let line = match ejection.refused.len() {
        0 => line,
        _ => line.text("; the resolution of ").codes(&ejection.refused).text(" was refused"),
    };
    match &ejection.note {
        Some(note) => line.text("; ").join(Line::prose(note)),
        None => line,
    }
}

/// Why a task was left out, as plain text without its name.
pub fn ejection_sentence(ejection: &Ejection) -> String {
    let spans = ejection_words(ejection).spans;
    let words = spans.into_iter().map(|span| match span {
        Span::Code(text) => format!("`{text}`"),
        Span::Text(text) | Span::Marked(_, text) => text,
    });
    words.collect()
}

/// The commands that bring the work of a task in by hand.
fn resolution(run: &RunSpec, integration: &Integration, ejection: &Ejection) -> Vec<Step> {
    let member = integration.spec.members.iter().find(|member| member.task == ejection.task);
    let Some(member) = member else { return Vec::new() };
    let landed = matches!(integration.outcome, Some(IntegrationOutcome::Landed { .. }));
    let mut steps = Vec::new();
    if !landed && !integration.train().is_empty() {
        steps.push(Step::new(again(run, integration), "land the others first"));
    }
    let target = shell_word(&integration.spec.target);
    steps.push(Step::new(
        format!("git log --oneline {}", commits(member, &integration.spec.target)),
        "what it did",
    ));
    match ejection.reason {
        EjectionReason::Conflict | EjectionReason::NeedsGit => {
            steps.push(Step::new(format!("git switch {target}"), "go to the target"));
            steps.push(Step::new(merge(member, false), "merge it, resolve and commit"));
        }
        EjectionReason::Validation | EjectionReason::Tainted => {
            steps.push(Step::new(format!("git switch {target}"), "go to the target"));
            steps.push(Step::new(merge(member, true), "merge it without a commit"));
            let name = ejection.validation.as_ref().or(ejection.tests.first());
            let command = name.map_or("", |name| command_of(integration, name));
            if !command.is_empty() {
                steps.push(Step::new(command, "repeat the validation, repair, then commit"));
            }
        }
        EjectionReason::Dependency | EjectionReason::Unfinished => {
            let cause: Vec<&str> = ejection.with.iter().map(|task| task.as_str()).collect();
            let why = format!("once {} is in", cause.join(", "));
            steps.push(Step::new(merge(member, false), why));
        }
    }
    steps
}

/// In one lane a branch holds the work of the tasks before it as well, so only its own commits are
/// taken.
fn merge(member: &Member, without_commit: bool) -> String {
    let option = if without_commit { " --no-commit" } else { "" };
    if member.replay {
        format!("git cherry-pick{option} {}..{}", member.start, member.tip)
    } else {
        let option = if without_commit { " --no-ff --no-commit" } else { "" };
        format!("git merge{option} {}", shell_word(&member.branch))
    }
}

fn commits(member: &Member, target: &str) -> String {
    if member.replay {
        format!("{}..{}", member.start, member.tip)
    } else {
        shell_word(&format!("{target}..{}", member.branch))
    }
}

pub(super) fn excerpt(hunks: &[String]) -> Vec<String> {
    let lines: Vec<&str> = hunks.iter().flat_map(|hunk| hunk.lines()).collect();
    let mut shown: Vec<String> =
        lines.iter().take(LINES_SHOWN).map(|line| (*line).to_owned()).collect();
    let more = lines.len().saturating_sub(LINES_SHOWN);
    if more > 0 {
        shown.push(format!("… and {more} more lines"));
    }
    shown
}
