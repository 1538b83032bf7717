//! Validations that must pass whatever the target does, by a number of runs.

use super::assess::Verdict;
use super::state::Integration;
use super::validation::Failure;
use crate::domain::id::Oid;
use crate::domain::task::PassRule;

impl Integration {
    /// `need` of at most `runs` must pass. A rule that allows no failure at all is not missed by a
    /// single unlucky run: that one is forgiven where all others pass, as many as any flake gets.
    pub(super) fn outright(&self, name: &str, head: Oid, (runs, need): (u32, u32)) -> Verdict {
        let (mut passes, mut fails) = (0, 0);
        for run in self.whole_runs(head, name) {
            if !run.tainted.is_empty() {
                return Verdict::Fails;
            }
            *if run.is_green() { &mut passes } else { &mut fails } += 1;
        }
        let strict = runs <= need;
        let allowed = if strict { 1 } else { runs - need };
        let needed = match strict {
            true if fails > 0 => self.flake_budget(name, &[Failure::Command]).max(runs) - allowed,
            true | false => need,
        };
        if fails > allowed {
            Verdict::Fails
        } else if passes >= needed {
            Verdict::Passes
        } else {
            // No more at once than are needed in any case.
            let missing = (needed - passes).min(allowed + 1 - fails).min(self.spec.slots).max(1);
            Verdict::Ask(vec![self.fresh(head, name); missing as usize])
        }
    }

    /// Whether a validation is one of these.
    pub(super) fn is_outright(&self, name: &str) -> bool {
        let declared = self.spec.validations.iter().find(|declared| declared.name == name);
        declared.is_some_and(|declared| match declared.pass {
            PassRule::Outright { .. } => true,
            PassRule::NoWorseThanTarget => false,
        })
    }
}
