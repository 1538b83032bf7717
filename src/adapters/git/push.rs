//! Pushing: a command of the user's, run with their configuration, hooks and credentials, unlike all
//! other git of ours.

use std::ffi::OsString;

use super::error::{GitError, io};
use super::repo::Repo;
use crate::adapters::host::foreground::Foreground;
use crate::domain::id::Oid;
use crate::domain::report::shell_word;

/// A commit that a branch of another repository is to be moved to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// Name or address of the other repository.
    pub remote: String,
    /// The commit.
    pub commit: Oid,
    /// Name of the branch there, without `refs/heads/`.
    pub branch: String,
}

impl Push {
    /// The command as one would type it.
    pub fn command(&self) -> String {
        let words: Vec<String> = self.args().iter().map(|word| shell_word(word)).collect();
        format!("git {}", words.join(" "))
    }

    fn args(&self) -> [String; 3] {
        let refspec = format!("{}:refs/heads/{}", self.commit, self.branch);
        ["push".to_owned(), self.remote.clone(), refspec]
    }
}

impl Repo {
    /// The remote that `git push` takes for a branch; `None` when there is none or no telling.
    pub fn push_remote(&self, branch: &str) -> Option<String> {
        let settings = self.settings();
        let keys = [
            format!("branch.{branch}.pushremote"),
            "remote.pushdefault".to_owned(),
            format!("branch.{branch}.remote"),
        ];
        let named = keys.iter().find_map(|key| settings.last(key).map(str::to_owned));
        named.or_else(|| {
            let mut remotes: Vec<&str> =
                settings.below("remote.").filter_map(|key| key.strip_suffix(".url")).collect();
            remotes.sort_unstable();
            remotes.dedup();
            match remotes[..] {
                [only] => Some(only.to_owned()),
                _ => remotes.into_iter().find(|name| *name == "origin").map(str::to_owned),
            }
        })
    }

    /// The branch of a remote that a branch here is made to follow, else the one of its own name.
    pub fn branch_at_remote(&self, branch: &str, remote: &str) -> String {
        let of = |key: &str| self.settings().last(&format!("branch.{branch}.{key}"));
        let followed = of("merge").filter(|_| of("remote") == Some(remote));
        let followed = followed.and_then(|name| name.strip_prefix("refs/heads/"));
        followed.unwrap_or(branch).to_owned()
    }

    /// Pushes with `env`, the whole environment of the user. Answers whether it succeeded; what git
    /// says goes to standard error.
    ///
    /// # Errors
    /// Git cannot be started.
    pub fn push(&self, push: &Push, env: &[(OsString, OsString)]) -> Result<bool, GitError> {
        let program = self.program().path();
        let args = push.args().map(OsString::from);
        let dir = self.worktree().unwrap_or_else(|| self.root());
        let foreground = Foreground { program, args: &args, dir, env, input: None };
        Ok(foreground.run().map_err(io("run", program))?.code == Some(0))
    }
}
