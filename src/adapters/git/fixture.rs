//! Small real repositories for the tests of this folder and of `worktree`.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Repo;
use crate::domain::id::Oid;

/// A folder with a private HOME and one repository, `main` checked out.
pub(in crate::adapters) struct Sandbox {
    folder: tempfile::TempDir,
    /// Variables that tell git the formats of new repositories.
    formats: Vec<(OsString, OsString)>,
}

impl Sandbox {
    /// A repository without commits, of the formats that whoever runs the tests asks for.
    pub(in crate::adapters) fn empty() -> Self {
        Self::of_formats(wanted_formats().collect())
    }

    /// A repository with one commit that libgit2 can open, for tests of libgit2 or of git's files.
    pub(in crate::adapters) fn ordinary(files: &[(&str, &str)]) -> Self {
        let sandbox = Self::of_formats(Vec::new());
        sandbox.commit(files);
        sandbox
    }

    /// A repository without commits, with variables such as `GIT_DEFAULT_REF_FORMAT=reftable`.
    pub(in crate::adapters) fn of_formats(formats: Vec<(OsString, OsString)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = Self { folder, formats };
        std::fs::create_dir_all(sandbox.path("home")).unwrap();
        std::fs::write(
            sandbox.path("home/.gitconfig"),
            "[user]\nname=Ann\nemail=ann@example.org\n",
        )
        .unwrap();
        sandbox.git_at(&sandbox.path(""), &["init", "-q", "-b", "main", "repo"]);
        sandbox
    }

    /// A repository with one commit of these files.
    pub(in crate::adapters) fn with(files: &[(&str, &str)]) -> Self {
        let sandbox = Self::empty();
        sandbox.commit(files);
        sandbox
    }

    /// A path beside the repository.
    pub(in crate::adapters) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    /// The repository's folder.
    pub(in crate::adapters) fn root(&self) -> PathBuf {
        self.path("repo")
    }

    pub(in crate::adapters) fn env(&self) -> Vec<(OsString, OsString)> {
        [
            ("PATH", search_path()),
            ("HOME", self.path("home").display().to_string()),
            ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
            ("GIT_AUTHOR_DATE", "1700000000 +0100".to_owned()),
            ("GIT_COMMITTER_DATE", "1700000000 +0100".to_owned()),
        ]
        .map(|(name, value)| (name.into(), value.into()))
        .into_iter()
        .chain(self.formats.clone())
        .collect()
    }

    pub(in crate::adapters) fn repo(&self) -> Repo {
        Repo::discover(&self.root(), self.env()).unwrap()
    }

    /// Runs the user's git, with hooks and all, and expects success.
    pub(in crate::adapters) fn git(&self, words: &[&str]) -> String {
        self.git_at(&self.root(), words)
    }

    pub(in crate::adapters) fn git_at(&self, dir: &Path, words: &[&str]) -> String {
        let (ok, text) = self.try_git_at(dir, words);
        assert!(ok, "git {words:?}: {text}");
        text.trim_end().to_owned()
    }

    pub(in crate::adapters) fn try_git_at(&self, dir: &Path, words: &[&str]) -> (bool, String) {
        let mut command = Command::new("git");
        command.env_clear().envs(self.env()).args(words).current_dir(dir);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = command.spawn().unwrap().wait_with_output().unwrap();
        let text = if output.status.success() { output.stdout } else { output.stderr };
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    }

    /// Writes a file of the repository.
    pub(in crate::adapters) fn write(&self, path: &str, text: &str) {
        write(&self.root().join(path), text);
    }

    pub(in crate::adapters) fn read(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.root().join(path)).ok()
    }

    /// Writes files, adds everything and commits where HEAD is.
    pub(in crate::adapters) fn commit(&self, files: &[(&str, &str)]) -> Oid {
        for (path, text) in files {
            self.write(path, text);
        }
        self.commit_all()
    }

    pub(in crate::adapters) fn commit_all(&self) -> Oid {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "change"]);
        self.rev("HEAD")
    }

    pub(in crate::adapters) fn rev(&self, rev: &str) -> Oid {
        self.git(&["rev-parse", "--verify", rev]).parse().unwrap()
    }

    /// A commit of these files on `start` (an empty text deletes one), made in the main worktree
    /// and left on a branch; HEAD goes back to `main`.
    pub(in crate::adapters) fn branch(
        &self,
        name: &str,
        start: Oid,
        files: &[(&str, &str)],
    ) -> Oid {
        self.git(&["switch", "-q", "-c", name, &start.to_string()]);
        for (path, text) in files {
            if text.is_empty() {
                self.git(&["rm", "-q", path]);
            } else {
                self.write(path, text);
            }
        }
        let tip = self.commit_all();
        self.git(&["switch", "-q", "main"]);
        tip
    }

    /// Hooks and an fsmonitor that leave a mark and fail.
    pub(in crate::adapters) fn plant_hooks(&self) {
        let script = format!("#!/bin/sh\necho \"$0\" >>'{}'\nexit 1\n", self.path("ran").display());
        let names = [
            "post-checkout",
            "pre-commit",
            "reference-transaction",
            "post-index-change",
            "commit-msg",
            "post-commit",
            "fsmonitor",
        ];
        for name in names {
            let hook = self.root().join(".git/hooks").join(name);
            write(&hook, &script);
            make_executable(&hook);
        }
        let monitor = self.root().join(".git/hooks/fsmonitor").display().to_string();
        let config = self.root().join(".git/config");
        let text = std::fs::read_to_string(&config).unwrap();
        std::fs::write(config, format!("{text}[core]\n\tfsmonitor = {monitor}\n")).unwrap();
    }

    pub(in crate::adapters) fn hooks_that_ran(&self) -> Option<String> {
        std::fs::read_to_string(self.path("ran")).ok()
    }
}

pub(in crate::adapters) fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

pub(in crate::adapters) fn make_executable(path: &Path) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// What the environment says about the formats of new repositories: every test but those of libgit2
/// and of git's files must hold in all of them.
#[expect(clippy::disallowed_methods, reason = "the tests run in every format when asked to")]
fn wanted_formats() -> impl Iterator<Item = (OsString, OsString)> {
    let names = ["GIT_DEFAULT_HASH", "GIT_DEFAULT_REF_FORMAT"];
    names.into_iter().filter_map(|name| Some((name.into(), std::env::var_os(name)?)))
}

/// The PATH the tests were started with.
#[expect(clippy::disallowed_methods, reason = "the tests need the git of whoever runs them")]
pub(in crate::adapters) fn search_path() -> String {
    std::env::var("PATH").unwrap()
}

/// A text of so many numbered lines.
pub(super) fn lines(range: std::ops::Range<u32>) -> String {
    range.map(|n| format!("line {n}\n")).collect()
}

/// The text with one line replaced.
pub(super) fn with_line(text: &str, at: usize, line: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines[at] = line;
    lines.join("\n") + "\n"
}
