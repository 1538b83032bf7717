//! Work inside the submodules of a worktree. Their repositories lie in git's entry for the worktree
//! and go with it, so what only they hold would be lost.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::checkout::Checkout;
use super::objection::KeptReason;
use super::snapshot::Scratch;
use crate::adapters::git::{GitError, Repo, StatusKind, as_path, quote_path, real_path};

/// Most commits that are listed of one submodule.
const LISTED: &str = "--max-count=1000";

/// Changed files in the submodules below a worktree, and commits of theirs that no remote holds.
pub(super) fn submodule_work(
    checkout: &Checkout,
    git_dir: &Path,
) -> Result<Vec<KeptReason>, GitError> {
    let repo = &checkout.repo;
    let mut found = Vec::new();
    let mut dirty = Vec::new();
    // By git directory: where its files are, relative to the worktree.
    let mut repositories = BTreeMap::new();
    if checkout.path.is_dir() {
        let mut waiting = vec![(git_dir.to_owned(), Vec::new())];
        while let Some((outer, prefix)) = waiting.pop() {
            let folder = checkout.path.join(as_path(&prefix));
            for path in populated(repo, &outer, &folder)? {
                let whole = [prefix.as_slice(), &path].concat();
                let inner_folder = folder.join(as_path(&path));
                let Some(inner) = git_dir_of(&inner_folder) else { continue };
                for entry in repo.status_at(&inner, &inner_folder, None, "all")? {
                    dirty.push(quote_path(&[whole.as_slice(), b"/", &entry.path].concat()));
                }
                if repositories.insert(inner.clone(), quote_path(&whole)).is_none() {
                    waiting.push((inner, [whole.as_slice(), b"/"].concat()));
                }
            }
        }
    }
    for inner in repositories_below(&git_dir.join("modules")) {
        let name = inner.strip_prefix(git_dir.join("modules")).unwrap_or(&inner);
        let name = quote_path(name.as_os_str().as_encoded_bytes());
        repositories.entry(real_path(&inner)).or_insert(name);
    }
    if !dirty.is_empty() {
        found.push(KeptReason::Dirty { paths: dirty });
    }
    for (inner, submodule) in repositories {
        let commits = unpushed(repo, &inner)?;
        if !commits.is_empty() {
            found.push(KeptReason::Unpushed { submodule, commits });
        }
    }
    Ok(found)
}

/// A tracked file in a submodule that is not as that submodule's commit has it.
pub(super) struct SubmoduleFile {
    /// Relative to the worktree, as people read it.
    pub(super) shown: String,
    /// Where git keeps the submodule's index.
    pub(super) git_dir: PathBuf,
    /// The submodule.
    pub(super) folder: PathBuf,
}

/// Tracked files that differ in the submodules below a worktree.
pub(super) fn changed_submodule_files(
    checkout: &Checkout,
    git_dir: &Path,
) -> Result<Vec<SubmoduleFile>, GitError> {
    let repo = &checkout.repo;
    let mut found = Vec::new();
    let mut waiting = vec![(git_dir.to_owned(), Vec::new())];
    while let Some((outer, prefix)) = waiting.pop() {
        let above = checkout.path.join(as_path(&prefix));
        for path in populated(repo, &outer, &above)? {
            let whole = [prefix.as_slice(), &path].concat();
            let folder = above.join(as_path(&path));
            let Some(inner) = git_dir_of(&folder) else { continue };
            let inside = submodule(repo, &inner, &folder);
            let mut changed = Scratch::of(&inside, &inner)?.status(&inside, &inner)?;
            changed.retain(|entry| entry.kind != StatusKind::Untracked);
            for entry in changed {
                let shown = quote_path(&[whole.as_slice(), b"/", &entry.path].concat());
                let (git_dir, folder) = (inner.clone(), folder.clone());
                found.push(SubmoduleFile { shown, git_dir, folder });
            }
            waiting.push((inner, [whole.as_slice(), b"/"].concat()));
        }
    }
    Ok(found)
}

/// A submodule as a worktree of its own repository.
pub(super) fn submodule(repo: &Repo, git_dir: &Path, folder: &Path) -> Checkout {
    Checkout { repo: repo.clone(), path: folder.to_owned(), git_dir: Some(git_dir.to_owned()) }
}

/// Submodules of the repository at `folder` whose files are there.
fn populated(repo: &Repo, git_dir: &Path, folder: &Path) -> Result<Vec<Vec<u8>>, GitError> {
    let listed = repo.git_in("ls-files", git_dir, folder).args(["-s", "-z"]).output()?;
    let gitlinks = listed.split(|&byte| byte == 0).filter_map(|line| {
        let tab = line.iter().position(|&byte| byte == b'\t')?;
        line.starts_with(b"160000 ").then(|| line[tab + 1..].to_vec())
    });
    Ok(gitlinks.filter(|path| folder.join(as_path(path)).join(".git").exists()).collect())
}

/// What the `.git` of a folder leads to.
fn git_dir_of(folder: &Path) -> Option<PathBuf> {
    let link = folder.join(".git");
    if link.is_dir() {
        return Some(real_path(&link));
    }
    let text = std::fs::read_to_string(&link).ok()?;
    let target = folder.join(text.strip_prefix("gitdir: ")?.trim_end_matches(['\n', '\r']));
    target.is_dir().then(|| real_path(&target))
}

/// Repositories in git's folder for submodules, also of those whose files are gone.
fn repositories_below(modules: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![modules.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = folder.read_dir() else { continue };
        for entry in entries.flatten().filter(|e| e.file_type().is_ok_and(|kind| kind.is_dir())) {
            let path = entry.path();
            if path.join("HEAD").exists() && path.join("objects").is_dir() {
                folders.push(path.join("modules"));
                found.push(path);
            } else {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Commits that a submodule's repository holds and none of its remotes: short id and subject.
fn unpushed(repo: &Repo, git_dir: &Path) -> Result<Vec<String>, GitError> {
    let command = repo.program().command("rev-list").git_dir(git_dir).dir(git_dir);
    let command = command.args([LISTED, "--no-commit-header", "--format=%h %s"]);
    let answer =
        command.args(["--all", "--ignore-missing", "HEAD", "--not", "--remotes"]).answer()?;
    let text = String::from_utf8_lossy(&answer.stdout);
    if answer.code != Some(0) {
        // Not even HEAD can be read: nobody can say what is in it.
        return Ok(vec![format!("?: {}", answer.stderr.replace('\n', " "))]);
    }
    Ok(text.lines().map(str::to_owned).collect())
}
