//! What `--changed` compares with.

use crate::adapters::git::{ChangeKind, Repo};
use crate::cli::failure::Failure;
use crate::domain::id::Oid;

/// What stands for the branch that work starts from and goes back to, the first that is there. An
/// upstream comes late: that of a branch for one piece of work is mostly its own copy.
const USUAL: [&str; 6] =
    ["origin/HEAD", "origin/main", "origin/master", "@{upstream}", "main", "master"];

/// What changed, and since when.
pub(super) struct Since {
    pub(super) name: String,
    /// The merge base.
    pub(super) base: Oid,
    pub(super) paths: Vec<String>,
}

/// Paths that differ between a commit and where it left `wanted`; where that is empty, where it left
/// the usual branch.
pub(super) fn changed_since(repo: &Repo, commit: Oid, wanted: &str) -> Result<Since, Failure> {
    let (name, tip) = match wanted {
        "" => usual(repo).ok_or_else(|| {
            Failure::refused(
                "no_base",
                "there is no branch to compare with: neither of `origin`, \
                                         nor an upstream, `main` or `master`",
            )
            .hint("name a branch or commit: `wt-orch test --changed=BASE`")
        })?,
        wanted => {
            let tip = repo.resolve_commit(wanted)?.ok_or_else(|| {
                Failure::usage("unknown_base", format!("git knows no commit `{wanted}`"))
                    .hint("name a branch, a tag or a commit: `--changed=main`")
            })?;
            (wanted.to_owned(), tip)
        }
    };
    let base = repo.merge_base(tip, commit)?.ok_or_else(|| {
        Failure::refused(
            "no_merge_base",
            format!("what is tested has no commit in common with `{name}`"),
        )
        .hint("in a shallow clone, `git fetch --unshallow` brings the older ones")
    })?;
    let mut paths = Vec::new();
    for change in repo.changed_paths(base, commit)? {
        if let ChangeKind::Renamed { from } = change.kind {
            paths.push(from);
        }
        paths.push(change.path);
    }
    Ok(Since { name: format!("`{name}`"), base, paths })
}

fn usual(repo: &Repo) -> Option<(String, Oid)> {
    // One that cannot be read is not there.
    let tip = |name: &str| repo.resolve_commit(name).ok().flatten();
    USUAL.iter().find_map(|name| Some(((*name).to_owned(), tip(name)?)))
}
