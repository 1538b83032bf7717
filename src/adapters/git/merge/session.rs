//! A train of merges: nothing is started for merges whose sides do not meet and for commits that
//! nobody signs, and the disk is waited for once.

use super::identity::Identity;
use super::{
    CrossCheck, Maker, MergeEngine, MergeOptions, MergeOutcome, MergeRequest, disjoint, guards,
};
use crate::adapters::git::capability::Backend;
use crate::adapters::git::error::GitError;
use crate::adapters::git::merge_git::{self, Manner};
use crate::adapters::git::merge_libgit2;
use crate::adapters::git::raw_commit::RawCommit;
use crate::adapters::git::repo::{Engine, Repo};
use crate::adapters::git::write::NewCommit;
use crate::adapters::host::clock::Clock;
use crate::domain::id::Oid;

/// Merges and commits that follow one another.
pub struct MergeSession {
    pub(super) repo: Repo,
    pub(super) options: MergeOptions,
    /// `None` until it is needed, and where git reads the repository.
    library: Option<git2::Repository>,
    /// Whether libgit2 sees the history that git sees, once it was asked.
    plain: Option<bool>,
    identity: Option<Identity>,
    clock: Clock,
}

impl MergeSession {
    pub(super) fn new(repo: Repo, options: MergeOptions) -> Self {
        let clock = Clock::start();
        Self { repo, options, library: None, plain: None, identity: None, clock }
    }

    /// Merges two commits without touching any worktree, index or ref.
    ///
    /// # Errors
    /// The engine fails; a conflict is no failure.
    pub fn merge(&mut self, request: MergeRequest) -> Result<MergeOutcome, GitError> {
        let limit = self.options.time_limit;
        match self.repo.merge_maker(request) {
            Maker::Git => {
                let outcome = self.by_git(request)?;
                Ok(self.cross_checked(request, outcome))
            }
            Maker::Libgit2 => merge_libgit2::merge_within(&self.repo, request, limit),
            Maker::Nobody { reason } => Ok(MergeOutcome::NeedsGit { reason }),
        }
    }

    /// Writes a commit, by whom and signed as [`Repo::commit_tree`] does.
    ///
    /// # Errors
    /// Git refuses, for one because it cannot sign.
    pub fn commit(&mut self, commit: &NewCommit) -> Result<Oid, GitError> {
        // Git refuses a zero in a message; it has the words for that.
        if self.signs() || commit.message.contains('\0') {
            return self.repo.commit_tree(commit);
        }
        let author = match commit.author_of {
            Some(of) => self.raw_commit(of)?.author,
            None => {
                let (identity, clock) = self.identity()?;
                identity.author(clock)
            }
        };
        let (tree, parents) = (commit.tree, commit.parents.clone());
        let message = commit.ended_message();
        self.store(&RawCommit { tree, parents, author, encoding: None, message })
    }

    pub(super) fn signs(&self) -> bool {
        self.repo.settings().is_true("commit.gpgsign")
    }

    pub(super) fn raw_commit(&mut self, id: Oid) -> Result<RawCommit, GitError> {
        match self.library()? {
            Some(git) => RawCommit::read(git, id),
            None => RawCommit::load(&self.repo, id),
        }
    }

    /// Stores a commit of ours, unsigned.
    pub(super) fn store(&mut self, commit: &RawCommit) -> Result<Oid, GitError> {
        let (identity, clock) = self.identity()?;
        let bytes = commit.bytes(&identity.committer(clock));
        match self.library()? {
            Some(git) => RawCommit::write(git, &bytes),
            None => RawCommit::store(&self.repo, bytes),
        }
    }

    fn identity(&mut self) -> Result<(&Identity, &Clock), GitError> {
        let identity = match self.identity.take() {
            Some(identity) => identity,
            None => Identity::load(&self.repo)?,
        };
        Ok((self.identity.insert(identity), &self.clock))
    }

    fn library(&mut self) -> Result<Option<&git2::Repository>, GitError> {
        if self.repo.backend() == Backend::Git {
            return Ok(None);
        }
        let library = match self.library.take() {
            Some(library) => library,
            None => self.repo.objects()?,
        };
        Ok(Some(self.library.insert(library)))
    }

    fn by_git(&mut self, request: MergeRequest) -> Result<MergeOutcome, GitError> {
        // Whoever wants two opinions, or git's, gets them of every merge.
        let shortcut = self.repo.engine() == Engine::Auto && !self.options.cross_check;
        if shortcut && self.library()?.is_some() {
            let known = self.is_plain()?;
            if let Some(git) = self.library.as_ref().filter(|_| known)
                // What libgit2 cannot read, git may.
                && let Ok(Some(tree)) = disjoint::tree(git, request)
            {
                let (engine, check) = (MergeEngine::Disjoint, CrossCheck::NotMade);
                return Ok(MergeOutcome::Clean { tree, engine, check });
            }
        }
        let manner = Manner { limit: self.options.time_limit, durable: false };
        merge_git::merge(&self.repo, request, manner)
    }

    /// Whether libgit2 sees the history that git sees.
    fn is_plain(&mut self) -> Result<bool, GitError> {
        if let Some(plain) = self.plain {
            return Ok(plain);
        }
        let repo = self.repo.clone();
        let plain = match self.library()? {
            Some(git) => guards::history(&repo, git)?.is_none(),
            None => false,
        };
        let plain = plain && !repo.settings().is_true("merge.renormalize");
        Ok(*self.plain.insert(plain))
    }
}
