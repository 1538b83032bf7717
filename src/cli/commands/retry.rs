//! `wt-orch retry [RUN] [TASK…]`: runs tasks again from their start, with what depends on them.

use super::split::{Begin, carry_out, finish};
use super::stored::{self, run_or_task, task_index};
use crate::cli::args::RetryArgs;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::domain::id::TaskId;
use crate::domain::report::ways_to_the_end;
use crate::domain::run::{Event, Input, RunState, TaskRecord, step};
use crate::engine::hold_starts_again;

/// Runs it.
pub(crate) fn run(context: &Context, args: &RetryArgs) -> Result<Exit, Failure> {
    let place = context.place()?;
    let first = args.tasks.first().map(String::as_str);
    let (run, task) = run_or_task(&place, args.run.as_deref(), first)?;
    let wanted =
        if args.tasks.is_empty() { task.into_iter().collect() } else { args.tasks.clone() };
    let (mut journal, _lock) = stored::open_work(&place, run.as_deref())?;
    let state = journal.state();
    let run = journal.run();
    if !state.phase.is_over() {
        return Err(Failure::refused("not_over", format!("run `{run}` is not over"))
            .hint(ways_to_the_end(state)));
    }
    let tasks = chosen(state, &wanted)?;
    if tasks.is_empty() {
        return Err(Failure::refused("nothing_to_do", format!("every task of `{run}` succeeded"))
            .hint(format!("name a task to run it again: `wt-orch retry {run} TASK`")));
    }
    let now = journal.now();
    let step = step(state, Input::Retry { tasks }, now);
    for event in &step.events {
        if let Event::RetryRequested { tasks } = event {
            let again: Vec<String> = tasks.iter().map(|task| format!("`{task}`")).collect();
            hold_starts_again(&place.site, &state.spec, tasks)?;
            context.streams.note(&format!("to run again: {}", again.join(", ")));
        }
    }
    let begin = Begin::new(true, place.site.repo.file_count(journal.state().spec.base)?)?;
    journal.record(step.events, now)?;
    let journal = carry_out(context, &place, journal, begin)?;
    Ok(finish(context, &place, &journal))
}

/// The tasks that were named; without names, those that did not succeed although they were to.
fn chosen(state: &RunState, wanted: &[String]) -> Result<Vec<TaskId>, Failure> {
    if wanted.is_empty() {
        let is_open = |record: &TaskRecord| !record.state.succeeded() && !record.is_left_out();
        let open = state.tasks.iter().enumerate().filter(|(_, record)| is_open(record));
        return Ok(open.map(|(index, _)| state.task(index).id.clone()).collect());
    }
    let named = |name: &String| Ok(state.task(task_index(state, name)?).id.clone());
    wanted.iter().map(named).collect()
}
