//! What is tested: a commit, and modules of it.

use super::base::changed_since;
use crate::adapters::git::Repo;
use crate::cli::args::TestArgs;
use crate::cli::context::{Context, Place};
use crate::cli::failure::Failure;
use crate::domain::diagnostic::closest;
use crate::domain::id::Oid;
use crate::domain::suite::{Module, SuiteMemory, changed, shard};
use crate::engine::{Snapshot, load_suites, snapshot_working_tree};

/// What is to be tested.
pub(super) struct Chosen {
    pub(super) commit: Oid,
    /// What the commit is called.
    pub(super) name: String,
    pub(super) modules: Vec<Module>,
    /// How many there are in all.
    pub(super) found: usize,
    /// What was left out and why.
    pub(super) notes: Vec<String>,
}

/// Finds the modules and takes those that are asked for.
pub(super) fn choose(
    context: &Context,
    place: &Place,
    args: &TestArgs,
    memory: &SuiteMemory,
) -> Result<Chosen, Failure> {
    let repo = &place.site.repo;
    let (commit, name) = tested(context, place, args.working_tree)?;
    let found = load_suites(repo, commit, &place.settings.test)?;
    for note in &found.notes {
        context.streams.note(&format!("note: {note}"));
    }
    if found.modules.is_empty() && !args.list {
        return Err(Failure::refused("no_modules", "no module with a test suite was found").hint(
            "name one in orchestrator.toml: `[test.modules.NAME]` with `run = \"COMMAND\"`",
        ));
    }
    let all = found.modules;
    let mut modules = named(&all, &args.modules)?;
    if let Some(base) = &args.changed {
        let since = changed_since(repo, commit, base)?;
        let selection = changed(&all, &since.paths);
        modules.retain(|module| selection.modules.contains(&module.name));
        for module in &mut modules {
            if let Some(why) = selection.why.get(&module.name) {
                module.why.clone_from(why);
            }
        }
        let (count, total) = (modules.len(), all.len());
        context.streams.note(&format!(
            "changed since {} ({}): {count} of {total} modules",
            since.name,
            since.base.short()
        ));
    }
    if let Some(part) = args.shard {
        let names: Vec<&str> = modules.iter().map(|module| module.name.as_str()).collect();
        let mine = shard(&names, &memory.module_seconds, part.index, part.of);
        let mine: Vec<String> = mine.into_iter().map(str::to_owned).collect();
        let total = modules.len();
        modules.retain(|module| mine.contains(&module.name));
        context.streams.note(&format!(
            "shard {} of {}: {} of {total} modules",
            part.index,
            part.of,
            modules.len()
        ));
    }
    Ok(Chosen { commit, name, modules, found: all.len(), notes: found.notes })
}

/// The commit that is tested, and its name.
fn tested(context: &Context, place: &Place, working_tree: bool) -> Result<(Oid, String), Failure> {
    let repo = &place.site.repo;
    let head = repo.head()?;
    let branch = head.branch().unwrap_or("HEAD").to_owned();
    if working_tree {
        let (commit, notes) = match snapshot_working_tree(&place.site)? {
            Snapshot::AsCommitted { head, notes } => (head, notes),
            Snapshot::Taken { commit, notes } => (commit, notes),
            Snapshot::Refused { what, resolve } => {
                return Err(Failure::refused("no_snapshot", what).hint(resolve));
            }
        };
        context.streams.note(&format!("testing: the working tree of {branch}"));
        for note in notes {
            context.streams.note(&format!("note: {note}"));
        }
        return Ok((commit, format!("the working tree of {branch}")));
    }
    let Some(commit) = head.tip() else {
        return Err(Failure::refused("unborn_head", "the repository has no commit yet")
            .hint("`git commit` makes the first one; `git add` says what is in it"));
    };
    context.streams.note(&format!("testing: {branch} at {}", commit.short()));
    tell_uncommitted(context, repo)?;
    Ok((commit, branch))
}

fn tell_uncommitted(context: &Context, repo: &Repo) -> Result<(), Failure> {
    let dirty = repo.dirty()?;
    let mut paths: Vec<&String> = dirty.tracked().chain(&dirty.untracked).collect();
    paths.sort();
    paths.dedup();
    if !paths.is_empty() {
        let (count, noun) = (paths.len(), if paths.len() == 1 { "path" } else { "paths" });
        context.streams.note(&format!(
            "note: your checkout has uncommitted changes in {count} {noun}; the last commit is \
             tested, and `--working-tree` tests what is there"
        ));
    }
    Ok(())
}

/// The modules of these names or folders, in the order in which they were found; all without names.
fn named(all: &[Module], wanted: &[String]) -> Result<Vec<Module>, Failure> {
    let is = |module: &Module, word: &str| {
        let folder = word.trim_start_matches("./").trim_end_matches('/');
        module.name.eq_ignore_ascii_case(word) || (!folder.is_empty() && module.folder == folder)
    };
    for word in wanted {
        if !all.iter().any(|module| is(module, word)) {
            let failure = Failure::usage("unknown_module", format!("there is no module `{word}`"));
            let names = all.iter().map(|module| module.name.as_str());
            return Err(match closest(word, names) {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure.hint("`wt-orch test --list` lists the modules"),
            });
        }
    }
    let chosen = |module: &&Module| wanted.is_empty() || wanted.iter().any(|word| is(module, word));
    Ok(all.iter().filter(chosen).cloned().collect())
}
