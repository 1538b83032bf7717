//! The latest commits and branches. By git for every repository: it reads thousands of trees and
//! refs several times faster than libgit2, which checks the hash of each object.

use std::collections::{BTreeMap, BTreeSet};

use super::error::GitError;
use super::path::quote_path;
use super::repo::Repo;
use crate::domain::id::Oid;

/// Commits of branches that are looked at, the latest first; what lies before them is not told.
const MOST_COMMITS: usize = 1000;

/// A local branch with work that a commit lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchWork {
    /// Its short name.
    pub name: String,
    /// Its commit.
    pub tip: Oid,
    /// Commits of it that the other one lacks.
    pub commits: usize,
    /// Paths that these change, merges aside, sorted.
    pub paths: Vec<String>,
}

impl Repo {
    /// Paths that each of the latest commits up to `from` changed, latest first, at most `most`
    /// commits, without merges; none for the first commit of a history. See
    /// [`quote_path`](super::quote_path).
    ///
    /// # Errors
    /// `from` is no commit, or an object is missing.
    pub fn latest_changes(&self, from: Oid, most: usize) -> Result<Vec<Vec<String>>, GitError> {
        let command = self.git("rev-list").args(["--no-merges", &format!("--max-count={most}")]);
        let listed = command.arg(from.to_string()).arg("--").text()?;
        let ids: Vec<&str> = listed.lines().collect();
        self.changes_of(&ids)
    }

    /// Of the `most` local branches whose tips are latest those with commits that `base` has not,
    /// latest first. Branches that have nothing in common with `base` are left out.
    ///
    /// # Errors
    /// The refs cannot be read, or `base` is no commit.
    pub fn unmerged_branches(&self, base: Oid, most: usize) -> Result<Vec<BranchWork>, GitError> {
        // Not with `--no-merged`, which walks through the whole history.
        let command = self.git("for-each-ref").args(["--sort=refname", "--sort=-committerdate"]);
        let command = command.arg(format!("--count={most}"));
        let listed = command.args(["--format=%(objectname) %(refname)", "refs/heads/"]).text()?;
        let tips: Vec<(&str, &str)> =
            listed.lines().filter_map(|line| line.split_once(" refs/heads/")).collect();
        if tips.is_empty() {
            return Ok(Vec::new());
        }
        let input: String = tips.iter().map(|(tip, _)| format!("{tip}\n")).collect();
        let command = self.git("rev-list").args(["--parents", "--stdin"]);
        let command = command.arg(format!("--max-count={MOST_COMMITS}"));
        let graph = command.input(format!("{input}^{base}\n").into_bytes()).text()?;
        let lines: Vec<Vec<&str>> = graph.lines().map(|line| line.split(' ').collect()).collect();
        let ids: Vec<&str> = lines.iter().filter_map(|line| line.first().copied()).collect();
        let changes = self.changes_of(&ids)?;
        let own: BTreeMap<&str, (&[&str], &Vec<String>)> = lines
            .iter()
            .zip(&changes)
            .map(|(line, paths)| (line[0], (&line[1..], paths)))
            .collect();
        Ok(tips.iter().filter_map(|(tip, name)| work(&own, tip, name)).collect())
    }

    /// Paths that each of these commits changed; none for merges and for the first of a history.
    fn changes_of(&self, ids: &[&str]) -> Result<Vec<Vec<String>>, GitError> {
        let input: String = ids.iter().map(|id| format!("{id}\n")).collect();
        let command = self.git("diff-tree").args(["--stdin", "-r", "-z", "--name-only"]);
        let command = command.args(["--no-renames", "--ignore-submodules=none"]);
        Ok(parse_changes(ids, &command.input(input.into_bytes()).output()?))
    }
}

/// What a branch has of its own among commits with their parents and paths; `None` where that is
/// nothing, or a history of its own.
fn work(
    own: &BTreeMap<&str, (&[&str], &Vec<String>)>,
    tip: &str,
    name: &str,
) -> Option<BranchWork> {
    let mut reached = BTreeSet::new();
    let mut paths = BTreeSet::new();
    let mut open = vec![tip];
    while let Some(id) = open.pop() {
        let Some((&id, (parents, changed))) = own.get_key_value(id) else { continue };
        if parents.is_empty() {
            return None;
        }
        if reached.insert(id) {
            paths.extend(changed.iter().cloned());
            open.extend(parents.iter());
        }
    }
    let (commits, paths) = (reached.len(), paths.into_iter().collect());
    if commits == 0 {
        return None;
    }
    Some(BranchWork { name: name.to_owned(), tip: tip.parse().ok()?, commits, paths })
}

/// The paths of each commit, in the order of `ids`, of `--stdin -z --name-only`: a commit's id, then
/// its paths, and nothing of a commit that changes nothing.
fn parse_changes(ids: &[&str], output: &[u8]) -> Vec<Vec<String>> {
    let mut changes = vec![Vec::new(); ids.len()];
    let mut next = 0;
    for field in output.split(|&byte| byte == 0).filter(|field| !field.is_empty()) {
        match ids[next..].iter().position(|id| id.as_bytes() == field) {
            Some(further) => next += further + 1,
            None => {
                let of_commit = next.checked_sub(1).and_then(|at| changes.get_mut(at));
                of_commit.into_iter().for_each(|paths| paths.push(quote_path(field)));
            }
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::git::fixture::Sandbox;

    #[test]
    fn the_latest_commits_tell_what_each_of_them_changed() {
        let sandbox = Sandbox::with(&[("a", "1"), ("b/c", "1")]);
        sandbox.commit(&[("a", "2"), ("odd\n\"name\"", "1")]);
        sandbox.git(&["commit", "-q", "--allow-empty", "-m", "nothing"]);
        let before = sandbox.rev("HEAD");
        sandbox.branch("side", before, &[("side", "1")]);
        sandbox.git(&["mv", "a", "moved"]);
        sandbox.commit(&[("b/c", "2")]);
        sandbox.git(&["merge", "-q", "-m", "both", "side"]);
        let repo = sandbox.repo();
        let mut all = repo.latest_changes(sandbox.rev("HEAD"), 9).unwrap();
        all.sort();
        let odd = quote_path(b"odd\n\"name\"");
        let expected: [&[&str]; 5] = [&[], &[], &["a", "b/c", "moved"], &["a", &odd], &["side"]];
        assert_eq!(all, expected, "without the merge; the first commit brings no change");
        assert_eq!(repo.latest_changes(before, 2).unwrap(), [vec![], vec!["a".to_owned(), odd]]);
        assert!(
            repo.latest_changes("1".repeat(before.to_string().len()).parse().unwrap(), 1).is_err()
        );
    }

    #[test]
    fn a_shallow_history_ends_where_it_was_cut() {
        let sandbox = Sandbox::with(&[("a", "1")]);
        sandbox.commit(&[("a", "2")]);
        sandbox.commit(&[("b", "1")]);
        let url = format!("file://{}", sandbox.root().display());
        sandbox.git_at(&sandbox.path(""), &["clone", "-q", "--depth", "2", &url, "shallow"]);
        let repo = Repo::discover(&sandbox.path("shallow"), sandbox.env()).unwrap();
        let changes = repo.latest_changes(sandbox.rev("HEAD"), 9).unwrap();
        assert_eq!(changes, [vec!["b".to_owned()], vec![]]);
    }

    #[test]
    fn branches_that_are_merged_are_left_out() {
        let sandbox = Sandbox::with(&[("a", "1")]);
        let first = sandbox.rev("HEAD");
        for name in ["z/one", "two", "three"] {
            sandbox.branch(name, first, &[(name, "1")]);
        }
        sandbox.git(&["branch", "old", &first.to_string()]);
        sandbox.git(&["merge", "-q", "--no-ff", "-m", "both", "two"]);
        let tree = sandbox.git(&["write-tree"]);
        let alone = sandbox.git(&["commit-tree", "-m", "another history", &tree]);
        sandbox.git(&["branch", "alone", &alone]);
        let repo = sandbox.repo();
        let names = |most| {
            let found = repo.unmerged_branches(sandbox.rev("HEAD"), most).unwrap();
            found.into_iter().map(|branch| branch.name).collect::<Vec<_>>()
        };
        assert_eq!(names(9), ["three", "z/one"], "of one date, in the order of their names");
        assert_eq!(names(4), ["three"], "of `alone`, `main`, `old` and this one");
        let ahead = repo.unmerged_branches(first, 9).unwrap();
        let main = ahead.iter().find(|branch| branch.name == "main").unwrap();
        assert_eq!((main.tip, main.commits), (sandbox.rev("HEAD"), 2));
        assert_eq!(main.paths, ["two"]);
    }
}
