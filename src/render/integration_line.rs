//! What is said of the parts of an integration.

use std::time::Duration;

use super::event_line::{Told, Verbosity};
use crate::domain::id::Oid;
use crate::domain::integrate::{IntegrationEvent, ValidationVerdict};
use crate::domain::report::ejection_sentence;
use crate::domain::run::RunState;
use crate::domain::time::human_duration;

/// What is told of a part, given the state after it.
pub(super) fn told_integration<'a>(event: &'a IntegrationEvent, state: &RunState) -> Told<'a> {
    use Verbosity::{Normal, Quiet, Verbose};
    let target = state.integrations.last().map_or("", |last| last.spec.target.as_str());
    let base = state.integrations.last().map(|last| last.base);
    let named = |commit: Oid| match base {
        Some(base) if base == commit => format!("`{target}` itself ({})", commit.short()),
        Some(_) | None => commit.short(),
    };
    let (from, task, text) = match event {
        IntegrationEvent::Started { spec } => {
            let dry = if spec.dry_run { " (dry run)" } else { "" };
            let tasks = if spec.members.len() == 1 { "task" } else { "tasks" };
            let text = format!("{} {tasks} to merge into `{target}`{dry}", spec.members.len());
            (Normal, None, text)
        }
        IntegrationEvent::Merged { task, commit, trial, remarks, .. } => {
            let level = if *trial { Verbose } else { Normal };
            let merged = format!("merged as {}", commit.short());
            let texts = std::iter::once(merged).chain(remarks.sentences()).collect();
            return Told { from: level, task: Some(task), texts };
        }
        IntegrationEvent::Ejected { ejection, trial, .. } => {
            let level = if *trial { Verbose } else { Quiet };
            (level, Some(&ejection.task), ejection_sentence(ejection))
        }
        IntegrationEvent::ValidationRequested { commit, name } => {
            let by = name.as_ref().map_or(String::new(), |name| format!(" by `{name}`"));
            (Normal, None, format!("validating {}{by}", named(*commit)))
        }
        IntegrationEvent::ValidationDropped { commit, name } => {
            (Verbose, None, format!("`{name}` of {} is not needed any more", commit.short()))
        }
        IntegrationEvent::Isolated { set } => (Quiet, None, set.sentence()),
        IntegrationEvent::ValidationFinished { commit, runs } => {
            let red = |verdict| match verdict {
                ValidationVerdict::Failed | ValidationVerdict::Baseline => true,
                ValidationVerdict::Passed | ValidationVerdict::Flaky => false,
            };
            let failed: Vec<String> = runs
                .iter()
                .filter(|run| red(run.verdict) || !run.tainted.is_empty())
                .map(|run| match run.tainted.as_slice() {
                    [] => format!("`{}` ({})", run.name, run.ending),
                    changed => format!("`{}` (it changed {})", run.name, changed.join(", ")),
                })
                .collect();
            let time = human_duration(runs.iter().map(|run| run.duration).sum::<Duration>());
            let what = format!("validation of {}", named(*commit));
            if failed.is_empty() {
                (Normal, None, format!("{what} passed in {time}"))
            } else {
                (Quiet, None, format!("{what} failed in {time}: {}", failed.join(", ")))
            }
        }
        IntegrationEvent::LandRequested { commit } => {
            (Verbose, None, format!("`{target}` is to move to {}", commit.short()))
        }
        IntegrationEvent::Landed { old, new, .. } => {
            let branch = state.integrations.last().and_then(|last| last.spec.branch.as_deref());
            let (old, new) = (old.short(), new.short());
            let text = match branch {
                None => format!("landed: `{target}` moved from {old} to {new}"),
                Some(branch) => format!("landed: `{branch}` made at {new}, on top of `{target}`"),
            };
            (Quiet, None, text)
        }
        IntegrationEvent::TargetMoved { now } => {
            let text = format!("`{target}` moved to {} meanwhile: merging again", now.short());
            (Normal, None, text)
        }
        IntegrationEvent::StopRequested => {
            let text = "the integration was interrupted: stopping what runs; Ctrl-C again kills it";
            (Quiet, None, text.to_owned())
        }
        // The command ends by saying it.
        IntegrationEvent::Refused { refusal } => {
            (Verbose, None, format!("nothing landed: {refusal}"))
        }
        IntegrationEvent::Finished => (Verbose, None, "integration over".to_owned()),
    };
    Told { from, task, texts: vec![text] }
}
