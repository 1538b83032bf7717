//! Who is named when branches that are green alone break a validation together.

use crate::integrating::{appends, finished, integrate};
use crate::scene::{ejected, small_repo, split, strings};

/// Tasks that write a file each, and one validation.
fn files(tasks: &[&str], validation: &str) -> String {
    let tasks: String = tasks.iter().map(|task| appends(task, &format!("{task}.txt"))).collect();
    format!("{tasks}[[validate]]\nname = \"together\"\nrun = '''{validation}'''\n")
}

#[test]
fn a_pair_that_breaks_together_is_named_and_the_later_one_is_left_out() {
    let text = files(&["p", "q", "r", "s"], "! { test -e q.txt && test -e s.txt; }");
    let repo = finished(&text);
    let landed = integrate(&repo, 3);
    assert_eq!(strings(&landed["merged"]), ["p", "q", "r"]);
    assert_eq!(ejected(&landed), ["s validation q"]);
    assert_eq!(strings(&landed["ejected"][0]["with"]), ["q"]);
    assert_eq!(strings(&landed["culprits"][0]["tasks"]), ["q", "s"]);
    let report = repo.wt_orch(&["report"]);
    report.exit(0).stdout_has("`q` with `s` break `together`: each passes alone");
}

#[test]
fn keep_spares_the_later_one_of_a_pair() {
    let repo = finished(&files(&["p", "q", "r"], "! { test -e p.txt && test -e r.txt; }"));
    let output = repo.wt_orch(&["integrate", "--json", "--keep", "r"]);
    output.exit(3);
    assert_eq!(strings(&output.stdout_json()["merged"]), ["q", "r"]);
    let unknown = repo.wt_orch(&["integrate", "--keep", "nobody"]);
    unknown.exit(2).stderr_has("has no task `nobody`");
}

#[test]
fn a_flaky_command_of_the_target_s_blames_nobody_and_lands() {
    // It fails at every third run, wherever it runs.
    let counter = "n=$(cat \"$HOME/runs\" 2>/dev/null || echo 0); echo $((n + 1)) > \"$HOME/runs\"; \
                   test $((n % 3)) -ne 0";
    let repo = finished(&files(&["a", "b"], counter));
    let landed = integrate(&repo, 0);
    assert_eq!(strings(&landed["merged"]), ["a", "b"]);
    assert_eq!(landed["validation"][0]["outcome"], "flaky");
}

#[test]
fn rule_10_a_validation_that_is_red_on_the_target_can_be_left_out() {
    let repo = finished(&files(&["a"], "exit 4"));
    assert_eq!(integrate(&repo, 3)["error"]["code"], "red_base");
    let output = repo.wt_orch(&["integrate", "--json", "--allow-red-base"]);
    output.exit(0);
    assert_eq!(output.stdout_json()["validation"][0]["outcome"], "baseline");
    assert_eq!(strings(&output.stdout_json()["merged"]), ["a"]);
}

#[test]
fn a_rebase_lands_the_commits_of_each_task_one_after_the_other() {
    let text = r#"
        [[task]]
        id = "two"
        run = "echo 1 > one.txt && git add -A && git commit -qm 'first of two' && echo 2 > two.txt && git add -A && git commit -qm 'second of two'"
        check = "true"
        [[task]]
        id = "other"
        run = "echo 3 > three.txt"
        check = "true"
    "#;
    let repo = finished(text);
    repo.file("orchestrator.toml", "[integrate]\nstrategy = \"rebase\"\n");
    let landed = integrate(&repo, 0);
    assert_eq!(strings(&landed["merged"]).len(), 2);
    let log = repo.git(&["log", "--format=%s %p", "main"]);
    let lines: Vec<&str> = log.lines().collect();
    assert!(lines.iter().all(|line| line.rsplit(' ').next().unwrap().len() < 41), "{log}");
    assert_eq!(repo.git(&["rev-list", "--merges", "--count", "main"]).trim(), "0");
    assert!(log.contains("first of two") && log.contains("second of two"), "{log}");
}

#[test]
fn rule_7_what_another_commit_s_validation_left_ignored_vouches_for_nothing() {
    // The target makes what the command needs and ignores it; `r` takes that away.
    let command = "if ! test -e r.txt; then touch made.o; fi; test -e made.o";
    let text = files(&["p", "q", "r"], command);
    let repo = small_repo();
    repo.file(".gitignore", "*.o\n").commit("ignore what is made");
    split(&repo, &text, &[]).exit(0);
    std::fs::remove_file(repo.path("tasks.toml")).unwrap();
    let landed = integrate(&repo, 3);
    assert_eq!(ejected(&landed), ["r validation"]);
    assert_eq!(strings(&landed["merged"]), ["p", "q"]);
}

#[test]
fn a_rebase_tells_of_commits_that_it_leaves_out_as_done_already() {
    let task = |id: &str| {
        format!(
            "[[task]]\nid = \"{id}\"\nrun = \"echo 3 > three.txt && git add -A && git commit -qm \
             same && echo {id} > {id}.txt\"\ncheck = \"true\"\n"
        )
    };
    let repo = finished(&(task("one") + &task("two")));
    repo.file("orchestrator.toml", "[integrate]\nstrategy = \"rebase\"\n");
    repo.wt_orch(&["integrate"])
        .exit(0)
        .stdout_has("1 of its commits is left out: what it lands on has what it does");
    let subjects = repo.git(&["log", "--format=%s", "main"]);
    assert_eq!(subjects.lines().filter(|subject| *subject == "same").count(), 1, "{subjects}");
}
