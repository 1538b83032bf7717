//! What the user could do.

use super::{Evidence, human};
use crate::domain::diagnostic::some_quoted;
use crate::domain::plan::decide::Candidate;
use crate::domain::plan::decide::gains::{Change, Gain};
use crate::domain::plan::plan_type::{Binding, Verdict};
use crate::domain::plan::work_digest;
use crate::domain::task::{Claims, Task, human_size};

/// Names shown of a list.
const SHOWN: usize = 3;

/// Plain sentences, what saves most first.
pub(in crate::domain::plan) fn advice(e: &Evidence<'_>) -> Vec<String> {
    let c = e.candidate;
    let mut advice = Vec::new();
    if c.is_test() {
        advice.extend(keep_what_is_built(e));
        if e.bound.binding == Binding::Slots {
            advice.push("raise `[run] slots` or pass `--parallel=M`".to_owned());
        }
        return advice;
    }
    advice.extend(without_the_tool(c.tasks));
    advice.extend(e.gains.iter().map(|gain| gain_sentence(c, gain)));
    if c.durations.estimates.iter().any(|estimate| estimate.source.is_default()) {
        advice.push("give tasks an `estimate`; the prediction is only as good as that".to_owned());
    }
    match e.bound.binding {
        Binding::Cores => advice.push(
            "set `cpus` below 1 for tasks that mostly wait, or overrule with `--parallel=M`"
                .to_owned(),
        ),
        Binding::Slots => advice.push("raise `[run] slots` or pass `--parallel=M`".to_owned()),
        Binding::Claims
        | Binding::CriticalPath
        | Binding::Memory
        | Binding::Capacity
        | Binding::Locks
        | Binding::MergeLane
        | Binding::Overhead => {}
    }
    advice.extend(too_small(e));
    advice.extend(more_memory(c));
    advice
}

/// Where builds stand in the way of running side by side.
fn keep_what_is_built(e: &Evidence<'_>) -> Option<String> {
    let c = e.candidate;
    let (made, _) = c.request.costs.made_and_reused(c.tasks.len(), e.width);
    if c.request.builds.tasks.is_empty() || c.request.builds.carried || made == 0 || e.width < 2 {
        return None;
    }
    let mut advice = format!(
        "with `[worktree] pool = {}` and one run with `--parallel`, later runs find worktrees that \
         are built already",
        e.width
    );
    if !c.request.builds.cached {
        advice.push_str(
            "; a compiler cache such as sccache (`RUSTC_WRAPPER`) makes a new one cheaper",
        );
    }
    Some(advice)
}

/// When there is nothing here for it to do better.
fn without_the_tool(tasks: &[Task]) -> Option<String> {
    let work: Vec<&Task> = tasks.iter().filter(|task| !task.work.is_gate()).collect();
    match work.as_slice() {
        [] => None,
        [_] => Some("one task gains nothing here: run it in your checkout".to_owned()),
        all if all.iter().all(|task| task.owns.as_ref().is_some_and(only_documents)) => Some(
            "all tasks write documents only: unless agents do it, editing them in your checkout is \
             quicker"
                .to_owned(),
        ),
        _ => None,
    }
}

fn only_documents(owns: &Claims) -> bool {
    owns.globs().all(|glob| {
        let name = glob.to_ascii_lowercase();
        let folder = name.strip_prefix("./").unwrap_or(&name);
        [".md", ".markdown", ".rst", ".adoc", ".txt"].iter().any(|end| name.ends_with(end))
            || folder.starts_with("docs/")
            || folder.starts_with("doc/")
    })
}

fn gain_sentence(c: &Candidate<'_>, gain: &Gain) -> String {
    let name = |task: usize| &c.tasks[task].id;
    let saved = human(gain.saved_s);
    match &gain.change {
        Change::WithoutEdge(first, then) => {
            let (first, then) = (name(*first), name(*then));
            format!("if `{then}` need not wait for `{first}`, that saves {saved}")
        }
        Change::WithoutLock(lock) => format!("doing without the lock `{lock}` saves {saved}"),
        Change::WithoutClaim(a, b) => {
            let (a, b) = (name(*a), name(*b));
            format!(
                "narrowing `owns` of `{a}` and `{b}`, which wait for one another, saves {saved}"
            )
        }
        Change::Split(task) => {
            format!("splitting `{}` into two tasks of half its length saves {saved}", name(*task))
        }
    }
}

/// Tasks that take less than what a worktree, a commit and a merge cost.
fn too_small(e: &Evidence<'_>) -> Option<String> {
    let c = e.candidate;
    let costs = &c.request.costs;
    let each = costs.provision + costs.carry + costs.setup.seconds + costs.commit + costs.merge;
    let small: Vec<&Task> = c
        .tasks
        .iter()
        .zip(c.medians)
        .filter(|(task, seconds)| **seconds < each && !task.work.is_gate())
        .map(|(task, _)| task)
        .collect();
    if small.is_empty() || c.tasks.len() < 2 || e.verdict == Verdict::Sequential {
        return None;
    }
    let names: Vec<&str> = small.iter().map(|task| task.id.as_str()).collect();
    let (names, each) = (some_quoted(&names, SHOWN), human(each));
    Some(format!("join {names} with other tasks: a task of its own costs {each}, they take less"))
}

/// Tasks that were seen to take more memory than they declare: side by side they may not fit.
fn more_memory(c: &Candidate<'_>) -> Option<String> {
    let seen = |task: &Task| {
        let work = work_digest(task);
        let attempts = c.request.history.attempts.iter();
        let own = attempts.filter(|one| one.task == *task.id.as_str() && one.work == work);
        own.filter_map(|one| one.used.peak_rss).max()
    };
    let declared = c.tasks.iter().filter(|task| task.demand.memory > 0);
    let mut over: Vec<(u64, &Task)> = declared
        .filter_map(|task| Some((seen(task).filter(|most| *most > task.demand.memory)?, task)))
        .collect();
    over.sort_by_key(|(most, task)| std::cmp::Reverse(most - task.demand.memory));
    let told: Vec<String> = over
        .iter()
        .take(SHOWN)
        .map(|(most, task)| {
            let (most, declared) = (human_size(*most), human_size(task.demand.memory));
            format!("`{}` took {most} and declares {declared}", task.id)
        })
        .collect();
    let more = match over.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more likewise"),
    };
    (!told.is_empty()).then(|| format!("raise `memory`: {}{more}", told.join(", ")))
}
