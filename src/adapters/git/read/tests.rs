//! Both readers on the same repositories.

use std::fmt::Debug;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::*;
use crate::adapters::git::fixture::{Sandbox, make_executable, write};

/// Asks both and expects one answer.
#[track_caller]
fn same<T: Debug + PartialEq>(repo: &Repo, ask: impl Fn(&Repo) -> Result<T, GitError>) -> T {
    let library = ask(repo).unwrap();
    let program = ask(&repo.clone().with_backend(Backend::Git)).unwrap();
    assert_eq!(program, library);
    library
}

fn sorted<T: Ord>(mut all: Vec<T>) -> Vec<T> {
    all.sort();
    all
}

/// Kinds of file and of change that a diff tells apart, in two commits, and a history with a merge.
fn eventful() -> (Sandbox, Oid, Oid) {
    let long = |word: &str| (0..40).map(|n| format!("{word} {n}\n")).collect::<String>();
    let sandbox = Sandbox::ordinary(&[
        ("mod", "1"),
        ("del", "gone\n"),
        ("type", "a type\n"),
        ("run.sh", "#!/bin/sh\n"),
        ("old/name é", &long("line")),
        ("dir", "a file\n"),
        ("twin", &long("twin")),
    ]);
    sandbox.write("odd\n\"name\"", "x");
    sandbox.write(":(top)*", "x");
    let first = sandbox.commit_all();
    sandbox.branch("side", first, &[("side", "1"), ("mod", "side")]);
    sandbox.git(&["mv", "old", "new"]);
    sandbox.git(&["rm", "-q", "del", "type", "dir"]);
    std::os::unix::fs::symlink("mod", sandbox.root().join("type")).unwrap();
    make_executable(&sandbox.root().join("run.sh"));
    sandbox.write("new/name é", &(long("line") + "one more\n"));
    sandbox.write("twin copy", &long("twin"));
    std::fs::create_dir(sandbox.root().join("module")).unwrap();
    let gitlink = format!("160000,{first},module");
    sandbox.git(&["update-index", "--add", "--cacheinfo", &gitlink]);
    sandbox.commit(&[("mod", "2\n"), ("dir/file", "in a folder\n"), ("add", "new\n")]);
    sandbox.try_git_at(&sandbox.root(), &["merge", "-q", "-X", "ours", "-m", "both", "side"]);
    let last = sandbox.commit(&[("end", "the end\n")]);
    (sandbox, first, last)
}

#[test]
fn commits_and_trees_read_the_same() {
    let (sandbox, first, last) = eventful();
    sandbox.git(&[
        "commit",
        "-q",
        "--allow-empty",
        "--author=Ö X <>",
        "--date=@1 -0730",
        "--allow-empty-message",
        "-m",
        "",
    ]);
    let repo = sandbox.repo();
    let odd = sandbox.rev("HEAD");
    for commit in [first, last, odd, sandbox.rev("HEAD~2"), sandbox.rev("side")] {
        same(&repo, |repo| repo.reader().commit(commit));
        same(&repo, |repo| repo.file_count(commit));
        for file in repo.listing(commit).unwrap().files {
            let found = same(&repo, |repo| repo.reader().entry_at(commit, &file.path));
            assert_eq!(found, Some((file.mode, file.id)));
        }
        for nothing in ["", "dir", "new", "n*", "../mod", "/mod", "mod/", "mod/none", "none/none"] {
            let is_file = nothing == "dir" && commit == first;
            let found = same(&repo, |repo| repo.has_path(commit, nothing));
            assert_eq!(found, is_file || nothing == "dir" && commit == sandbox.rev("side"));
        }
        same(&repo, |repo| Ok(sorted(repo.commits_between(first, commit)?)));
        same(&repo, |repo| repo.commits_between(commit, first));
        for other in [first, last, odd] {
            same(&repo, |repo| repo.is_ancestor(other, commit));
            same(&repo, |repo| repo.merge_base(other, commit));
        }
    }
    assert_eq!(repo.parents(sandbox.rev("HEAD~2")).unwrap().len(), 2, "the merge is a merge");
    let missing: Oid = "1".repeat(40).parse().unwrap();
    let tree = repo.tree_of(first).unwrap();
    for backend in [Backend::Libgit2, Backend::Git] {
        let repo = repo.clone().with_backend(backend);
        for no_commit in [missing, tree] {
            assert!(repo.parents(no_commit).is_err(), "{backend}");
            assert!(repo.is_ancestor(first, no_commit).is_err(), "{backend}");
            assert!(repo.file_count(missing).is_err(), "{backend}");
        }
    }
}

#[test]
fn files_below_folders_of_any_name_read_the_same() {
    let sandbox = Sandbox::ordinary(&[("plain/a", "1\n")]);
    let folder = sandbox.root().join(std::ffi::OsStr::from_bytes(b"b\xff.d/deep"));
    std::fs::create_dir_all(&folder).unwrap();
    write(&folder.join("a"), "1\n");
    write(&folder.join("b"), "1\n");
    let commit = sandbox.commit_all();
    let repo = sandbox.repo();
    assert_eq!(same(&repo, |repo| repo.file_count(commit)), 3);
    let paths = same(&repo, |repo| Ok(sorted(repo.paths_in(commit)?)));
    assert_eq!(paths, ["\"b\\377.d/deep/a\"", "\"b\\377.d/deep/b\"", "plain/a"]);
}

#[test]
fn changes_read_the_same_in_both_directions() {
    let (sandbox, first, last) = eventful();
    let repo = sandbox.repo();
    let by_path = |mut changes: Vec<PathChange>| {
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        changes
    };
    for (old, new) in [(first, last), (last, first), (first, first)] {
        same(&repo, |repo| Ok(by_path(repo.changed_paths(old, new)?)));
        let raw = same(&repo, |repo| {
            let mut changes = repo.raw_changes(old, new)?;
            changes.sort_by(|a, b| a.path.cmp(&b.path));
            Ok(changes)
        });
        assert_eq!(raw.is_empty(), old == new);
        let (old, new) = (repo.tree_of(old).unwrap(), repo.tree_of(new).unwrap());
        same(&repo, |repo| Ok(by_path(repo.changed_paths(old, new)?)));
        let files = raw.iter().flat_map(|change| [change.old, change.new]).flatten();
        let mut ids: Vec<Oid> = files.map(|file| file.id).collect();
        ids.push("1".repeat(40).parse().unwrap());
        ids.push(new);
        for limit in [0, 5, 1 << 20] {
            same(&repo, |repo| repo.reader().blobs(&ids, limit));
        }
    }
    assert_eq!(repo.reader().blobs(&[], 1).unwrap().len(), 0);
}

#[test]
fn refs_and_revisions_read_the_same() {
    let (sandbox, first, last) = eventful();
    let root = sandbox.root();
    let (first_text, blob) = (first.to_string(), sandbox.rev("HEAD:mod").to_string());
    sandbox.git(&["tag", "-a", "-m", "t", "v1", &first_text]);
    sandbox.git(&["tag", "-a", "-m", "t", "v1-again", "v1"]);
    sandbox.git(&["tag", "-a", "-m", "t", "a-file", &blob]);
    sandbox.git(&["tag", "plain-file", &blob]);
    sandbox.git(&["branch", "feature/a/b", &first_text]);
    sandbox.git(&["branch", "feature/a/c"]);
    sandbox.git(&["pack-refs", "--all"]);
    sandbox.git(&["branch", "feature/ab"]);
    sandbox.git(&["update-ref", "refs/remotes/origin/main", &first_text]);
    sandbox.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
    let repo = sandbox.repo();
    for prefix in ["refs/", "refs/heads/", "refs/heads/feature/a", "refs/tags/", "refs/none/x-"] {
        same(&repo, |repo| Ok(sorted(repo.refs_below(prefix)?)));
        same(&repo, |repo| Ok(sorted(repo.reader().ref_names(prefix)?)));
    }
    assert_eq!(repo.refs_below("refs/heads/feature/a/").unwrap().len(), 2);
    for name in ["main", "feature/a", "v1", "v1-again", "a-file", "*", "feature/a/*", "", "no"] {
        for folder in ["refs/heads", "refs/tags", "refs/remotes/origin", ""] {
            let full = format!("{folder}/{name}");
            same(&repo, |repo| repo.ref_target(&full));
        }
    }
    same(&repo, |repo| repo.ref_target("refs/remotes/origin/HEAD"));
    for rev in [
        "main",
        "HEAD",
        "@",
        "HEAD~2^2",
        "v1",
        "v1-again",
        "v1^{}",
        "a-file",
        "plain-file",
        "side",
        &first_text,
        &first_text[..12],
        "feature/a",
        "feature/a/b",
        "refs/heads/main",
        ":/change",
        "--all",
        "-h",
        "nope",
        "HEAD^{tree}",
        "HEAD:mod",
        "main..v1",
        "^main",
        "",
        " ",
        "@{99",
        "main@{99}",
        "main@{0}",
        "0",
        "HEAD^9",
        "origin",
        "a b",
        "main\n",
    ] {
        same(&repo, |repo| Ok((rev, repo.resolve_commit(rev)?)));
    }
    assert_eq!(repo.resolve_commit("origin").unwrap(), Some(first));
    assert_eq!(repo.resolve_commit(&last.to_string()).unwrap(), Some(last));
    same(&Repo::discover(&root.join("new"), sandbox.env()).unwrap(), |repo| repo.head());
}

#[test]
fn heads_read_the_same_in_every_worktree() {
    let (sandbox, first, _) = eventful();
    sandbox.git(&["worktree", "add", "-q", "--detach", "../detached", &first.to_string()]);
    sandbox.git(&["worktree", "add", "-q", "-b", "wt/x", "../on-branch"]);
    sandbox.git(&["worktree", "add", "-q", "-b", "doomed", "../unborn"]);
    sandbox.git(&["update-ref", "-d", "refs/heads/doomed"]);
    for (name, branch) in
        [("detached", None), ("on-branch", Some("wt/x")), ("unborn", Some("doomed"))]
    {
        let repo = Repo::discover(&sandbox.path(name), sandbox.env()).unwrap();
        let head = same(&repo, Repo::head);
        assert_eq!(head.branch(), branch);
        assert_eq!(head.tip().is_none(), name == "unborn");
        let git_dir = repo.git_dir().to_owned();
        same(&sandbox.repo(), |main| main.head_at(&git_dir));
        same(&repo, |repo| repo.resolve_commit("HEAD"));
        same(&repo, |repo| repo.resolve_commit("main"));
    }
    let gone = Path::new("/nowhere/at/all");
    for backend in [Backend::Libgit2, Backend::Git] {
        assert!(sandbox.repo().with_backend(backend).head_at(gone).is_err());
    }
}

#[test]
fn a_shallow_history_ends_where_it_was_cut() {
    let (sandbox, ..) = eventful();
    let top = sandbox.path("");
    let url = format!("file://{}", sandbox.root().display());
    sandbox.git_at(&top, &["clone", "-q", "--depth", "1", &url, "shallow"]);
    let repo = Repo::discover(&sandbox.path("shallow"), sandbox.env()).unwrap();
    let tip = repo.head().unwrap().tip().unwrap();
    same(&repo, |repo| repo.is_ancestor(tip, tip));
    same(&repo, |repo| repo.merge_base(tip, tip));
    assert_eq!(repo.with_backend(Backend::Git).parents(tip).unwrap(), []);
    write(&sandbox.path("done"), "");
}
