//! Branches, tags and commits as the user names them.

use super::failure::Failure;
use crate::adapters::git::{Head, Repo};
use crate::domain::diagnostic::closest;
use crate::engine::NamedTip;

const HEADS: &str = "refs/heads/";

/// The commits of these names, in their order. A branch goes before a tag of its name.
pub(super) fn named_tips(repo: &Repo, names: &[String]) -> Result<Vec<NamedTip>, Failure> {
    let mut tips: Vec<NamedTip> = Vec::new();
    for name in names {
        let short = name.strip_prefix(HEADS).unwrap_or(name);
        if tips.iter().any(|tip| tip.name == short) {
            return Err(Failure::usage("named_twice", format!("`{short}` is named twice"))
                .hint("a branch never conflicts with itself; leave one of them out"));
        }
        let branch = repo.branch_tip(short)?;
        let found = branch.map_or_else(|| repo.resolve_commit(name), |tip| Ok(Some(tip)))?;
        let Some(tip) = found else { return Err(unknown(repo, name)) };
        tips.push(NamedTip { name: short.to_owned(), start: None, tip });
    }
    Ok(tips)
}

/// What is checked out here.
pub(super) fn checked_out(repo: &Repo) -> Result<NamedTip, Failure> {
    let (name, tip) = match repo.head()? {
        Head::Branch { name, tip } => (name, tip),
        Head::Detached { tip } => ("HEAD".to_owned(), tip),
        Head::Unborn { name } => {
            let message = format!("`{name}`, which is checked out here, has no commit yet");
            return Err(Failure::refused("no_commit", message)
                .hint("name two branches: `wt-orch forecast BRANCH BRANCH`"));
        }
    };
    Ok(NamedTip { name, start: None, tip })
}

/// What is checked out in any worktree, the main one first; a worktree without a branch goes by its
/// commit.
pub(super) fn checked_out_anywhere(repo: &Repo) -> Result<Vec<NamedTip>, Failure> {
    let mut tips: Vec<NamedTip> = Vec::new();
    for worktree in repo.worktrees()? {
        let Some(head) = worktree.head.filter(|_| !worktree.bare && worktree.prunable.is_none())
        else {
            continue;
        };
        let (name, tip) = match worktree.branch {
            // During a rebase HEAD is elsewhere, and the branch is where it was.
            Some(branch) => match repo.branch_tip(&branch)? {
                Some(tip) => (branch, tip),
                None => continue,
            },
            None => (head.short(), head),
        };
        if !tips.iter().any(|known| known.name == name) {
            tips.push(NamedTip { name, start: None, tip });
        }
    }
    Ok(tips)
}

fn unknown(repo: &Repo, name: &str) -> Failure {
    let message = format!("`{name}` is no branch, tag or commit of this repository");
    let failure = Failure::refused("unknown_branch", message);
    let mut known = Vec::new();
    for prefix in [HEADS, "refs/remotes/", "refs/tags/"] {
        let Ok(found) = repo.refs_below(prefix) else { continue };
        known.extend(found.into_iter().map(|(full, _)| full[prefix.len()..].to_owned()));
    }
    match closest(name, known.iter().map(String::as_str)) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure.hint("`git branch --all` lists the branches, `git tag` the tags"),
    }
}
