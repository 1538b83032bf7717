//! What the repository tells of conflicts beforehand: which paths change together, and which branches
//! already change what tasks own.

use super::site::Site;
use crate::adapters::git::{BranchWork, Forecast, GitError, Repo};
use crate::domain::id::Oid;
use crate::domain::plan::{CoChange, History, Risk, RiskFacts, UnmergedBranch, with_gates};
use crate::domain::task::TaskSet;

/// Commits that are looked at for habits. A number, not a time, so that equal repositories give
/// equal plans.
const COMMITS: usize = 200;

/// Branches that are looked at, the latest first.
const BRANCHES: usize = 64;

/// Tasks with `owns` beyond which neither is looked at: each path would be held against each of them.
const MOST_OWNERS: usize = 500;

/// Assesses the tasks of a set that start from `base`. Reads only. What cannot be read, such as
/// objects that a partial clone lacks, counts as nothing known: no plan fails for it.
pub fn load_risk(site: &Site, set: &TaskSet, base: Oid, history: &History) -> Risk {
    let repo = &site.repo;
    let tasks = with_gates(set);
    let owners = tasks.iter().filter(|task| task.owns.is_some() && !task.read_only).count();
    let changes = match owners {
        2..=MOST_OWNERS => repo.latest_changes(base, COMMITS).unwrap_or_default(),
        _ => Vec::new(),
    };
    let found = match owners {
        1..=MOST_OWNERS => repo.unmerged_branches(base, BRANCHES).unwrap_or_default(),
        _ => Vec::new(),
    };
    let unmerged = |branch: &BranchWork| UnmergedBranch {
        name: branch.name.clone(),
        commits: branch.commits,
        paths: branch.paths.clone(),
    };
    let branches: Vec<UnmergedBranch> = found.iter().map(unmerged).collect();
    let mut risk = Risk::assess(RiskFacts {
        tasks: &tasks,
        co_change: &CoChange::count(&tasks, &changes),
        branches: &branches,
        history,
    });
    for BranchWork { name, tip, .. } in &found {
        let mut of_branch =
            risk.branches.iter_mut().filter(|overlap| overlap.branch == *name).peekable();
        if of_branch.peek().is_none() {
            continue;
        }
        let Ok(Some(collisions)) = collisions(repo, base, *tip) else { continue };
        for overlap in of_branch {
            let own = overlap.paths.iter().filter(|path| collisions.contains(path));
            overlap.collides = Some(own.cloned().collect());
        }
    }
    risk
}

/// Where a branch collides with the base; `None` when that cannot be told.
fn collisions(repo: &Repo, base: Oid, tip: Oid) -> Result<Option<Vec<String>>, GitError> {
    Ok(match repo.forecast(base, tip)? {
        Forecast::Conflict { paths } => Some(paths),
        Forecast::Clean | Forecast::SamePath { .. } | Forecast::OrderSensitive { .. } => {
            Some(Vec::new())
        }
        Forecast::Unknown { .. } => None,
    })
}
