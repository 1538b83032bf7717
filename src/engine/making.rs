//! Making one merge of the train: by which strategy, and the commit that comes of it.

use super::error::EngineError;
use super::resolve::driven;
use super::site::Site;
use crate::adapters::git::{
    Credits, Hunk, MergeOptions, MergeOutcome, MergeRequest, MergeSession, NewCommit,
    ReplayOutcome, ReplayRequest,
};
use crate::domain::id::{Oid, RunId};
use crate::domain::integrate::{
    Ejection, EjectionReason, Integration, IntegrationSpec, Member, MergeRemarks,
    MergeRequest as Wanted, Strategy,
};

/// What came of it.
pub(super) enum Made {
    Commit {
        commit: Oid,
        remarks: MergeRemarks,
        engine: Option<String>,
    },
    /// It collides, and somebody may resolve it.
    Collides(Ejection),
    Out(Ejection),
}

/// Makes the merges of one integration.
pub(super) struct Maker {
    site: Site,
    run: RunId,
    session: MergeSession,
    /// Why the commits of the member at hand land as one.
    flattened: Option<String>,
}

/// The merge of a member. Landing.md rule 2: a task contributes `start → tip`. A branch is merged
/// with its history; where that history holds work the task does not need (one lane) or is not wanted
/// (squash, rebase), only the delta is merged, with `start` as merge base.
pub(super) fn merge_request(spec: &IntegrationSpec, onto: Oid, member: &Member) -> MergeRequest {
    let base = is_delta(spec, member).then_some(member.start);
    MergeRequest { base, ours: onto, theirs: member.tip }
}

fn is_delta(spec: &IntegrationSpec, member: &Member) -> bool {
    member.replay
        || match spec.strategy {
            Strategy::Merge => false,
            Strategy::Squash | Strategy::Rebase => true,
        }
}

impl Maker {
    /// For one run.
    pub(super) fn new(site: &Site, run: RunId, verify: bool) -> Self {
        let options = MergeOptions { cross_check: verify, ..MergeOptions::default() };
        Self { site: site.clone(), run, session: site.repo.merge_session(options), flattened: None }
    }

    /// Merges a member on top of a commit, in memory.
    pub(super) fn make(
        &mut self,
        integration: &Integration,
        wanted: &Wanted,
    ) -> Result<Made, EngineError> {
        let (onto, member) = (wanted.onto, &wanted.member);
        let strategy = integration.spec.strategy;
        self.flattened = None;
        if member.replay && onto == member.start && strategy != Strategy::Squash {
            // The lane continues exactly here: its own commits are what lands.
            return Ok(plainly(member.tip, None));
        }
        if strategy == Strategy::Rebase {
            let request = ReplayRequest { start: member.start, tip: member.tip, onto };
            if let Some(made) = self.replayed(integration, wanted, request)? {
                return Ok(made);
            }
        }
        let request = merge_request(&integration.spec, onto, member);
        let outcome = self.session.merge(request)?;
        let (tree, engine, check) = match outcome {
            MergeOutcome::Clean { tree, engine, check } => (tree, engine, check),
            MergeOutcome::Conflict { paths, hunks, check, .. } => {
                let hunks = labelled(integration, member, &hunks);
                let mut ejection = integration.conflict(onto, &member.task, paths, hunks);
                ejection.note = joined([ejection.note, check.sentence()]);
                return Ok(Made::Collides(ejection));
            }
            MergeOutcome::Unrelated => {
                return Ok(out(member, EjectionReason::Conflict, UNRELATED.to_owned()));
            }
            MergeOutcome::NeedsGit { reason } => {
                let note = format!("install git 2.38 or newer: {reason}");
                return Ok(out(member, EjectionReason::NeedsGit, note));
            }
            MergeOutcome::TimedOut { limit, engine } => {
                let note = format!(
                    "{engine} had not merged it after {} s: merge it by hand, or merge the target \
                     into its branch first",
                    limit.as_secs()
                );
                return Ok(out(member, EjectionReason::Conflict, note));
            }
        };
        let resolved = driven(&self.site.repo, request)?;
        let notes = self.flattened.take().into_iter().chain(check.sentence()).collect();
        let remarks = MergeRemarks { resolved, notes };
        let commit = self.commit(integration, wanted, (tree, member.tip))?;
        Ok(Made::Commit { commit, remarks, engine: Some(engine.to_string()) })
    }

    /// The member's commits made anew one by one; `None` where they cannot be, and are to land as one.
    fn replayed(
        &mut self,
        integration: &Integration,
        wanted: &Wanted,
        request: ReplayRequest,
    ) -> Result<Option<Made>, EngineError> {
        let member = &wanted.member;
        Ok(Some(match self.session.replay(request)? {
            ReplayOutcome::Replayed { tip, dropped, engine, notes } => Made::Commit {
                commit: tip,
                remarks: MergeRemarks {
                    resolved: Vec::new(),
                    notes: left_out(dropped.len()).into_iter().chain(notes).collect(),
                },
                engine: engine.map(|engine| engine.to_string()),
            },
            ReplayOutcome::Conflict { commit, subject, paths, hunks, .. } => {
                let hunks = labelled(integration, member, &hunks);
                let ejection = integration.conflict(wanted.onto, &member.task, paths, hunks);
                let which = format!("its commit {} (`{subject}`) collides", commit.short());
                Made::Collides(Ejection { note: joined([Some(which), ejection.note]), ..ejection })
            }
            ReplayOutcome::Merge { commit, .. } => {
                let commit = commit.short();
                self.flattened = Some(format!(
                    "its commits hold a merge ({commit}), whose resolution would be lost: they land as \
                     one commit"
                ));
                return Ok(None);
            }
            ReplayOutcome::Unrelated => out(member, EjectionReason::Conflict, UNRELATED.to_owned()),
            ReplayOutcome::NeedsGit { reason } => {
                let note = format!("install git 2.40 or newer: {reason}");
                out(member, EjectionReason::NeedsGit, note)
            }
            ReplayOutcome::TimedOut { commit, limit, engine } => {
                let (commit, limit) = (commit.short(), limit.as_secs());
                let note = format!("{engine} had not merged its commit {commit} after {limit} s");
                out(member, EjectionReason::Conflict, note)
            }
        }))
    }

    /// The commit of a member whose merge gave this tree. `tip`: the commit that was merged, which holds
    /// the member's.
    pub(super) fn commit(
        &mut self,
        integration: &Integration,
        wanted: &Wanted,
        (tree, tip): (Oid, Oid),
    ) -> Result<Oid, EngineError> {
        let (onto, member) = (wanted.onto, &wanted.member);
        if tree == self.site.repo.tree_of(onto)? {
            // Its work is there already, in other commits.
            return Ok(onto);
        }
        let title = member.title.as_deref().unwrap_or(member.task.as_str());
        let own = [format!("Task: {}", member.task), format!("Run: {}", self.run)];
        let commit = if is_delta(&integration.spec, member) {
            let credits = self.site.repo.credits(member.start, member.tip, onto)?;
            NewCommit {
                tree,
                parents: vec![onto],
                message: one_message(title, &credits, &own),
                author_of: Some(credits.author_of.unwrap_or(member.tip)),
            }
        } else {
            NewCommit {
                tree,
                parents: vec![onto, tip],
                message: format!("Merge task `{}`: {title}\n\n{}\n", member.task, own.join("\n")),
                author_of: None,
            }
        };
        Ok(self.session.commit(&commit)?)
    }
}

/// That so many commits of a task did not land, since there was nothing to do for them.
fn left_out(commits: usize) -> Option<String> {
    match commits {
        0 => None,
        1 => Some("1 of its commits is left out: what it lands on has what it does".to_owned()),
        n => Some(format!("{n} of its commits are left out: what they land on has what they do")),
    }
}

const UNRELATED: &str = "it has no common ancestor with the target";

fn plainly(commit: Oid, engine: Option<String>) -> Made {
    Made::Commit { commit, remarks: MergeRemarks::default(), engine }
}

fn out(member: &Member, reason: EjectionReason, note: String) -> Made {
    let plain = Ejection::plain(member.task.clone(), reason);
    Made::Out(Ejection { note: Some(note), ..plain })
}

fn joined(notes: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let notes: Vec<String> = notes.into_iter().flatten().collect();
    (!notes.is_empty()).then(|| notes.join("; "))
}

/// Excerpts that say whose the sides are.
fn labelled(integration: &Integration, member: &Member, hunks: &[Hunk]) -> Vec<String> {
    let ours = format!("`{}` so far", integration.spec.target);
    let theirs = format!("task `{}`", member.task);
    hunks.iter().map(|hunk| hunk.labelled(&ours, &theirs)).collect()
}

/// The message of one commit in place of several: what each of them said, and who made them.
fn one_message(title: &str, credits: &Credits, own: &[String]) -> String {
    let mut parts = vec![title.to_owned()];
    match &credits.messages[..] {
        [] => {}
        [one] => {
            if one.subject != title {
                parts.push(one.subject.clone());
            }
            if !one.body.is_empty() {
                parts.push(one.body.clone());
            }
        }
        several => {
            let lines: Vec<String> =
                several.iter().map(|message| format!("- {}", message.subject)).collect();
            parts.push(lines.join("\n"));
        }
    }
    let authors = credits.co_authors.iter().map(|person| format!("Co-authored-by: {person}"));
    let others = credits.trailers.iter().filter(|trailer| !own.contains(trailer)).cloned();
    let trailers: Vec<String> = own.iter().cloned().chain(others).chain(authors).collect();
    parts.push(trailers.join("\n"));
    format!("{}\n", parts.join("\n\n"))
}
