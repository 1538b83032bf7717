use std::collections::BTreeMap;

use super::super::{Known, Parsed, parse};
use super::*;
use crate::domain::task::{Command, Work};

const PATHS: [&str; 7] = [
    "Cargo.toml",
    "crates/README.md",
    "crates/cli/src/main.rs",
    "crates/core/src/lib.rs",
    "crates/core/tests/a.rs",
    "docs/a b.md",
    "docs/guide.md",
];

fn read(text: &str) -> Parsed {
    let paths = Some(PATHS.map(str::to_owned).to_vec());
    parse(text, &Known { capacity: BTreeMap::new(), paths, ..Known::default() })
}

#[track_caller]
fn tasks(text: &str) -> Vec<Task> {
    let parsed = read(text);
    parsed.tasks.value.unwrap_or_else(|| panic!("{:?}", parsed.tasks.problems)).tasks
}

fn ids(tasks: &[Task]) -> Vec<&str> {
    tasks.iter().map(|task| task.id.as_str()).collect()
}

/// Messages with their places and helps.
fn problems(text: &str) -> Vec<String> {
    let shown = |problem: &Diagnostic| {
        let label = &problem.labels[0];
        let place = &text[label.span.clone()];
        let help = problem.help.as_deref().unwrap_or_default();
        format!("{}: {} @ {place} | {} | {help}", problem.code, problem.message, label.text)
    };
    read(text).tasks.problems.iter().map(shown).collect()
}

const LINT: &str = "[[task]]\nid = 'lint'\ncheck = 'x'\n";

#[test]
fn a_glob_gives_one_task_for_each_file_or_folder_in_order() {
    for (glob, expected) in [
        ("crates/*", "lint.readme.md lint.cli lint.core"),
        ("crates/*/", "lint.cli lint.core"),
        ("crates/c*", "lint.cli lint.core"),
        ("*/*/src", "lint.crates-cli-src lint.crates-core-src"),
        ("docs", "lint.docs"),
        (
            "**/*.rs",
            "lint.crates-cli-src-main.rs lint.crates-core-src-lib.rs lint.crates-core-tests-a.rs",
        ),
    ] {
        let made = tasks(&format!("{LINT}run = 'x'\nforeach = '{glob}'\n"));
        assert_eq!(ids(&made).join(" "), expected, "{glob}");
    }
}

#[test]
fn the_item_is_put_in_everywhere_and_the_reducer_waits_for_all() {
    let text = r#"
        [[task]]
        id = "lint"
        title = "Lint {item_name}"
        foreach = ["crates/core", "docs/a b.md"]
        run = "lint '{item}' ${item} > {item_name}.log"
        check = "test -e {item}"
        owns = ["{item}/**"]
        reads = ["{item_name}"]
        locks = ["l-{item_name}"]
        env = { AT = "/{item}" }
        [[task]]
        id = "ask"
        foreach = ["x"]
        agent = "claude"
        prompt = "Look at {item}; keep {{name}} and {{item}}."
        check = "x"
        depends_on = ["lint"]
        [[task]]
        id = "sum"
        run = "x"
        check = "x"
        reduce = "lint"
    "#;
    let made = tasks(text);
    assert_eq!(ids(&made), ["lint.crates-core", "lint.docs-a-b.md", "ask.x", "sum"]);
    let shell = |task: &Task| match &task.work {
        Work::Command { command: Command::Shell(run), .. } => run.clone(),
        Work::Command { .. } | Work::Agent { .. } | Work::Given | Work::Gate { .. } => {
            panic!("no shell")
        }
    };
    assert_eq!(shell(&made[0]), "lint 'crates/core' ${item} > core.log");
    assert_eq!(
        shell(&made[1]),
        "lint '\"${WT_ORCH_ITEM}\"' ${item} > \"${WT_ORCH_ITEM_NAME}\".log"
    );
    assert_eq!(made[0].title.as_deref(), Some("Lint core"));
    assert_eq!(made[0].check.as_deref(), Some("test -e crates/core"));
    assert!(made[1].owns.as_ref().unwrap().matches("docs/a b.md/x"));
    assert_eq!((&made[0].reads[0][..], &made[0].locks[0][..]), ("core", "l-core"));
    let env: Vec<String> = made[0].env.iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(env, ["AT=/crates/core", "WT_ORCH_ITEM=crates/core", "WT_ORCH_ITEM_NAME=core"]);
    let Work::Agent { prompt, .. } = &made[2].work else { panic!() };
    assert_eq!(prompt, "Look at x; keep {{name}} and {item}.");
    let waits: Vec<Vec<&str>> =
        made.iter().map(|task| task.depends_on.iter().map(TaskId::as_str).collect()).collect();
    assert_eq!(waits[2], ["lint.crates-core", "lint.docs-a-b.md"]);
    assert_eq!(waits[3], waits[2]);
    assert_eq!(made[0].pattern.item.as_ref().unwrap().of, "lint");
}

#[test]
fn ids_are_valid_unique_and_short_whatever_the_items() {
    let long = "x".repeat(90);
    let items = ["a/b", "a b", "A.b", "...", "é", ".lock", &long, &format!("{long}y")];
    let list: Vec<String> = items.iter().map(|item| format!("{item:?}")).collect();
    for stem in ["lint", &"s".repeat(64)] {
        let text = format!(
            "[[task]]\nid = '{stem}'\nrun = 'x'\ncheck = 'x'\nforeach = [{}]\n\
             [[task]]\nid = 'lint.a-b'\nrun = 'x'\ncheck = 'x'\n",
            list.join(", ")
        );
        let made = tasks(&text);
        let unique: BTreeSet<&str> = ids(&made).into_iter().collect();
        assert_eq!((made.len(), unique.len()), (9, 9), "{unique:?}");
        assert_eq!(ids(&made), ids(&tasks(&text)));
    }
    let made = tasks(&format!("{LINT}run = 'x'\nforeach = ['a/b', 'a b', 'a_b']\n"));
    assert_eq!(ids(&made), ["lint.a-b", "lint.a-b-2", "lint.a_b"]);
    let made = tasks(&format!("{LINT}run = 'x'\nforeach = ['日本語', '..', 'é']\n"));
    assert_eq!(ids(&made), ["lint.item", "lint.item-2", "lint.item-3"]);
}

#[test]
fn without_the_base_one_task_stands_for_all() {
    let text = format!("{LINT}run = 'x'\nforeach = 'crates/*'\n");
    let parsed = parse(&text, &Known::default());
    assert!(parsed.wants_paths && !read(&text).wants_paths);
    assert_eq!(ids(&parsed.tasks.value.unwrap().tasks), ["lint.item"]);
    let listed = parse(&text.replace("'crates/*'", "['a', 'b']"), &Known::default());
    assert!(!listed.wants_paths && listed.tasks.value.unwrap().tasks.len() == 2);
}

#[test]
fn wrong_items_are_named_with_the_way_out() {
    let of = |lines: &str| problems(&format!("{LINT}{lines}\n"));
    for (lines, expected) in [
        (
            "run = 'x'\nforeach = 'crate/*'",
            "no_items: nothing in the base matches the glob `crate/*` @ 'crate/*' | did you mean \
             `crates`? | there is: `Cargo.toml`, `crates/`, `docs/`",
        ),
        (
            "run = 'x'\nforeach = 'crates/core/benches/*'",
            "no_items: nothing in the base matches the glob `crates/core/benches/*` @ \
             'crates/core/benches/*' |  | there is: `crates/core/src/`, `crates/core/tests/`",
        ),
        (
            "run = 'x'\nforeach = []",
            "empty: `foreach` has no item @ [] |  | name items, or write a glob: `foreach = \
             \"crates/*\"`",
        ),
        (
            "run = 'x'\nforeach = ['a', 'a']",
            "duplicate_item: the item `a` is there twice @ 'a' |  | ",
        ),
        (
            "run = 'x'\nforeach = ['..']\nowns = ['src/{item}/**']",
            "bad_item: with the item `..` in place a glob of this task has a `..` component; paths \
             are relative to the repository's root @ ['..'] |  | ",
        ),
        (
            "run = 'x'\nforeach = '/etc/*'",
            "bad_glob: the glob `/etc/*` is absolute; paths are relative to the repository's root @ '/etc/*' |  | ",
        ),
        (
            "argv = ['x', '{item}']",
            "unknown_placeholder: unknown placeholder `{item}` @ '{item}' |  | only a task with \
             `foreach` has one; known: {id} {title} {prompt} {run} {worktree} {branch} {base} \
             {port}; write `{{item}}` for the text itself",
        ),
        (
            "run = 'x'\n[[task]]\nid = 's'\nrun = 'x'\ncheck = 'x'\nreduce = 'lint'",
            "bad_reduce: task `lint` has no `foreach` to reduce @ 'lint' |  | write `depends_on` to \
             wait for a single task",
        ),
    ] {
        assert_eq!(of(lines), [expected], "{lines}");
    }
    let gate = problems("[[task]]\nid = 'gate'\nrun = 'x'\ncheck = 'x'\nforeach = ['a']\n");
    assert!(gate.len() == 1 && gate[0].starts_with("reserved_id: "), "{gate:?}");
}

#[test]
fn too_many_items_and_too_many_pairs_are_refused() {
    let list = |n: usize| (0..n).map(|n| format!("'i{n}'")).collect::<Vec<_>>().join(",");
    let found = problems(&format!("{LINT}run = 'x'\nforeach = [{}]\n", list(5_001)));
    assert!(found[0].contains("the file stands for 5001 tasks; at most 5000"), "{found:?}");
    let two = format!(
        "{LINT}run = 'x'\nforeach = [{0}]\n\
         [[task]]\nid = 'b'\nrun = 'x'\ncheck = 'x'\ndepends_on = ['lint']\nforeach = [{0}]\n",
        list(2_000)
    );
    let found = problems(&two);
    assert!(found[0].contains("too many pairs"), "{found:?}");
    assert_eq!(tasks(&format!("{LINT}run = 'x'\nforeach = [{}]\n", list(5_000))).len(), 5_000);
}
