//! What the hypotheses of a race begin with: their patches, as commits.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::error::EngineError;
use crate::adapters::git::{PatchOutcome, Repo, load_patch};
use crate::domain::diagnostic::{Checked, Diagnostic, Placed, Severity, quoted, some_of};
use crate::domain::id::Oid;
use crate::domain::race::Arm;
use crate::domain::task::{Hypothesis, HypothesisPlace, RaceSet};

/// Lines of git's that a message repeats.
const MOST_SAID: usize = 3;

/// The hypotheses of a file, and what they refer to.
#[derive(Clone, Copy)]
pub struct Hypotheses<'a> {
    /// The repository.
    pub repo: &'a Repo,
    /// Where those begin that do not say otherwise.
    pub base: Oid,
    /// The race.
    pub race: &'a RaceSet,
    /// Where each hypothesis says what it begins with, as [`Parsed`](crate::domain::task::Parsed)
    /// tells it.
    pub places: &'a [HypothesisPlace],
    /// What paths of patches are relative to: the folder of the file.
    pub folder: &'a Path,
}

impl Hypotheses<'_> {
    /// Makes a commit of each patch and gives the arms, or everything that is wrong. An arm whose patch
    /// is there already begins where it would be applied, with a warning. The commits are
    /// on no ref until a race is created with them: git keeps such for two weeks.
    ///
    /// # Errors
    /// Git fails.
    pub fn commits(&self) -> Result<Checked<Vec<Arm>>, EngineError> {
        let mut known = Known::default();
        let mut problems = Vec::new();
        let mut arms = Vec::new();
        for (hypothesis, place) in self.race.hypotheses.iter().zip(self.places) {
            let arm = self.arm(hypothesis, place, &mut known)?;
            arms.extend(arm.value);
            add(&mut problems, arm.problems);
        }
        Ok(Checked::new(Some(arms), problems))
    }

    /// What is wrong as far as one can tell without writing: commits that git does not know, patches
    /// that are not there.
    ///
    /// # Errors
    /// Git fails.
    pub fn problems(&self) -> Result<Vec<Diagnostic>, EngineError> {
        let mut known = Known::default();
        let mut problems = Vec::new();
        for place in self.places {
            let start = self.start(place)?.err();
            let text = place.patch.as_ref().map(|patch| known.text(self.folder, patch));
            add(&mut problems, start.into_iter().chain(text.and_then(Result::err)));
        }
        Ok(problems)
    }

    fn arm(
        &self,
        hypothesis: &Hypothesis,
        place: &HypothesisPlace,
        known: &mut Known,
    ) -> Result<Checked<Arm>, EngineError> {
        let start = self.start(place)?;
        let text = place.patch.as_ref().map(|patch| known.text(self.folder, patch)).transpose();
        let (start, text) = match (start, text) {
            (Ok(start), Ok(text)) => (start, text),
            (start, text) => {
                let problems = [start.err(), text.err()].into_iter().flatten().collect();
                return Ok(Checked::new(None, problems));
            }
        };
        let mut problems = Vec::new();
        let begins_at = match (&place.patch, text) {
            (Some(patch), Some(text)) => {
                let name = table(hypothesis);
                let made = match known.commits.get(name) {
                    Some(made) => made.clone(),
                    None => self.made(hypothesis, patch, (start.commit, &text))?,
                };
                known.commits.insert(name.to_owned(), made.clone());
                made.or_else(|fault| {
                    let severity = fault.severity;
                    problems.push(fault.at(patch));
                    match severity {
                        // What is there already need not be made.
                        Severity::Warning => Ok(start.commit),
                        Severity::Error => Err(()),
                    }
                })
            }
            (Some(_) | None, Some(_) | None) => Ok(start.commit),
        };
        let arm = begins_at.ok().map(|begins_at| Arm {
            task: hypothesis.task.id.clone(),
            begins_at,
            counts_from: start.counts_from,
            family: hypothesis.family.clone(),
        });
        Ok(Checked::new(arm, problems))
    }

    fn start(&self, place: &HypothesisPlace) -> Result<Result<Start, Diagnostic>, EngineError> {
        let base = self.base;
        let Some(from) = &place.from else {
            return Ok(Ok(Start { commit: base, counts_from: base }));
        };
        let Some(commit) = self.repo.resolve_commit(&from.value)? else {
            let message = format!("git knows no commit {}", quoted(&from.value));
            let problem = Diagnostic::error("unknown_from", from.span.clone(), message);
            let help = "name a branch, a tag or a commit; leave `from` out for the base";
            return Ok(Err(problem.labelled("no such commit").help(help)));
        };
        Ok(match self.repo.merge_base(base, commit)? {
            Some(counts_from) => Ok(Start { commit, counts_from }),
            None => {
                let message = format!(
                    "{} and the base {} have no commit in common, so nothing of it could land",
                    quoted(&from.value),
                    base.short()
                );
                let problem = Diagnostic::error("unrelated_from", from.span.clone(), message);
                Err(problem
                    .help("name a commit that began at the base, or make its change a `patch`"))
            }
        })
    }

    fn made(
        &self,
        hypothesis: &Hypothesis,
        patch: &Placed<String>,
        (start, text): (Oid, &[u8]),
    ) -> Result<Result<Oid, Fault>, EngineError> {
        let task = &hypothesis.task;
        let name = table(hypothesis);
        let subject = task.title.as_deref().unwrap_or(name);
        let message = format!("{subject}\n\nTask: {name}\nPatch: {}\n", patch.value.trim());
        let short = start.short();
        Ok(match self.repo.apply_patch(start, text, &message)? {
            PatchOutcome::Applied(commit) => Ok(commit),
            PatchOutcome::Empty => Err(Fault {
                severity: Severity::Error,
                code: "empty_patch",
                message: format!("the patch {} changes nothing at {short}", quoted(&patch.value)),
                label: None,
                help: format!("make it with `git diff {short}`, or remove it"),
            }),
            PatchOutcome::Present => Err(Fault {
                severity: Severity::Warning,
                code: "applied_patch",
                message: format!(
                    "{short} has the patch {} already, so the arm begins without a change",
                    quoted(&patch.value)
                ),
                label: None,
                help: "remove the hypothesis, or name a commit without it by `from`".to_owned(),
            }),
            PatchOutcome::Rejected { said, paths: _ } => Err(Fault {
                severity: Severity::Error,
                code: "rejected_patch",
                message: format!("the patch {} does not apply to {short}", quoted(&patch.value)),
                label: Some(some_of(&said, MOST_SAID)).filter(|said| !said.is_empty()),
                help: format!(
                    "make it again with `git diff {short}`, or name the commit it was made for by \
                     `from`"
                ),
            }),
        })
    }
}

struct Start {
    commit: Oid,
    counts_from: Oid,
}

/// What several hypotheses may share, arms of one table above all.
#[derive(Default)]
struct Known {
    /// By path as written.
    texts: BTreeMap<String, Result<Arc<[u8]>, String>>,
    /// By table, whose arms all begin at one commit.
    commits: BTreeMap<String, Result<Oid, Fault>>,
}

impl Known {
    fn text(&mut self, folder: &Path, patch: &Placed<String>) -> Result<Arc<[u8]>, Diagnostic> {
        let load = || match load_patch(&folder.join(&patch.value)) {
            Ok(text) => Ok(text.into()),
            Err(fault) => Err(fault.to_string()),
        };
        let loaded = self.texts.entry(patch.value.clone()).or_insert_with(load);
        loaded.clone().map_err(|why| {
            let message = format!("the patch {} cannot be read: {why}", quoted(&patch.value));
            let problem = Diagnostic::error("unreadable_patch", patch.span.clone(), message);
            problem.help("write its path relative to this file")
        })
    }
}

/// The id that its table has in the file.
fn table(hypothesis: &Hypothesis) -> &str {
    hypothesis.family.as_deref().unwrap_or(hypothesis.task.id.as_str())
}

/// Why a patch is no commit of its own; a warning where none is needed.
#[derive(Clone)]
struct Fault {
    severity: Severity,
    code: &'static str,
    message: String,
    label: Option<String>,
    help: String,
}

impl Fault {
    fn at(self, patch: &Placed<String>) -> Diagnostic {
        let problem = match self.severity {
            Severity::Warning => Diagnostic::warning,
            Severity::Error => Diagnostic::error,
        };
        let problem = problem(self.code, patch.span.clone(), self.message);
        let problem = match self.label {
            Some(label) => problem.labelled(label),
            None => problem,
        };
        problem.help(self.help)
    }
}

/// Arms of one table have the same problems, which are told once.
fn add(problems: &mut Vec<Diagnostic>, found: impl IntoIterator<Item = Diagnostic>) {
    for problem in found {
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
}
