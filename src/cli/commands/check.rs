//! `wt-orch check FILE`: parse and validate only.

use serde_json::json;

use crate::cli::args::FileArgs;
use crate::cli::context::{Context, problem_entries};
use crate::cli::exit::Exit;
use crate::cli::failure::{Failure, ProblemFile};
use crate::cli::prepare::load_tasks;
use crate::domain::diagnostic::Diagnostic;
use crate::domain::plan::check_order;
use crate::domain::report::SCHEMA;
use crate::engine::Hypotheses;

/// Runs it. Outside a repository everything but `base` is checked.
pub(crate) fn run(context: &Context, args: &FileArgs) -> Result<Exit, Failure> {
    let repo = context.repository().ok();
    let settings = context.settings(repo.as_ref())?.settings;
    let mut file = load_tasks(context, &settings, &args.file, None)?;
    let start = match (&repo, &file.parsed.base) {
        (Some(repo), Some(base)) => repo.resolve_commit(&base.value)?,
        (Some(repo), None) => repo.head()?.tip(),
        (None, _) => None,
    };
    if let (Some(repo), Some(start)) = (&repo, start) {
        file.expand(repo, start)?;
    } else if let (Some(_), Some(base)) = (&repo, &file.parsed.base) {
        let message = format!("git knows no commit `{}`", base.value);
        let problem = Diagnostic::error("unknown_base", base.span.clone(), message);
        let help = "name a branch, a tag or a commit; leave `base` out for HEAD";
        file.parsed.tasks.add(problem.labelled("no such commit").help(help));
    }
    if let (Some(repo), Some(base), Some(set)) = (&repo, start, &file.parsed.tasks.value)
        && let Some(race) = &set.race
    {
        let path = context.path(&args.file);
        let folder = path.parent().unwrap_or(&path);
        let places = &file.parsed.hypotheses;
        let found = Hypotheses { repo, base, race, places, folder }.problems()?;
        found.into_iter().for_each(|problem| file.parsed.tasks.add(problem));
    }
    let shown = ProblemFile {
        name: file.name.clone(),
        text: file.text.clone(),
        problems: file.parsed.tasks.problems.clone(),
    };
    let unexpanded = file.parsed.wants_paths;
    let set = file.accept(context)?;
    check_order(&set)?;
    if unexpanded {
        context.streams.note(
            "note: there is no commit to look into, so a `foreach` with a glob counts as one task",
        );
    }
    let count = |n: usize, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
    let warnings = match shown.problems.len() {
        0 => "no problems".to_owned(),
        n => count(n, "warning"),
    };
    let hypotheses = set.race.iter().flat_map(|race| &race.hypotheses);
    let hypotheses: Vec<&str> = hypotheses.map(|arm| arm.task.id.as_str()).collect();
    let tasks = match (set.tasks.len(), hypotheses.len()) {
        (tasks, 0) => count(tasks, "task"),
        (0, arms) => told_of_arms(arms),
        (tasks, arms) => format!("{}, {}", count(tasks, "task"), told_of_arms(arms)),
    };
    context.streams.result(&format!("{}: {tasks}, {warnings}", shown.name));
    context.streams.document(&json!({
        "schema": SCHEMA,
        "tasks": set.tasks.iter().map(|task| task.id.as_str()).collect::<Vec<_>>(),
        "hypotheses": hypotheses,
        "problems": problem_entries(&shown),
    }));
    Ok(Exit::Done)
}

fn told_of_arms(count: usize) -> String {
    if count == 1 { "1 hypothesis".to_owned() } else { format!("{count} hypotheses") }
}
