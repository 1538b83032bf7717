//! Which modules are worth more than one worktree, all of them looked at together.

use std::collections::BTreeMap;

use super::balance::{balanced, millis};
use super::{Module, SplitTerms, SuiteMemory, split};

/// What is taken apart must end within this share of the time of whole modules to be worth it.
const WORTH_IT: f64 = 0.95;

/// What runs on its own: the place of a module in `modules`, and names of its units; none are the
/// module as a whole.
///
/// Modules are taken apart only where their units are known by their time and all suites together
/// then end earlier on `width` worktrees, which is as many as really get something done at once. A part
/// costs the seconds of `worktree` (making it, and its build), and once more what the module takes beside its
/// tests: starting their program, building what only they need. The longest modules come first, and as
/// few as possible.
pub fn parts(
    modules: &[Module],
    memory: &SuiteMemory,
    width: usize,
    worktree: impl Fn(&Module) -> f64,
) -> Vec<(usize, Vec<String>)> {
    let timed: Vec<Timed> =
        modules.iter().map(|module| Timed::of(module, memory, worktree(module))).collect();
    let whole: Vec<Vec<Vec<String>>> = modules.iter().map(|_| vec![Vec::new()]).collect();
    let mut best = (WORTH_IT * end(&timed, &whole, width), whole.clone());
    let mut order: Vec<usize> = (0..modules.len()).collect();
    order.sort_by(|&a, &b| timed[b].seconds.total_cmp(&timed[a].seconds).then(a.cmp(&b)));
    // Of a suite whose time is not known, nobody can say whether it is the longest.
    let known = timed.iter().all(|timed| timed.seconds > 0.0);
    for most in (2..=width).filter(|_| known) {
        let mut chosen = whole.clone();
        for &at in &order {
            let terms = SplitTerms { worktree: timed[at].worktree + timed[at].beside, width: most };
            chosen[at] = split(&modules[at], &timed[at].units, terms);
            if chosen[at].len() > 1 {
                let ends = end(&timed, &chosen, width);
                if ends < best.0 {
                    best = (ends, chosen.clone());
                }
            }
        }
    }
    let of = |(at, parts): (usize, Vec<Vec<String>>)| {
        parts.into_iter().map(move |units| (at, units)).collect::<Vec<_>>()
    };
    best.1.into_iter().enumerate().flat_map(of).collect()
}

/// What is known of one module.
struct Timed {
    /// As a whole; 0 when unknown.
    seconds: f64,
    units: BTreeMap<String, f64>,
    /// Beside its units: every part spends it.
    beside: f64,
    /// One more worktree, with its build.
    worktree: f64,
}

impl Timed {
    fn of(module: &Module, memory: &SuiteMemory, worktree: f64) -> Self {
        let units = memory.units_of(&module.name);
        let tests: f64 = units.values().sum();
        let seconds = memory.module_seconds.get(&module.name).copied().unwrap_or(tests);
        Self { seconds, units, beside: (seconds - tests).max(0.0), worktree }
    }

    fn part(&self, units: &[String]) -> f64 {
        if units.is_empty() {
            return self.seconds;
        }
        let mean = self.units.values().sum::<f64>() / self.units.len().max(1) as f64;
        let tests = units.iter().map(|unit| self.units.get(unit).copied().unwrap_or(mean));
        self.beside + tests.sum::<f64>()
    }
}

/// When everything has ended on so many worktrees, seconds. Each that is more than one to a module
/// costs its making.
fn end(timed: &[Timed], chosen: &[Vec<Vec<String>>], width: usize) -> f64 {
    let mut items = Vec::new();
    for (timed, parts) in timed.iter().zip(chosen) {
        for (number, units) in parts.iter().enumerate() {
            let more = if number > 0 { timed.worktree } else { 0.0 };
            items.push(("", timed.part(units) + more));
        }
    }
    let load =
        |part: &Vec<usize>| part.iter().fold(0, |sum, &at| millis(items[at].1).saturating_add(sum));
    balanced(&items, width).iter().map(load).max().unwrap_or(0) as f64 / 1000.0
}

#[cfg(test)]
mod tests;
