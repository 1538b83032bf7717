//! What is tested: a commit, and modules of it.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

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
    let mut modules = named(context, repo, &all, &args.modules)?;
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
fn named(
    context: &Context,
    repo: &Repo,
    all: &[Module],
    wanted: &[String],
) -> Result<Vec<Module>, Failure> {
    let here = canonical(context.directory());
    let root = repo.worktree().map(|root| canonical(root.to_owned()));
    let known: Vec<_> =
        all.iter().map(|module| (module.name.as_str(), module.folder.as_str())).collect();
    let mut chosen = BTreeSet::new();
    for word in wanted {
        let folder = root.as_deref().and_then(|root| folder_in(root, &here, word));
        let picked = picked(&known, word, folder.as_deref());
        if picked.is_empty() {
            let failure = Failure::usage("unknown_module", format!("there is no module `{word}`"));
            let names = all.iter().map(|module| module.name.as_str());
            return Err(match closest(word, names) {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure.hint("`wt-orch test --list` lists the modules"),
            });
        }
        chosen.extend(picked);
    }
    if wanted.is_empty() {
        return Ok(all.to_vec());
    }
    Ok(chosen.into_iter().map(|at| all[at].clone()).collect())
}

/// Where the modules (name, folder) are that a word means: the one of this name, or those in the
/// folder that it leads to from where the user stands, or in that folder from the root.
fn picked(known: &[(&str, &str)], word: &str, folder: Option<&str>) -> Vec<usize> {
    let places = |is: &dyn Fn(&(&str, &str)) -> bool| -> Vec<usize> {
        (0..known.len()).filter(|&at| is(&known[at])).collect()
    };
    let below = |folder: &str| {
        places(&|(_, own)| {
            let rest = own.strip_prefix(folder);
            folder.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    let by_name = places(&|(name, _)| name.eq_ignore_ascii_case(word));
    if !by_name.is_empty() {
        return by_name;
    }
    let from_here = folder.map(below).unwrap_or_default();
    let from_root = word.trim_start_matches("./").trim_end_matches('/');
    if !from_here.is_empty() || from_root.is_empty() || from_root == "." {
        return from_here;
    }
    below(from_root)
}

/// The folder that a word names from `here`, relative to `root`; `None` where it is outside.
fn folder_in(root: &Path, here: &Path, word: &str) -> Option<String> {
    if word.is_empty() {
        return None;
    }
    let folder = canonical(here.join(word));
    Some(folder.strip_prefix(root).ok()?.to_str()?.to_owned())
}

/// Without links; one that is not checked out is only freed of its dots.
fn canonical(path: PathBuf) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| {
        let mut plain = PathBuf::new();
        for component in path.components() {
            match component {
                Component::CurDir => {}
                Component::ParentDir => {
                    plain.pop();
                }
                Component::Prefix(_) | Component::RootDir | Component::Normal(_) => {
                    plain.push(component);
                }
            }
        }
        plain
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [(&str, &str); 4] =
        [("root", ""), ("api", "api"), ("web", "packages/web"), ("docs", "packages/docs")];

    fn names(root: &Path, here: &Path, word: &str) -> Vec<&'static str> {
        let folder = folder_in(root, here, word);
        picked(&KNOWN, word, folder.as_deref()).into_iter().map(|at| KNOWN[at].0).collect()
    }

    #[test]
    fn a_word_is_a_name_or_a_folder_from_where_one_stands_and_means_all_that_is_in_it() {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path().canonicalize().unwrap();
        let packages = root.join("packages");
        std::fs::create_dir_all(packages.join("web")).unwrap();
        let all = ["root", "api", "web", "docs"];
        assert_eq!(names(&root, &root, "."), all);
        assert_eq!(names(&root, &packages, ".."), all);
        assert_eq!(names(&root, &root, root.to_str().unwrap()), all);
        for word in ["packages", "./packages/", packages.to_str().unwrap()] {
            assert_eq!(names(&root, &root, word), ["web", "docs"], "{word}");
        }
        assert_eq!(names(&root, &packages, "."), ["web", "docs"]);
        assert_eq!(names(&root, &packages, "./web"), ["web"]);
        assert_eq!(names(&root, &packages, "API"), ["api"], "a name, wherever one stands");
        // Not in the working tree, and from the root.
        assert_eq!(names(&root, &packages, "docs/"), ["docs"]);
        assert_eq!(names(&root, &packages, "packages/docs"), ["docs"]);
        for nothing in ["", "pack", "../..", "/", "nothing"] {
            assert_eq!(names(&root, &root, nothing), [] as [&str; 0], "{nothing}");
        }
    }
}
