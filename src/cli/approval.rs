//! The user's approval of what a repository's own orchestrator.toml asks for. Cloning a repository
//! must not be enough to run its commands, or to hand it credentials.

use super::context::{Context, Place};
use super::failure::Failure;
use crate::adapters::git::Repo;
use crate::adapters::host::approvals::Approvals;
use crate::config::{Asked, Loaded, Names};
use crate::domain::diagnostic::quoted;
use crate::domain::task::{Regenerate, SetupHook};
use crate::render::visible;

/// What a repository's file asks for.
pub(super) struct Trust {
    /// All of it, approved or not.
    pub(super) asked: Asked,
    /// The same where the user has not approved it.
    pub(super) unapproved: Option<Asked>,
}

impl Context {
    /// What the repository's file asks for in these settings. Without approval its say about
    /// credentials is taken out of them; its commands stay, to be shown.
    pub(super) fn hold_back(
        &self,
        repo: Option<&Repo>,
        loaded: &mut Loaded,
    ) -> Result<Trust, Failure> {
        let own = self.load_settings(None)?;
        let asked = Asked::by_repository(loaded, &own);
        let yes = self.global.yes || self.environment.yes();
        let approved = repo.is_some_and(|repo| self.is_approved(repo, &asked));
        if asked.is_empty() || yes || approved {
            return Ok(Trust { asked, unapproved: None });
        }
        let run = &mut loaded.settings.run;
        (run.env_pass, run.env_deny) = (own.settings.run.env_pass, own.settings.run.env_deny);
        if asked.worktree_path.is_some() {
            loaded.settings.worktree_path = own.settings.worktree_path;
        }
        Ok(Trust { unapproved: Some(asked.clone()), asked })
    }

    /// A list that cannot be read approves of nothing; adding to it says what is wrong.
    fn is_approved(&self, repo: &Repo, asked: &Asked) -> bool {
        let holds = |list: Approvals| list.holds(repo.common_dir(), &asked.canonical());
        self.approvals().is_some_and(|list| holds(list).unwrap_or(false))
    }

    fn approvals(&self) -> Option<Approvals> {
        self.environment.state_home().map(|home| Approvals::at(&home))
    }
}

/// Remembers that the user approves, and says where.
pub(super) fn remember(context: &Context, repo: &Repo, asked: &Asked) -> Result<String, Failure> {
    let Some(list) = context.approvals() else {
        let message = "there is no folder to remember an approval in";
        return Err(Failure::refused("no_state_folder", message)
            .hint("set `HOME` or `XDG_STATE_HOME`; `--yes` approves for one command"));
    };
    list.add(repo.common_dir(), &asked.canonical()).map_err(|error| {
        let path = list.path().display();
        Failure::refused("not_remembered", error.to_string())
            .caused(&error)
            .hint(format!("`chmod 600 '{path}'`, or delete the file; it is your own"))
    })?;
    Ok(list.path().display().to_string())
}

/// Before anything of the repository's file is acted on: asks for what is not approved yet, once; on
/// no terminal that is a refusal.
pub(super) fn ensure(context: &Context, place: &mut Place) -> Result<(), Failure> {
    let Some(asked) = place.unapproved.take() else { return Ok(()) };
    let list = lines(&asked);
    let wants = "this repository's orchestrator.toml asks for what you have not approved";
    if !answered_yes(context, wants, &list) {
        let message = format!("{wants}:\n{}", list.join("\n"));
        return Err(Failure::refused("not_approved", message).hint(
            "`wt-orch config approve` approves of exactly this; `--yes` or `WT_ORCH_YES=1` of \
             whatever it says, for one command",
        ));
    }
    remember(context, &place.site.repo, &asked)?;
    let run = &mut place.settings.run;
    run.env_pass = asked.env_pass.unwrap_or_else(|| run.env_pass.clone());
    run.env_deny = asked.env_deny.unwrap_or_else(|| run.env_deny.clone());
    if let Some(path) = asked.worktree_path {
        place.settings.worktree_path = path;
    }
    Ok(())
}

/// What is to be approved, command by command and list by list, word for word.
pub(super) fn lines(asked: &Asked) -> Vec<String> {
    let names = |names: &Names| names.iter().map(visible).collect::<Vec<_>>().join(", ");
    let mut lines: Vec<String> = asked.setup.iter().flat_map(hook_lines).collect();
    if let Some(resolver) = &asked.resolver {
        lines.push("  a resolver of conflicts, which sees what both sides wrote:".to_owned());
        lines.extend(resolver.as_str().lines().map(|line| format!("    {}", visible(line))));
    }
    lines.extend(asked.regenerate.iter().flat_map(regenerate_lines));
    for (name, run) in &asked.tests {
        lines.push(format!("  a command that tests the module {}:", quoted(name)));
        lines.extend(run.lines().map(|line| format!("    {}", visible(line))));
    }
    if let Some(pass) = &asked.env_pass {
        lines.push(format!("  env_pass, credentials that tasks get: {}", names(pass)));
    }
    if let Some(path) = &asked.worktree_path {
        lines.push(format!("  worktree_path, where worktrees are made: {}", path.as_str()));
    }
    if let Some(deny) = &asked.env_deny {
        lines.push(format!("  env_deny, all that tasks do not get: {}", names(deny)));
    }
    lines
}

fn hook_lines(hook: &SetupHook) -> Vec<String> {
    let when = hook.when.as_ref().map_or_else(String::new, |when| {
        format!(" (where there is {})", when.globs().map(visible).collect::<Vec<_>>().join(", "))
    });
    let mut lines = vec![format!("  a command in each worktree{when}:")];
    lines.extend(hook.run.lines().map(|line| format!("    {}", visible(line))));
    lines
}

fn regenerate_lines(rule: &Regenerate) -> Vec<String> {
    let paths = rule.paths.globs().map(visible).collect::<Vec<_>>().join(", ");
    let mut lines = vec![format!("  a command where {paths} conflicts:")];
    lines.extend(rule.run.lines().map(|line| format!("    {}", visible(line))));
    lines
}

/// Asks on the terminal; where there is none the answer is no.
fn answered_yes(context: &Context, wants: &str, list: &[String]) -> bool {
    let question = format!("{wants}:\n{}\nApprove of it? [y/N] ", list.join("\n"));
    let answer = context.streams.ask(&question).unwrap_or_default();
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}
