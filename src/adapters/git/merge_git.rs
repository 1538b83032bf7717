//! `git merge-tree --write-tree`: its exit code and its `-z` records are the truth; nobody looks for
//! conflict markers.

use std::collections::BTreeMap;
use std::time::Duration;

use super::error::GitError;
use super::hunks::{Stages, excerpts};
use super::merge::moved_aside::real_path;
use super::merge::{CrossCheck, MergeEngine, MergeOutcome, MergeRequest};
use super::path::quote_path;
use super::program::{Answer, Invocation};
use super::repo::Repo;
use super::version::GitVersion;
use crate::domain::id::Oid;

/// Renames are paired up to this many candidates, as the fall-back does.
const RENAME_LIMIT: &str = "merge.renameLimit=7000";

/// How a merge in a process of its own is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// Longest that it may take.
    pub(super) limit: Duration,
    /// Whether what it writes survives a loss of power.
    pub(super) durable: bool,
}

pub(super) fn merge(
    repo: &Repo,
    request: MergeRequest,
    manner: Manner,
) -> Result<MergeOutcome, GitError> {
    let version = repo.program().version();
    // Git finds the repositories of submodules by their place in the worktree.
    let command = match repo.is_bare() || !repo.root().is_dir() {
        true => repo.git("merge-tree"),
        false => repo.git_in("merge-tree", repo.common_dir(), repo.root()),
    };
    let command = command.at_most(manner.limit);
    let command = if manner.durable { command.durable() } else { command };
    let (engine, check) = (MergeEngine::Git { version }, CrossCheck::NotMade);
    match merged(command, version, request) {
        Ok(Merged::Tree(tree)) => Ok(MergeOutcome::Clean { tree, engine, check }),
        Ok(Merged::Conflict(stages)) => {
            let mut paths: Vec<String> = stages.iter().map(|(path, _)| quote_path(path)).collect();
            paths.sort();
            let hunks = excerpts(&*repo.reader(), &stages);
            Ok(MergeOutcome::Conflict { paths, hunks, engine, check })
        }
        Err(GitError::TimedOut { limit, .. }) => Ok(MergeOutcome::TimedOut { limit, engine }),
        // Looked for only where git gave up: it finds the ancestor in no time, libgit2 need not.
        Err(GitError::Command { .. })
            if request.base.is_none()
                && repo.merge_base(request.ours, request.theirs)?.is_none() =>
        {
            Ok(MergeOutcome::Unrelated)
        }
        Err(error) => Err(error),
    }
}

/// What `git merge-tree` made.
pub(super) enum Merged {
    Tree(Oid),
    /// The colliding paths with their versions.
    Conflict(Vec<(Vec<u8>, Stages)>),
}

/// Runs a `merge-tree` of a repository; git fails where two commits have no ancestor in common.
pub(super) fn merged(
    command: Invocation<'_>,
    version: GitVersion,
    request: MergeRequest,
) -> Result<Merged, GitError> {
    let Merging { words, answer } = answered(command, version, request)?;
    let misread = |what: &str| GitError::Answer { words: words.clone(), what: what.to_owned() };
    let mut records = answer.stdout.split(|&byte| byte == 0).filter(|record| !record.is_empty());
    let tree = records.next().and_then(|record| parse_tree(record, request.ours));
    match (answer.code, tree) {
        (Some(0), Some(tree)) => Ok(Merged::Tree(tree)),
        (Some(1), Some(_)) => {
            let sides = [request.ours, request.theirs];
            let stages =
                parse_stages(records, sides).ok_or_else(|| misread("a conflict's record"))?;
            Ok(Merged::Conflict(stages))
        }
        (Some(0 | 1), None) => Err(misread("no tree")),
        (code, _) => Err(GitError::Command { words, code, stderr: answer.stderr }),
    }
}

/// The id at the end of a record: before it stands whatever merge drivers had to say.
fn parse_tree(record: &[u8], like: Oid) -> Option<Oid> {
    let digits = like.to_string().len();
    let start = record.len().checked_sub(digits)?;
    str::from_utf8(&record[start..]).ok()?.parse().ok()
}

/// What `git merge-tree` said.
pub(super) struct Merging {
    /// The command's own words, for messages.
    pub(super) words: String,
    pub(super) answer: Answer,
}

/// Runs it: exit code 0 is a clean merge, 1 one with conflicts.
pub(super) fn answered(
    command: Invocation<'_>,
    version: GitVersion,
    request: MergeRequest,
) -> Result<Merging, GitError> {
    let mut command = command.config(RENAME_LIMIT);
    if version.at_least(2, 41) {
        // Attributes of the merge's own side, not of whatever happens to be checked out.
        command = command.global(format!("--attr-source={}", request.ours));
    }
    command = command.args(["--write-tree", "-z", "--no-messages"]);
    if let Some(base) = request.base {
        command = command.arg(format!("--merge-base={base}"));
    }
    let command = command.arg(request.ours.to_string()).arg(request.theirs.to_string());
    Ok(Merging { words: command.shown(), answer: command.answer()? })
}

/// Records of the form `<mode> <object> <stage>\t<path>`.
fn parse_stages<'a>(
    records: impl Iterator<Item = &'a [u8]>,
    sides: [Oid; 2],
) -> Option<Vec<(Vec<u8>, Stages)>> {
    let mut found: BTreeMap<Vec<u8>, Stages> = BTreeMap::new();
    for record in records {
        let tab = record.iter().position(|&byte| byte == b'\t')?;
        let (head, path) = (str::from_utf8(&record[..tab]).ok()?, &record[tab + 1..]);
        let mut fields = head.split(' ');
        let (mode, id, stage) = (fields.next()?, fields.next()?, fields.next()?);
        let blob = id.parse::<Oid>().ok().filter(|_| mode.starts_with("100"));
        let stages = found.entry(real_path(path, sides).to_vec()).or_default();
        match stage {
            "1" => stages.base = blob,
            "2" => stages.ours = blob,
            "3" => stages.theirs = blob,
            _ => return None,
        }
    }
    Some(found.into_iter().collect())
}
