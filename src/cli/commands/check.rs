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
    let tasks = count(set.tasks.len(), "task");
    context.streams.result(&format!("{}: {tasks}, {warnings}", shown.name));
    context.streams.document(&json!({
        "schema": SCHEMA,
        "tasks": set.tasks.iter().map(|task| task.id.as_str()).collect::<Vec<_>>(),
        "problems": problem_entries(&shown),
    }));
    Ok(Exit::Done)
}
