//! Which branches will collide, whoever made them. Only reads: nothing is stored, no ref moves.

use std::time::Duration;

use super::error::EngineError;
use super::landing::has_landed;
use super::site::Site;
use crate::adapters::git::{Forecast, ForecastRequest, ForecastTip, Repo, all_pairs};
use crate::domain::id::Oid;
use crate::domain::integrate::{ForecastKind, Member};
use crate::domain::report::MatrixEntry;
use crate::domain::run::{MOST_COMPARED, RunState, TaskState};

/// Most conflicts of one answer that come with an excerpt.
const MOST_EXCERPTS: usize = 20;
/// How long somebody who asks for the state of a run waits for its forecast.
const PATIENCE: Duration = Duration::from_secs(1);

/// A branch, tag or commit under the name by which it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedTip {
    /// Its name.
    pub name: String,
    /// Where its own work begins; where it parts from the other one of a pair when left out.
    pub start: Option<Oid>,
    /// Its commit.
    pub tip: Oid,
}

impl From<&Member> for NamedTip {
    fn from(member: &Member) -> Self {
        Self { name: member.task.to_string(), start: Some(member.start), tip: member.tip }
    }
}

/// Forecasts the merge of every two.
///
/// # Errors
/// The repository cannot be opened.
pub fn forecast_all(repo: &Repo, tips: &[NamedTip]) -> Result<Vec<MatrixEntry>, EngineError> {
    with_excerpts(repo, tips, &all_pairs(tips.len()))
}

/// Forecasts the merge of each of these with each of the others.
///
/// # Errors
/// The repository cannot be opened.
pub fn forecast_against(
    repo: &Repo,
    tips: &[NamedTip],
    others: &[NamedTip],
) -> Result<Vec<MatrixEntry>, EngineError> {
    let all = [tips, others].concat();
    let pairs: Vec<(usize, usize)> =
        (0..tips.len()).flat_map(|i| (tips.len()..all.len()).map(move |j| (i, j))).collect();
    with_excerpts(repo, &all, &pairs)
}

/// Forecasts the merge of every two tasks of a run whose branches have commits that the target
/// lacks. What would take too long is unknown. Tasks of one lane are never apart, and arms of a
/// race never land together: nothing is told of them.
///
/// # Errors
/// The repository cannot be read.
pub fn forecast_run(site: &Site, state: &RunState) -> Result<Vec<MatrixEntry>, EngineError> {
    let (clock, begin) = (site.clock, site.clock.elapsed());
    let tips = if state.is_lane() || state.is_apart() { Vec::new() } else { tips_of(site, state)? };
    let told = tips.len().min(MOST_COMPARED);
    let late = || clock.elapsed() - begin > PATIENCE;
    let mut matrix = compared(&site.repo, &tips[..told], &all_pairs(told), &late)?;
    let beyond = all_pairs(tips.len()).into_iter().filter(|(_, j)| *j >= told);
    matrix.extend(beyond.map(|(i, j)| {
        let reason = format!("only the first {MOST_COMPARED} branches are compared");
        entry(&tips[i], &tips[j], Forecast::Unknown { reason })
    }));
    Ok(matrix)
}

fn tips_of(site: &Site, state: &RunState) -> Result<Vec<NamedTip>, EngineError> {
    let repo = &site.repo;
    let target = match &state.spec.target {
        Some(target) => repo.branch_tip(target)?,
        None => None,
    };
    let mut tips = Vec::new();
    for (index, record) in state.tasks.iter().enumerate() {
        let task = state.task(index);
        let failed =
            matches!(record.state, TaskState::Finished { .. }) && !record.state.succeeded();
        if task.work.is_gate() || record.is_left_out() || failed {
            continue;
        }
        let Some(start) = record.start else { continue };
        let Some(branch) = &state.spec.places[index].branch else { continue };
        let Some(tip) = repo.branch_tip(branch)? else { continue };
        if tip == start {
            continue;
        }
        let landed = match target {
            Some(target) => has_landed(repo, state, (index, tip), target)?,
            None => false,
        };
        if !landed {
            // A branch that was rewritten has no work of its own but what the others lack.
            let start = repo.is_ancestor(start, tip)?.then_some(start);
            tips.push(NamedTip { name: task.id.to_string(), start, tip });
        }
    }
    Ok(tips)
}

fn compared(
    repo: &Repo,
    tips: &[NamedTip],
    pairs: &[(usize, usize)],
    enough: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<MatrixEntry>, EngineError> {
    let ends: Vec<ForecastTip> =
        tips.iter().map(|tip| ForecastTip { start: tip.start, tip: tip.tip }).collect();
    let told = repo.forecasts(&ForecastRequest { tips: &ends, pairs, enough })?;
    let entries = pairs.iter().zip(told);
    Ok(entries.map(|((i, j), forecast)| entry(&tips[*i], &tips[*j], forecast)).collect())
}

fn entry(one: &NamedTip, two: &NamedTip, forecast: Forecast) -> MatrixEntry {
    let (forecast, paths, note) = told(forecast);
    let (a, b) = (one.name.clone(), two.name.clone());
    MatrixEntry { a, b, forecast, paths, note, hunks: Vec::new() }
}

/// Kind, paths, and why it is not known.
pub(super) fn told(forecast: Forecast) -> (ForecastKind, Vec<String>, Option<String>) {
    match forecast {
        Forecast::Clean => (ForecastKind::Clean, Vec::new(), None),
        Forecast::SamePath { paths } => (ForecastKind::SamePath, paths, None),
        Forecast::OrderSensitive { paths } => (ForecastKind::OrderSensitive, paths, None),
        Forecast::Conflict { paths } => (ForecastKind::Conflict, paths, None),
        Forecast::Unknown { reason } => (ForecastKind::Unknown, Vec::new(), Some(reason)),
    }
}

/// With the colliding lines of the first conflicts. Without them the answer is no less right.
fn with_excerpts(
    repo: &Repo,
    tips: &[NamedTip],
    pairs: &[(usize, usize)],
) -> Result<Vec<MatrixEntry>, EngineError> {
    let mut matrix = compared(repo, tips, pairs, &|| false)?;
    let conflicts = matrix.iter_mut().zip(pairs);
    let conflicts = conflicts.filter(|(entry, _)| entry.forecast == ForecastKind::Conflict);
    for (entry, (i, j)) in conflicts.take(MOST_EXCERPTS) {
        let hunks = repo.forecast_hunks(tips[*i].tip, tips[*j].tip).unwrap_or_default().into_iter();
        let own = hunks.filter(|hunk| entry.paths.contains(&hunk.path));
        entry.hunks = own
            .map(|hunk| {
                let side = |name: &str| format!("{name}:{}", hunk.path);
                hunk.labelled(&side(&entry.a), &side(&entry.b))
            })
            .collect();
    }
    Ok(matrix)
}
