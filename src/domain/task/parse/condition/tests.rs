use proptest::prelude::*;

use super::super::{Known, parse as parse_file};
use super::*;
use crate::domain::task::Observed;

fn condition(text: &str) -> Condition {
    parse(text).unwrap_or_else(|fault| panic!("{text}: {}", fault.message)).0
}

/// Whether it holds where `a` failed with code 3, changed nothing and printed one line, and `b.2`
/// succeeded with changes.
fn holds(text: &str) -> bool {
    let printed = ["error: out of memory".to_owned()];
    condition(text).holds(&|id| match id.as_str() {
        "a" => Some(Observed {
            ended: Ended::Failed,
            exit_code: Some(3),
            changed: false,
            output: Some(&printed),
        }),
        "b.2" => Some(Observed {
            ended: Ended::Succeeded,
            exit_code: Some(0),
            changed: true,
            output: Some(&[]),
        }),
        "never" => Some(Observed {
            ended: Ended::Skipped,
            exit_code: None,
            changed: false,
            output: Some(&[]),
        }),
        _ => None,
    })
}

#[test]
fn facts_are_compared_and_joined() {
    for yes in [
        "task.a.outcome == 'failed'",
        "task.a.outcome != \"succeeded\"",
        "task.b.2.outcome=='succeeded'",
        "task.never.outcome == 'skipped'",
        "task.a.exit_code == 3",
        "task.a.exit_code > 2 and task.a.exit_code < 4",
        "task.never.exit_code != 0",
        "task.a.changed == false and task.b.2.changed == true",
        "task.b.2.changed != false",
        "task.a.output contains 'out of memory'",
        "not task.b.2.output contains 'x'",
        "task.a.outcome == 'timed_out' or task.a.outcome == 'cancelled' or (task.a.exit_code == 3)",
        "not (task.a.exit_code == 1 or task.b.2.exit_code == 1) and not not task.b.2.changed == true",
        // `and` binds closer than `or`.
        "task.a.exit_code == 3 or task.a.exit_code == 3 and task.a.exit_code == 0",
    ] {
        assert!(holds(yes), "{yes}");
        assert!(!holds(&format!("not ({yes})")), "{yes}");
    }
    for no in
        ["task.never.exit_code < 1", "task.never.exit_code > -1", "task.other.changed == true"]
    {
        assert!(!holds(no), "{no}");
    }
}

#[test]
fn what_is_wrong_is_pointed_at_within_the_quotes() {
    for (when, place, message) in [
        ("task.b.outcome == 'faild'", "'faild'", "the outcome `faild` is none of"),
        ("task.b.outcom == 'failed'", "outcom", "the fact `outcom` is none of"),
        ("task.b.outcome = 'failed'", "=", "`=` means nothing in a condition"),
        ("task.b.outcome == failed", "failed", "here must stand an outcome in quotes"),
        ("task.b.exit_code >= 1", "=", "`=` means nothing in a condition"),
        ("task.b.exit_code > 1.5", "1.5", "`1.5` is no whole number"),
        ("task.b.changed == yes", "yes", "here must stand `true` or `false`"),
        ("task.b.output == 'x'", "==", "of `output` only `contains '…'` can be asked"),
        ("task.b.output contains ''", "''", "every output contains the empty text"),
        ("(task.b.changed == true", "(", "there is no closing `)`"),
        ("task.b.changed == true)", ")", "`)` is not expected here"),
        (
            "task.b.changed == true and",
            "and",
            "the condition ends where a fact about a task must stand",
        ),
        ("always", "always", "`always` is no fact about a task"),
        ("task.B.changed == true", "task.B.changed", "the id `B` has `B`"),
        ("task.b.output contains 'x", "'x", "there is no closing `'`"),
    ] {
        let text = format!(
            "[[task]]\nid = 'b'\nrun = 'x'\ncheck = 'x'\n[[task]]\nid = 'c'\nrun = 'x'\ncheck = 'x'\n\
             when = \"\"\"{when}\"\"\"\n"
        );
        let problems = parse_file(&text, &Known::default()).tasks.problems;
        let [problem] = &problems[..] else { panic!("{when}: {problems:?}") };
        assert_eq!(&text[problem.labels[0].span.clone()], place, "{when}: {}", problem.message);
        assert!(problem.message.starts_with(message), "{when}: {}", problem.message);
    }
    let near = parse("task.b.outcome == 'faild'").err().and_then(|fault| fault.meant);
    assert_eq!(near.as_deref(), Some("failed"));
}

#[test]
fn the_tasks_it_names_are_dependencies_with_their_places() {
    let task =
        |id: &str, lines: &str| format!("[[task]]\nid = '{id}'\nrun = 'x'\ncheck = 'x'\n{lines}\n");
    let of = |text: &str| parse_file(text, &Known::default()).tasks;
    let text = task("a", "") + &task("b", "when = \"task.a.outcome == 'failed'\"");
    assert_eq!(of(&text).value.unwrap().tasks[1].depends_on[0].as_str(), "a");
    let unknown = task("api", "") + &task("b", "when = \"task.apy.changed == true\"");
    let problem = &of(&unknown).problems[0];
    assert_eq!(
        (problem.code, &unknown[problem.labels[0].span.clone()]),
        ("unknown_dependency", "apy")
    );
    let ring = task("a", "depends_on = ['b']") + &task("b", "when = \"task.a.changed == true\"");
    assert_eq!(of(&ring).problems[0].code, "cycle");
    // Of a `foreach`: all items succeeded, or one of them did anything else.
    let items = task("a", "foreach = ['x', 'y']")
        + &task("b", "when = \"task.a.outcome == 'succeeded' or task.a.changed == true\"");
    let set = of(&items).value.unwrap();
    assert_eq!(
        set.tasks[2].pattern.when.as_ref().unwrap().to_string(),
        "(task.a.x.outcome == 'succeeded' and task.a.y.outcome == 'succeeded') or \
         (task.a.x.changed == true or task.a.y.changed == true)"
    );
    assert_eq!(set.tasks[2].depends_on.len(), 2);
}

#[test]
fn no_nesting_is_too_deep_for_the_parser() {
    for deep in ["(".repeat(100_000), "not ".repeat(100_000)] {
        let fault = parse(&format!("{deep}task.a.changed == true")).err().unwrap();
        assert_eq!(fault.message, "the condition is nested too deeply");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic_and_what_is_shown_reads_back(
        text in "(task\\.[ab]\\.(outcome|changed|exit_code|output|x)|==|!=|<|>|and|or|not|\\(|\\)|'failed'|'é|true|contains|3| |=){0,12}",
    ) {
        match parse(&text) {
            Ok((condition, _)) => {
                let (again, _) = parse(&condition.to_string()).ok().unwrap();
                prop_assert_eq!(again.to_string(), condition.to_string());
            }
            Err(fault) => prop_assert!(text.get(fault.span).is_some()),
        }
    }
}
