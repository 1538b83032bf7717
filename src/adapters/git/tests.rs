//! Reading, writing, merging and forecasting against real repositories.

use super::fixture::{Sandbox, write};
use super::*;
use crate::domain::id::Oid;

fn lines(range: std::ops::Range<u32>) -> String {
    range.map(|n| format!("line {n}\n")).collect()
}

fn with_line(text: &str, at: usize, line: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines[at] = line;
    lines.join("\n") + "\n"
}

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
    sandbox.git_at(&top, &["init", "-q", "--object-format=sha256", "wide"]);
    assert!(matches!(discover("wide"), Err(GitError::Unsupported { .. })));
    if sandbox.try_git_at(&top, &["init", "-q", "--ref-format=reftable", "table"]).0 {
        let Err(GitError::Unsupported { way_out, .. }) = discover("table") else { panic!() };
        assert!(way_out.contains("migrate"));
    }
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
        ("old/name", &lines(0..20)),
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
    let sandbox = Sandbox::with(&[("f", "1")]);
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

/// Three-way cases on one ancestor; an empty text deletes the file.
type Files<'a> = &'a [(&'a str, &'a str)];

fn merge_cases(check: impl Fn(&str, &Sandbox, Oid, Oid)) {
    let text = lines(0..30);
    let top = with_line(&text, 2, "ours");
    let bottom = with_line(&text, 27, "theirs");
    let same_line = with_line(&text, 2, "theirs");
    let cases: [(&str, Files<'_>, Files<'_>); 12] = [
        ("disjoint files", &[("x", "1\n")], &[("y", "1\n")]),
        ("one file, far apart", &[("f", &top)], &[("f", &bottom)]),
        ("same line", &[("f", &top)], &[("f", &same_line)]),
        ("same change", &[("f", &top)], &[("f", &top)]),
        ("both add, alike", &[("n", "1\n")], &[("n", "1\n")]),
        ("both add, unlike", &[("n", "1\n")], &[("n", "2\n")]),
        ("modify and delete", &[("f", &top)], &[("f", "")]),
        ("both delete", &[("f", "")], &[("f", "")]),
        ("rename and edit", &[("f", ""), ("moved", &text)], &[("f", &bottom)]),
        ("file and directory", &[("p", "1\n")], &[("p/q", "1\n")]),
        ("union attribute", &[("log.u", "a\nours\n")], &[("log.u", "a\ntheirs\n")]),
        ("binary attribute", &[("pic.b", "a\nb\nours\n")], &[("pic.b", "theirs\na\nb\n")]),
    ];
    let attributes = ("attr/.gitattributes", "");
    for (name, ours, theirs) in cases {
        let sandbox = Sandbox::with(&[
            ("f", &text),
            ("other", "1\n"),
            (".gitattributes", "*.u merge=union\n*.b binary\n"),
            ("log.u", "a\n"),
            ("pic.b", "a\nb\n"),
            attributes,
        ]);
        let base = sandbox.rev("HEAD");
        let ours = sandbox.branch("ours", base, ours);
        let theirs = sandbox.branch("theirs", base, theirs);
        check(name, &sandbox, ours, theirs);
    }
}

#[test]
fn both_engines_agree_and_write_nothing_but_objects() {
    merge_cases(|name, sandbox, ours, theirs| {
        let request = MergeRequest { base: None, ours, theirs };
        let merge = |engine| sandbox.repo().with_engine(engine).merge(request).unwrap();
        let (git, library) = (merge(Engine::Git), merge(Engine::Libgit2));
        match (&git, &library) {
            (MergeOutcome::Clean { tree, .. }, MergeOutcome::Clean { tree: other, .. }) => {
                assert_eq!(tree, other, "{name}");
            }
            (
                MergeOutcome::Conflict { paths, .. },
                MergeOutcome::Conflict { paths: others, hunks, .. },
            ) => {
                assert!(!paths.is_empty() && !others.is_empty(), "{name}");
                // Git moves one side of a file/directory clash to another name.
                if !name.starts_with("file and") {
                    assert_eq!(paths, others, "{name}");
                }
                if name == "same line" {
                    let text = &hunks[0].text;
                    assert!(text.contains("ours\n||||||| base\nline 2\n=======\ntheirs"), "{text}");
                }
            }
            _ => panic!("{name}: {git:?} {library:?}"),
        }
        assert_eq!(sandbox.git(&["status", "--porcelain"]), "", "{name}");
    });
}

#[test]
fn the_forecast_agrees_with_the_merge_and_leaves_the_object_store_alone() {
    merge_cases(|name, sandbox, ours, theirs| {
        let count = || sandbox.git(&["count-objects", "-v"]);
        let (repo, before) = (sandbox.repo(), count());
        let forecast = repo.forecast(ours, theirs).unwrap();
        assert_eq!(count(), before, "{name}");
        let merge = repo.merge(MergeRequest { base: None, ours, theirs }).unwrap();
        let conflict = matches!(merge, MergeOutcome::Conflict { .. });
        assert_eq!(matches!(forecast, Forecast::Conflict { .. }), conflict, "{name}: {forecast:?}");
        match name {
            "disjoint files" | "rename and edit" => {}
            // The same change, author and date make the same commit.
            _ if ours == theirs => assert_eq!(forecast, Forecast::Clean),
            "union attribute" => {
                let paths = vec!["log.u".to_owned()];
                assert_eq!(forecast, Forecast::OrderSensitive { paths });
            }
            _ => assert_ne!(forecast, Forecast::Clean, "{name}"),
        }
    });
}

#[test]
fn an_explicit_base_spares_the_dependent_of_a_squashed_branch_a_false_conflict() {
    let text = lines(0..10);
    let sandbox = Sandbox::with(&[("f", &text)]);
    let base = sandbox.rev("HEAD");
    let dep = sandbox.branch("dep", base, &[("f", &with_line(&text, 3, "dep"))]);
    let task = sandbox.branch("task", dep, &[("f", &with_line(&text, 3, "task on dep"))]);
    let squashed = sandbox.commit(&[("f", &with_line(&text, 3, "dep")), ("mine", "1\n")]);
    for engine in [Engine::Git, Engine::Libgit2] {
        let repo = sandbox.repo().with_engine(engine);
        let merge = |base| repo.merge(MergeRequest { base, ours: squashed, theirs: task }).unwrap();
        assert!(matches!(merge(None), MergeOutcome::Conflict { .. }), "{engine:?}");
        let MergeOutcome::Clean { tree, .. } = merge(Some(dep)) else { panic!("{engine:?}") };
        let landed = sandbox.git(&["show", &format!("{tree}:f")]);
        assert_eq!(landed, with_line(&text, 3, "task on dep").trim_end());
    }
}

#[test]
fn libgit2_asks_for_git_where_it_is_known_to_be_wrong() {
    let needs_git = |sandbox: &Sandbox, ours, theirs| {
        let repo = sandbox.repo().with_engine(Engine::Libgit2);
        let merged = repo.merge(MergeRequest { base: None, ours, theirs }).unwrap();
        let forecast = sandbox.repo().forecast(ours, theirs).unwrap();
        matches!(merged, MergeOutcome::NeedsGit { .. })
            && matches!(forecast, Forecast::Unknown { .. })
    };
    let text = lines(0..20);
    let sandbox = Sandbox::with(&[("f", &text), (".gitattributes", "f merge=mine\n")]);
    let base = sandbox.rev("HEAD");
    let ours = sandbox.branch("ours", base, &[("f", &with_line(&text, 2, "o"))]);
    let theirs = sandbox.branch("theirs", base, &[("f", &with_line(&text, 15, "t"))]);
    assert!(needs_git(&sandbox, ours, theirs), "custom driver");

    let sandbox = Sandbox::with(&[("old/a", &text), ("old/b", &lines(50..80)), ("x", "1")]);
    let base = sandbox.rev("HEAD");
    let moved = [("old/a", ""), ("old/b", ""), ("new/a", &text), ("new/b", &lines(50..80))];
    let ours = sandbox.branch("ours", base, &moved);
    let theirs = sandbox.branch("theirs", base, &[("old/c", "new file\n")]);
    assert!(needs_git(&sandbox, ours, theirs), "renamed directory");
    assert!(needs_git(&sandbox, theirs, ours), "renamed directory, other way round");

    sandbox.git(&["config", "merge.renormalize", "true"]);
    let plain = sandbox.branch("plain", base, &[("x", "2"), ("y", "2")]);
    let other = sandbox.branch("other", base, &[("x", "3"), ("z", "2")]);
    assert!(needs_git(&sandbox, plain, other), "renormalize");
}

#[test]
fn unrelated_histories_are_no_merge() {
    let sandbox = Sandbox::with(&[("f", "1")]);
    let ours = sandbox.rev("HEAD");
    sandbox.git(&["checkout", "-q", "--orphan", "island"]);
    let theirs = sandbox.commit(&[("f", "2")]);
    for engine in [Engine::Git, Engine::Libgit2] {
        let repo = sandbox.repo().with_engine(engine);
        let merged = repo.merge(MergeRequest { base: None, ours, theirs }).unwrap();
        assert_eq!(merged, MergeOutcome::Unrelated);
    }
    assert!(matches!(sandbox.repo().forecast(ours, theirs).unwrap(), Forecast::Unknown { .. }));
}

#[test]
fn the_matrix_blames_a_pair_only_for_what_both_changed_themselves() {
    let text = lines(0..30);
    let sandbox = Sandbox::with(&[("f", &text), ("g", &text)]);
    let base = sandbox.rev("HEAD");
    let a = sandbox.branch("a", base, &[("f", &with_line(&text, 3, "a"))]);
    let b = sandbox.branch("b", base, &[("f", &with_line(&text, 3, "b"))]);
    let c = sandbox.branch("c", base, &[("f", &with_line(&text, 20, "c"))]);
    // Begins at a, which collides with b; its own work does not.
    let d = sandbox.branch("d", a, &[("g", &with_line(&text, 3, "d"))]);
    let e = sandbox.branch("e", base, &[("F", "case\n")]);
    let tip = |start, tip| ForecastTip { start, tip };
    let tips = [tip(base, a), tip(base, b), tip(base, c), tip(a, d), tip(base, e)];
    let matrix = sandbox.repo().forecast_matrix(&tips).unwrap();
    let places: Vec<_> = matrix.iter().map(|(i, j, _)| (*i, *j)).collect();
    assert_eq!(
        places,
        [(0, 1), (0, 2), (0, 3), (0, 4), (1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4)]
    );
    let at = |i, j| matrix.iter().find(|cell| (cell.0, cell.1) == (i, j)).unwrap().2.clone();
    let f = || vec!["f".to_owned()];
    assert_eq!(at(0, 1), Forecast::Conflict { paths: f() });
    assert_eq!(at(0, 2), Forecast::SamePath { paths: f() });
    assert_eq!(at(0, 3), Forecast::Clean);
    assert_eq!(at(1, 3), Forecast::Clean);
    assert_eq!(at(2, 4), Forecast::SamePath { paths: vec!["F".to_owned(), "f".to_owned()] });
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
