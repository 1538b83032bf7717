//! `integrate --push` and `--pr`: what others get of a landing, when asked for.

use std::ffi::OsString;
use std::path::Path;

use crate::adapters::git::Push;
use crate::adapters::host::foreground::{Foreground, program_on_path};
use crate::cli::context::{Context, Place};
use crate::cli::failure::Failure;
use crate::domain::id::{Oid, RunId};
use crate::domain::integrate::{Integration, IntegrationOutcome, Terms};
use crate::domain::report::{Publication, ReportPlaces, run_report, shell_word};
use crate::domain::run::RunState;
use crate::render::report_markdown;

/// What was asked for.
pub(crate) struct Wish {
    remote: String,
    pull_request: bool,
}

/// Reads it off what was asked for; a remote that nobody names is refused before anything is merged.
pub(crate) fn wish(
    place: &Place,
    terms: &Terms,
    target: Option<&str>,
) -> Result<Option<Wish>, Failure> {
    if terms.push.is_none() && !terms.pull_request {
        return Ok(None);
    }
    let named = terms.push.clone().filter(|name| !name.is_empty());
    let remote = named.or_else(|| place.site.repo.push_remote(target?));
    match remote {
        Some(remote) => Ok(Some(Wish { remote, pull_request: terms.pull_request })),
        None => Err(Failure::refused("no_remote", "there is no remote to push to")
            .hint("add one: `git remote add origin URL`, or name it: `--push=REMOTE`")),
    }
}

/// The new branch that a pull request comes from, unless it is named.
pub(crate) fn branch_of_pull_request(run: &RunId) -> String {
    format!("wt-orch/{run}")
}

/// Pushes what landed; `None` when nothing did. A failure undoes nothing: it is told, with the
/// commands that go on from there.
pub(crate) fn publish(
    context: &Context,
    place: &Place,
    state: &RunState,
    wish: &Wish,
) -> Option<Publication> {
    let integration = state.integrations.last()?;
    let Some(IntegrationOutcome::Landed { new, .. }) = integration.outcome else { return None };
    let push = pushed(place, integration, new, &wish.remote);
    let mut publication = Publication {
        remote: push.remote.clone(),
        branch: push.branch.clone(),
        pushed: false,
        failed: false,
        pull_request: None,
        commands: vec![push.command()],
    };
    let request = wish.pull_request.then(|| PullRequest::new(place, state, integration, &push));
    let mut gh = None;
    if let Some(request) = &request {
        publication.commands.push(request.command(&state.spec.run));
        gh = program_on_path("gh", &place.site.env);
        if gh.is_none() {
            return Some(publication);
        }
    }
    publication.pushed = place.site.repo.push(&push, &place.site.env).unwrap_or_else(|error| {
        context.streams.warn(&error.to_string());
        false
    });
    publication.failed = !publication.pushed;
    if publication.failed {
        return Some(publication);
    }
    publication.commands.remove(0);
    if let (Some(request), Some(gh)) = (request, gh) {
        match request.make(place, &gh) {
            Ok(Some(address)) => {
                publication.pull_request = Some(address);
                publication.commands.clear();
            }
            Ok(None) => publication.failed = true,
            Err(error) => {
                context.streams.warn(&format!("cannot run {}: {error}", gh.display()));
                publication.failed = true;
            }
        }
    }
    Some(publication)
}

/// Tells what became of it, and what is left to do by hand.
pub(crate) fn tell(context: &Context, publication: &Publication) {
    let Publication { remote, branch, pushed, failed, pull_request, commands } = publication;
    if *pushed {
        context.streams.result(&format!("pushed to `{branch}` of `{remote}`"));
    }
    if let Some(address) = pull_request {
        context.streams.result(address);
    }
    if *failed {
        context.streams.warn("what landed stays, but it was not published");
        commands.iter().for_each(|command| context.streams.hint(&format!("`{command}`")));
    } else if !commands.is_empty() {
        context.streams.note("`gh` is not on the PATH; these commands push and ask for the pull:");
        context.streams.result(&commands.join("\n"));
    }
}

fn pushed(place: &Place, integration: &Integration, commit: Oid, remote: &str) -> Push {
    let spec = &integration.spec;
    let branch = match &spec.branch {
        Some(branch) => branch.clone(),
        None => place.site.repo.branch_at_remote(&spec.target, remote),
    };
    Push { remote: remote.to_owned(), commit, branch }
}

/// A pull request to be made by `gh`.
struct PullRequest {
    args: [String; 10],
    body: String,
}

impl PullRequest {
    fn new(place: &Place, state: &RunState, integration: &Integration, push: &Push) -> Self {
        let base = place.site.repo.branch_at_remote(&integration.spec.target, &push.remote);
        let words = |text: &str| text.to_owned();
        let args = [
            words("pr"),
            words("create"),
            words("--base"),
            base,
            words("--head"),
            push.branch.clone(),
            words("--title"),
            title(&state.spec.run, integration),
            words("--body-file"),
            words("-"),
        ];
        let body = report_markdown(&run_report(state, &ReportPlaces { root: None }));
        Self { args, body }
    }

    /// Asks `gh` to make it; `None` when that fails, else its address.
    fn make(&self, place: &Place, gh: &Path) -> std::io::Result<Option<String>> {
        let args = self.args.each_ref().map(OsString::from);
        let repo = &place.site.repo;
        let dir = repo.worktree().unwrap_or_else(|| repo.root());
        let (env, input) = (&place.site.env, Some(self.body.as_str()));
        let ended = Foreground { program: gh, args: &args, dir, env, input }.run()?;
        let address = ended.stdout.lines().last().unwrap_or_default().to_owned();
        Ok((ended.code == Some(0)).then_some(address))
    }

    /// As one would type it, with the report made anew.
    fn command(&self, run: &RunId) -> String {
        let words: Vec<String> = self.args.iter().map(|word| shell_word(word)).collect();
        format!("wt-orch report {run} --format md | gh {}", words.join(" "))
    }
}

/// The title of the only task, else the name of the run.
fn title(run: &RunId, integration: &Integration) -> String {
    let landed = |task| integration.train().iter().any(|(landed, _)| *landed == task);
    let mut members = integration.spec.members.iter().filter(|member| landed(&member.task));
    match (members.next(), members.next()) {
        (Some(only), None) => only.title.clone().unwrap_or_else(|| only.task.to_string()),
        _ => format!("{run}: {} tasks", integration.train().len()),
    }
}
