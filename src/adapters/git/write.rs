//! New commits and moved refs, made by the git program.

use super::error::GitError;
use super::program::Invocation;
use super::repo::Repo;
use crate::domain::id::Oid;

/// Author and committer where the user configured none.
pub(super) const FALLBACK: (&str, &str) = ("wt-orch", "wt-orch@localhost");

/// A commit to be made.
#[derive(Debug, Clone)]
pub struct NewCommit {
    /// Its tree.
    pub tree: Oid,
    /// Its parents, in order.
    pub parents: Vec<Oid>,
    /// Its message.
    pub message: String,
    /// A commit whose author (name, address, date) it keeps.
    pub author_of: Option<Oid>,
}

impl NewCommit {
    /// Its message with the end of its last line.
    pub(super) fn ended_message(&self) -> Vec<u8> {
        let mut message = self.message.clone().into_bytes();
        if message.last() != Some(&b'\n') {
            message.push(b'\n');
        }
        message
    }
}

/// A ref to be moved.
#[derive(Debug, Clone)]
pub struct RefUpdate {
    /// Full name: `refs/heads/main`.
    pub name: String,
    /// Where to; `None` deletes it.
    pub new: Option<Oid>,
    /// Where it must be now.
    pub expected: Expected,
    /// For the reflog.
    pub message: String,
}

/// What a ref must be for an update to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Not there.
    Absent,
    /// At this commit.
    At(Oid),
    /// Anything.
    Any,
}

/// What became of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum RefOutcome {
    /// Done.
    Moved,
    /// The ref was not as expected; nothing changed.
    Lost {
        /// Where it is.
        now: Option<Oid>,
    },
}

impl Repo {
    /// Name and address of the user as git would write them, `None` when not configured.
    ///
    /// # Errors
    /// Git cannot be run.
    pub fn identity(&self) -> Result<Option<(String, String)>, GitError> {
        self.ident("GIT_AUTHOR_IDENT")
    }

    fn ident(&self, variable: &str) -> Result<Option<(String, String)>, GitError> {
        // Without useConfigOnly git makes an address up from the host's name.
        let command = self.git("var").config("user.useConfigOnly=true").arg(variable);
        let answer = command.answer()?;
        let text = String::from_utf8_lossy(&answer.stdout);
        let parsed = text.rsplit_once('>').and_then(|(ident, _)| ident.rsplit_once(" <"));
        let parsed = parsed.map(|(name, address)| (name.to_owned(), address.to_owned()));
        Ok(parsed.filter(|_| answer.code == Some(0)))
    }

    /// Writes a commit and what it needs to survive a loss of power. By the user's identity, else
    /// by `wt-orch <wt-orch@localhost>`; signed when `commit.gpgSign` says so.
    ///
    /// # Errors
    /// Git refuses, for one because it cannot sign.
    pub fn commit_tree(&self, commit: &NewCommit) -> Result<Oid, GitError> {
        self.commit_with(commit, commit.ended_message(), None)
    }

    /// The same with a message in another encoding in place of the commit's.
    pub(super) fn commit_with(
        &self,
        commit: &NewCommit,
        message: Vec<u8>,
        encoding: Option<&str>,
    ) -> Result<Oid, GitError> {
        let mut command = self.git("commit-tree").durable().arg(commit.tree.to_string());
        for parent in &commit.parents {
            command = command.arg("-p").arg(parent.to_string());
        }
        if self.settings().is_true("commit.gpgsign") {
            command = command.arg("-S").foreground();
        }
        if self.ident("GIT_COMMITTER_IDENT")?.is_none() {
            command = identified(command, "COMMITTER");
        }
        match commit.author_of {
            Some(of) => command = self.with_author_of(command, of)?,
            None if self.identity()?.is_none() => command = identified(command, "AUTHOR"),
            None => {}
        }
        if let Some(encoding) = encoding {
            command = command.config(&format!("i18n.commitEncoding={encoding}"));
        }
        command.args(["-F", "-"]).input(message).oid()
    }

    fn with_author_of<'a>(
        &self,
        command: Invocation<'a>,
        of: Oid,
    ) -> Result<Invocation<'a>, GitError> {
        let author = self.reader().commit(of)?.author;
        let text = |bytes: &[u8]| super::path::as_path(bytes).as_os_str().to_owned();
        Ok(command
            .env("GIT_AUTHOR_NAME", text(&author.name))
            .env("GIT_AUTHOR_EMAIL", text(&author.address))
            .env("GIT_AUTHOR_DATE", format!("@{}", author.date)))
    }

    /// Moves, makes or deletes one ref by compare-and-swap.
    ///
    /// # Errors
    /// Git refuses for another reason than the ref's place: a branch in the way, a lock held too
    /// long, no such object.
    pub fn update_ref(&self, update: &RefUpdate) -> Result<RefOutcome, GitError> {
        self.update_ref_with(self.git("update-ref"), update)
    }

    /// The same, with a worktree's git directory, so that its HEAD's reflog is written too.
    pub(super) fn update_ref_with(
        &self,
        command: Invocation<'_>,
        update: &RefUpdate,
    ) -> Result<RefOutcome, GitError> {
        // Git refuses an empty message.
        let message = if update.message.is_empty() { "wt-orch" } else { &update.message };
        // Of a deletion nothing needs to survive a loss of power.
        let command = if update.new.is_some() { command.durable() } else { command };
        let mut command = command.args(["-m", message]);
        let some_id = update.new.or(match update.expected {
            Expected::At(oid) => Some(oid),
            Expected::Absent | Expected::Any => None,
        });
        let absent = some_id.map_or_else(|| "0".repeat(40), |oid| oid.zero().to_string());
        command = match update.new {
            Some(new) => command.args(["--create-reflog", &update.name]).arg(new.to_string()),
            // Deleting through a symbolic ref would delete the branch behind it.
            None => command.args(["--no-deref", "-d", &update.name]),
        };
        command = match (update.expected, update.new) {
            (Expected::At(old), _) => command.arg(old.to_string()),
            (Expected::Absent, Some(_)) => command.arg(absent),
            (Expected::Absent, None) | (Expected::Any, _) => command,
        };
        if update.new.is_none() {
            let now = self.ref_target(&update.name)?;
            match (update.expected, now) {
                (Expected::Absent | Expected::Any, None) => return Ok(RefOutcome::Moved),
                (Expected::Absent, Some(_)) | (Expected::At(_), None) => {
                    return Ok(RefOutcome::Lost { now });
                }
                (Expected::At(_) | Expected::Any, Some(_)) => {}
            }
        }
        let words = command.shown();
        let answer = command.answer();
        if matches!(&answer, Ok(answer) if answer.code == Some(0)) {
            return Ok(RefOutcome::Moved);
        }
        let now = self.ref_target(&update.name)?;
        // Git may have moved it and died before it could say so: nobody else makes just this move.
        if matches!(update.expected, Expected::At(old) if Some(old) != update.new)
            && now == update.new
        {
            return Ok(RefOutcome::Moved);
        }
        let answer = answer?;
        let as_expected = match update.expected {
            Expected::Absent => now.is_none(),
            Expected::At(old) => now == Some(old),
            Expected::Any => true,
        };
        if as_expected {
            return Err(GitError::Command { words, code: answer.code, stderr: answer.stderr });
        }
        Ok(RefOutcome::Lost { now })
    }
}

pub(super) fn identified<'a>(command: Invocation<'a>, role: &str) -> Invocation<'a> {
    command.env(format!("GIT_{role}_NAME"), FALLBACK.0).env(format!("GIT_{role}_EMAIL"), FALLBACK.1)
}
