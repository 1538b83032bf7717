//! Ancestors that are not there, not alone, or not what they say.

use super::*;
use crate::adapters::git::fixture::write;

fn merged(sandbox: &Sandbox, name: &str, one: Oid, other: Oid) -> Oid {
    sandbox.git(&["switch", "-q", "-c", name, &one.to_string()]);
    sandbox.git(&["merge", "-q", "-m", "cross", &other.to_string()]);
    sandbox.git(&["rev-parse", "HEAD"]).parse().unwrap()
}

#[test]
fn histories_that_cross() {
    let text = lines(0..60);
    let edit = |text: &str, at, line: &str| with_line(text, at, line);
    let sandbox = Trap::on(&[("f", &text)]);
    let base = sandbox.rev("HEAD");
    let a = sandbox.branch("a", base, &[("f", &edit(&text, 5, "a"))]);
    let b = sandbox.branch("b", base, &[("f", &edit(&text, 50, "b"))]);
    let one = merged(&sandbox, "one", a, b);
    let both = sandbox.git(&["show", "HEAD:f"]) + "\n";
    let two = merged(&sandbox, "two", b, a);
    sandbox.git(&["switch", "-q", "main"]);
    let ours = sandbox.branch("ours", one, &[("f", &edit(&both, 20, "ours"))]);
    let theirs = sandbox.branch("theirs", two, &[("f", &edit(&both, 35, "theirs"))]);
    let without = Without::NeedsGit("2 merge bases");
    Trap { name: "criss-cross", sandbox, ours, theirs, without }.check();

    // The bases collide with one another.
    let sandbox = Trap::on(&[("f", &text)]);
    let base = sandbox.rev("HEAD");
    let a = sandbox.branch("a", base, &[("f", &edit(&text, 5, "a"))]);
    let b = sandbox.branch("b", base, &[("f", &edit(&text, 5, "b"))]);
    let cross = |name, one: Oid, other: Oid| {
        sandbox.git(&["switch", "-q", "-c", name, &one.to_string()]);
        let other = other.to_string();
        sandbox.git(&["merge", "-q", "-s", "ours", "-m", "cross", &other]);
        sandbox.write(name, "1\n");
        sandbox.commit_all()
    };
    let (ours, theirs) = (cross("ours", a, b), cross("theirs", b, a));
    sandbox.git(&["switch", "-q", "main"]);
    Trap { name: "criss-cross, colliding", sandbox, ours, theirs, without }.check();
}

#[test]
fn histories_that_never_meet() {
    let sandbox = Trap::on(&[("f", "1\n")]);
    let ours = sandbox.rev("HEAD");
    sandbox.git(&["checkout", "-q", "--orphan", "island"]);
    let theirs = sandbox.commit(&[("f", "2\n")]);
    let without = Without::Same;
    Trap { name: "unrelated", sandbox, ours, theirs, without }.check();
}

#[test]
fn commits_that_are_replaced() {
    let text = lines(0..30);
    let sandbox = Trap::on(&[("f", &text)]);
    let base = sandbox.rev("HEAD");
    let ours = sandbox.branch("ours", base, &[("f", &with_line(&text, 2, "ours"))]);
    let theirs = sandbox.branch("theirs", base, &[("f", &with_line(&text, 2, "theirs"))]);
    let instead = sandbox.branch("instead", base, &[("f", &with_line(&text, 20, "instead"))]);
    sandbox.git(&["replace", &theirs.to_string(), &instead.to_string()]);
    let without = Without::NeedsGit("replaced");
    Trap { name: "replaced", sandbox, ours, theirs, without }.check();
}

/// A clone of a repository that holds two branches which merge.
fn cloned(words: &[&str]) -> (Sandbox, Oid, Oid) {
    let text = lines(0..30);
    let sandbox = Trap::on(&[("f", &text)]);
    sandbox.git(&["config", "uploadpack.allowFilter", "true"]);
    let base = sandbox.rev("HEAD");
    let ours = sandbox.branch("ours", base, &[("f", &with_line(&text, 2, "ours"))]);
    let theirs = sandbox.branch("theirs", base, &[("f", &with_line(&text, 20, "theirs"))]);
    let url = format!("file://{}", sandbox.root().display());
    let place = sandbox.path("clone").display().to_string();
    let words = [&["clone", "-q", "--bare", "--no-single-branch"], words, &[&url, &place]].concat();
    sandbox.git_at(&sandbox.path(""), &words);
    (sandbox, ours, theirs)
}

fn merged_in_clone(sandbox: &Sandbox, engine: Engine, request: MergeRequest) -> MergeOutcome {
    let repo = Repo::discover(&sandbox.path("clone"), sandbox.env()).unwrap();
    let options = MergeOptions { cross_check: true, ..MergeOptions::default() };
    repo.with_engine(engine).merge_session(options).merge(request).unwrap()
}

#[test]
fn a_history_that_was_cut_off() {
    let (sandbox, ours, theirs) = cloned(&["--depth=1"]);
    let request = MergeRequest { base: None, ours, theirs };
    for engine in [Engine::Auto, Engine::Libgit2] {
        assert_eq!(merged_in_clone(&sandbox, engine, request), MergeOutcome::Unrelated);
    }
}

#[test]
fn files_that_are_elsewhere() {
    let (sandbox, ours, theirs) = cloned(&["--filter=blob:none"]);
    let request = MergeRequest { base: None, ours, theirs };
    let library = merged_in_clone(&sandbox, Engine::Libgit2, request);
    let MergeOutcome::NeedsGit { reason } = library else { panic!("{library:?}") };
    assert!(reason.contains("partial"), "{reason}");
    let git = merged_in_clone(&sandbox, Engine::Auto, request);
    assert_eq!(Answer::of(&git), Answer::of_git(&sandbox, ours, theirs));
    assert!(matches!(git, MergeOutcome::Clean { .. }));
}

#[test]
fn a_graft_is_known_to_everybody() {
    let sandbox = Trap::on(&[("f", "1\n")]);
    let base = sandbox.rev("HEAD");
    let ours = sandbox.branch("ours", base, &[("x", "1\n")]);
    let theirs = sandbox.branch("theirs", base, &[("y", "1\n")]);
    write(&sandbox.root().join(".git/info/grafts"), &format!("{theirs}\n"));
    let without = Without::Same;
    Trap { name: "graft", sandbox, ours, theirs, without }.check();
}
