//! What is left of test runs that could not begin, or whose process was killed at their end.

use std::fs;
use std::path::Path;
use std::time::Duration;

use wt_orch::domain::id::RunId;
use wt_orch::domain::plan::Preference;
use wt_orch::domain::run::RunKind;
use wt_orch::domain::suite::SuiteSpec;
use wt_orch::engine::{EngineError, create, give_up_test_runs};

use super::scene::{Scene, alone, request};
use crate::scene::refs;

#[test]
fn a_run_that_cannot_be_created_says_why_whatever_of_it_cannot_be_taken_away() {
    let mut scene = Scene::new(0);
    scene.site.repo = scene.site.repo.clone().with_lock_wait(Duration::from_millis(20));
    let held = "refs/wt-orch/test/_begin/held";
    scene.repo.git(&["update-ref", held, "HEAD"]);
    fs::write(scene.repo.path(&format!(".git/{held}.lock")), "").unwrap();
    let mut request = request(&scene.site, 0, &[("one", "true")], Preference::Sequential);
    let gone = "0123456789012345678901234567890123456789".parse().unwrap();
    request.kind = RunKind::Test(Box::new(SuiteSpec { snapshot: Some(gone), parts: Vec::new() }));
    let refused = create(&scene.site, request).map(|_| ());
    assert!(
        matches!(&refused, Err(EngineError::StartGone { commit, .. }) if *commit == gone),
        "{refused:?}"
    );
    assert_eq!(refs(&scene.repo, "refs/wt-orch/"), [held], "it could not be taken away");
    assert!(scene.store().runs().unwrap().is_empty());
}

#[test]
fn what_a_run_left_that_was_killed_when_it_was_over_goes_unless_another_run_claims_the_place() {
    let name =
        "what_a_run_left_that_was_killed_when_it_was_over_goes_unless_another_run_claims_the_place";
    alone(&format!("leftovers::{name}"), || {
        let scene = Scene::new(0);
        let ended =
            scene.tested(&[("one", "true"), ("two", "true")], Preference::ParallelWith(2)).spec;
        let next = scene.created(&[("two", "true")], Preference::ParallelWith(1));
        let [one, two] = [0, 1].map(|task: usize| ended.places[task].worktree.as_str());
        assert_eq!(next.state().spec.places[0].worktree, two, "somebody may go on with it there");
        for place in [one, two] {
            scene.repo.git(&["worktree", "add", "--quiet", "--detach", place]);
        }
        let held = |run: &RunId| format!("refs/wt-orch/{run}/_begin/held");
        for run in [&ended.run, &next.run()] {
            scene.repo.git(&["update-ref", &held(run), "HEAD"]);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let give_up = || runtime.block_on(give_up_test_runs(&scene.site)).unwrap();
        let done = give_up();
        assert_eq!(done.tidied, [(ended.run.clone(), Vec::new())]);
        assert!(done.runs.is_empty() && done.failed.is_empty(), "{done:?}");
        assert!(!Path::new(one).exists() && Path::new(two).exists());
        assert_eq!(refs(&scene.repo, "refs/wt-orch/"), [held(&next.run())]);
        assert!(give_up().tidied.is_empty(), "nothing else is its own");
    });
}
