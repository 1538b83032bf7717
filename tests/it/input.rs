//! Files that cannot be accepted: every problem in one go, with its place, and nothing created.

use insta::assert_snapshot;

use crate::harness::{Fingerprint, Repo};
use crate::scene::{small_repo, tasks};

/// `code line:column` of each problem of tasks.toml as `command` tells it in JSON.
#[track_caller]
fn problems(repo: &Repo, text: &str) -> Vec<String> {
    tasks(repo, text);
    let before = Fingerprint::of(repo);
    let lists: Vec<Vec<String>> = ["check", "plan", "split"]
        .iter()
        .map(|command| {
            let error = repo.wt_orch(&[command, "tasks.toml", "--json"]).exit(2).stdout_json();
            let problems = error["problems"].as_array().expect("problems").iter();
            problems
                .map(|p| format!("{} {}:{}", p["code"].as_str().unwrap(), p["line"], p["column"]))
                .collect()
        })
        .collect();
    before.assert_identical(&Fingerprint::of(repo));
    assert_eq!(lists[0], lists[1]);
    assert_eq!(lists[1], lists[2]);
    lists[0].clone()
}

/// A tasks file with one task, whose lines from the third on are these.
pub(crate) fn task_with(lines: &str) -> String {
    format!("[[task]]\nid = \"a\"\n{lines}\n")
}

#[test]
fn all_problems_of_a_file_are_drawn_at_once() {
    let repo = small_repo();
    repo.file(
        "tasks.toml",
        r#"base = "nowhere"

[[task]]
id = "api"
run = "true"
agent = "claude"
prompt = "Write it"
depends_on = ["modle"]

[[task]]
id = "model"
run = "true"
depends_on = ["view"]

[[task]]
id = "view"
run = "true"
depends_on = ["model"]
timeout = "soon"

[[task]]
id = "Bad Id"
run = "true"
owns = ["/etc/**", "src/../x", "src/[a"]

[[task]]
id = "API"
dependson = ["view"]
"#,
    );
    let before = Fingerprint::of(&repo);
    assert_snapshot!(repo.wt_orch(&["split", "tasks.toml"]).snapshot(), @r#"
    $ wt-orch split tasks.toml
    exit: 2
    --- stderr
    error[unknown_base]
      x git knows no commit `nowhere`
       ,-[tasks.toml:1:8]
     1 | base = "nowhere"
       :        ^^^^|^^^^
       :            `-- no such commit
     2 |
       `----
      help: name a branch, a tag or a commit; leave `base` out for HEAD

    warning[not_testable]
      ! 5 tasks can't be tested on their own
       ,-[tasks.toml:4:6]
     3 | [[task]]
     4 | id = "api"
       :      ^^^^^
     5 | run = "true"
       `----
        ,-[tasks.toml:11:6]
     10 | [[task]]
     11 | id = "model"
        :      ^^^^^^^
     12 | run = "true"
        `----
        ,-[tasks.toml:16:6]
     15 | [[task]]
     16 | id = "view"
        :      ^^^^^^
     17 | run = "true"
        `----
      help: add a `check` to the task, or a `[[validate]]` to the file: without either nothing tells
            whether the work is right

    error[two_works]
      x task `api` has both `run` and `agent`
       ,-[tasks.toml:6:1]
     4 | id = "api"
     5 | run = "true"
       : ^|^
       :  `-- the other one
     6 | agent = "claude"
       : ^^^^^
     7 | prompt = "Write it"
       `----
      help: a task has exactly one of `run`, `argv` and `agent`

    error[unknown_dependency]
      x task `api` depends on the unknown task `modle`
       ,-[tasks.toml:8:15]
     7 | prompt = "Write it"
     8 | depends_on = ["modle"]
       :               ^^^|^^^
       :                  `-- did you mean `model`?
     9 |
       `----

    error[cycle]
      x tasks wait for each other: model → view → model
        ,-[tasks.toml:13:15]
     12 | run = "true"
     13 | depends_on = ["view"]
        :               ^^^|^^
        :                  `-- `model` waits for `view`
     14 |
        `----
        ,-[tasks.toml:18:15]
     17 | run = "true"
     18 | depends_on = ["model"]
        :               ^^^|^^^
        :                  `-- `view` waits for `model`
     19 | timeout = "soon"
        `----
      help: remove one of these dependencies

    error[bad_duration]
      x `soon` is no duration; write it like `90s`, `10m` or `1h 30m`
        ,-[tasks.toml:19:11]
     18 | depends_on = ["model"]
     19 | timeout = "soon"
        :           ^^^^^^
     20 |
        `----

    error[bad_id]
      x the id `Bad Id` has `B` where only a-z, 0-9, `.`, `_` and `-` may stand
        ,-[tasks.toml:22:6]
     21 | [[task]]
     22 | id = "Bad Id"
        :      ^^^^^^^^
     23 | run = "true"
        `----
      help: `bad-id` would be a good one

    error[bad_glob]
      x the glob `/etc/**` is absolute; paths are relative to the repository's root
        ,-[tasks.toml:24:9]
     23 | run = "true"
     24 | owns = ["/etc/**", "src/../x", "src/[a"]
        :         ^^^^^^^^^
     25 |
        `----
      help: write `etc/**`

    error[bad_glob]
      x the glob `src/../x` has a `..` component; paths are relative to the repository's root
        ,-[tasks.toml:24:20]
     23 | run = "true"
     24 | owns = ["/etc/**", "src/../x", "src/[a"]
        :                    ^^^^^^^^^^
     25 |
        `----
      help: a task can't own what lies outside of its worktree

    error[bad_glob]
      x the glob `src/[a` is malformed: unclosed character class; missing ']'
        ,-[tasks.toml:24:32]
     23 | run = "true"
     24 | owns = ["/etc/**", "src/../x", "src/[a"]
        :                                ^^^^^^^^
     25 |
        `----
      help: a `\` makes the next character mean itself

    error[duplicate_id]
      x the ids `api` and `API` differ by case only
       ,-[tasks.toml:4:6]
     3 | [[task]]
     4 | id = "api"
       :      ^^|^^
       :        `-- the other one
     5 | run = "true"
       `----
        ,-[tasks.toml:27:6]
     26 | [[task]]
     27 | id = "API"
        :      ^^^^^
     28 | dependson = ["view"]
        `----
      help: ids are lower-case, and unique without regard to case; rename this one, to `api-2` say

    error[no_work]
      x task `API` has nothing to run
        ,-[tasks.toml:27:6]
     26 | [[task]]
     27 | id = "API"
        :      ^^^^^
     28 | dependson = ["view"]
        `----
      help: add one of `run = "…"`, `argv = ["…"]`, or `agent` with `prompt`

    error[unknown_key]
      x unknown key `dependson` in `[[task]]`
        ,-[tasks.toml:28:1]
     27 | id = "API"
     28 | dependson = ["view"]
        : ^^^^|^^^^
        :     `-- did you mean `depends_on`?
        `----
      help: known keys: id, title, run, argv, agent, prompt, persona, depends_on, foreach, reduce,
            when, owns, reads, read_only, estimate, priority, phase, group, locks, cpus, memory, uses,
            timeout, retries, stall_timeout, memory_limit, retry_on, check, env

    12 errors, 1 warning in tasks.toml
    "#);
    before.assert_identical(&Fingerprint::of(&repo));
}

#[test]
fn each_kind_of_problem_stops_every_command_before_anything_is_created() {
    let repo = small_repo();
    let one = |lines: &str| {
        let mut found = problems(&repo, &task_with(lines));
        found.retain(|problem| !problem.starts_with("not_testable"));
        found
    };
    assert_eq!(one("run = \"true\"\ndepends_on = [\"a\"]"), ["self_dependency 4:15"]);
    assert_eq!(one("run = \"true\"\ndepends_on = [\"b\"]"), ["unknown_dependency 4:15"]);
    assert_eq!(one("run = \"true\"\nagent = \"claude\"\nprompt = \"x\""), ["two_works 4:1"]);
    assert_eq!(one("title = \"x\""), ["no_work 2:6"]);
    assert_eq!(one("run = \"true\"\nowns = [\"/a\"]"), ["bad_glob 4:9"]);
    assert_eq!(one("run = \"true\"\nowns = [\"a/../b\"]"), ["bad_glob 4:9"]);
    assert_eq!(one("run = \"true\"\nowns = [\"a[\"]"), ["bad_glob 4:9"]);
    assert_eq!(one("run = \"true\"\ntimeout = \"5 parsecs\""), ["bad_duration 4:11"]);
    assert_eq!(one("run = \"true\"\nmemory = \"much\""), ["bad_size 4:10"]);
    assert_eq!(one("run = \"true\"\npriority = \"urgent\""), ["unknown_priority 4:12"]);
    assert_eq!(one("agent = \"claud\"\nprompt = \"x\""), ["unknown_agent 3:9"]);
    assert_eq!(
        one("agent = \"claude\"\nprompt = \"x\"\npersona = \"testr\""),
        ["unknown_persona 5:11"]
    );
    assert_eq!(one("runn = \"true\"\nrun = \"true\""), ["unknown_key 3:1"]);
    assert_eq!(one("run = true"), ["wrong_type 3:7"]);
    assert_eq!(one("run = \"true"), ["syntax 3:12"]);
    let two = |other: &str| {
        let text =
            format!("{}[[task]]\nid = \"{other}\"\nrun = \"true\"\n", task_with("run=\"x\""));
        let mut found = problems(&repo, &text);
        found.retain(|problem| !problem.starts_with("not_testable"));
        found
    };
    assert_eq!(two("a"), ["duplicate_id 5:6"]);
    assert_eq!(two("A"), ["duplicate_id 5:6"]);
    assert_eq!(two("b c"), ["bad_id 5:6"]);
    assert_eq!(problems(&repo, "name = \"x\"\n"), ["no_tasks null:null"]);
    assert_eq!(problems(&repo, ""), ["no_tasks null:null"]);
    let base = format!("base = \"nowhere\"\n{}", task_with("run = \"true\"\ncheck = \"true\""));
    assert_eq!(problems(&repo, &base), ["unknown_base 1:8"]);
}

#[test]
fn a_cycle_is_spelled_out() {
    let repo = small_repo();
    tasks(
        &repo,
        "[[task]]\nid = \"a\"\nrun = \"true\"\ndepends_on = [\"b\"]\ncheck = \"true\"\n\
         [[task]]\nid = \"b\"\nrun = \"true\"\ndepends_on = [\"a\"]\ncheck = \"true\"\n",
    );
    assert_snapshot!(repo.wt_orch(&["plan", "tasks.toml"]).snapshot(), @r#"
    $ wt-orch plan tasks.toml
    exit: 2
    --- stderr
    error[cycle]
      x tasks wait for each other: a → b → a
       ,-[tasks.toml:4:15]
     3 | run = "true"
     4 | depends_on = ["b"]
       :               ^|^
       :                `-- `a` waits for `b`
     5 | check = "true"
       `----
        ,-[tasks.toml:9:15]
      8 | run = "true"
      9 | depends_on = ["a"]
        :               ^|^
        :                `-- `b` waits for `a`
     10 | check = "true"
        `----
      help: remove one of these dependencies

    1 error in tasks.toml
    "#);
}

#[test]
fn a_cycle_through_a_gate_is_refused_as_well() {
    let repo = small_repo();
    let text = "[[task]]\nid = \"a\"\nrun = \"true\"\nphase = \"one\"\ndepends_on = [\"b\"]\n\
                check = \"true\"\n\
                [[task]]\nid = \"b\"\nrun = \"true\"\nphase = \"two\"\ncheck = \"true\"\n\
                [[gate]]\nafter = \"one\"\nrun = \"true\"\n";
    tasks(&repo, text);
    let before = Fingerprint::of(&repo);
    assert_snapshot!(repo.wt_orch(&["split", "tasks.toml"]).snapshot(), @r"
    $ wt-orch split tasks.toml
    exit: 2
    --- stderr
    base: main at [ID]
    error: gates and dependencies form a cycle through `a`, `b`, `gate.one`

    hint: a task must not depend on a task of a later phase when a gate stands between
    ");
    for command in ["check", "plan"] {
        let words = "form a cycle through `a`, `b`, `gate.one`";
        repo.wt_orch(&[command, "tasks.toml"]).exit(2).stderr_has(words);
    }
    before.assert_identical(&Fingerprint::of(&repo));
}

#[test]
fn a_task_that_nothing_tests_is_warned_about_but_accepted() {
    let repo = small_repo();
    tasks(&repo, &task_with("run = \"true\""));
    assert_snapshot!(repo.wt_orch(&["check", "tasks.toml"]).snapshot(), @r#"
    $ wt-orch check tasks.toml
    exit: 0
    --- stdout
    tasks.toml: 1 task, 1 warning
    --- stderr
    warning[not_testable]
      ! task `a` can't be tested on its own
       ,-[tasks.toml:2:6]
     1 | [[task]]
     2 | id = "a"
       :      ^^^
     3 | run = "true"
       `----
      help: add a `check` to the task, or a `[[validate]]` to the file: without either nothing tells
            whether the work is right

    1 warning in tasks.toml
    "#);
    tasks(&repo, &task_with("run = \"true\"\n[[validate]]\nname = \"v\"\nrun = \"true\""));
    repo.wt_orch(&["check", "tasks.toml"]).exit(0).stdout_has("1 task, no problems");
}

#[test]
fn a_tasks_file_that_cannot_be_read_is_told_as_such() {
    let repo = small_repo();
    assert_snapshot!(repo.wt_orch(&["plan", "tasks.toml"]).snapshot(), @r"
    $ wt-orch plan tasks.toml
    exit: 2
    --- stderr
    error: cannot read `tasks.toml`: No such file or directory (os error 2)

    hint: `wt-orch init` writes a starter file
    ");
    repo.wt_orch(&["plan", "docs"]).exit(2).stderr_has("it is a folder");
    std::fs::write(repo.path("latin1.toml"), b"name = \"\xe9\"\n").unwrap();
    repo.wt_orch(&["plan", "latin1.toml"]).exit(2).stderr_has("it is no UTF-8 text");
}
