use super::super::by_libgit2::Library;
use super::super::{Forecast, ForecastRequest, ForecastTip, matrix};
use super::*;
use crate::adapters::git::fixture::Sandbox;
use crate::adapters::git::{Engine, Repo};

fn told(repo: &Repo, effort: Effort, tips: [Oid; 2]) -> Forecast {
    let tips = tips.map(|tip| ForecastTip { start: None, tip });
    let request = ForecastRequest { tips: &tips, pairs: &[(0, 1)], enough: &|| false };
    let open = || {
        let mut library = Library::open(repo)?;
        library.effort = effort;
        Ok(library)
    };
    matrix(&request, open).unwrap().remove(0)
}

/// With git the pair is told, without it there is this reason.
#[track_caller]
fn assert_left_to_git(sandbox: &Sandbox, effort: Effort, tips: [Oid; 2], why: &str) {
    let repo = sandbox.repo();
    let with_git = told(&repo, effort, tips);
    assert!(matches!(with_git, Forecast::SamePath { .. } | Forecast::Clean), "{with_git:?}");
    let without = told(&repo.with_engine(Engine::Libgit2), effort, tips);
    let Forecast::Unknown { reason } = &without else { panic!("{without:?}") };
    assert!(reason.contains(why), "{reason}");
}

#[test]
fn what_would_take_libgit2_long_is_left_to_git_and_unknown_without_it() {
    let text = |range: std::ops::Range<u32>| range.map(|n| format!("{n}\n")).collect::<String>();
    let (a, b) = (text(0..40), text(100..140));
    let sandbox = Sandbox::ordinary(&[("a", &a), ("b", &b), ("same", "same\n")]);
    let base = sandbox.rev("HEAD");
    let more = |text: &str, line: &str| format!("{text}{line}\n");
    let moved: &[(&str, &str)] = &[
        ("a", ""),
        ("b", ""),
        ("a2", &more(&a, "end")),
        ("b2", &more(&b, "end")),
        ("same", ""),
        ("same2", "same\n"),
    ];
    let mover = sandbox.branch("mover", base, moved);
    let begun = format!("begin\n{a}");
    let editor = sandbox.branch("editor", base, &[("a", &begun)]);
    let tips = [mover, editor];
    let few = Effort { comparisons: 4, ..Effort::default() };
    let told = told(&sandbox.repo().with_engine(Engine::Libgit2), few, tips);
    assert_eq!(told, Forecast::SamePath { paths: vec!["a".to_owned()] }, "two by two");
    let fewer = Effort { comparisons: 3, ..few };
    assert_left_to_git(&sandbox, fewer, tips, "2 removed and 2 added files are too many");
    let small = Effort { bytes: 200, ..few };
    assert_left_to_git(&sandbox, small, tips, "may have been renamed");
    let other = sandbox.branch("other", base, &[("a", &more(&a, "end"))]);
    let smaller = Effort { bytes: 20, ..few };
    assert_left_to_git(&sandbox, smaller, [other, editor], "both changed a");

    // Each has the other's work, and work of its own on top.
    let crossed = |own: Oid, other: Oid, name: &str| {
        sandbox.git(&["switch", "-q", "--detach", &own.to_string()]);
        sandbox.git(&["merge", "-q", "-m", "cross", &other.to_string()]);
        sandbox.commit(&[(name, "1\n")])
    };
    let tips = [crossed(other, editor, "one"), crossed(editor, other, "two")];
    assert_left_to_git(&sandbox, Effort::default(), tips, "several merge bases");
}
