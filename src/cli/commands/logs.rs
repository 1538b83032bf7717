//! `wt-orch logs [RUN] [TASK]`: what tasks wrote.

use std::io::IsTerminal;
use std::path::PathBuf;

use serde_json::json;

use super::stored::{self, run_or_task, task_index};
use crate::cli::args::LogsArgs;
use crate::cli::context::{Context, Place};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::domain::id::{RunId, TaskId};
use crate::domain::report::SCHEMA;
use crate::domain::run::{CheckRun, Outcome};
use crate::render::visible;

/// Runs it.
pub(crate) fn run(context: &Context, args: &LogsArgs) -> Result<Exit, Failure> {
    let place = context.place()?;
    let (run, task) = run_or_task(&place, args.run.as_deref(), args.task.as_deref())?;
    let stored = stored::read(&place, run.as_deref())?;
    match task {
        None => Ok(list(context, &place, &stored)),
        Some(task) => show(context, &place, &stored, (&task, args.attempt)),
    }
}

fn list(context: &Context, place: &Place, stored: &stored::StoredRun) -> Exit {
    let mut rows = Vec::new();
    for (index, record) in stored.state.tasks.iter().enumerate() {
        let task = &stored.state.task(index).id;
        for attempt in 1..=record.attempts {
            for (kind, word, path) in logs_of(place, &stored.run, (task, attempt)) {
                let Ok(data) = path.metadata() else { continue };
                let size = crate::domain::task::human_size(data.len());
                let shown = path.display();
                context
                    .streams
                    .result(&format!("{task}  attempt {attempt}{word}  {size}  {shown}"));
                rows.push(json!({ "task": task, "attempt": attempt, "kind": kind, "log": path }));
            }
        }
    }
    if rows.is_empty() {
        context
            .streams
            .note("there are no logs: no task has begun, or `wt-orch clean` has removed them");
    }
    let document = json!({ "schema": SCHEMA, "run": stored.run, "logs": rows });
    context.streams.document(&document);
    Exit::Done
}

fn show(
    context: &Context,
    place: &Place,
    stored: &stored::StoredRun,
    (name, attempt): (&str, Option<u32>),
) -> Result<Exit, Failure> {
    let run = &stored.run;
    let index = task_index(&stored.state, name)?;
    let task = &stored.state.task(index).id;
    let record = &stored.state.tasks[index];
    let attempt = attempt.unwrap_or(record.attempts);
    let checks = checks_of(place, run, (task, attempt));
    let runs = (1..).zip(&checks);
    // Of earlier attempts it is not known which runs these were.
    let known: &[CheckRun] = match record.outcome() {
        Some(Outcome::Succeeded) => &[],
        Some(_) | None if attempt == record.attempts => &record.checks,
        Some(_) | None => &[],
    };
    let failed: Vec<(u32, PathBuf)> = runs
        .zip(known)
        .filter(|(_, check)| !check.passed && check.counts())
        .map(|((run, log), _)| (run, log.clone()))
        .collect();
    // An attempt whose hooks failed has no output but theirs, and a silent command that of its check.
    let site = &place.site;
    let mut logs = vec![site.log(run, task, attempt), site.setup_log(run, task, attempt)];
    logs.extend(failed.first().map(|(_, log)| log).or(checks.last()).cloned());
    let read = |path: PathBuf| Some((std::fs::read(&path).ok()?, path));
    let read: Vec<(Vec<u8>, PathBuf)> = logs.into_iter().filter_map(read).collect();
    let said = read.iter().position(|(bytes, _)| !bytes.is_empty()).unwrap_or_default();
    let found = read.into_iter().nth(said);
    let Some((bytes, path)) = found else {
        let message = format!("there is no output of task `{task}`, attempt {attempt}");
        return Err(Failure::refused("no_log", message)
            .hint(format!("`wt-orch logs {run}` lists what there is")));
    };
    let text = String::from_utf8_lossy(&bytes);
    print(context, &text);
    let mut rows = Vec::new();
    for (at, log) in failed.into_iter().filter(|(_, log)| *log != path) {
        let Ok(bytes) = std::fs::read(&log) else { continue };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let which = if checks.len() == 1 { String::new() } else { format!(", run {at}") };
        context.streams.note(&format!("the check, which failed{which}:"));
        print(context, &text);
        rows.push(json!({ "run": at, "log": log, "text": text }));
    }
    let document = json!({
        "schema": SCHEMA, "run": run, "task": task, "attempt": attempt, "log": path, "text": text,
        "checks": rows,
    });
    context.streams.document(&document);
    Ok(Exit::Done)
}

fn print(context: &Context, text: &str) {
    if std::io::stdout().is_terminal() {
        // Whatever a task wrote, it does not get to drive the terminal.
        let lines: Vec<String> = text.lines().map(visible).collect();
        context.streams.result(&lines.join("\n"));
    } else {
        context.streams.result(text);
    }
}

/// Logs of one attempt in the order in which they begin: kind, its word in the list, path.
fn logs_of(
    place: &Place,
    run: &RunId,
    (task, attempt): (&TaskId, u32),
) -> Vec<(&'static str, String, PathBuf)> {
    let site = &place.site;
    let mut logs = vec![
        ("setup", ", setup".to_owned(), site.setup_log(run, task, attempt)),
        ("task", String::new(), site.log(run, task, attempt)),
    ];
    let checks = checks_of(place, run, (task, attempt));
    let word = |at: usize| if checks.len() == 1 { String::new() } else { format!(" {}", at + 1) };
    let checks = checks.iter().enumerate();
    logs.extend(checks.map(|(at, log)| ("check", format!(", check{}", word(at)), log.clone())));
    logs
}

/// Logs of the check, as often as it ran.
fn checks_of(place: &Place, run: &RunId, (task, attempt): (&TaskId, u32)) -> Vec<PathBuf> {
    let log = |check| place.site.check_log(run, task, (attempt, check));
    (1..).map(log).take_while(|path| path.exists()).collect()
}
