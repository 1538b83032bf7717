//! Demands that no machine has, numbers that are none.

use super::*;
use crate::domain::task::KnownHost;

fn problems_here(lines: &str) -> Vec<String> {
    let host = KnownHost { cores: 4, memory: 8 << 30 };
    let text = format!("[[task]]\nid = 't'\nrun = 'x'\ncheck = 'x'\n{lines}\n");
    let parsed = parse(&text, &Known { host: Some(host), ..known() });
    let shown = |problem: &Diagnostic| {
        let place = &text[problem.labels[0].span.clone()];
        let (code, help) = (problem.code, problem.help.as_deref().unwrap_or_default());
        format!("{:?} {code}: {} @ {place} | {help}", problem.severity, problem.message)
    };
    parsed.tasks.problems.iter().map(shown).collect()
}

#[test]
fn a_demand_that_the_machine_does_not_have_names_the_task_and_the_limit() {
    assert_eq!(
        problems_here("memory = '9GiB'\ncpus = 4.5\nuses = { gpu = 3 }"),
        [
            "Error capacity: task `t` needs 9GiB of memory, but this machine has 8GiB @ '9GiB' | \
             lower `memory`, or run it on a machine that has it",
            "Warning cores: task `t` keeps 4.5 cores busy, but this machine has 4 cores: nothing \
             else runs beside it @ 4.5 | lower `cpus` to what it really uses",
            "Error capacity: task `t` uses 3 of `gpu`, but the declared capacity is 2 @ 3 | declare \
             it in orchestrator.toml: `gpu = 3` under `[capacity]`",
        ]
    );
    assert_eq!(problems_here("memory = '8GiB'\ncpus = 4\nuses = { gpu = 2 }"), [""; 0]);
    let defaults = parse(
        "[defaults]\nmemory = '9TiB'\n[[task]]\nid = 't'\nrun = 'x'\ncheck = 'x'\n",
        &Known { host: Some(KnownHost { cores: 1, memory: 1 << 30 }), ..known() },
    );
    assert!(defaults.tasks.problems[0].message.starts_with("`[defaults]` needs 9TiB"));
    // A machine that does not say what it has refuses nothing.
    let unknown = Known { host: Some(KnownHost { cores: 1, memory: 0 }), ..known() };
    let text = "[[task]]\nid = 't'\nrun = 'x'\ncheck = 'x'\nmemory = '9TiB'\n";
    assert!(parse(text, &unknown).tasks.value.is_some());
}

#[test]
fn numbers_that_are_none_are_refused_at_their_place() {
    for (line, code) in [
        ("estimate = nan", "wrong_type"),
        ("estimate = -5", "wrong_type"),
        ("estimate = 'nan'", "bad_duration"),
        ("estimate = '-5m'", "bad_duration"),
        ("estimate = '0s'", "bad_duration"),
        ("estimate = '99999h'", "bad_duration"),
        ("estimate = ''", "bad_duration"),
        ("cpus = nan", "out_of_range"),
        ("cpus = -inf", "out_of_range"),
        ("cpus = -1", "out_of_range"),
        ("cpus = 1e9", "out_of_range"),
        ("cpus = '2'", "wrong_type"),
        ("memory = '-1GiB'", "bad_size"),
        ("memory = 'nan'", "bad_size"),
        ("memory = 1024", "wrong_type"),
        ("memory = '99999999TiB'", "bad_size"),
        ("uses = { gpu = -1 }", "out_of_range"),
    ] {
        let found = problems_here(line);
        assert_eq!(found.len(), 1, "{line}: {found:?}");
        assert!(found[0].starts_with(&format!("Error {code}: ")), "{line}: {found:?}");
        let value = line.rsplit(['=', ' ']).find(|word| !word.is_empty() && *word != "}").unwrap();
        assert!(found[0].contains(&format!("@ {value} |")), "{line}: {found:?}");
    }
}
