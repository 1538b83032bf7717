//! What must be the same whether a crash came between or not.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::harness::Repo;

/// What there is in the end, one fact a line, without what a crash may rightly change: times, how
/// often a task was tried, logs, and what is kept of tries that were lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Aftermath(Vec<String>);

impl Aftermath {
    pub(super) fn of(repo: &Repo) -> Self {
        let mut lines = tasks(repo);
        lines.extend(operations(repo));
        for line in repo.git(&["for-each-ref", "--format=%(refname) %(objectname)"]).lines() {
            if !line.starts_with("refs/wt-orch/") {
                lines.push(format!("ref {line}"));
            }
        }
        lines.push(format!("HEAD {}", repo.git(&["symbolic-ref", "HEAD"])));
        lines.extend(worktrees(repo));
        for name in ["config", "info/exclude"] {
            lines.push(format!("{name}: {:?}", repo.read(&format!(".git/{name}"))));
        }
        lines.extend(names(repo.root()).into_iter().map(|name| format!("there is {name}")));
        lines.extend(repo.survivors().into_iter().map(|process| format!("running {process}")));
        let fsck = repo.try_git(&["fsck", "--no-dangling", "--no-progress"]);
        lines.push(format!("fsck {:?} {}{}", fsck.code(), fsck.stdout(), fsck.stderr()));
        Self(lines)
    }

    /// Each difference as a line: what is missing, then what is there beyond.
    pub(super) fn differences(&self, found: &Self) -> Vec<String> {
        let missing = self.0.iter().filter(|line| !found.0.contains(line));
        let missing = missing.map(|line| format!("- {line}"));
        let added = found.0.iter().filter(|line| !self.0.contains(line));
        missing.chain(added.map(|line| format!("+ {line}"))).collect()
    }
}

/// Outcome, reason and changed paths of every task, and what was landed.
fn tasks(repo: &Repo) -> Vec<String> {
    let report = repo.wt_orch(&["report", "--json"]);
    if report.code() == Some(4) {
        return vec![format!("report: {}", report.stdout())];
    }
    let report: Value = report.exit(0).stdout_json();
    let mut lines = vec![format!("run {} {} {}", report["run"], report["state"], report["base"])];
    for task in report["tasks"].as_array().unwrap() {
        let keys = ["id", "state", "outcome", "reason", "branch", "tip", "changed_paths"];
        lines.push(format!("task {}", keys.map(|key| task[key].to_string()).join(" ")));
    }
    let integration = &report["integration"];
    let keys = ["target", "old", "new", "order", "merged", "ejected"];
    lines.push(format!("landed {}", keys.map(|key| integration[key].to_string()).join(" ")));
    lines
}

/// Moves of branches that are in force.
fn operations(repo: &Repo) -> Vec<String> {
    let operations = repo.wt_orch(&["operations", "--json"]);
    if operations.code() == Some(4) {
        return Vec::new();
    }
    let document = operations.exit(0).stdout_json();
    let all = document["operations"].as_array().unwrap();
    all.iter()
        .map(|one| {
            let keys = ["kind", "ref", "old", "new", "run", "undone"];
            format!("operation {}", keys.map(|key| one[key].to_string()).join(" "))
        })
        .collect()
}

/// Each worktree, the user's too, with what git says of its files.
fn worktrees(repo: &Repo) -> Vec<String> {
    let list = repo.git(&["worktree", "list", "--porcelain"]);
    let mut lines: Vec<String> = list
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| format!("worktrees: {}", within(repo, line)))
        .collect();
    for path in list.lines().filter_map(|line| line.strip_prefix("worktree ")) {
        let status = ["-C", path, "status", "--porcelain", "--ignored"];
        lines.push(format!("status of {}: {}", within(repo, path), repo.git(&status)));
    }
    lines
}

fn within(repo: &Repo, text: &str) -> String {
    text.replace(&repo.root().display().to_string(), "")
}

/// Everything below the folder around the repository by name: locks, sockets, folders of ours that
/// were forgotten.
fn names(root: &Path) -> Vec<String> {
    // Objects and logs are more after a crash, and git notes where HEAD was when a try is put back;
    // refs and branches are compared by value.
    let passed_over =
        ["home", "repo/.git/objects", "repo/.git/wt-orch/logs", "logs", "refs", "ORIG_HEAD"];
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if passed_over.iter().any(|over| name == *over || name.ends_with(&format!("/{over}"))) {
                continue;
            }
            if path.is_dir() && !path.is_symlink() {
                open.push(path);
            }
            found.push(name);
        }
    }
    found.sort();
    found
}
