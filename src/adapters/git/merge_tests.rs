//! Merging and forecasting, both engines against one another.

use super::fixture::{Sandbox, lines, with_line};
use super::*;
use crate::domain::id::Oid;

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
        let sandbox = Sandbox::ordinary(&[
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
                assert_eq!(paths, others, "{name}");
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
        let by_git = repo.clone().with_backend(Backend::Git).forecast(ours, theirs).unwrap();
        assert_eq!(count(), before, "{name}");
        assert_eq!(by_git, forecast, "{name}");
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
    let sandbox = Sandbox::ordinary(&[("f", &text)]);
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
        let forecast = repo.forecast(ours, theirs).unwrap();
        matches!(merged, MergeOutcome::NeedsGit { .. })
            && matches!(forecast, Forecast::Unknown { .. })
    };
    let text = lines(0..20);
    let sandbox = Sandbox::ordinary(&[("f", &text), (".gitattributes", "f merge=mine\n")]);
    let base = sandbox.rev("HEAD");
    let ours = sandbox.branch("ours", base, &[("f", &with_line(&text, 2, "o"))]);
    let theirs = sandbox.branch("theirs", base, &[("f", &with_line(&text, 15, "t"))]);
    assert!(needs_git(&sandbox, ours, theirs), "custom driver");

    let sandbox = Sandbox::ordinary(&[("old/a", &text), ("old/b", &lines(50..80)), ("x", "1")]);
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
fn git_tells_what_libgit2_cannot_where_it_reads_the_repository() {
    let text = lines(0..20);
    let sandbox = Sandbox::ordinary(&[("old/a", &text), ("old/b", &lines(50..80))]);
    let base = sandbox.rev("HEAD");
    let moved = [("old/a", ""), ("old/b", ""), ("new/a", &text), ("new/b", &lines(50..80))];
    let ours = sandbox.branch("ours", base, &moved);
    let theirs = sandbox.branch("theirs", base, &[("old/c", "new file\n")]);
    let repo = sandbox.repo().with_backend(Backend::Git);
    // Git takes the new file along or asks about it; either way it is an answer.
    let forecast = repo.forecast(ours, theirs).unwrap();
    assert_eq!(forecast, Forecast::Conflict { paths: vec!["new/c".to_owned()] });
    let request = MergeRequest { base: None, ours, theirs };
    let forced = repo.with_engine(Engine::Libgit2).merge(request).unwrap();
    assert!(matches!(forced, MergeOutcome::NeedsGit { .. }));
}

#[test]
fn unrelated_histories_are_no_merge() {
    let sandbox = Sandbox::ordinary(&[("f", "1")]);
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
    let sandbox = Sandbox::ordinary(&[("f", &text), ("g", &text)]);
    let base = sandbox.rev("HEAD");
    let a = sandbox.branch("a", base, &[("f", &with_line(&text, 3, "a"))]);
    let b = sandbox.branch("b", base, &[("f", &with_line(&text, 3, "b"))]);
    let c = sandbox.branch("c", base, &[("f", &with_line(&text, 20, "c"))]);
    // Begins at a, which collides with b; its own work does not.
    let d = sandbox.branch("d", a, &[("g", &with_line(&text, 3, "d"))]);
    let e = sandbox.branch("e", base, &[("F", "case\n")]);
    let tip = |start, tip| ForecastTip { start: Some(start), tip };
    let tips = [tip(base, a), tip(base, b), tip(base, c), tip(a, d), tip(base, e)];
    let matrix = sandbox.repo().forecast_matrix(&tips).unwrap();
    let by_git = sandbox.repo().with_backend(Backend::Git).forecast_matrix(&tips).unwrap();
    assert_eq!(by_git, matrix);
    let stores = std::fs::read_dir(sandbox.root().join(".git/objects")).unwrap();
    let names = stores.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.starts_with("tmp")).collect::<Vec<_>>(), [""; 0]);
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
