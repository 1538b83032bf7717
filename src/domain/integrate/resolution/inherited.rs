//! What a resolution took away although nobody was in conflict over it: lines that both sides have, of
//! files that merged by themselves whatever the merge gave, and the mode of a file.

use std::collections::HashMap;

use super::content::{FileVersions, Side, SideLoss, counts, is_blank, is_text, lines};

impl<'a> FileVersions<'a> {
    /// Everything that the result lacks, by whose it is; nothing of whom it lacks nothing. `merged`: what
    /// git made of both sides, of a file that was not in conflict.
    pub fn losses(&self, merged: Option<&'a [u8]>) -> Vec<(Side, SideLoss)> {
        let mut ours = self.loss(Side::Ours);
        let mut theirs = self.loss(Side::Theirs);
        let mut both = SideLoss::default();
        let gone = SideLoss::of_lines(self.inherited_lost(merged)).lost;
        match (self.ours, self.theirs) {
            // Under a name that only one side knows git merged what the other did under the old one.
            (None, Some(_)) => ours.lost.extend(gone),
            (Some(_), None) => theirs.lost.extend(gone),
            (Some(_), Some(_)) | (None, None) => both.lost = gone,
        }
        let by_lines = self.sides_are_text() && merged.is_none_or(is_text);
        both.replaced = merged.is_some() && !by_lines && self.result != merged;
        let all = [(Side::Ours, ours), (Side::Theirs, theirs), (Side::Both, both)];
        all.into_iter().filter(|(_, loss)| *loss != SideLoss::default()).collect()
    }

    /// Lines that the result lacks and that no side added: both have them, each as often as neither took
    /// it away. Of a file that merged by itself also every other line of it that is not in what
    /// [`Self::loss`] tells of a side.
    pub(super) fn inherited_lost(&self, merged: Option<&'a [u8]>) -> Vec<&'a [u8]> {
        if !self.sides_are_text() || !merged.is_none_or(is_text) {
            return Vec::new();
        }
        let all = [self.base, self.ours, self.theirs, self.result, merged];
        let all = all.map(|content| counts(lines(content)));
        let mut seen: HashMap<&[u8], usize> = HashMap::new();
        let mut lost = Vec::new();
        for line in lines(merged.or(self.ours)).filter(|line| !is_blank(line)) {
            let [base, ours, theirs, result, given] =
                all.each_ref().map(|counts| counts.get(line).copied().unwrap_or(0));
            let kept = (ours.min(base) + theirs.min(base)).saturating_sub(base);
            let most = if merged.is_none() {
                kept.saturating_sub(result)
            } else {
                let told = |own: usize| own.saturating_sub(base).min(own.saturating_sub(result));
                let untold = given.saturating_sub(result + told(ours) + told(theirs));
                untold.max(kept.min(given).saturating_sub(result))
            };
            let so_far = seen.entry(line).or_default();
            if *so_far < most {
                *so_far += 1;
                lost.push(line);
            }
        }
        lost
    }
}

impl SideLoss {
    /// Of a mode that the merge does not give: `merged` is what git gave a file that was not in conflict.
    /// Of one in conflict it is that of the side that changed it; of either when both or none did.
    pub fn of_mode<M: PartialEq>(
        [base, ours, theirs, result]: [Option<M>; 4],
        merged: Option<M>,
    ) -> Self {
        let Some(result) = result else { return Self::default() };
        let is_given = match (merged, ours, theirs) {
            (Some(merged), _, _) => merged == result,
            (None, Some(ours), Some(theirs)) => {
                let is_base = |mode: &M| base.as_ref() == Some(mode);
                match (is_base(&ours), is_base(&theirs)) {
                    (true, false) => result == theirs,
                    (false, true) => result == ours,
                    (true, true) | (false, false) => result == ours || result == theirs,
                }
            }
            (None, Some(only), None) | (None, None, Some(only)) => only == result,
            // Neither has it, so that there is no mode to keep.
            (None, None, None) => true,
        };
        Self { mode_changed: !is_given, ..Self::default() }
    }
}
