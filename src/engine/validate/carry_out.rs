//! One validation of one commit, from the worktree that is put there to what came of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::bench::Bench;
use super::command::validation_command;
use super::outcome::Ended;
use super::results::{Sources, ensure_no_report, load_results};
use crate::adapters::worktree::Checkout;
use crate::domain::id::Oid;
use crate::domain::integrate::{TestFormat, ValidationRequest, ValidationRun, ValidationVerdict};
use crate::domain::run::{Ending, RunSpec};
use crate::domain::task::Validation;
use crate::engine::attempt::chain;
use crate::engine::carry::Carrier;
use crate::engine::reins::Reins;
use crate::engine::scratch::footing;

const SUCCESS: Ending = Ending::Code { code: 0 };

/// What is to be done.
#[derive(Clone)]
pub(super) struct Errand {
    pub(super) spec: Arc<RunSpec>,
    pub(super) request: ValidationRequest,
    pub(super) validation: Validation,
    /// Who writes its results by test, where that is known.
    pub(super) format: Option<TestFormat>,
    /// Its place among the validations of the plan.
    pub(super) number: usize,
    /// Paths to be taken from the target, and where that stands.
    pub(super) pinned: Vec<String>,
    pub(super) base: Oid,
    pub(super) log: PathBuf,
    pub(super) carrier: Arc<Carrier>,
    pub(super) reins: Reins,
}

/// What came of it.
pub(super) struct Outcome {
    pub(super) run: ValidationRun,
    pub(super) notes: Vec<String>,
}

/// Does it.
///
/// # Errors
/// The worktree cannot be made or put in order, as one sentence.
pub(super) async fn carry_out(bench: &mut Bench, errand: &Errand) -> Result<Outcome, String> {
    let Errand { spec, request, validation, reins, .. } = errand;
    let commit = request.commit;
    bench.ensure_at(commit, &spec.worktree).await?;
    bench.bring_files(&errand.carrier, commit).await?;
    if let Some(failed) = bench.set_up(spec, commit, reins).await? {
        let log = bench.worktree.site.validation_setup_log(&spec.run, bench.number);
        let run = ValidationRun { log: shown(&log), ..failed.verdict().run(request) };
        return Ok(Outcome { run, notes: Vec::new() });
    }
    let mut notes: Vec<String> = before(bench, errand).await?.into_iter().collect();
    let report = validation.report.clone().filter(|_| notes.is_empty());
    let only = request.only.as_slice();
    let own_name =
        |test: &String| errand.format.map_or(test.as_str(), |f| f.own_name(test)).to_owned();
    let names: Vec<String> = only.iter().map(own_name).collect();
    let command =
        validation_command(bench, (spec, errand.number), (validation, &names), errand.log.clone());
    let end = bench.run(command, reins).await;
    let (pinned, submodules) = (errand.pinned.clone(), spec.worktree.submodules);
    let (log, chosen) = (errand.log.clone(), !only.is_empty());
    let after = bench.worktree.aside(move |site, path| {
        if !footing::is_whole(site, path)? {
            return Ok((Ended::of(end).without_worktree(), None, None, Vec::new()));
        }
        // Before the worktree is put in order, which may take the report away.
        let told = end.as_ref().ok().filter(|end| chosen || end.ending != SUCCESS);
        let (results, note) = told.map_or((None, None), |end| {
            load_results(&Sources { worktree: path, report: report.as_deref(), log: &log }, end)
        });
        let settled = Checkout::at(&site.repo, path)
            .and_then(|checkout| checkout.settle_at(commit, &pinned, submodules));
        Ok((Ended::of(end), results, note, settled.map_err(|error| chain(&error))?))
    });
    let (ended, results, note, tainted) = after.await?;
    let name = &validation.name;
    notes.extend(note.map(|note| format!("`{name}`: {note}; its output is read in its place")));
    let run = ended.run(request);
    let log = shown(&errand.log);
    let results = results.filter(|_| chosen || run.verdict != ValidationVerdict::Passed);
    Ok(Outcome { run: ValidationRun { tainted, results, log, ..run }, notes })
}

/// Puts the files in place that are not the candidate's, and takes away the report of an earlier run.
async fn before(bench: &Bench, errand: &Errand) -> Result<Option<String>, String> {
    let (validation, commit) = (errand.validation.clone(), errand.request.commit);
    let (pinned, base) = (errand.pinned.clone(), errand.base);
    bench
        .worktree
        .aside(move |site, path| {
            let lent =
                Checkout::at(&site.repo, path).and_then(|checkout| checkout.lend(base, &pinned));
            lent.map_err(|error| chain(&error))?;
            ensure_no_report(&site.repo, path, &validation, commit)
        })
        .await
}

fn shown(log: &Path) -> Option<String> {
    Some(log.to_string_lossy().into_owned())
}
