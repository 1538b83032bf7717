//! Files that a command makes: in conflict they are not merged but made anew.

use std::ffi::OsString;

use super::Mediator;
use super::desk::{Desk, Errand};
use super::evidence::Sides;
use super::merge::Stage;
use crate::domain::id::Oid;
use crate::domain::integrate::outside;
use crate::domain::run::Ending;
use crate::domain::task::Regenerate;
use crate::engine::setup::changed_between;

/// Lines of a command's output in a sentence of ours.
const SHOWN_LINES: usize = 3;

impl Mediator<'_> {
    /// Makes these paths of a tree anew, each by its rule, in the order of the rules. Only what is in
    /// conflict or what a side changed is taken over.
    pub(super) async fn regenerate(
        &self,
        desk: &Desk,
        (sides, tree): (&Sides, Oid),
        paths: &[String],
    ) -> Result<Stage, String> {
        let (mut tree, mut notes) = (tree, Vec::new());
        for rule in &self.rules.regenerate {
            let is_its =
                |path: &String| self.rules.regenerates(path).is_some_and(|its| its == rule);
            if !paths.iter().any(is_its) {
                continue;
            }
            match self.made_anew(desk, (sides, tree), rule).await? {
                Stage::Done(made, said) => {
                    tree = made;
                    notes.extend(said);
                }
                other @ (Stage::Refused(_) | Stage::Interrupted) => return Ok(other),
            }
        }
        Ok(Stage::Done(tree, notes))
    }

    async fn made_anew(
        &self,
        desk: &Desk,
        (sides, tree): (&Sides, Oid),
        rule: &Regenerate,
    ) -> Result<Stage, String> {
        let before = desk.aside(move |_, checkout| {
            checkout.put_tree(tree)?;
            checkout.whole_tree()
        });
        let before = before.await?;
        let argv = ["sh", "-c", &rule.run].map(OsString::from).to_vec();
        let end = desk.run(self, Errand { argv, agent: None, timeout: rule.timeout }).await?;
        if self.reins.is_stopped() {
            return Ok(Stage::Interrupted);
        }
        if end.ending != (Ending::Code { code: 0 }) {
            let said = told(&end.last_lines);
            return Ok(Stage::Refused(vec![format!("`{}` ended: {}{said}", rule.run, end.ending)]));
        }
        let (globs, changed) = (rule.paths.clone(), sides.changed.clone());
        let taken = desk.aside(move |site, checkout| {
            let after = checkout.whole_tree()?;
            let touched = changed_between(&site.repo, before, after)?;
            let may = |path: &str| globs.matches(path) && changed.contains(path);
            let put_back: Vec<String> = outside(&touched, may).map(str::to_owned).collect();
            let own: Vec<String> = touched.into_iter().filter(|path| may(path)).collect();
            Ok((checkout.overlaid(tree, after, &own)?, put_back))
        });
        let (made, put_back) = taken.await?;
        let note = (!put_back.is_empty()).then(|| {
            format!("what `{}` changed in {} was put back", rule.run, put_back.join(", "))
        });
        Ok(Stage::Done(made, note.into_iter().collect()))
    }
}

/// The end of a command's output, for the end of a sentence.
pub(super) fn told(last_lines: &[String]) -> String {
    let shown = &last_lines[last_lines.len().saturating_sub(SHOWN_LINES)..];
    if shown.is_empty() { String::new() } else { format!(": {}", shown.join(" / ")) }
}
