//! Branches, tags and the stash, which all worktrees share (F29, F32).

use super::shared::{assert_has, notes, one, ran};
use crate::harness::Fingerprint;
use crate::scene::{content, outcomes, refs, small_repo, tip};

#[test]
fn f29_work_on_another_branch_or_none_is_the_tasks_work() {
    for (step, note) in [
        ("git switch --quiet --create other", "HEAD was on the branch other"),
        ("git switch --quiet --detach", "HEAD was detached at"),
    ] {
        let repo = small_repo();
        let before = Fingerprint::of(&repo);
        let script = format!("{step}; echo 1 > one; git add one; git commit -qm one; echo 2 > two");
        let (run, _) = ran(&repo, &one(&script), 0);
        std::fs::remove_file(repo.path("tasks.toml")).unwrap();
        before.assert_kept(&Fingerprint::of(&repo));
        assert_has(&notes(&run, "a"), note);
        assert_eq!(content(&repo, "feature/a", "one").unwrap(), "1\n");
        assert_eq!(content(&repo, "feature/a", "two").unwrap(), "2\n");
    }
}

#[test]
fn f29_a_branch_that_was_moved_deleted_or_rewritten_is_named_and_what_it_held_is_kept() {
    let repo = small_repo();
    repo.branch("gone").file("gone.txt", "1\n").commit("gone");
    let gone = tip(&repo, "gone");
    repo.git(&["switch", "--quiet", "main"]);
    let old = tip(&repo, "main");
    repo.git(&["tag", "v1"]);
    let script = "
        echo work > work; git branch -D gone; git tag -d v1
        git update-ref refs/heads/main $(git commit-tree -m rewritten HEAD^{tree})
        git branch made";
    let (run, _) = ran(&repo, &one(script), 0);
    let notes = notes(&run, "a");
    assert_has(&notes, &format!("`git branch gone {gone}` brings it back"));
    assert_has(&notes, &format!("`git update-ref refs/heads/main {old}` brings it back"));
    assert_has(&notes, &format!("`git update-ref refs/tags/v1 {old}` brings it back"));
    assert_has(&notes, "the branch `made` was made; left there");
    let kept = [&gone, &old].map(|id| format!("refs/wt-orch/tasks/a/found-{}", &id[..10]));
    for (name, id) in kept.iter().zip([&gone, &old]) {
        assert_eq!(&tip(&repo, name), id);
    }
    // A target that the run did not leave so is not moved back in silence, nor is anything landed
    // on top of it by mistake; and `clean` keeps what only we hold.
    assert_ne!(tip(&repo, "main"), old);
    repo.wt_orch(&["clean"]).exit(0).stdout_has("a ref held it that moved or went");
    assert_eq!(refs(&repo, "refs/wt-orch/tasks/a").len(), 2);
}

const MAKE: &str = "git switch --quiet --create own; echo 1 > one; git add one; git commit -qm one
    git branch other; git switch --quiet feature/a; git merge --quiet own; git branch loose HEAD^
    git update-ref refs/heads/loose $(git commit-tree -m loose HEAD^{tree})";
const DELETE: &str = "git branch --quiet -D own other loose";

#[test]
fn f29_a_branch_that_a_task_alone_made_and_deleted_is_told_where_only_it_held_work() {
    let repo = small_repo();
    let text = format!("[[task]]\nid = \"a\"\nrun = '''{MAKE}'''\ncheck = '{DELETE}'\n");
    let (run, _) = ran(&repo, &text, 0);
    assert_eq!(refs(&repo, "refs/heads/own"), [""; 0]);
    let notes = notes(&run, "a");
    assert_has(&notes, "the branch `loose` is gone; what it held is kept as");
    assert_eq!(notes.matches(" gone").count(), 1, "{notes}");
    let kept = refs(&repo, "refs/wt-orch/tasks/a/");
    let [kept] = &kept[..] else { panic!("{kept:?}") };
    assert_eq!(repo.git(&["log", "--format=%s", kept]), "loose");
}

#[test]
fn f29_a_branch_that_was_made_while_several_tasks_ran_is_told_and_kept_when_it_goes() {
    let repo = small_repo();
    // `a` goes on when `b`, which began before, is over; `c` is at work all the time. The branches
    // could also be of `b`, or of the user.
    let text = format!(
        "[[task]]\nid = \"a\"\ncheck = \"true\"\nrun = '''
            until [ -e ../b-runs ]; do sleep 0.01; done; {MAKE}
            touch ../made; until [ -e ../b-over ]; do sleep 0.01; done; {DELETE}'''
        [[task]]\nid = \"b\"\ncheck = \"true\"
        run = 'touch ../b-runs; until [ -e ../made ]; do sleep 0.01; done; echo 2 > two'
        [[task]]\nid = \"c\"\ndepends_on = [\"b\"]\ncheck = \"true\"
        run = 'echo 3 > three; touch ../b-over'\n"
    );
    let (run, _) = ran(&repo, &text, 0);
    let told = run.to_string();
    for name in ["own", "other", "loose"] {
        assert_has(&told, &format!("the branch `{name}` is gone; what it held is kept as"));
    }
    let kept = refs(&repo, "refs/wt-orch/").into_iter().filter(|name| name.contains("/found-"));
    let subject = |name: String| repo.git(&["log", "-1", "--format=%s", &name]);
    assert!(kept.map(subject).any(|subject| subject == "loose"));
}

#[test]
fn f29_a_branch_that_an_earlier_task_made_is_told_when_it_goes() {
    let repo = small_repo();
    let text = "[[task]]\nid = \"first\"\nrun = \"echo 1 > first; git branch left\"\ncheck = \"true\"\n\
        [[task]]\nid = \"a\"\ndepends_on = [\"first\"]\ncheck = \"true\"\n\
        run = \"echo 2 > second; git branch -qD left\"\n";
    let (run, _) = ran(&repo, text, 0);
    assert_has(&notes(&run, "first"), "the branch `left` was made");
    assert_has(&notes(&run, "a"), "the branch `left` is gone");
}

#[test]
fn f29_branches_of_other_tasks_are_put_right() {
    let repo = small_repo();
    let text = "[[task]]\nid = \"first\"\nrun = \"echo 1 > first\"\ncheck = \"true\"\n\
        [[task]]\nid = \"second\"\nrun = \"echo 2 > second\"\ncheck = \"true\"\n\
        [[task]]\nid = \"a\"\ndepends_on = [\"first\", \"second\"]\ncheck = \"true\"\n\
        run = \"\"\"\necho 3 > third; git add third; git commit -qm third\n\
        git update-ref refs/heads/feature/first HEAD\n\
        git -C ../repo-second switch -q --detach; git branch -qD feature/second\n\"\"\"\n";
    let (run, _) = ran(&repo, text, 0);
    let notes = notes(&run, "a");
    assert_has(&notes, "its commits were on the branch `feature/first` of task `first`");
    assert_has(&notes, "the branch `feature/second` of task `second` was deleted and put back");
    assert!(content(&repo, "feature/first", "third").is_none());
    assert_eq!(content(&repo, "feature/second", "second").unwrap(), "2\n");
    assert_eq!(content(&repo, "feature/a", "third").unwrap(), "3\n");
    repo.wt_orch(&["integrate"]).exit(0);
    assert_eq!(content(&repo, "main", "third").unwrap(), "3\n");
}

#[test]
fn f32_the_stash_and_other_refs_are_named_and_nothing_of_them_is_lost() {
    let repo = small_repo();
    repo.file("b.txt", "stashed\n");
    repo.git(&["stash"]);
    let mine = tip(&repo, "stash");
    let script = "echo new > a.txt; git stash -q; echo work > work; git notes add -m note HEAD";
    let (run, _) = ran(&repo, &one(script), 0);
    assert_has(&notes(&run, "a"), "something was stashed; the stash is common to all worktrees");
    let shows = format!("`git stash show -p {}` shows it", &tip(&repo, "stash")[..10]);
    assert_has(&notes(&run, "a"), &shows);
    assert_has(&notes(&run, "a"), "`refs/notes/commits` was made");
    assert_eq!(tip(&repo, "stash@{1}"), mine);

    let repo = small_repo();
    repo.file("b.txt", "stashed\n");
    repo.git(&["stash"]);
    let mine = tip(&repo, "stash");
    let (run, _) = ran(&repo, &one("git stash clear; echo work > work"), 0);
    assert_has(&notes(&run, "a"), &format!("`git stash store {mine}` brings it back"));
    repo.git(&["stash", "store", &mine]);
    repo.git(&["stash", "pop"]);
    assert_eq!(repo.read("b.txt").unwrap(), "stashed\n");
}

#[test]
fn f32_a_rewritten_start_fails_the_task_and_its_work_is_kept() {
    let repo = small_repo();
    let script = "echo new > a.txt; git commit -qa --amend -m rewritten; echo more > more";
    let (run, _) = ran(&repo, &one(script), 1);
    assert_has(&outcomes(&run)[0], "which does not come after its start (`git diff ");
    let again = format!("`wt-orch retry {} a` starts it over", run["run"].as_str().unwrap());
    assert_has(&outcomes(&run)[0], &again);
    assert_eq!(content(&repo, "refs/wt-orch/tasks/a/attempt-1", "more").unwrap(), "more\n");
}
