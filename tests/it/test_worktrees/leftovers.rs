//! What is left of test runs that could not begin, or whose process was killed at their end.

use std::fs;
use std::time::Duration;

use wt_orch::domain::plan::Preference;
use wt_orch::domain::run::RunKind;
use wt_orch::domain::suite::SuiteSpec;
use wt_orch::engine::{EngineError, create};

use super::scene::{Scene, request};
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
