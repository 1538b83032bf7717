//! Reading and writing real repositories.

use super::fixture::{Sandbox, make_executable, write};
use super::*;
use crate::domain::id::Oid;

#[test]
fn a_repository_is_found_from_a_subfolder_and_from_a_linked_worktree() {
    let sandbox = Sandbox::with(&[("a/b/file", "x")]);
    sandbox.git(&["worktree", "add", "-q", "../linked", "-b", "side"]);
    let mut env = sandbox.env();
    env.push(("GIT_DIR".into(), "/nowhere".into()));
    env.push(("GIT_WORK_TREE".into(), "/nowhere".into()));
    let inside = Repo::discover(&sandbox.root().join("a/b"), env.clone()).unwrap();
    let linked = Repo::discover(&sandbox.path("linked"), env).unwrap();
    for repo in [&inside, &linked] {
        assert_eq!(repo.root(), sandbox.root());
        assert_eq!(repo.common_dir(), sandbox.root().join(".git"));
        assert_eq!((repo.name().as_str(), repo.is_bare()), ("repo", false));
    }
    assert_eq!(linked.worktree(), Some(sandbox.path("linked").as_path()));
    assert_eq!(linked.head().unwrap().branch(), Some("side"));
    assert_eq!(inside.head().unwrap().branch(), Some("main"));
}

#[test]
fn bare_repositories_have_no_main_worktree_and_are_named_by_their_folder() {
    let sandbox = Sandbox::with(&[("f", "x")]);
    let top = sandbox.path("");
    sandbox.git_at(&top, &["clone", "-q", "--bare", "repo", "thing.git"]);
    let repo = Repo::discover(&sandbox.path("thing.git"), sandbox.env()).unwrap();
    assert_eq!((repo.name().as_str(), repo.is_bare(), repo.worktree()), ("thing", true, None));
    assert!(repo.dirty().unwrap().is_clean());

    sandbox.git_at(&top, &["clone", "-q", "--bare", "repo", "proj/.bare"]);
    write(&sandbox.path("proj/.git"), "gitdir: ./.bare\n");
    sandbox.git_at(&sandbox.path("proj"), &["worktree", "add", "-q", "wt", "-b", "wt"]);
    for start in ["proj", "proj/wt"] {
        let repo = Repo::discover(&sandbox.path(start), sandbox.env()).unwrap();
        assert_eq!((repo.name().as_str(), repo.is_bare()), ("proj", true), "{start}");
        assert_eq!(repo.root(), sandbox.path("proj/.bare"));
        let worktrees = repo.worktrees().unwrap();
        assert!(worktrees[0].bare && worktrees[0].branch.is_none());
        assert_eq!(worktrees[1].branch.as_deref(), Some("wt"));
        assert_eq!(worktrees[1].path, sandbox.path("proj/wt"));
    }
}

#[test]
fn what_is_no_repository_or_cannot_be_served_is_told_apart() {
    let sandbox = Sandbox::empty();
    let discover = |name: &str| Repo::discover(&sandbox.path(name), sandbox.env());
    assert!(matches!(discover("home"), Err(GitError::NotARepository { .. })));
    assert!(matches!(discover("gone"), Err(GitError::NotARepository { .. })));
    let top = sandbox.path("");
    sandbox.git_at(&top, &["init", "-q", "odd"]);
    write(
        &sandbox.path("odd/.git/config"),
        "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tnovelty = true\n",
    );
    assert!(matches!(discover("odd"), Err(GitError::Unsupported { .. })));
}

#[test]
fn head_is_unborn_on_a_branch_or_detached() {
    let sandbox = Sandbox::empty();
    assert_eq!(sandbox.repo().head().unwrap(), Head::Unborn { name: "main".to_owned() });
    assert_eq!(sandbox.repo().resolve_commit("HEAD").unwrap(), None);
    let tip = sandbox.commit(&[("f", "1")]);
    assert_eq!(sandbox.repo().head().unwrap(), Head::Branch { name: "main".to_owned(), tip });
    sandbox.git(&["checkout", "-q", "--detach"]);
    assert_eq!(sandbox.repo().head().unwrap(), Head::Detached { tip });
}

#[test]
fn revisions_resolve_to_commits_and_never_to_options_or_trees() {
    let sandbox = Sandbox::with(&[("f", "1")]);
    let first = sandbox.rev("HEAD");
    let second = sandbox.commit(&[("f", "2")]);
    sandbox.git(&["tag", "-a", "-m", "t", "v1", &first.to_string()]);
    let repo = sandbox.repo();
    let resolved = |rev: &str| repo.resolve_commit(rev).unwrap();
    assert_eq!(resolved("main"), Some(second));
    assert_eq!(resolved("HEAD~1"), Some(first));
    assert_eq!(resolved("v1"), Some(first));
    assert_eq!(resolved(&first.to_string()), Some(first));
    for nothing in ["--all", "-h", "nope", "HEAD^{tree}", "HEAD:f", "main..v1", "", "@{99"] {
        assert_eq!(resolved(nothing), None, "{nothing}");
    }
    assert_eq!(repo.commits_between(first, second).unwrap(), [second]);
    assert_eq!(repo.parents(second).unwrap(), [first]);
    assert!(repo.is_ancestor(first, second).unwrap() && !repo.is_ancestor(second, first).unwrap());
    assert_eq!(repo.file_count(second).unwrap(), 1);
}

#[test]
fn a_new_branch_is_checked_against_names_folders_and_case() {
    let sandbox = Sandbox::with(&[("f", "1")]);
    let tip = sandbox.rev("HEAD");
    for name in ["t/1", "Shout"] {
        sandbox.git(&["branch", name]);
    }
    sandbox.git(&["pack-refs", "--all"]);
    let repo = sandbox.repo();
    let conflict = |name: &str| repo.branch_conflict(name).unwrap();
    let with = |name: &str| name.to_owned();
    assert_eq!(conflict("main"), Some(BranchConflict::Exists { tip }));
    assert_eq!(conflict("t"), Some(BranchConflict::Clash { with: with("t/1") }));
    assert_eq!(conflict("t/1/x"), Some(BranchConflict::Clash { with: with("t/1") }));
    assert_eq!(conflict("shout"), Some(BranchConflict::CaseOnly { with: with("Shout") }));
    assert_eq!(conflict("a..b"), Some(BranchConflict::Invalid));
    assert_eq!(conflict("t/2"), None);
}

#[test]
fn worktrees_are_listed_with_what_is_half_done_there() {
    let sandbox = Sandbox::with(&[("f", "1\n")]);
    let base = sandbox.rev("HEAD");
    sandbox.branch("side", base, &[("f", "2\n")]);
    sandbox.commit(&[("f", "3\n")]);
    sandbox.git(&["worktree", "add", "-q", "../wt", "side"]);
    sandbox.git(&["worktree", "add", "-q", "--detach", "../gone"]);
    sandbox.git(&["worktree", "lock", "--reason", "mine", "../wt"]);
    std::fs::remove_dir_all(sandbox.path("gone")).unwrap();
    assert!(!sandbox.try_git_at(&sandbox.path("wt"), &["rebase", "-q", "main"]).0);
    let found = sandbox.repo().worktrees().unwrap();
    let at = |name: &str| found.iter().find(|info| info.path == sandbox.path(name)).unwrap();
    assert_eq!(found[0].path, sandbox.root());
    assert_eq!(at("wt").branch.as_deref(), Some("side"));
    assert_eq!(at("wt").in_progress, Some(Progress::Rebase));
    assert_eq!(at("wt").locked.as_deref(), Some("mine"));
    assert_eq!(at("wt").git_dir, Some(sandbox.root().join(".git/worktrees/wt")));
    assert!(at("gone").prunable.is_some() && at("gone").branch.is_none());
}

#[test]
fn changed_paths_name_every_kind_of_change() {
    let sandbox = Sandbox::with(&[
        ("mod", "1"),
        ("del", "1"),
        ("type", "1"),
        ("old/name", &"line\n".repeat(20)),
        ("keep", "1"),
    ]);
    let first = sandbox.rev("HEAD");
    sandbox.git(&["mv", "old", "new"]);
    sandbox.git(&["rm", "-q", "del", "type"]);
    std::os::unix::fs::symlink("mod", sandbox.root().join("type")).unwrap();
    let second = sandbox.commit(&[("mod", "2"), ("add é", "something else")]);
    let mut changes = sandbox.repo().changed_paths(first, second).unwrap();
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    let change = |path: &str, kind| PathChange { path: path.to_owned(), kind };
    assert_eq!(
        changes,
        [
            change("add é", ChangeKind::Added),
            change("del", ChangeKind::Deleted),
            change("mod", ChangeKind::Modified),
            change("new/name", ChangeKind::Renamed { from: "old/name".to_owned() }),
            change("type", ChangeKind::TypeChanged),
        ]
    );
}

#[test]
fn a_ref_moves_only_from_where_it_is_expected() {
    let sandbox = Sandbox::with(&[("f", "1")]);
    let one = sandbox.rev("HEAD");
    let two = sandbox.commit(&[("f", "2")]);
    let repo = sandbox.repo();
    let update = |new, expected| {
        let (name, message) = ("refs/wt-orch/x".to_owned(), "m".to_owned());
        repo.update_ref(&RefUpdate { name, new, expected, message }).unwrap()
    };
    assert_eq!(update(Some(one), Expected::At(two)), RefOutcome::Lost { now: None });
    assert_eq!(update(Some(one), Expected::Absent), RefOutcome::Moved);
    assert_eq!(update(Some(two), Expected::Absent), RefOutcome::Lost { now: Some(one) });
    assert_eq!(update(Some(two), Expected::At(two)), RefOutcome::Lost { now: Some(one) });
    assert_eq!(update(Some(two), Expected::At(one)), RefOutcome::Moved);
    assert_eq!(update(None, Expected::At(one)), RefOutcome::Lost { now: Some(two) });
    assert_eq!(update(None, Expected::At(two)), RefOutcome::Moved);
    assert_eq!(update(None, Expected::Any), RefOutcome::Moved);
    assert_eq!(repo.ref_target("refs/wt-orch/x").unwrap(), None);
}

#[test]
fn a_lock_that_is_never_given_back_is_named() {
    let sandbox = Sandbox::ordinary(&[("f", "1")]);
    let tip = sandbox.rev("HEAD");
    let lock = sandbox.root().join(".git/refs/heads/held.lock");
    write(&lock, "");
    let repo = sandbox.repo().with_lock_wait(std::time::Duration::from_millis(20));
    let update = RefUpdate {
        name: "refs/heads/held".to_owned(),
        new: Some(tip),
        expected: Expected::Absent,
        message: String::new(),
    };
    let result = repo.update_ref(&update);
    let Err(GitError::Locked { path }) = result else { panic!("{result:?}") };
    assert_eq!(path, lock);
}

#[test]
fn commits_are_by_the_user_or_by_us_and_can_keep_an_author() {
    let sandbox = Sandbox::with(&[("f", "1")]);
    let parent = sandbox.rev("HEAD");
    let repo = sandbox.repo();
    let mut commit = NewCommit {
        tree: repo.tree_of(parent).unwrap(),
        parents: vec![parent],
        message: "wörk\n\nbody".to_owned(),
        author_of: None,
    };
    let shown =
        |oid: Oid| sandbox.git(&["log", "-1", "--format=%an|%ae|%cn|%at|%B", &oid.to_string()]);
    let own = repo.commit_tree(&commit).unwrap();
    assert_eq!(shown(own), "Ann|ann@example.org|Ann|1700000000|wörk\n\nbody");
    assert_eq!(repo.identity().unwrap().unwrap().0, "Ann");

    std::fs::write(sandbox.path("home/.gitconfig"), "").unwrap();
    assert_eq!(repo.identity().unwrap(), None);
    assert!(
        shown(repo.commit_tree(&commit).unwrap()).starts_with("wt-orch|wt-orch@localhost|wt-orch")
    );
    commit.author_of = Some(parent);
    assert!(shown(repo.commit_tree(&commit).unwrap()).starts_with("Ann|ann@example.org|wt-orch|"));
}

#[test]
fn no_hook_and_no_fsmonitor_of_the_repository_runs() {
    let sandbox = Sandbox::with(&[("f", "1")]);
    let tip = sandbox.rev("HEAD");
    sandbox.plant_hooks();
    let repo = sandbox.repo();
    sandbox.write("f", "dirty");
    assert_eq!(repo.dirty().unwrap().unstaged, ["f"]);
    let update = RefUpdate {
        name: "refs/heads/new".to_owned(),
        new: Some(tip),
        expected: Expected::Absent,
        message: "m".to_owned(),
    };
    assert_eq!(repo.update_ref(&update).unwrap(), RefOutcome::Moved);
    assert_eq!(sandbox.hooks_that_ran(), None);
    sandbox.try_git_at(&sandbox.root(), &["status"]);
    assert!(sandbox.hooks_that_ran().is_some(), "the trap itself works");
}

#[test]
fn commits_are_signed_when_the_user_signs() {
    let sandbox = Sandbox::with(&[("f", "1")]);
    let tip = sandbox.rev("HEAD");
    let signer = sandbox.path("signer");
    write(&signer, "#!/bin/sh\ncat >/dev/null\necho '[GNUPG:] SIG_CREATED ' >&2\necho SEALED\n");
    make_executable(&signer);
    sandbox.git(&["config", "gpg.program", &signer.display().to_string()]);
    sandbox.git(&["config", "commit.gpgSign", "true"]);
    let repo = sandbox.repo();
    let commit = NewCommit {
        tree: repo.tree_of(tip).unwrap(),
        parents: vec![tip],
        message: "m".to_owned(),
        author_of: None,
    };
    let signed = repo.commit_tree(&commit).unwrap();
    assert!(sandbox.git(&["cat-file", "-p", &signed.to_string()]).contains("SEALED"));
    write(&signer, "#!/bin/sh\nexit 1\n");
    assert!(matches!(repo.commit_tree(&commit), Err(GitError::Command { .. })));
}

#[test]
fn an_older_git_is_served_without_its_later_options() {
    let sandbox = Sandbox::ordinary(&[("f", "1")]);
    let base = sandbox.rev("HEAD");
    let one = sandbox.branch("one", base, &[("x", "1")]);
    let two = sandbox.branch("two", base, &[("y", "1")]);
    let old = |version: &str| {
        let program = sandbox.path("bin/git");
        let path = super::fixture::search_path();
        let script = format!(
            "#!/bin/sh\nfor w; do [ \"$w\" = version ] && echo 'git version {version}' && exit\n\
             [ \"$w\" = merge-tree ] && exit 9\ndone\nPATH='{path}' exec git \"$@\"\n"
        );
        write(&program, &script);
        make_executable(&program);
        let mut env = sandbox.env();
        env.retain(|(name, _)| name != "PATH");
        env.push(("PATH".into(), format!("{}:{path}", sandbox.path("bin").display()).into()));
        Repo::discover(&sandbox.root(), env)
    };
    assert!(matches!(old("2.30.2"), Err(GitError::Unsupported { .. })));
    let repo = old("2.34.1").unwrap();
    sandbox.git(&["worktree", "add", "-q", "../linked", "one"]);
    assert_eq!(repo.worktrees().unwrap()[1].branch.as_deref(), Some("one"));
    let request = MergeRequest { base: None, ours: one, theirs: two };
    let merged = repo.merge(request).unwrap();
    assert!(matches!(merged, MergeOutcome::Clean { engine: MergeEngine::Libgit2, .. }));
    let forced = repo.with_engine(Engine::Git).merge(request).unwrap();
    assert!(matches!(forced, MergeOutcome::NeedsGit { .. }));
    // Where libgit2 cannot read, nobody is left who could merge.
    sandbox.git(&["config", "core.repositoryFormatVersion", "1"]);
    sandbox.git(&["config", "extensions.partialClone", "origin"]);
    let Err(GitError::Unsupported { feature, why, way_out }) = old("2.34.1") else { panic!() };
    let sentence = format!("{feature}: {why}; {way_out}");
    assert_eq!(
        sentence,
        "the extension partialclone: libgit2 does not know it, and git 2.34.1 has no `merge-tree \
         --write-tree`; install git 2.38 or later, or use a clone without it"
    );
    assert_eq!(old("2.38.0").unwrap().branch_tip("two").unwrap(), Some(two));
}
