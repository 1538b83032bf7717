//! `wt-orch forecast BRANCH…`: which of these branches will collide.

use crate::adapters::git::Repo;
use crate::cli::args::ForecastArgs;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::named_tips::{checked_out, checked_out_anywhere, named_tips};
use crate::domain::integrate::ForecastKind;
use crate::domain::report::{
    ForecastBranch, ForecastDocument, MatrixEntry, Step, forecast_report, shell_word,
};
use crate::engine::{NamedTip, forecast_all};
use crate::render::report_text;

/// Runs it.
pub(crate) fn run(context: &Context, args: &ForecastArgs) -> Result<Exit, Failure> {
    let repo = context.repository()?;
    let tips = compared(&repo, args)?;
    let matrix = forecast_all(&repo, &tips)?;
    let branches =
        tips.into_iter().map(|NamedTip { name, tip, .. }| ForecastBranch { name, tip }).collect();
    let document = ForecastDocument::new(repo.forecast_engine().to_string(), branches, matrix);
    let ways = match document.matrix.iter().find(|e| e.forecast == ForecastKind::Conflict) {
        Some(entry) => ways_out(&repo, entry)?,
        None => Vec::new(),
    };
    let streams = &context.streams;
    let report = forecast_report(&document, ways, streams.detail());
    streams.result(&report_text(&report, streams.out));
    streams.document(&document);
    Ok(exit_of(&document.matrix))
}

/// What the arguments stand for: at least two.
fn compared(repo: &Repo, args: &ForecastArgs) -> Result<Vec<NamedTip>, Failure> {
    let mut tips = named_tips(repo, &args.branches)?;
    if args.all {
        let found = checked_out_anywhere(repo)?;
        let named = |tip: &NamedTip| tips.iter().any(|known| known.name == tip.name);
        let others: Vec<NamedTip> = found.into_iter().filter(|tip| !named(tip)).collect();
        tips.extend(others);
    } else if let [tip] = tips.as_slice() {
        let here = checked_out(repo)?;
        if here.name == tip.name || tip.name == "HEAD" {
            let name = here.name;
            return Err(Failure::usage("too_few", format!("`{name}` is what is checked out here"))
                .hint("name another branch to compare it with"));
        }
        tips.push(here);
    }
    match tips.as_slice() {
        [_, _, ..] => Ok(tips),
        [] => Err(Failure::refused("too_few", "no branch is checked out in any worktree")
            .hint("name two: `wt-orch forecast BRANCH BRANCH`")),
        [only] => {
            let message = format!("only `{}` is checked out in a worktree", only.name);
            Err(Failure::refused("too_few", message).hint(format!(
                "name another: `wt-orch forecast {} BRANCH`",
                shell_word(&only.name)
            )))
        }
    }
}

/// How to look into a conflict and to settle it before both grow.
fn ways_out(repo: &Repo, entry: &MatrixEntry) -> Result<Vec<Step>, Failure> {
    let word = |name: &str| shell_word(name);
    let paths: Vec<String> = entry.paths.iter().take(3).map(|path| word(path)).collect();
    let range = word(&format!("{}...{}", entry.a, entry.b));
    let mut ways = vec![Step::new(
        format!("git log --oneline --left-right {range} -- {}", paths.join(" ")),
        "who changed what there",
    )];
    let worktrees = repo.worktrees()?;
    let (mut into, mut from) = (&entry.b, &entry.a);
    if repo.branch_tip(into)?.is_none() {
        std::mem::swap(&mut into, &mut from);
    }
    if repo.branch_tip(into)?.is_none() {
        return Ok(ways);
    }
    let there = worktrees.iter().find(|info| info.branch.as_ref() == Some(into) && !info.bare);
    let why = "resolve it before both grow";
    match there {
        Some(info) => {
            let place = word(&info.path.to_string_lossy());
            ways.push(Step::new(format!("git -C {place} merge {}", word(from)), why));
        }
        None if repo.is_bare() => {}
        None => {
            let command = format!("git switch {} && git merge {}", word(into), word(from));
            ways.push(Step::new(command, why));
        }
    }
    Ok(ways)
}

fn exit_of(matrix: &[MatrixEntry]) -> Exit {
    let is = |kind| move |entry: &MatrixEntry| entry.forecast == kind;
    if matrix.iter().any(is(ForecastKind::Conflict)) {
        Exit::NotLanded
    } else if matrix.iter().all(is(ForecastKind::Unknown)) {
        Exit::Refused
    } else {
        Exit::Done
    }
}
