//! Everything of the user's that must stay as it is (promise I1 of the design).

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use super::Repo;

/// State of a repository and its surroundings at one moment:
///
/// - refs with their values, HEAD, reflogs, and with these the stash,
/// - the bytes of the index, config, hooks, `info/` and every other file of git's own,
/// - contents, modes and times of modification of all files in the worktree, ignored ones too,
/// - the user's `.gitconfig`, and the names of what stands beside the repository and in TMPDIR.
///
/// Objects and what belongs to linked worktrees are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    /// `ref …`, `git …`, `worktree …`, `beside …`, each with its state.
    entries: BTreeMap<String, String>,
}

/// What wt-orch adds to git's folder: objects, and the files of linked worktrees and of runs.
const OWN_FOLDERS: [&str; 3] = ["objects", "worktrees", "wt-orch"];

/// Where refs are kept, which are read by name.
const REFS: [&str; 3] = ["refs", "packed-refs", "reftable"];

impl Fingerprint {
    /// Reads everything. `repo` may be bare, or no repository at all.
    pub(crate) fn of(repo: &Repo) -> Self {
        let mut reading = Self { entries: BTreeMap::new() };
        let worktree = repo.path("");
        let git = if repo.path(".git").is_dir() { repo.path(".git") } else { worktree.clone() };
        if git.join("HEAD").exists() {
            reading.refs(repo);
            reading
                .files("git", &git, &|name| !OWN_FOLDERS.contains(&name) && !REFS.contains(&name));
            reading.names("own", &git.join("wt-orch"));
        }
        if git != worktree || !git.join("HEAD").exists() {
            reading.files("worktree", &worktree, &|name| name != ".git");
        }
        reading.file("home .gitconfig", &repo.root().join("home/.gitconfig"));
        reading.names("beside", repo.root());
        reading.names("tmp", &repo.root().join("tmp"));
        reading
    }

    /// Expects that nothing at all differs: the command created, moved and touched nothing.
    #[track_caller]
    pub(crate) fn assert_identical(&self, after: &Self) {
        let differences = self.differences(after);
        assert!(differences.is_empty(), "something changed:\n{}", differences.join("\n"));
    }

    /// Expects that everything which was there is as it was, and that nothing was added but refs
    /// with their logs, folders beside the repository, and files of wt-orch's own.
    #[track_caller]
    pub(crate) fn assert_kept(&self, after: &Self) {
        let allowed =
            ["added ref ", "added git logs/refs/", "added beside ", "added own ", "removed own "];
        let mut differences = self.differences(after);
        differences.retain(|line| !allowed.iter().any(|start| line.starts_with(start)));
        assert!(differences.is_empty(), "the user's own changed:\n{}", differences.join("\n"));
    }

    /// The same but for TMPDIR, where what runs when wt-orch is killed leaves its folder until the next
    /// command.
    pub(crate) fn without_tmp(mut self) -> Self {
        self.entries.retain(|name, _| !name.starts_with("tmp "));
        self
    }

    /// Each difference as one line: `changed ref refs/heads/main: 01ab… → 23cd…`.
    pub(crate) fn differences(&self, after: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        for (name, old) in &self.entries {
            match after.entries.get(name) {
                Some(new) if new == old => {}
                Some(new) => lines.push(format!("changed {name}: {old} → {new}")),
                None => lines.push(format!("removed {name}: {old}")),
            }
        }
        let added = after.entries.iter().filter(|(name, _)| !self.entries.contains_key(*name));
        lines.extend(added.map(|(name, new)| format!("added {name}: {new}")));
        lines
    }

    fn refs(&mut self, repo: &Repo) {
        let head = repo.try_git(&["symbolic-ref", "HEAD"]);
        self.entries.insert("ref HEAD".to_owned(), head.stdout().to_owned());
        let format = "--format=%(refname) %(objectname)%(symref)";
        for line in repo.git(&["for-each-ref", format]).lines() {
            let (name, value) = line.split_once(' ').unwrap();
            self.entries.insert(format!("ref {name}"), value.to_owned());
        }
    }

    /// All files below a folder; `wanted` sees the names in the folder itself.
    fn files(&mut self, kind: &str, folder: &Path, wanted: &dyn Fn(&str) -> bool) {
        let mut open = vec![folder.to_owned()];
        while let Some(at) = open.pop() {
            for entry in fs::read_dir(&at).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                if at == folder && !wanted(&name) {
                    continue;
                }
                if path.is_dir() && !path.is_symlink() {
                    open.push(path);
                } else {
                    self.file(&format!("{kind} {name}"), &path);
                }
            }
        }
    }

    fn file(&mut self, name: &str, path: &Path) {
        let Ok(metadata) = path.symlink_metadata() else { return };
        let content = if metadata.is_symlink() {
            fs::read_link(path).unwrap().display().to_string()
        } else {
            shown(&fs::read(path).unwrap())
        };
        // Git rewrites some of its own files with the same bytes.
        let modified = if name.starts_with("worktree ") {
            format!(", modified {}.{:09}", metadata.mtime(), metadata.mtime_nsec())
        } else {
            String::new()
        };
        self.entries.insert(name.to_owned(), format!("{:o} {content}{modified}", metadata.mode()));
    }

    /// The names in a folder, if it is there.
    fn names(&mut self, kind: &str, folder: &Path) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries {
            let name = entry.unwrap().file_name().display().to_string();
            self.entries.insert(format!("{kind} {name}"), "there".to_owned());
        }
    }
}

/// Short texts as they are, others by length and hash.
fn shown(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.len() <= 60 => format!("{text:?}"),
        _ => {
            let mut hasher = DefaultHasher::new();
            bytes.hash(&mut hasher);
            format!("{} bytes {:016x}", bytes.len(), hasher.finish())
        }
    }
}

#[test]
fn every_kind_of_change_is_seen() {
    let repo = Repo::new();
    repo.file(".gitignore", "ignored\n").file("a", "1\n").file("b/c", "2\n").commit("first");
    repo.commit("second");
    repo.file("ignored", "x\n").file("b/c", "3\n");
    let stash = repo.git(&["stash", "create"]);
    let git = |args: &[&str]| assert_eq!(repo.git(args), "");
    let write = |path: &str, text: &str| fs::write(repo.path(path), text).unwrap();
    let make_folder = |path: &str| fs::create_dir(repo.root().join(path)).unwrap();
    let make_executable = || {
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(repo.path("b/c"), mode).unwrap();
    };
    make_folder("repo/.git/wt-orch");
    let changes: [(&str, &dyn Fn()); 12] = [
        ("added ref refs/heads/new", &|| git(&["branch", "new"])),
        ("changed ref refs/heads/new", &|| git(&["branch", "-f", "new", "HEAD~1"])),
        ("added ref refs/stash", &|| git(&["stash", "store", &stash])),
        ("changed ref HEAD", &|| git(&["symbolic-ref", "HEAD", "refs/heads/new"])),
        ("changed git index", &|| git(&["add", "b/c"])),
        ("changed git config", &|| git(&["config", "x.y", "z"])),
        ("added git hooks/post-commit", &|| write(".git/hooks/post-commit", "#!/bin/sh\n")),
        ("changed worktree a", &|| write("a", "1\n")),
        ("changed worktree ignored", &|| write("ignored", "y\n")),
        ("changed worktree b/c", &make_executable),
        ("added beside repo-a", &|| make_folder("repo-a")),
        ("added own state.db", &|| write(".git/wt-orch/state.db", "")),
    ];
    for (expected, change) in changes {
        let before = Fingerprint::of(&repo);
        before.assert_identical(&Fingerprint::of(&repo));
        change();
        let differences = before.differences(&Fingerprint::of(&repo));
        assert!(
            differences.iter().any(|line| line.starts_with(expected)),
            "{expected}: {differences:?}"
        );
    }
}

#[test]
fn only_what_a_run_may_add_is_kept_out_of_the_comparison() {
    let repo = Repo::new();
    repo.file("a", "1\n").commit("first");
    let before = Fingerprint::of(&repo);
    repo.git(&["worktree", "add", "--quiet", "-b", "feature/a", "../repo-a"]);
    repo.file(".git/wt-orch/state.db", "");
    before.assert_kept(&Fingerprint::of(&repo));
    repo.file("left-over", "");
    let differences = before.differences(&Fingerprint::of(&repo));
    assert!(differences.iter().any(|line| line.starts_with("added worktree left-over")));
    let after = Fingerprint::of(&repo);
    let kept = std::panic::catch_unwind(|| before.assert_kept(&after));
    assert!(kept.is_err());
}
