//! Changes that landed in other commits, and changes that only look so.

use super::*;
use crate::adapters::git::fixture::Sandbox;

const BASE: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n";

struct Scene {
    sandbox: Sandbox,
    start: Oid,
}

impl Scene {
    fn new() -> Self {
        let sandbox = Sandbox::with(&[("a", BASE), ("b", "b\n")]);
        let start = sandbox.rev("main");
        Self { sandbox, start }
    }

    /// A branch with two commits, the second in the middle of `a`.
    fn work(&self) -> Oid {
        let first = self.sandbox.branch("first", self.start, &[("new", "new\n")]);
        self.sandbox.branch("work", first, &[("a", &BASE.replace("8\n", "eight\n"))])
    }

    /// The target, with something else in it.
    fn moved_on(&self) -> Oid {
        self.sandbox.branch("moved", self.start, &[("a", &format!("0\n{BASE}")), ("c", "c\n")])
    }

    fn missing(&self, tip: Oid, target: Oid) -> Vec<Oid> {
        self.sandbox.repo().patch_search().unwrap().missing(self.start, tip, target).unwrap()
    }
}

#[test]
fn a_branch_squashed_into_one_commit_is_found() {
    let scene = Scene::new();
    let tip = scene.work();
    let moved = scene.moved_on();
    let text = format!("0\n{BASE}").replace("8\n", "eight\n");
    let squashed = scene.sandbox.branch("squashed", moved, &[("new", "new\n"), ("a", &text)]);
    let later = scene.sandbox.branch("later", squashed, &[("a", "all new\n")]);
    assert!(scene.missing(tip, later).is_empty());
    // Only what is reachable counts.
    assert_eq!(scene.missing(tip, moved).len(), 2);
}

#[test]
fn commits_that_were_rebased_or_picked_are_found_one_by_one() {
    let scene = Scene::new();
    let tip = scene.work();
    let moved = scene.moved_on();
    let picked = scene.sandbox.branch("picked", moved, &[("new", "new\n")]);
    assert_eq!(scene.missing(tip, picked), [tip]);
    let text = format!("0\n{BASE}").replace("8\n", "eight\n");
    let both = scene.sandbox.branch("both", picked, &[("a", &text)]);
    assert_eq!(scene.missing(tip, both).len(), 0);
}

#[test]
fn a_change_that_differs_in_blanks_or_bytes_is_another_one() {
    let scene = Scene::new();
    let tip = scene.sandbox.branch("work", scene.start, &[("a", &BASE.replace("8\n", "  8\n"))]);
    let other = scene.sandbox.branch("tabs", scene.start, &[("a", &BASE.replace("8\n", "\t8\n"))]);
    assert_eq!(scene.missing(tip, other), [tip]);
    let binary = scene.sandbox.branch("work2", scene.start, &[("bin", "a\0b")]);
    let another = scene.sandbox.branch("other", scene.start, &[("bin", "a\0c")]);
    assert_eq!(scene.missing(binary, another), [binary]);
    let same = scene.sandbox.branch("same", another, &[("bin2", "a\0b")]);
    assert_eq!(scene.missing(binary, same), [binary]);
}
