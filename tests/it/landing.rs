//! Moving the target: what stands in its way, and what it does when it moves by itself.

use insta::assert_snapshot;

use crate::harness::{Fingerprint, Repo};
use crate::integrating::{appends, finished, integrate};
use crate::scene::{content, tip};

#[test]
fn rule_19_a_dirty_file_where_a_branch_writes_refuses_the_landing_before_anything_is_merged() {
    let repo = finished(&(appends("one", "b.txt") + &appends("two", "c.txt")));
    repo.file("b.txt", "mine\n");
    let before = Fingerprint::of(&repo);
    let output = repo.wt_orch(&["integrate"]);
    before.assert_kept(&Fingerprint::of(&repo));
    assert_snapshot!(output.snapshot(), @r"
    $ wt-orch integrate
    exit: 4
    --- stderr
    error: `main` is checked out in `[TMP]/repo` and cannot be moved: uncommitted changes in b.txt would be overwritten

    hint: `git -C [TMP]/repo stash push -- b.txt`, then `wt-orch integrate tasks` again
    ");
    let error = integrate(&repo, 4);
    assert_eq!(error["error"]["code"], "target_checkout");
    before.assert_kept(&Fingerprint::of(&repo));
    // The way out that it names works.
    repo.git(&["stash", "push", "--", "b.txt"]);
    integrate(&repo, 0);
    assert_eq!(repo.read("b.txt").unwrap(), "b\none\n");
}

#[test]
fn rule_19_staged_changes_where_the_landing_writes_refuse_it_as_well() {
    let repo = finished(&appends("one", "b.txt"));
    repo.file("b.txt", "mine\n");
    repo.git(&["add", "b.txt"]);
    repo.file("b.txt", "b\n");
    let before = Fingerprint::of(&repo);
    integrate(&repo, 4);
    before.assert_kept(&Fingerprint::of(&repo));
}

#[test]
fn rule_19_an_untracked_or_ignored_file_in_the_way_refuses_the_landing() {
    for ignored in [false, true] {
        let repo = finished(&appends("one", "new.txt"));
        repo.file("new.txt", "mine\n");
        if ignored {
            repo.file(".git/info/exclude", "new.txt\n");
        }
        let before = Fingerprint::of(&repo);
        let output = repo.wt_orch(&["integrate"]);
        before.assert_kept(&Fingerprint::of(&repo));
        output.exit(4).stderr_has("new.txt");
        if !ignored {
            assert_snapshot!(output.snapshot(), @r"
            $ wt-orch integrate
            exit: 4
            --- stderr
            error: `main` is checked out in `[TMP]/repo` and cannot be moved: untracked new.txt would be overwritten

            hint: `git -C [TMP]/repo stash push --all -- new.txt`, then `wt-orch integrate tasks` again
            ");
        }
        assert_eq!(repo.read("new.txt").unwrap(), "mine\n");
        let hint = output.stderr().lines().find(|line| line.starts_with("hint: `")).unwrap();
        let command = hint.split('`').nth(1).unwrap();
        repo.program("sh", &["-c", command]).run().exit(0);
        integrate(&repo, 0);
        assert_eq!(repo.read("new.txt").unwrap(), "one\n");
    }
}

#[test]
fn rule_19_what_is_dirty_or_untracked_elsewhere_stays_as_it_is() {
    let repo = finished(
        &(appends("one", "b.txt")
            + &appends("two", "dir/c.txt").replace("echo", "mkdir dir; echo")),
    );
    repo.file("a.txt", "mine\n").file("docs/new", "new\n").file("staged", "staged\n");
    repo.git(&["add", "staged"]);
    let status = repo.git(&["status", "--porcelain"]);
    integrate(&repo, 0);
    assert_eq!(repo.git(&["status", "--porcelain"]), status);
    assert_eq!(repo.read("a.txt").unwrap(), "mine\n");
    assert_eq!(repo.read("b.txt").unwrap(), "b\none\n");
    assert_eq!(repo.read("dir/c.txt").unwrap(), "two\n");
    // And back again.
    repo.wt_orch(&["undo"]).exit(0);
    assert_eq!(repo.git(&["status", "--porcelain"]), status);
    assert_eq!(repo.read("b.txt").unwrap(), "b\n");
    assert!(!repo.path("dir").exists());
}

#[test]
fn rule_20_a_target_that_moved_since_the_base_is_merged_again_and_validated() {
    let text = appends("one", "c.txt")
        + "[[validate]]\nname = \"both\"\nrun = \"test ! -e c.txt || grep -q moved docs/read.me\"\n";
    let repo = finished(&text);
    repo.file("docs/read.me", "moved\n");
    let moved = repo.commit("meanwhile");
    let landed = integrate(&repo, 0);
    assert_eq!(landed["old"], moved.as_str());
    assert_eq!(repo.read("docs/read.me").unwrap(), "moved\n");
    assert_eq!(repo.read("c.txt").unwrap(), "one\n");
}

#[test]
fn rule_20_a_target_that_moves_during_the_validation_is_merged_and_validated_again() {
    // The first validation commits to the target from outside, once.
    let text = appends("one", "c.txt")
        + r#"
        [[validate]]
        name = "meddler"
        run = """
          echo run >> ../validations
          if mkdir ../meddled 2>/dev/null; then
            tree=$(git rev-parse main^{tree})
            git update-ref refs/heads/main $(git commit-tree -p main -m meanwhile $tree)
          fi
        """
        "#;
    let repo = finished(&text);
    // Nobody may have it checked out, else the branch would move under the files.
    repo.git(&["switch", "--quiet", "--detach"]);
    let output = repo.wt_orch(&["integrate"]);
    output.exit(0).stderr_has("meanwhile: merging again");
    let log = repo.git(&["log", "--first-parent", "--format=%s", "main"]);
    assert_eq!(log, "Merge task `one`: one\nmeanwhile\nfirst");
    let validations = std::fs::read_to_string(repo.root().join("validations")).unwrap();
    assert_eq!(validations.lines().count(), 2);
}

#[test]
fn rule_20_a_target_that_never_rests_is_merged_again_three_times_and_given_up() {
    let text = appends("one", "c.txt")
        + r#"
        [[validate]]
        name = "meddler"
        run = """
          echo run >> ../validations
          tree=$(git rev-parse main^{tree})
          git update-ref refs/heads/main $(git commit-tree -p main -m meanwhile $tree)
        """
        "#;
    let repo = finished(&text);
    repo.git(&["switch", "--quiet", "--detach"]);
    let output = repo.wt_orch(&["-q", "integrate"]);
    assert_snapshot!(output.snapshot(), @r"
    $ wt-orch -q integrate
    exit: 3
    --- stderr
    error: the target moved 4 times while it was being validated

    hint: run `wt-orch integrate tasks` again when `main` is quiet
    ");
    assert_eq!(content(&repo, "main", "c.txt"), None);
    let validations = std::fs::read_to_string(repo.root().join("validations")).unwrap();
    assert_eq!(validations.lines().count(), 4);
}

#[test]
fn a_target_that_is_gone_is_told() {
    let repo = finished(&appends("one", "c.txt"));
    repo.branch("other");
    repo.git(&["branch", "--quiet", "-D", "main"]);
    assert_snapshot!(repo.wt_orch(&["-q", "integrate"]).snapshot(), @r"
    $ wt-orch -q integrate
    exit: 4
    --- stderr
    error: there is no branch `main`

    hint: name one that exists: `wt-orch integrate tasks --onto BRANCH`
    ");
    integrate_onto(&repo, "other");
    assert_eq!(repo.read("c.txt").unwrap(), "one\n");
}

#[track_caller]
fn integrate_onto(repo: &Repo, branch: &str) {
    repo.wt_orch(&["integrate", "--onto", branch]).exit(0);
}

#[test]
fn it_lands_on_the_branch_that_was_checked_out_at_split_wherever_the_user_is() {
    let repo = finished(&appends("one", "c.txt"));
    repo.branch("elsewhere").file("b.txt", "dirty\n");
    integrate(&repo, 0);
    assert_eq!(content(&repo, "main", "c.txt").unwrap(), "one\n");
    assert_eq!(repo.read("c.txt"), None);
    assert_eq!(repo.read("b.txt").unwrap(), "dirty\n");
}

#[test]
fn rule_19_a_target_in_another_worktree_moves_with_its_files() {
    let repo = finished(&appends("one", "b.txt"));
    repo.branch("work");
    repo.git(&["worktree", "add", "--quiet", "../side", "main"]);
    integrate(&repo, 0);
    assert_eq!(std::fs::read_to_string(repo.root().join("side/b.txt")).unwrap(), "b\none\n");
    assert_eq!(repo.git(&["-C", "../side", "status", "--porcelain"]), "");
    assert_eq!(repo.read("b.txt").unwrap(), "b\n");
}

#[test]
fn rule_19_nothing_is_validated_for_a_landing_that_cannot_be() {
    let text =
        appends("one", "b.txt") + "[[validate]]\nname = \"long\"\nrun = \"touch ../validated\"\n";
    let repo = finished(&text);
    repo.file("b.txt", "mine\n");
    integrate(&repo, 4);
    assert!(!repo.root().join("validated").exists());
    // Merging and telling is free.
    repo.wt_orch(&["integrate", "--dry-run"]).exit(0);
}

#[test]
fn rule_19_what_becomes_dirty_during_the_validation_refuses_the_landing_as_well() {
    let text = appends("one", "b.txt")
        + "[[validate]]\nname = \"meddler\"\nrun = \"echo mine > ../repo/b.txt\"\n";
    let repo = finished(&text);
    let before = tip(&repo, "main");
    let error = integrate(&repo, 4);
    assert_eq!(error["error"]["code"], "target_checkout");
    assert_eq!(tip(&repo, "main"), before);
    assert_eq!(repo.read("b.txt").unwrap(), "mine\n");
    assert_eq!(crate::scene::refs(&repo, "refs/wt-orch/undo/"), [""; 0]);
}

#[test]
fn rule_18_what_lands_is_the_very_commit_that_was_validated_signed_before() {
    let text = appends("one", "c.txt")
        + "[[validate]]\nname = \"seen\"\nrun = \"git rev-parse HEAD >> ../seen\"\n";
    let repo = finished(&text);
    // Signs by writing down what it is given.
    let signer = repo.root().join("home/signer");
    std::fs::write(
        &signer,
        "#!/bin/sh\ncat >> $HOME/signed\necho '[GNUPG:] SIG_CREATED ' >&2\n\
         printf -- '-----BEGIN PGP SIGNATURE-----\\n\\nsigned\\n-----END PGP SIGNATURE-----\\n'\n",
    )
    .unwrap();
    repo.program("chmod", &["+x", signer.to_str().unwrap()]).run().exit(0);
    repo.git(&["config", "gpg.program", signer.to_str().unwrap()]);
    repo.git(&["config", "commit.gpgSign", "true"]);
    let landed = integrate(&repo, 0);
    let new = landed["new"].as_str().unwrap();
    let seen = std::fs::read_to_string(repo.root().join("seen")).unwrap();
    assert_eq!(seen.lines().collect::<Vec<_>>(), [new]);
    assert_eq!(tip(&repo, "main"), new);
    assert!(repo.git(&["cat-file", "commit", new]).contains("gpgsig"));
    // One commit, one signature; and a ref holds it whatever becomes of the branch.
    let signed = std::fs::read_to_string(repo.root().join("home/signed")).unwrap();
    assert_eq!(signed.matches("Task: one").count(), 1);
    let kept = tip(&repo, "refs/wt-orch/undo/1/new");
    assert_eq!(kept, new);
    assert_eq!(repo.git(&["reflog", "-1", "--format=%gs", "main"]), "wt-orch: land tasks");
    assert_eq!(repo.git(&["reflog", "-1", "--format=%gs", "HEAD"]), "wt-orch: land tasks");
}
