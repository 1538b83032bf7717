//! A range of commits made anew on another commit, one after the other, in memory.

use std::time::Duration;

use super::{Hunk, MergeEngine, MergeOutcome, MergeRequest, MergeSession};
use crate::adapters::git::error::GitError;
use crate::adapters::git::raw_commit::RawCommit;
use crate::adapters::git::write::NewCommit;
use crate::domain::id::Oid;

/// What is to be made anew, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayRequest {
    /// Where the range begins; this commit is not in it.
    pub start: Oid,
    /// The last commit of the range.
    pub tip: Oid,
    /// What the commits are made on.
    pub onto: Oid,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplayOutcome {
    /// All commits are there.
    Replayed {
        /// The last one; `onto` where nothing was left to do.
        tip: Oid,
        /// Commits that were left out, since `onto` has what they do.
        dropped: Vec<Oid>,
        /// What merged; `None` where every commit could stay as it was.
        engine: Option<MergeEngine>,
        /// Where the engines differ, one sentence each, without a full stop.
        notes: Vec<String>,
    },
    /// A commit collides with what is there.
    Conflict {
        /// The commit.
        commit: Oid,
        /// Its first line.
        subject: String,
        /// The paths that collide, sorted.
        paths: Vec<String>,
        /// Excerpts, at most a few.
        hunks: Vec<Hunk>,
        /// What found it.
        engine: MergeEngine,
    },
    /// The range holds a merge, whose resolution would be lost.
    Merge {
        /// The merge.
        commit: Oid,
        /// Its first line.
        subject: String,
    },
    /// `start` is not below `tip`, or the range holds a commit without parent.
    Unrelated,
    /// libgit2 would get a merge wrong, and git is missing, too old or was ruled out.
    NeedsGit {
        /// What libgit2 cannot do.
        reason: String,
    },
    /// One of the merges took too long and was given up.
    TimedOut {
        /// The commit that was merged.
        commit: Oid,
        /// How long it was given.
        limit: Duration,
        /// What was at work.
        engine: MergeEngine,
    },
}

impl MergeSession {
    /// Makes the commits of `start..tip` anew on `onto`, each with its author, date and message.
    /// Those whose work `onto` has already are left out; those that can stay as they are, do.
    ///
    /// # Errors
    /// The engine fails, or git cannot sign.
    pub fn replay(&mut self, request: ReplayRequest) -> Result<ReplayOutcome, GitError> {
        let ReplayRequest { start, tip, onto } = request;
        let range = self.repo.commits_between(start, tip)?;
        if start != tip && !self.repo.is_ancestor(start, tip)? {
            return Ok(ReplayOutcome::Unrelated);
        }
        let mut commits = Vec::new();
        for id in range {
            let commit = self.raw_commit(id)?;
            match commit.parents[..] {
                [] => return Ok(ReplayOutcome::Unrelated),
                [parent] => commits.push((id, parent, commit)),
                _ => {
                    let subject = commit.subject();
                    return Ok(ReplayOutcome::Merge { commit: id, subject });
                }
            }
        }
        let (mut head, mut dropped, mut engine, mut notes) = (onto, Vec::new(), None, Vec::new());
        for (id, parent, commit) in commits {
            if parent == head {
                head = id;
                continue;
            }
            let merge = MergeRequest { base: Some(parent), ours: head, theirs: id };
            let tree = match self.merge(merge)? {
                MergeOutcome::Clean { tree, engine: by, check } => {
                    engine = Some(by);
                    notes.extend(check.sentence());
                    tree
                }
                MergeOutcome::Conflict { paths, hunks, engine, .. } => {
                    let subject = commit.subject();
                    return Ok(ReplayOutcome::Conflict {
                        commit: id,
                        subject,
                        paths,
                        hunks,
                        engine,
                    });
                }
                MergeOutcome::Unrelated => return Ok(ReplayOutcome::Unrelated),
                MergeOutcome::NeedsGit { reason } => return Ok(ReplayOutcome::NeedsGit { reason }),
                MergeOutcome::TimedOut { limit, engine } => {
                    return Ok(ReplayOutcome::TimedOut { commit: id, limit, engine });
                }
            };
            let was_empty = self.raw_commit(parent)?.tree == commit.tree;
            if !was_empty && self.raw_commit(head)?.tree == tree {
                dropped.push(id);
                continue;
            }
            head = self.remade(id, RawCommit { tree, parents: vec![head], ..commit })?;
        }
        Ok(ReplayOutcome::Replayed { tip: head, dropped, engine, notes })
    }

    /// Stores a commit that was made of `original`, signed where the user signs.
    fn remade(&mut self, original: Oid, commit: RawCommit) -> Result<Oid, GitError> {
        if !self.signs() {
            return self.store(&commit);
        }
        let RawCommit { tree, parents, encoding, message, .. } = commit;
        let encoding = encoding.map(|name| String::from_utf8_lossy(&name).into_owned());
        let author_of = Some(original);
        let new = NewCommit { tree, parents, message: String::new(), author_of };
        self.repo.commit_with(&new, message, encoding.as_deref())
    }
}

#[cfg(test)]
mod tests;
