use std::fs;
use std::path::PathBuf;

use super::*;
use crate::adapters::git::Repo;
use crate::adapters::git::fixture::Sandbox;
use crate::adapters::worktree::{Detached, WorktreeOptions, detached};

const FILES: [(&str, &str); 3] = [("a", "1\n"), ("ci/one", "target\n"), ("ci/gone", "target\n")];

/// A worktree at a commit, on no branch.
struct Bench {
    sandbox: Sandbox,
    repo: Repo,
    path: PathBuf,
    commit: Oid,
}

impl Bench {
    fn of(sandbox: Sandbox, submodules: Submodules) -> Self {
        let (repo, commit) = (sandbox.repo(), sandbox.rev("main"));
        let path = sandbox.path("bench");
        let options = WorktreeOptions { submodules, ..WorktreeOptions::default() };
        let spec = Detached { path: path.clone(), commit, lock_reason: None, options };
        detached(&repo, spec).unwrap();
        Self { sandbox, repo, path, commit }
    }

    fn git(&self, words: &[&str]) -> String {
        self.sandbox.git_at(&self.path, words)
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.path.join(path), text).unwrap();
    }

    fn settled(&self, lent: &[String], submodules: Submodules) -> Vec<String> {
        let checkout = Checkout::at(&self.repo, &self.path).unwrap();
        let found = checkout.settle_at(self.commit, lent, submodules).unwrap();
        let head = self.sandbox.repo().head_at(checkout.git_dir.as_ref().unwrap()).unwrap();
        assert_eq!((head.tip(), head.branch()), (Some(self.commit), None));
        assert_eq!(checkout.changed_since(self.commit).unwrap(), [""; 0]);
        assert_eq!(checkout.settle_at(self.commit, lent, submodules).unwrap(), [""; 0]);
        found
    }

    fn plain(&self) -> Vec<String> {
        self.settled(&[], Submodules::Empty)
    }
}

#[test]
fn rule_8_whatever_a_command_does_to_the_tree_is_seen_and_put_back() {
    let bench = Bench::of(Sandbox::with(&FILES), Submodules::Empty);
    bench.write("untracked", "x");
    assert_eq!(bench.plain(), [""; 0]);
    // An edit, and one that is hidden by a flag.
    bench.write("a", "2\n");
    fs::remove_file(bench.path.join("ci/gone")).unwrap();
    assert_eq!(bench.plain(), ["a", "ci/gone"]);
    for flag in ["--assume-unchanged", "--skip-worktree"] {
        bench.git(&["update-index", flag, "a"]);
        bench.write("a", "3\n");
        assert_eq!(bench.plain(), ["a"], "{flag}");
    }
    // What is added to the index, a commit of it, and one without any change.
    bench.write("new", "new\n");
    bench.git(&["add", "new"]);
    assert_eq!(bench.plain(), ["new"]);
    bench.write("a", "4\n");
    bench.git(&["commit", "-qam", "own"]);
    assert_eq!(bench.plain(), ["a", "HEAD"]);
    bench.git(&["commit", "-q", "--allow-empty", "-m", "empty"]);
    assert_eq!(bench.plain(), ["HEAD"]);
    // A branch is left where the command put it.
    bench.git(&["switch", "-q", "-c", "own"]);
    bench.write("a", "5\n");
    bench.git(&["commit", "-qam", "on a branch"]);
    let tip = bench.git(&["rev-parse", "own"]);
    assert_eq!(bench.plain(), ["a", "HEAD"]);
    assert_eq!(bench.git(&["rev-parse", "own"]), tip);
}

/// Other content of the same size and time in a file, and an index that is younger than all files.
fn rewrite_unseen(file: &std::path::Path, text: &str, index: &str) {
    let set = |path: &std::path::Path, time| {
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_times(fs::FileTimes::new().set_modified(time)).unwrap();
    };
    let before = file.metadata().unwrap().modified().unwrap();
    fs::write(file, text).unwrap();
    set(file, before);
    set(index.as_ref(), before + std::time::Duration::from_secs(3600));
}

const INDEX: [&str; 4] = ["rev-parse", "--path-format=absolute", "--git-path", "index"];

#[test]
fn rule_8_content_of_the_same_size_and_time_is_seen_in_every_kind_of_index() {
    let bench = Bench::of(Sandbox::with(&FILES), Submodules::Empty);
    let index = bench.git(&INDEX);
    let kinds: [&[&str]; 4] = [
        &["--index-version=2"],
        &["--index-version=4"],
        &["--split-index"],
        &["--skip-worktree", "ci/one"],
    ];
    for kind in kinds {
        bench.git(&[&["update-index"], kind].concat());
        rewrite_unseen(&bench.path.join("a"), "2\n", &index);
        assert_eq!(bench.plain(), ["a"], "{kind:?}");
        assert_eq!(fs::read_to_string(bench.path.join("a")).unwrap(), "1\n");
    }
    // What is put back, or moved to another commit, without a look at what changed.
    let checkout = Checkout::at(&bench.repo, &bench.path).unwrap();
    for put in [Checkout::restore, Checkout::ensure_detached] {
        rewrite_unseen(&bench.path.join("a"), "2\n", &index);
        put(&checkout, bench.commit).unwrap();
        assert_eq!(fs::read_to_string(bench.path.join("a")).unwrap(), "1\n");
    }
}

#[test]
fn rule_8_a_lock_that_a_killed_git_left_is_in_nobodys_way() {
    let bench = Bench::of(Sandbox::with(&FILES), Submodules::Empty);
    let lock = bench.git(&["rev-parse", "--path-format=absolute", "--git-path", "index.lock"]);
    fs::write(lock, "").unwrap();
    bench.write("a", "2\n");
    assert_eq!(bench.plain(), ["a"]);
}

#[test]
fn rule_8_files_in_submodules_count_as_well() {
    let sandbox = Sandbox::with(&FILES);
    fs::create_dir(sandbox.path("lib")).unwrap();
    sandbox.git_at(&sandbox.path("lib"), &["init", "-q", "-b", "main"]);
    fs::write(sandbox.path("lib/part"), "1\n").unwrap();
    sandbox.git_at(&sandbox.path("lib"), &["add", "."]);
    sandbox.git_at(&sandbox.path("lib"), &["commit", "-q", "-m", "part"]);
    sandbox.git(&["config", "--global", "protocol.file.allow", "always"]);
    sandbox.git(&["submodule", "--quiet", "add", "../lib", "vendor/lib"]);
    sandbox.commit_all();
    let bench = Bench::of(sandbox, Submodules::Update);
    bench.write("vendor/lib/part", "2\n");
    bench.write("vendor/lib/untracked", "x\n");
    assert_eq!(bench.settled(&[], Submodules::Update), ["vendor/lib/part"]);
    assert_eq!(fs::read_to_string(bench.path.join("vendor/lib/part")).unwrap(), "1\n");
    let index = bench.sandbox.git_at(&bench.path.join("vendor/lib"), &INDEX);
    rewrite_unseen(&bench.path.join("vendor/lib/part"), "2\n", &index);
    assert_eq!(bench.settled(&[], Submodules::Update), ["vendor/lib/part"]);
    assert_eq!(fs::read_to_string(bench.path.join("vendor/lib/part")).unwrap(), "1\n");
    // Another commit of it.
    bench.write("vendor/lib/part", "3\n");
    bench.sandbox.git_at(&bench.path.join("vendor/lib"), &["commit", "-qam", "other"]);
    assert_eq!(bench.settled(&[], Submodules::Update), ["vendor/lib"]);
    assert_eq!(fs::read_to_string(bench.path.join("vendor/lib/part")).unwrap(), "1\n");
}

#[test]
fn rule_11_lent_files_are_the_other_commits_until_they_are_put_back() {
    let sandbox = Sandbox::with(&FILES);
    let target = sandbox.rev("main");
    fs::remove_file(sandbox.root().join("ci/gone")).unwrap();
    sandbox.commit(&[("ci/one", "branch\n"), ("ci/added", "branch\n"), ("a", "2\n")]);
    let bench = Bench::of(sandbox, Submodules::Empty);
    let lent = ["ci/added", "ci/gone", "ci/one"].map(str::to_owned);
    let checkout = Checkout::at(&bench.repo, &bench.path).unwrap();
    checkout.lend(target, &lent).unwrap();
    let read = |name: &str| fs::read_to_string(bench.path.join(name)).ok();
    let texts = |all: [Option<&str>; 4]| all.map(|text| text.map(str::to_owned));
    let files = || ["ci/one", "ci/gone", "ci/added", "a"].map(read);
    assert_eq!(files(), texts([Some("target\n"), Some("target\n"), None, Some("2\n")]));
    // They are no taint, what else a command changes is.
    bench.write("ci/one", "changed\n");
    assert_eq!(bench.settled(&lent, Submodules::Empty), [""; 0]);
    assert_eq!(files(), texts([Some("branch\n"), None, Some("branch\n"), Some("2\n")]));
    checkout.lend(target, &lent).unwrap();
    bench.write("a", "3\n");
    assert_eq!(bench.settled(&lent, Submodules::Empty), ["a"]);
    assert_eq!(read("ci/one").unwrap(), "branch\n");
    checkout.lend(target, &[]).unwrap();
    assert_eq!(read("ci/one").unwrap(), "branch\n");
}
