use super::super::fixture::Sandbox;
use super::super::{RefusedReason, Repo};
use super::*;

fn world() -> (Sandbox, Repo, BranchRequest, Oid) {
    let sandbox = Sandbox::with(&[("a", "a\n")]);
    let old = sandbox.rev("main");
    let at = sandbox.branch("task", old, &[("b", "b\n")]);
    let request =
        BranchRequest { name: "landed/one".to_owned(), at, message: "wt-orch: land".to_owned() };
    let repo = sandbox.repo();
    (sandbox, repo, request, old)
}

const DONE: LandOutcome = LandOutcome::Landed { checked_out: None };

#[test]
fn a_branch_is_made_where_none_is_and_deleted_where_it_was_left() {
    let (sandbox, repo, request, old) = world();
    assert_eq!(make_branch(&repo, &request, old).unwrap(), DONE);
    assert_eq!(repo.branch_tip("landed/one").unwrap(), Some(request.at));
    assert_eq!(sandbox.git(&["reflog", "-1", "--format=%gs", "landed/one"]), "wt-orch: land");
    // It is there.
    let other = BranchRequest { at: old, ..request.clone() };
    let there = LandOutcome::TargetMoved { now: Some(request.at) };
    assert_eq!(make_branch(&repo, &other, old).unwrap(), there);
    assert_eq!(delete_branch(&repo, &other).unwrap(), there);
    assert_eq!(repo.branch_tip("landed/one").unwrap(), Some(request.at));
    assert_eq!(delete_branch(&repo, &request).unwrap(), DONE);
    assert_eq!(repo.branch_tip("landed/one").unwrap(), None);
    assert_eq!(delete_branch(&repo, &request).unwrap(), LandOutcome::TargetMoved { now: None });
}

#[test]
fn nothing_is_made_or_deleted_under_a_worktree_that_stands_on_it() {
    let (sandbox, repo, request, old) = world();
    let refused = |outcome: LandOutcome| {
        let LandOutcome::Refused(refusal) = outcome else { panic!("{outcome:?}") };
        assert_eq!(refusal.reason, RefusedReason::CheckedOut { at: request.at });
        let mut shell = std::process::Command::new("sh");
        shell.env_clear().envs(sandbox.env()).args(["-c", &refusal.resolve]).current_dir("/");
        shell.stderr(std::process::Stdio::null());
        assert!(shell.status().unwrap().success(), "{}", refusal.resolve);
    };
    sandbox.git(&["switch", "-q", "--orphan", "landed/one"]);
    refused(make_branch(&repo, &request, old).unwrap());
    assert_eq!(make_branch(&repo, &request, old).unwrap(), DONE);
    sandbox.git(&["switch", "-q", "landed/one"]);
    refused(delete_branch(&repo, &request).unwrap());
    assert_eq!(delete_branch(&repo, &request).unwrap(), DONE);
}
