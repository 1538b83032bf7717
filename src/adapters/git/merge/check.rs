//! A merge of git's, made once more by libgit2.

use super::{CrossCheck, MergeOutcome, MergeRequest, MergeSession};
use crate::adapters::git::capability::Backend;
use crate::adapters::git::merge_libgit2::{Judged, judged_in_memory};
use crate::adapters::git::repo::Engine;
use crate::domain::id::Oid;

impl MergeSession {
    /// The outcome with what libgit2 says of it. Whatever that is, the outcome stays.
    pub(super) fn cross_checked(
        &self,
        request: MergeRequest,
        mut outcome: MergeOutcome,
    ) -> MergeOutcome {
        let possible =
            self.repo.backend() == Backend::Libgit2 && self.repo.engine() == Engine::Auto;
        if !(self.options.cross_check && possible) {
            return outcome;
        }
        let (tree, place) = match &mut outcome {
            MergeOutcome::Clean { tree, check, .. } => (Some(*tree), check),
            MergeOutcome::Conflict { check, .. } => (None, check),
            MergeOutcome::Unrelated
            | MergeOutcome::NeedsGit { .. }
            | MergeOutcome::TimedOut { .. } => return outcome,
        };
        // It is only a second opinion: where libgit2 fails or takes too long there is none.
        let judged = judged_in_memory(&self.repo, request, self.options.time_limit);
        *place =
            judged.ok().flatten().map_or(CrossCheck::NotMade, |second| compared(tree, &second));
        outcome
    }
}

/// `tree` is git's, `None` for a conflict.
fn compared(tree: Option<Oid>, second: &Judged) -> CrossCheck {
    let sentence = match (tree, second) {
        (_, Judged::NeedsGit { .. }) => return CrossCheck::NotMade,
        (Some(tree), Judged::Clean { tree: other }) if tree == *other => return CrossCheck::Agrees,
        (None, Judged::Conflict { .. }) => return CrossCheck::Agrees,
        (Some(tree), Judged::Clean { tree: other }) => format!(
            "git merges to the tree {}, libgit2 to {}: git's is taken",
            tree.short(),
            other.short()
        ),
        (Some(_), Judged::Conflict { .. }) => {
            "git merges what is a conflict for libgit2: git's tree is taken".to_owned()
        }
        (None, Judged::Clean { .. }) => {
            "libgit2 merges what is a conflict for git: it counts as one".to_owned()
        }
        (_, Judged::Unrelated) => {
            "git found a common ancestor where libgit2 found none: git's answer is taken".to_owned()
        }
    };
    CrossCheck::Differs { sentence }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_told_and_what_libgit2_cannot_know_is_none() {
        let tree = |digit: u8| Oid::from_bytes(&[digit; 20]).unwrap();
        let said = |git, second| match compared(git, &second) {
            CrossCheck::Differs { sentence } => sentence,
            CrossCheck::NotMade => "none".to_owned(),
            CrossCheck::Agrees => "same".to_owned(),
        };
        let conflict = || Judged::Conflict { stages: Vec::new() };
        let clean = |digit| Judged::Clean { tree: tree(digit) };
        let unknown = Judged::NeedsGit { reason: String::new() };
        assert_eq!(said(Some(tree(1)), unknown), "none");
        assert_eq!(said(Some(tree(1)), clean(1)), "same");
        assert_eq!(said(None, conflict()), "same");
        assert!(said(Some(tree(1)), clean(2)).ends_with("libgit2 to 0202020202: git's is taken"));
        assert!(said(Some(tree(1)), conflict()).starts_with("git merges what is a conflict"));
        assert!(said(None, clean(1)).starts_with("libgit2 merges what is a conflict"));
    }
}
