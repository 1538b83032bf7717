use std::fmt::Write as _;

use super::*;
use crate::domain::diagnostic::{LineIndex, Severity};
use crate::domain::task::{Command, Priority, Work};

mod any_text;
mod capacity;
mod race;

/// The whole example of the design: every key there is.
const FULL: &str = r#"name = "user-auth"
base = "main"

[defaults]
timeout = "30m"

[[task]]
id = "schema"
argv = ["cargo", "test", "{id}"]
phase = "foundation"
check = "true"

[[task]]
id = "api"
title = "JWT endpoints"
run = "cargo test -p api"
prompt = "…"
depends_on = ["schema"]
owns = ["src/api/**"]
reads = ["src/model/**"]
read_only = false
estimate = "10m"
priority = "high"
phase = "implementation"
locks = ["db-schema"]
cpus = 1.0
memory = "2GiB"
uses = { gpu = 1 }
timeout = "45m"
retries = 0
check = "cargo test -p api"
env = { RUST_LOG = "info" }

[[task]]
id = "review"
agent = "claude"
persona = "security"
prompt = "read it"
read_only = true

[[gate]]
after = "foundation"
run = "cargo test"

[[validate]]
name = "workspace"
run = "cargo test --workspace"
report = "target/junit.xml"
"#;

fn known() -> Known {
    Known { capacity: BTreeMap::from([("gpu".to_owned(), 2)]), ..Known::default() }
}

/// Every problem as `line:column code message | label | help`.
fn problems(text: &str) -> Vec<String> {
    let parsed = parse(text, &known());
    let index = LineIndex::new(text);
    let failed = parsed.tasks.problems.iter().any(|p| p.severity == Severity::Error);
    assert_eq!(parsed.tasks.value.is_none(), failed, "a value or an error, never both or none");
    parsed
        .tasks
        .problems
        .iter()
        .map(|problem| {
            let mut line = match problem.labels.first() {
                Some(label) => {
                    let (line, column) = index.place(text, label.span.start);
                    format!("{line}:{column} {}: {}", problem.code, problem.message)
                }
                None => format!("{}: {}", problem.code, problem.message),
            };
            for label in problem.labels.iter().filter(|label| !label.text.is_empty()) {
                let (at, _) = index.place(text, label.span.start);
                let _ = write!(line, " | {at}: {}", label.text);
            }
            if let Some(help) = &problem.help {
                let _ = write!(line, " | {help}");
            }
            line
        })
        .collect()
}

/// Problems of one task with the given lines in place of `run`; its lines start at line 3.
fn problems_of(lines: &str) -> Vec<String> {
    problems(&format!("[[task]]\nid = \"t\"\n{lines}\n[[validate]]\nname = \"v\"\nrun = \"v\"\n"))
}

#[test]
fn the_full_example_has_no_problem() {
    assert_eq!(problems(FULL), [""; 0]);
    let parsed = parse(FULL, &known());
    let set = parsed.tasks.value.unwrap();
    assert_eq!(&FULL[parsed.base.unwrap().span], "\"main\"");
    assert_eq!((set.name.as_deref(), set.base.as_deref()), (Some("user-auth"), Some("main")));
    let [schema, api, review] = &set.tasks[..] else { panic!("three tasks") };
    assert_eq!(api.title.as_deref(), Some("JWT endpoints"));
    let command = Command::Shell("cargo test -p api".to_owned());
    assert_eq!(api.work, Work::Command { command, prompt: Some("…".to_owned()) });
    assert_eq!(api.depends_on, std::slice::from_ref(&schema.id));
    assert_eq!(api.owns, Claims::parse(&["src/api/**"]).ok());
    assert_eq!(api.reads, ["src/model/**"]);
    assert_eq!(api.estimate, Some(Duration::from_secs(600)));
    assert_eq!(api.priority, Priority::High);
    assert_eq!(api.phase.as_deref(), Some("implementation"));
    assert_eq!(api.locks, ["db-schema"]);
    assert_eq!((api.demand.cpus, api.demand.memory), (1.0, 2 << 30));
    assert_eq!(api.demand.uses, BTreeMap::from([("gpu".to_owned(), 1)]));
    assert_eq!(api.timeout, Duration::from_secs(45 * 60));
    assert_eq!(api.check.as_deref(), Some("cargo test -p api"));
    assert_eq!(api.env["RUST_LOG"], "info");
    assert_eq!(schema.timeout, Duration::from_secs(30 * 60));
    assert_eq!((schema.demand.cpus, review.demand.cpus), (1.0, 0.25));
    assert!(review.work.is_agent() && review.read_only && review.owns.is_none());
    assert_eq!(
        (set.gates[0].after.as_str(), set.gates[0].run.as_str()),
        ("foundation", "cargo test")
    );
    assert_eq!(set.validations[0].report.as_deref(), Some("target/junit.xml"));
    let json = serde_json::to_string(&set).unwrap();
    assert_eq!(serde_json::from_str::<TaskSet>(&json).unwrap(), set);
}

#[test]
fn all_problems_of_a_file_are_reported_at_once_and_in_their_order() {
    let text = r#"nmae = "x"
base = "-x"
[defaults]
timeout = "soon"
run = "no"
[[task]]
id = "Api"
depend_on = ["schema"]
run = ""
[[task]]
id = "api"
run = "true"
argv = ["a"]
owns = ["/etc", "src/**", "../x", "["]
depends_on = ["schem", "api"]
[[task]]
id = "schema"
agent = "cluade"
persona = "securty"
memory = "2 gigs"
cpus = nan
retries = 21
priority = "hihg"
uses = { gpu = 3, tpu = 1 }
env = { "" = "x", "A=B" = "y" }
[[task]]
id = "schema"
[[task]]
run = "x"
[[gate]]
after = "fondation"
run = "x"
[[validate]]
name = "all"
run = " "
[[validate]]
name = "all"
run = "true"
report = "/tmp/x"
"#;
    insta::assert_snapshot!(problems(text).join("\n"), @r#"
    1:1 unknown_key: unknown key `nmae` | 1: did you mean `name`? | known keys: name, base, fail_fast, run_timeout, group, defaults, task, gate, validate, setup, race, hypothesis
    2:8 bad_base: `base` starts with `-`, which git would take for an option
    4:11 bad_duration: `soon` is no duration; write it like `90s`, `10m` or `1h 30m`
    5:1 unknown_key: unknown key `run` in `[defaults]` | known keys: owns, reads, read_only, estimate, priority, phase, group, locks, cpus, memory, uses, timeout, retries, stall_timeout, memory_limit, retry_on, check, env, persona
    7:6 duplicate_id: the ids `api` and `Api` differ by case only | 11: the other one | ids are lower-case, and unique without regard to case; rename this one, to `api-2` say
    8:1 unknown_key: unknown key `depend_on` in `[[task]]` | 8: did you mean `depends_on`? | known keys: id, title, run, argv, agent, prompt, persona, depends_on, foreach, reduce, when, owns, reads, read_only, estimate, priority, phase, group, locks, cpus, memory, uses, timeout, retries, stall_timeout, memory_limit, retry_on, check, env
    9:7 empty: `run` is empty
    13:1 two_works: task `api` has both `run` and `argv` | 12: the other one | a task has exactly one of `run`, `argv` and `agent`
    14:9 bad_glob: the glob `/etc` is absolute; paths are relative to the repository's root | write `etc`
    14:27 bad_glob: the glob `../x` has a `..` component; paths are relative to the repository's root | a task can't own what lies outside of its worktree
    14:35 bad_glob: the glob `[` is malformed: unclosed character class; missing ']' | a `\` makes the next character mean itself
    15:15 unknown_dependency: task `api` depends on the unknown task `schem` | 15: did you mean `schema`?
    15:24 self_dependency: task `api` depends on itself
    18:1 no_prompt: task `schema` has an `agent` but no `prompt` | add `prompt = "…"`: what the agent is to do
    18:9 unknown_agent: unknown agent `cluade` | 18: did you mean `claude`? | known: claude, codex, gemini, opencode, qwen, aider; any other program runs by `argv`
    19:11 unknown_persona: unknown persona `securty` | 19: did you mean `security`? | known: agent, analyzer, backend, data_engineer, devops, frontend, performance, qa, refactorer, security; or declare it in orchestrator.toml: `[persona.NAME]` with `prompt`
    20:10 bad_size: `2 gigs` is no size; write it like `512MiB` or `2GiB`
    21:8 out_of_range: `cpus` must be a number of cores, 0 to 100000
    22:11 out_of_range: `retries` must lie between 0 and 20
    23:12 unknown_priority: unknown priority `hihg` | 23: did you mean `high`? | known: high, medium, low
    24:16 capacity: task `schema` uses 3 of `gpu`, but the declared capacity is 2 | declare it in orchestrator.toml: `gpu = 3` under `[capacity]`
    24:25 capacity: task `schema` uses 1 of `tpu`, but no capacity is declared for it | 24: did you mean `gpu`? | declare it in orchestrator.toml: `tpu = 1` under `[capacity]`
    25:9 bad_env: a variable has an empty name | a name is not empty and has no `=`
    25:19 bad_env: `A=B` is no name of a variable | a name is not empty and has no `=`
    27:6 duplicate_id: the id `schema` is used twice | 27: used again here | 17: first used here | rename one of them, to `schema-2` say
    27:6 no_work: task `schema` has nothing to run | add one of `run = "…"`, `argv = ["…"]`, or `agent` with `prompt`
    28:1 missing_key: this task has no `id` | add `id = "…"`, which also names its branch
    31:9 unknown_phase: unknown phase `fondation` | no task has a `phase`
    35:7 empty: `run` is empty
    37:8 duplicate_validation: there is a validation `all` already | 37: again here | 34: first here
    39:10 bad_path: `report` must be a path within the repository, without `..`
    "#);
}

#[test]
fn cycles_are_spelled_out_once_each() {
    let task = |id: &str, on: &str| {
        format!("[[task]]\nid = '{id}'\nrun = 'x'\ncheck = 'x'\ndepends_on = [{on}]\n")
    };
    let text = [
        task("a", "'b'"),
        task("b", "'c'"),
        task("c", "'a', 'd'"),
        task("d", "'d'"),
        task("x", "'y'"),
        task("y", "'x', 'a'"),
    ]
    .concat();
    assert_eq!(
        problems(&text),
        [
            "5:15 cycle: tasks wait for each other: a → b → c → a | 5: `a` waits for `b` | \
             10: `b` waits for `c` | 15: `c` waits for `a` | remove one of these dependencies",
            "20:15 self_dependency: task `d` depends on itself",
            "25:15 cycle: tasks wait for each other: x → y → x | 25: `x` waits for `y` | \
             30: `y` waits for `x` | remove one of these dependencies",
        ]
    );
}

#[test]
fn exactly_one_kind_of_work_is_wanted() {
    for (lines, wanted) in [
        ("", "2:6 no_work: task `t` has nothing to run"),
        ("prompt = 'p'", "2:6 no_work: task `t` has nothing to run"),
        (
            "run = 'a'\nagent = 'codex'\nprompt = 'p'",
            "4:1 two_works: task `t` has both `run` and `agent`",
        ),
        ("argv = ['a']\nrun = ''", "4:1 two_works: task `t` has both `argv` and `run`"),
        ("agent = 'codex'", "3:1 no_prompt: task `t` has an `agent` but no `prompt`"),
        ("agent = 'codex'\nprompt = ' '", "4:10 empty: `prompt` is empty"),
        ("run = 'a'\npersona = 'qa'", "4:11 persona_without_agent: task `t` has a `persona`"),
        ("argv = []", "3:8 empty: `argv` is empty"),
        ("argv = ['']", "3:9 empty: the program of `argv` is empty"),
        ("argv = ['a', '{prompt}']", "3:14 no_prompt: task `t` uses `{prompt}`"),
        ("argv = ['a', 'x{wortree}']", "3:14 unknown_placeholder: unknown placeholder `{wortree}`"),
        ("run = \"a\\u0000b\"", "3:7 nul: `run` has a NUL byte"),
        ("argv = ['a', \"\\u0000\"]", "3:14 nul: an item of `argv` has a NUL byte"),
    ] {
        let found = problems_of(lines);
        assert!(found[0].starts_with(wanted), "{lines}: {found:?}");
        let both = lines.contains("argv = ['a']\nrun");
        assert_eq!(found.len(), if both { 2 } else { 1 }, "{found:?}");
    }
    for sound in ["argv = ['jq', '{\"a\":{}}', '{{x}}', '${x}', '']", "run = 'echo {x}'"] {
        assert_eq!(problems_of(sound), [""; 0], "{sound}");
    }
}

#[test]
fn values_out_of_range_are_refused_each_at_its_place() {
    for (line, wanted) in [
        (
            "timeout = 30",
            "wrong_type: `timeout` must be a string, not a whole number | put it in quotes",
        ),
        ("timeout = '0s'", "bad_duration: `0s` is no duration"),
        ("estimate = 'NaN'", "bad_duration: `NaN` is no duration"),
        ("memory = '-1GiB'", "bad_size: `-1GiB` is no size"),
        ("cpus = -0.5", "out_of_range: `cpus` must be"),
        ("cpus = inf", "out_of_range: `cpus` must be"),
        ("retries = -1", "out_of_range: `retries` must lie between 0 and 20"),
        ("retries = 2.0", "wrong_type: `retries` must be a whole number, not a fraction"),
        ("check = ''", "empty: `check` is empty"),
        ("locks = ['']", "empty: an item of `locks` is empty"),
        ("phase = 1", "wrong_type: `phase` must be a string"),
        (
            "depends_on = 'a'",
            "wrong_type: `depends_on` must be a list of strings, not a string | put it in brackets",
        ),
        ("owns = ['{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}']", "bad_glob: the glob"),
        ("uses = { gpu = -1 }", "out_of_range: `gpu` must lie between"),
        (
            "uses = { gpu = 3 }",
            "capacity: task `t` uses 3 of `gpu`, but the declared capacity is 2",
        ),
        (
            "uses = { gqu = 1 }",
            "capacity: task `t` uses 1 of `gqu`, but no capacity is declared for it | 4: did you mean `gpu`?",
        ),
        ("foreach = 1", "wrong_type: `foreach` must be a list of strings"),
        ("foreech = ['a']", "unknown_key: unknown key `foreech` in `[[task]]`"),
    ] {
        let found = problems_of(&format!("run = 'x'\n{line}"));
        assert_eq!(found.len(), 1, "{line}: {found:?}");
        let (place, rest) = found[0].split_once(' ').unwrap();
        assert!(place.starts_with("4:") && rest.starts_with(wanted), "{line}: {found:?}");
    }
}

#[test]
fn ids_are_unique_without_regard_to_case() {
    let ids = |ids: &[&str]| {
        let task = |id: &&str| format!("[[task]]\nid = '{id}'\nrun = 'x'\ncheck = 'x'\n");
        problems(&ids.iter().map(task).collect::<String>())
    };
    assert_eq!(
        ids(&["Api", "api", "API", "api"]),
        [
            "2:6 duplicate_id: the ids `api` and `Api` differ by case only | 6: the other one | \
             ids are lower-case, and unique without regard to case; rename this one, to `api-2` say",
            "10:6 duplicate_id: the ids `api` and `API` differ by case only | 6: the other one | \
             ids are lower-case, and unique without regard to case; rename this one, to `api-3` say",
            "14:6 duplicate_id: the id `api` is used twice | 14: used again here | \
             6: first used here | rename one of them, to `api-4` say",
        ]
    );
    assert_eq!(
        ids(&["User Auth", "gate.x", ""]),
        [
            "2:6 bad_id: the id `User Auth` has `U` where only a-z, 0-9, `.`, `_` and `-` may \
             stand | `user-auth` would be a good one",
            "6:6 reserved_id: the id `gate.x` is reserved: `gate.` is for gates | \
             rename it, to `x` say",
            "10:6 bad_id: the id is empty | `task` would be a good one",
        ]
    );
}

#[test]
fn read_only_tasks_own_nothing() {
    let found = problems_of("run = 'x'\nread_only = true\nowns = ['a']");
    assert_eq!(
        found,
        ["5:8 read_only_owns: a read-only task changes nothing, so it can't own paths | \
          4: read-only by this | remove one of the two"]
    );
    let inherited = "[defaults]\nowns = ['a']\n[[task]]\nid = 't'\nrun = 'x'\nread_only = true\n";
    assert_eq!(problems(inherited), [""; 0]);
    let forced = "[defaults]\nread_only = true\n[[task]]\nid = 't'\nrun = 'x'\nowns = ['a']\n";
    assert_eq!(problems(forced).len(), 1);
}

#[test]
fn defaults_rank_below_the_task_and_variables_count_one_by_one() {
    let text = "[defaults]\nretries = 3\ncpus = 2\ncheck = 'd'\npersona = 'qa'\nphase = 'p'\n\
                env = { A = '1', B = '1' }\n[[task]]\nid = 't'\nrun = 'x'\nretries = 1\n\
                env = { B = '2' }\n[[gate]]\nafter = 'p'\nrun = 'x'\n";
    assert_eq!(problems(text), [""; 0]);
    let task = parse(text, &known()).tasks.value.unwrap().tasks.remove(0);
    assert_eq!((task.retries, task.demand.cpus, task.check.as_deref()), (1, 2.0, Some("d")));
    let pairs: Vec<_> = task.env.iter().map(|(k, v)| format!("{k}{v}")).collect();
    assert_eq!(pairs, ["A1", "B2"]);
}

#[test]
fn tasks_that_nothing_tests_share_one_warning() {
    let text = "[[task]]\nid = 'a'\nrun = 'x'\n[[task]]\nid = 'b'\nrun = 'x'\nread_only = true\n\
                [[task]]\nid = 'c'\nrun = 'x'\ncheck = 'y'\n";
    let parsed = parse(text, &known()).tasks;
    assert!(parsed.value.is_some());
    let [warning] = &parsed.problems[..] else { panic!("{:?}", parsed.problems) };
    assert_eq!((warning.severity, warning.code), (Severity::Warning, "not_testable"));
    assert_eq!(&text[warning.labels[0].span.clone()], "'a'");
    assert_eq!(problems(&format!("{text}[[validate]]\nname = 'v'\nrun = 'v'\n")), [""; 0]);
    let many: String = (0..9).map(|n| format!("[[task]]\nid = 't{n}'\nrun = 'x'\n")).collect();
    let parsed = parse(&many, &known()).tasks;
    let [warning] = &parsed.problems[..] else { panic!("{:?}", parsed.problems) };
    assert_eq!(
        (warning.message.as_str(), warning.labels.len()),
        ("9 tasks can't be tested on their own", 3)
    );
}

#[test]
fn a_misspelt_key_is_not_missed_as_well() {
    for line in ["chek = 'x'\nrun = 'x'", "rnu = 'x'\ncheck = 'x'", "agnet = 'codex'\ncheck = 'x'"]
    {
        let found = problems(&format!("[[task]]\nid = 't'\n{line}\n"));
        assert!(found.len() == 1 && found[0].contains("unknown_key"), "{line}: {found:?}");
    }
    assert_eq!(problems("[[task]]\ndi = 't'\nrun = 'x'\ncheck = 'x'\n").len(), 1);
}
