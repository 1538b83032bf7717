//! Which worktree has to follow a branch.

use super::error::GitError;
use super::land_refusal::{LandRefusal, RefusedReason};
use super::repo::Repo;
use super::worktrees::WorktreeInfo;

/// Who has a branch checked out.
pub(super) enum Holder {
    Nobody,
    One(WorktreeInfo),
    /// More than can be moved at once.
    Refused(LandRefusal),
}

/// The worktree that has a branch checked out, also while a rebase or bisect has taken it away.
pub(super) fn holder(repo: &Repo, branch: &str) -> Result<Holder, GitError> {
    let has_it = |info: &WorktreeInfo| {
        !info.bare && info.branch.as_deref() == Some(branch) && info.path.is_dir()
    };
    let mut holders = repo.worktrees()?.into_iter().filter(has_it);
    Ok(match (holders.next(), holders.next()) {
        (None, _) => Holder::Nobody,
        (Some(info), None) => Holder::One(info),
        (Some(first), Some(other)) => {
            let reason = RefusedReason::CheckedOutTwice { other: other.path };
            Holder::Refused(LandRefusal::new(&first.path, reason))
        }
    })
}

impl Repo {
    /// The branch that moves when this one is moved: another one where it is a symbolic ref.
    ///
    /// # Errors
    /// Git fails, or it is a symbolic ref to something that is no branch.
    pub fn branch_behind(&self, name: &str) -> Result<String, GitError> {
        let command = self.git("symbolic-ref").args(["-q", "--"]).arg(format!("refs/heads/{name}"));
        let answer = command.answer()?;
        if answer.code != Some(0) {
            return Ok(name.to_owned());
        }
        let text = String::from_utf8_lossy(&answer.stdout);
        match text.trim_end().strip_prefix("refs/heads/") {
            Some(behind) => Ok(behind.to_owned()),
            None => Err(GitError::Unsupported {
                feature: format!("`{name}` as a target"),
                why: format!("it stands for `{}`, which is no branch", text.trim_end()),
                way_out: "name a branch".to_owned(),
            }),
        }
    }
}
