//! Validations that take away the worktree in which they run.

use crate::harness::Fingerprint;
use crate::integrating::{appends, finished, integrate};
use crate::scene::{beside, ejected, strings, tip};

const SAID: &str = "it took the worktree away in which it ran";

#[test]
fn a_validation_that_takes_its_worktree_away_fails_and_the_next_one_has_a_new_one() {
    for (removal, exit) in [
        ("rm -rf \"$PWD\"", 0),
        ("git worktree remove --force \"$PWD\"", 7),
        ("rm .git", 0),
        ("rm -rf \"$PWD\"; mkdir \"$PWD\"", 0),
    ] {
        let run = format!("test ! -e bad.txt || {{ {removal}; exit {exit}; }}");
        let text = appends("good", "good.txt")
            + &appends("bad", "bad.txt")
            + &format!("[[validate]]\nname = \"all\"\nrun = '''{run}'''\n");
        let repo = finished(&text);
        let landed = integrate(&repo, 3);
        assert_eq!(strings(&landed["merged"]), ["good"], "{removal}: {landed:#}");
        assert_eq!(ejected(&landed), ["bad validation"]);
        let note = landed["ejected"][0]["note"].as_str().unwrap();
        assert!(note.contains(&format!("{SAID} (exit code {exit})")), "{note}");
        assert_eq!(beside(&repo), ["repo-bad", "repo-good"]);
    }
}

#[test]
fn a_setup_hook_that_takes_the_worktree_away_fails_the_validation() {
    let hook = "case $PWD in *.validate) rm -rf \"$PWD\";; esac";
    let text = appends("one", "c.txt")
        + &format!("[[setup]]\nname = \"wild\"\nrun = '''{hook}'''\n")
        + "[[validate]]\nname = \"all\"\nrun = \"true\"\n";
    let repo = finished(&text);
    let before = tip(&repo, "main");
    let output = repo.wt_orch(&["integrate"]);
    output.exit(3).stderr_has(&format!("not run: setup hook `wild`: {SAID}"));
    assert_eq!((tip(&repo, "main"), beside(&repo)), (before, vec!["repo-one".to_owned()]));
}

#[test]
fn what_a_validation_puts_in_the_place_of_its_worktree_is_left_alone_and_named() {
    let replaced = "test -e ../calm || { rm -rf \"$PWD\"; ln -s repo ../repo-tasks.validate; }";
    let text = appends("one", "c.txt")
        + &format!("[[validate]]\nname = \"all\"\nrun = '''{replaced}'''\n");
    let repo = finished(&text);
    let before = Fingerprint::of(&repo);
    let output = repo.wt_orch(&["integrate"]);
    let link = repo.root().join("repo-tasks.validate");
    output.exit(4).stderr_has("where commands of ours run, was replaced (it is no folder)");
    output.stderr_has(&format!("`rm -rf {}`", link.display()));
    // It leads to the user's own checkout.
    before.assert_kept(&Fingerprint::of(&repo));
    std::fs::remove_file(link).unwrap();
    std::fs::write(repo.root().join("calm"), "").unwrap();
    assert_eq!(strings(&integrate(&repo, 0)["merged"]), ["one"]);
    assert_eq!(beside(&repo), ["calm", "repo-one"]);
}
