//! `plan --format sh`: the script is run as whoever gets it would run it.

use crate::harness::{Output, Repo};
use crate::scene::{small_repo, tasks};

/// Writes the script of tasks.toml outside of the repository and runs it there.
fn run(repo: &Repo, options: &[&str]) -> Output {
    let arguments = [&["plan", "tasks.toml", "--format", "sh"], options].concat();
    let script = repo.wt_orch(&arguments).exit(0).stdout().to_owned();
    repo.file("../plan.sh", &script);
    let path = repo.path("../plan.sh");
    if let Some(lint) = ["/usr/bin/shellcheck", "/usr/local/bin/shellcheck"]
        .into_iter()
        .find(|program| std::path::Path::new(program).exists())
    {
        repo.program(lint, &[path.to_str().unwrap()]).run().exit(0);
    }
    repo.program("sh", &["-eu", path.to_str().unwrap()]).run()
}

fn show(repo: &Repo, path: &str) -> String {
    repo.git(&["show", &format!("plan/odd/_integration:{path}")])
}

const ODD: &str = r#"
name = "odd"
[[task]]
id = "quotes"
title = "it's \"odd\" $(touch ../gone) `x`"
run = '''printf '%s\n' "it's \"$WT_ORCH_TASK\"" > 'q u o.txt'
printf 'é 日本\n' >> 'q u o.txt' '''
check = "grep -q quotes 'q u o.txt'"
env = { "A" = "a'b", "odd-name" = "1" }
[[task]]
id = "words"
argv = ["sh", "-c", "printf '%s\n' \"$0\" \"$1\" \"$2\" > words.txt", "{id}'s", "{branch}", "$HOME\nx"]
check = "true"
[[task]]
id = "after"
run = "cat 'q u o.txt' words.txt > both.txt"
check = "true"
depends_on = ["quotes", "words"]
[[task]]
id = "second-try"
run = "test -e ../first || { touch ../first; echo no > rest.txt; exit 1; }; echo yes > tried.txt"
check = "true"
retries = 1
[[task]]
id = "review"
read_only = true
run = "wc -l a.txt"
check = "true"
[[validate]]
name = "it's all there"
run = "grep -q \"it's\" both.txt && test ! -e rest.txt"
"#;

#[test]
fn the_script_does_what_the_plan_says_and_leaves_the_checkout_alone() {
    for options in [&["--parallel=2"][..], &["--sequential"]] {
        let repo = small_repo();
        tasks(&repo, ODD);
        let before = repo.git(&["rev-parse", "HEAD"]);
        let status = repo.git(&["status", "--porcelain"]);
        let output = run(&repo, options);
        output.exit(0).stdout_is_empty();
        output.stderr_has("validation it's all there: passed");
        output.stderr_has("git merge --ff-only 'plan/odd/_integration'");
        assert_eq!(
            show(&repo, "both.txt"),
            "it's \"quotes\"\né 日本\nwords's\nplan/odd/words\n$HOME\nx"
        );
        assert_eq!(show(&repo, "tried.txt"), "yes");
        assert!(!repo.path("../gone").exists() && !repo.path("../repo-odd/gone").exists());
        assert_eq!(repo.git(&["rev-parse", "HEAD"]), before);
        assert_eq!(repo.git(&["status", "--porcelain"]), status);
        repo.git(&["merge", "--quiet", "--ff-only", "plan/odd/_integration"]);
        // What is there is never reused.
        run(&repo, options).exit(2).stderr_has("are there already");
    }
}

const BROKEN: &str = r#"
name = "odd"
[[task]]
id = "good"
run = "echo good > good.txt"
estimate = "1m"
check = "true"
[[task]]
id = "bad"
run = "echo told; exit 3"
check = "true"
[[task]]
id = "behind"
run = "true"
check = "true"
depends_on = ["bad"]
[[task]]
id = "unchecked"
run = "echo x > x.txt"
check = "false"
[[task]]
id = "clash"
run = "echo other > good.txt"
estimate = "10m"
check = "true"
[[task]]
id = "meddler"
read_only = true
run = "echo x > y.txt"
check = "true"
[[validate]]
name = "green"
run = "test ! -e x.txt"
"#;

#[test]
fn what_fails_stops_only_what_depends_on_it_and_is_told() {
    let repo = small_repo();
    tasks(&repo, BROKEN);
    let before = repo.git(&["rev-parse", "HEAD"]);
    let output = run(&repo, &["--parallel=6"]);
    output.exit(1);
    for line in [
        "bad: failed; see ",
        "behind: skipped, bad did not succeed",
        "unchecked: failed",
        "meddler: changed files, which it must not",
        "clash: left out, it conflicts",
        "validation green: passed",
        "not everything succeeded",
    ] {
        output.stderr_has(line);
    }
    assert_eq!(show(&repo, "good.txt"), "good");
    assert_eq!(repo.read("../repo-odd/.logs/bad").unwrap(), "told\n");
    assert_eq!(repo.git(&["rev-parse", "main"]), before);
}
