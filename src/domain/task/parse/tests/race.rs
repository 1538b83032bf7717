//! `[race]` and `[[hypothesis]]`.

use proptest::prelude::*;

use super::*;
use crate::domain::task::{ARM_VARIABLE, Better, RaceSet, RaceStop};

/// Every key there is.
const RACE: &str = r#"base = "main"

[defaults]
timeout = "20m"
check = "meant for tasks"
env = { RUST_LOG = "info" }

[race]
check = "cargo test --test regression"
control = false
runs = 7
need = 4
stop = "all"
metric = 'p95 = (\d+\.\d+)'
better = "higher"
timeout = "90s"

[[hypothesis]]
id = "off-by-one"
title = "the window is one too short"
patch = "hypotheses/off-by-one.patch"
from = "v1"
owns = ["src/**"]
estimate = "10m"
locks = ["db-schema"]
cpus = 1.0
memory = "2GiB"
uses = { gpu = 1 }
retries = 1
stall_timeout = "5m"

[[hypothesis]]
id = "agents"
agent = "claude"
persona = "security"
prompt = "try {arm}"
arms = 3
env = { SEED = "1" }

[[hypothesis]]
id = "command"
argv = ["make", "x={arm}", "{{arm}}", "{id}", "{prompt}"]
prompt = "number {arm}"
patch = "a.patch"

[[hypothesis]]
id = "shell"
run = "make $WT_ORCH_ARM {arm}"
"#;

fn race(text: &str) -> RaceSet {
    let parsed = parse(text, &known());
    assert_eq!(problems(text), [""; 0]);
    parsed.tasks.value.unwrap().race.unwrap()
}

fn with(rules: &str, hypothesis: &str) -> Vec<String> {
    problems(&format!("[race]\n{rules}\n[[hypothesis]]\nid = 'h'\n{hypothesis}\n"))
}

#[test]
fn every_key_of_a_race_is_read() {
    let RaceSet { rules, hypotheses } = race(RACE);
    assert_eq!((rules.control, rules.runs, rules.need, rules.stop), (false, 7, 4, RaceStop::All));
    assert_eq!(rules.metric.unwrap().better, Better::Higher);
    assert_eq!(
        (rules.check.as_str(), rules.timeout.as_secs()),
        ("cargo test --test regression", 90)
    );
    let ids: Vec<&str> = hypotheses.iter().map(|arm| arm.task.id.as_str()).collect();
    assert_eq!(ids, ["off-by-one", "agents-1", "agents-2", "agents-3", "command", "shell"]);
    let first = &hypotheses[0];
    assert_eq!(
        (first.patch.as_deref(), first.from.as_deref()),
        (Some("hypotheses/off-by-one.patch"), Some("v1"))
    );
    assert_eq!((&first.task.work, first.task.retries, &first.family), (&Work::Given, 1, &None));
    assert!(
        hypotheses.iter().all(|arm| arm.task.check.is_none() && arm.task.timeout.as_secs() == 1200)
    );
}

#[test]
fn what_is_left_out_has_a_value() {
    let rules = race("[race]\ncheck = 'x'\n[[hypothesis]]\nid = 'h'\nfrom = 'v1'\n").rules;
    assert_eq!((rules.control, rules.runs, rules.need, rules.stop), (true, 1, 1, RaceStop::First));
    assert_eq!((rules.metric, rules.timeout), (None, known().default_timeout));
    let rules = race(
        "[race]\ncheck = 'x'\nruns = 5\nmetric = '(x)'\n[[hypothesis]]\nid = 'h'\nrun = 'x'\n",
    )
    .rules;
    assert_eq!((rules.need, rules.metric.unwrap().better), (5, Better::Lower));
}

#[test]
fn each_arm_has_its_number() {
    let arms = race(RACE).hypotheses;
    let told = |at: usize| {
        let arm: &crate::domain::task::Hypothesis = &arms[at];
        (arm.task.env[ARM_VARIABLE].clone(), arm.family.clone())
    };
    assert_eq!(told(0), ("1".to_owned(), None));
    assert_eq!(told(2), ("2".to_owned(), Some("agents".to_owned())));
    assert_eq!(arms[2].task.env["SEED"], "1");
    assert!(matches!(&arms[2].task.work, Work::Agent { prompt, .. } if prompt == "try 2"));
    let argv = ["make", "x=1", "{{arm}}", "{id}", "{prompt}"].map(str::to_owned).to_vec();
    let prompt = Some("number 1".to_owned());
    assert_eq!(arms[4].task.work, Work::Command { command: Command::Argv(argv), prompt });
    let run = Command::Shell("make $WT_ORCH_ARM {arm}".to_owned());
    assert_eq!(arms[5].task.work, Work::Command { command: run, prompt: None });
}

#[test]
fn places_of_what_hypotheses_begin_with_are_in_the_order_of_the_arms() {
    let places = parse(RACE, &known()).hypotheses;
    assert_eq!(places.len(), 6);
    assert_eq!(&RACE[places[0].patch.clone().unwrap().span], "\"hypotheses/off-by-one.patch\"");
    assert_eq!(&RACE[places[0].from.clone().unwrap().span], "\"v1\"");
    assert_eq!(&RACE[places[3].id.clone()], "\"agents\"");
    assert_eq!(places[3].patch, None);
}

#[test]
fn a_race_needs_hypotheses_and_hypotheses_a_race() {
    insta::assert_debug_snapshot!(problems("[race]\ncheck = 'x'\n"), @r#"
    [
        "1:2 no_hypotheses: there is no `[[hypothesis]]` for this race to decide between | add `[[hypothesis]]` with `id` and `patch`, `run`, `argv` or `agent`",
    ]
    "#);
    insta::assert_debug_snapshot!(problems("[[hypothesis]]\nid = 'h'\nrun = 'x'\n"), @r#"
    [
        "2:6 no_race: nothing decides between the hypotheses of this file | add `[race]` with `check = \"…\"`: a command that passes where a hypothesis is right",
    ]
    "#);
    // A misspelt header is one problem.
    assert_eq!(problems("[race]\ncheck = 'x'\n[[hypotesis]]\nid = 'h'\nrun = 'x'\n").len(), 1);
    assert_eq!(problems("[races]\ncheck = 'x'\n[[hypothesis]]\nid = 'h'\nrun = 'x'\n").len(), 1);
}

#[test]
fn wrong_rules_are_reported_in_one_pass() {
    let rules = "chek = 'x'\nruns = 3\nneed = 4\nstop = 'frist'\nmetric = 'a'\nbetter = 'less'\ntimeout = 5";
    insta::assert_debug_snapshot!(with(rules, "run = 'x'"), @r#"
    [
        "2:1 unknown_key: unknown key `chek` in `[race]` | 2: did you mean `check`? | known keys: check, control, runs, need, stop, metric, better, timeout",
        "4:8 out_of_range: `need` is 4, but the check runs 3 times | write `runs = 4`, or lower `need`",
        "5:8 unknown_value: unknown value of `stop` `frist` | 5: did you mean `first`? | known: first, all",
        "6:10 bad_metric: `metric` must have one group, which holds the number, and has 0 | write it with the number in parentheses: `metric = 'p95 = (\\d+\\.\\d+)'`",
        "7:10 unknown_value: unknown value of `better` `less` | known: lower, higher",
        "8:11 wrong_type: `timeout` must be a string, not a whole number | put it in quotes, with its unit if it has one",
    ]
    "#);
    insta::assert_debug_snapshot!(with("runs = 0\nneed = 2000\nbetter = 'lower'", "run = 'x'"), @r#"
    [
        "1:1 missing_key: `[race]` has no `check` | add `check = \"…\"`: a command that passes where a hypothesis is right",
        "2:8 out_of_range: `runs` must lie between 1 and 1000",
        "3:8 out_of_range: `need` must lie between 1 and 1000",
        "4:10 no_metric: `better` compares numbers of a `metric`, and there is none | write it with the number in parentheses: `metric = 'p95 = (\\d+\\.\\d+)'`",
    ]
    "#);
    insta::assert_debug_snapshot!(with("check = 'x'\nneed = 2\nmetric = '(a'", "run = 'x'"), @r#"
    [
        "3:8 out_of_range: `need` is 2, but the check runs once | write `runs = 2`, or lower `need`",
        "4:10 bad_metric: `metric` is no regular expression: unclosed group | write it with the number in parentheses: `metric = 'p95 = (\\d+\\.\\d+)'`",
    ]
    "#);
}

#[test]
fn wrong_hypotheses_are_reported_in_one_pass() {
    let text = "[race]\ncheck = 'x'\n[[task]]\nid = 'a'\nrun = 'x'\ncheck = 'x'\n\
        [[hypothesis]]\nid = 'a'\nrun = 'x'\n\
        [[hypothesis]]\nid = 'control'\npatch = ''\n\
        [[hypothesis]]\npatc = 'x'\n\
        [[hypothesis]]\nid = 'none'\n\
        [[hypothesis]]\nid = 'two'\nrun = 'x'\nargv = ['x', '{amr}']\narms = 0\nfrom = '-x'\n\
        [[hypothesis]]\nid = 'text'\npatch = 'x'\nprompt = 'x'\n\
        [[hypothesis]]\nid = 'b'\nrun = 'x'\narms = 2\n\
        [[hypothesis]]\nid = 'b-2'\nrun = 'x'\n";
    insta::assert_debug_snapshot!(problems(text), @r#"
    [
        "8:6 duplicate_id: the id `a` is used twice | 8: used again here | 4: first used here | rename one of them, to `a-2` say",
        "11:6 reserved_id: the id `control` is reserved: the race itself has a control | rename it, to `control-2` say",
        "12:9 empty: `patch` is empty",
        "13:1 missing_key: this hypothesis has no `id` | add `id = \"…\"`, which also names its branch",
        "14:1 unknown_key: unknown key `patc` in `[[hypothesis]]` | 14: did you mean `patch`? | known keys: id, title, run, argv, agent, prompt, persona, patch, from, arms, owns, reads, estimate, priority, locks, cpus, memory, uses, timeout, retries, stall_timeout, memory_limit, retry_on, env",
        "16:6 no_work: hypothesis `none` has nothing to try | add one or more of `patch = \"…\"`, `from = \"…\"` and `run = \"…\"` (or `argv`, or `agent` with `prompt`)",
        "20:1 two_works: hypothesis `two` has both `run` and `argv` | 19: the other one | a task has exactly one of `run`, `argv` and `agent`",
        "20:14 unknown_placeholder: unknown placeholder `{amr}` | 20: did you mean `{arm}`? | known: {id} {title} {prompt} {run} {worktree} {branch} {base} {port} {arm}; write `{{amr}}` for the text itself",
        "21:8 out_of_range: `arms` must lie between 1 and 1000",
        "22:8 bad_base: `from` starts with `-`, which git would take for an option",
        "24:6 no_agent: hypothesis `text` has a `prompt` but runs nothing that could read it | add `agent` or `argv`, or remove it",
        "30:8 duplicate_id: the id `b-2` of an arm is used by another table | rename one of them; several arms are called `ID-1`, `ID-2`, …",
    ]
    "#);
}

#[test]
fn what_is_a_tasks_alone_is_refused() {
    let lines = "run = 'x'\ndepends_on = ['x']\nforeach = ['x']\nreduce = 'x'\nwhen = 'x'\nread_only = true\n\
        check = 'x'\nphase = 'x'\ngroup = 'x'";
    insta::assert_debug_snapshot!(with("check = 'x'", lines), @r#"
    [
        "6:1 refused_key: hypotheses don't depend on anything: all of them run at once | remove it",
        "7:1 refused_key: a hypothesis has no `foreach` | write `arms = N` for several tries of one command",
        "8:1 refused_key: hypotheses don't depend on anything: all of them run at once | remove it",
        "9:1 refused_key: every hypothesis runs | remove it",
        "10:1 refused_key: a hypothesis is there to change something | remove it",
        "11:1 refused_key: all hypotheses have the same check | write it as `check` under `[race]`",
        "12:1 refused_key: hypotheses have no phases: all of them run at once | remove it",
        "13:1 refused_key: hypotheses have no groups: all of them run at once | remove it",
    ]
    "#);
    let found = problems("[[task]]\nid = 't'\nargv = ['x', '{arm}']\ncheck = 'x'\n");
    assert!(found.len() == 1 && found[0].contains("only a `[[hypothesis]]` has one"), "{found:?}");
}

#[test]
fn a_file_may_hold_both_or_hypotheses_alone() {
    let both = format!("{RACE}\n[[task]]\nid = 't'\nrun = 'x'\n");
    let set = parse(&both, &known()).tasks.value.unwrap();
    assert_eq!((set.tasks.len(), set.race.unwrap().hypotheses.len()), (1, 6));
    assert!(parse(RACE, &known()).tasks.value.unwrap().tasks.is_empty());
}

#[test]
fn so_many_arms_do_not_race() {
    let arms = "[[hypothesis]]\nid = 'h#'\nrun = 'x'\narms = 1000\n";
    let many: String = (0..6).map(|n| arms.replace('#', &n.to_string())).collect();
    let found = problems(&format!("[race]\ncheck = 'x'\n{many}"));
    assert!(found.len() == 1 && found[0].contains("the file stands for 6000 arms"), "{found:?}");
}

#[test]
fn titles_have_the_number_of_the_arm_too() {
    let arms = race(
        "[race]\ncheck = 'x'\n[[hypothesis]]\nid = 'h'\nrun = 'x'\narms = 2\n\
         title = 'try {arm} of {{arm}} for ${arm}'\n",
    );
    let titles = arms.hypotheses.iter().map(|arm| arm.task.title.as_deref().unwrap());
    assert_eq!(
        titles.collect::<Vec<_>>(),
        ["try 1 of {arm} for ${arm}", "try 2 of {arm} for ${arm}"]
    );
}

#[test]
fn several_arms_in_which_nothing_runs_are_warned_of() {
    let found = with("check = 'x'", "patch = 'x'\narms = 3");
    assert_eq!(
        found,
        ["6:8 same_arms: the 3 arms of hypothesis `h` are all the same: nothing runs | remove \
          `arms`, or add a `run` that may come out differently; `runs` under `[race]` repeats the check"]
    );
    assert_eq!(with("check = 'x'", "patch = 'x'\narms = 1"), [""; 0]);
}

#[test]
fn an_arm_whose_id_is_too_long_has_a_bad_one() {
    let id = "h".repeat(64);
    let text = format!("[race]\ncheck = 'x'\n[[hypothesis]]\nid = '{id}'\nrun = 'x'\narms = 2\n");
    let found = problems(&text);
    assert!(found.len() == 1 && found[0].starts_with("6:8 bad_id: the id `hhh"), "{found:?}");
    assert!(found[0].contains("shorten the id of the hypothesis"), "{found:?}");
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_of_races_panic(cut in 0..RACE.len(), insert in "[\\[\\]{}()\"'=,.a-z0-9 \n\\\\é\u{0}-]{0,12}", skip in 0..40usize) {
        let from = RACE.floor_char_boundary(cut);
        let to = RACE.ceil_char_boundary((cut + skip).min(RACE.len()));
        let text = [&RACE[..from], &insert, &RACE[to..]].concat();
        let parsed = parse(&text, &known());
        for problem in &parsed.tasks.problems {
            for label in &problem.labels {
                prop_assert!(text.get(label.span.clone()).is_some(), "{:?}", problem);
            }
        }
        if let Some(race) = parsed.tasks.value.and_then(|set| set.race) {
            prop_assert_eq!(race.hypotheses.len(), parsed.hypotheses.len());
        }
        problems(&text);
    }
}
