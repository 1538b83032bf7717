//! Merges that libraries are known to get wrong. With git, the answer is git's own; without it, the
//! same, or that git is needed: never another tree.

mod directories;
mod histories;
mod kinds;
mod made_up_names;
mod renames;
mod settings;

use super::*;
use crate::adapters::git::fixture::{Sandbox, lines, with_line};

/// What is to be merged, and what it comes to where git is ruled out.
struct Trap {
    name: &'static str,
    sandbox: Sandbox,
    ours: Oid,
    theirs: Oid,
    without: Without,
}

#[derive(Debug, Clone, Copy)]
enum Without {
    /// What git says.
    Same,
    /// Git is asked for, in a sentence with these words.
    NeedsGit(&'static str),
}

/// What an answer comes to.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Tree(String),
    Conflict,
    Unrelated,
    NeedsGit,
}

impl Answer {
    fn of(outcome: &MergeOutcome) -> Self {
        match outcome {
            MergeOutcome::Clean { tree, .. } => Self::Tree(tree.to_string()),
            MergeOutcome::Conflict { .. } => Self::Conflict,
            MergeOutcome::Unrelated => Self::Unrelated,
            MergeOutcome::NeedsGit { .. } => Self::NeedsGit,
            MergeOutcome::TimedOut { .. } => panic!("{outcome:?}"),
        }
    }

    /// What the user's own git says where it stands.
    fn of_git(sandbox: &Sandbox, ours: Oid, theirs: Oid) -> Self {
        let source = format!("--attr-source={ours}");
        let (ours, theirs) = (ours.to_string(), theirs.to_string());
        let words = [&*source, "merge-tree", "--write-tree", "--name-only", &ours, &theirs];
        match sandbox.try_git_at(&sandbox.root(), &words) {
            (true, tree) => Self::Tree(tree.trim_end().to_owned()),
            (false, error) if error.contains("unrelated") => Self::Unrelated,
            (false, error) => {
                assert_eq!(error, "");
                Self::Conflict
            }
        }
    }
}

impl Trap {
    fn on(files: &[(&str, &str)]) -> Sandbox {
        Sandbox::ordinary(files)
    }

    /// Both sides begin at HEAD.
    fn new(
        name: &'static str,
        sandbox: Sandbox,
        [ours, theirs]: [&[(&str, &str)]; 2],
        without: Without,
    ) -> Self {
        let base = sandbox.rev("HEAD");
        let ours = sandbox.branch("ours", base, ours);
        let theirs = sandbox.branch("theirs", base, theirs);
        Self { name, sandbox, ours, theirs, without }
    }

    fn check(self) {
        let Self { name, ref sandbox, ours, theirs, without } = self;
        let git = Answer::of_git(sandbox, ours, theirs);
        let repo = sandbox.repo();
        let request = MergeRequest { base: None, ours, theirs };
        assert_eq!(Answer::of(&repo.merge(request).unwrap()), git, "{name}");
        for cross_check in [false, true] {
            let options = MergeOptions { cross_check, ..MergeOptions::default() };
            let merged = repo.merge_session(options).merge(request).unwrap();
            assert_eq!(Answer::of(&merged), git, "{name}: in a train");
            if let MergeOutcome::Clean { check, .. } | MergeOutcome::Conflict { check, .. } = merged
            {
                assert_eq!(check.sentence(), None, "{name}");
            }
        }
        for (ours, theirs) in [(ours, theirs), (theirs, ours)] {
            let request = MergeRequest { base: None, ours, theirs };
            let library = repo.clone().with_engine(Engine::Libgit2).merge(request).unwrap();
            match (without, &library) {
                (Without::Same, library) => {
                    let git = Answer::of_git(sandbox, ours, theirs);
                    assert_eq!(Answer::of(library), git, "{name}: {library:?}");
                }
                (Without::NeedsGit(words), MergeOutcome::NeedsGit { reason }) => {
                    assert!(reason.contains(words), "{name}: {reason}");
                }
                (Without::NeedsGit(_), _) => panic!("{name}: {library:?}"),
            }
        }
    }
}
