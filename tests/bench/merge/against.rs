//! The merges of a real history, made once more: with git, and as if there were none.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use wt_orch::adapters::git::{Engine, MergeOptions, MergeOutcome, MergeRequest, Repo};
use wt_orch::domain::id::Oid;

use super::Failure;
use super::git::{answer, git, git_reads};

/// What git says of a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Truth {
    Clean(Oid),
    Conflict,
    /// Exit code 128: unrelated histories.
    Refused,
}

/// How an answer of ours compares with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Equal,
    NeedsGit,
    /// No tree where git has one: nothing lands that should not.
    Stricter,
    /// A tree that git would not have made.
    Wrong,
}

pub(crate) fn against(path: &Path, sample: usize) -> Result<bool, Failure> {
    let folder = tempfile::tempdir()?;
    let clone = folder.path().join("repo.git");
    borrow(path, &clone)?;
    let merges = merges(&clone, sample)?;
    let repo = Repo::discover(&clone, std::env::vars_os().collect())?;
    let truths = merges.iter().map(|pair| truth(&clone, *pair)).collect::<Result<Vec<_>, _>>()?;
    let clean = truths.iter().filter(|truth| matches!(truth, Truth::Clean(_))).count();
    println!(
        "{}: {} merges, {clean} clean, {}",
        path.display(),
        merges.len(),
        git(&clone, &["version"])?
    );
    println!(
        "{:<22} {:>6} {:>9} {:>9} {:>6} {:>10}",
        "", "equal", "needs git", "stricter", "wrong", "ms a merge"
    );
    let mut well = true;
    let modes = [
        ("with git", Engine::Auto, false),
        ("with git, cross-checked", Engine::Auto, true),
        ("without git", Engine::Libgit2, false),
    ];
    for (name, engine, cross_check) in modes {
        let mut counts: BTreeMap<Verdict, usize> = BTreeMap::new();
        let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
        let options = MergeOptions { cross_check, ..MergeOptions::default() };
        let mut session = repo.clone().with_engine(engine).merge_session(options);
        let begun = Instant::now();
        for ((ours, theirs), truth) in merges.iter().zip(&truths) {
            let request = MergeRequest { base: None, ours: *ours, theirs: *theirs };
            let outcome = session.merge(request)?;
            let verdict = verdict(&outcome, *truth);
            *counts.entry(verdict).or_default() += 1;
            match &outcome {
                MergeOutcome::NeedsGit { reason } => *reasons.entry(kind(reason)).or_default() += 1,
                MergeOutcome::Clean { check, .. } | MergeOutcome::Conflict { check, .. } => {
                    if let Some(sentence) = check.clone().sentence() {
                        println!("  {ours} {theirs}: {sentence}");
                    }
                }
                MergeOutcome::Unrelated | MergeOutcome::TimedOut { .. } => {}
            }
            if matches!(verdict, Verdict::Wrong | Verdict::Stricter) {
                println!("  {ours} {theirs}: {verdict:?}, git says {truth:?}");
            }
        }
        let each = begun.elapsed().as_secs_f64() * 1000.0 / merges.len().max(1) as f64;
        let count = |verdict| counts.get(&verdict).copied().unwrap_or(0);
        let [equal, needs, stricter, wrong] =
            [Verdict::Equal, Verdict::NeedsGit, Verdict::Stricter, Verdict::Wrong].map(count);
        println!("{name:<23} {equal:>5} {needs:>9} {stricter:>9} {wrong:>6} {each:>10.1}");
        for (reason, count) in reasons {
            println!("  {count:>4} {reason}");
        }
        well &= wrong == 0 && (engine == Engine::Libgit2 || equal == merges.len());
    }
    Ok(well)
}

/// A bare repository that has the objects of another, and takes new ones in its place.
fn borrow(path: &Path, clone: &Path) -> Result<(), Failure> {
    let source = path.canonicalize()?;
    let common = git(&source, &["rev-parse", "--path-format=absolute", "--git-common-dir"])?;
    let head = git(&source, &["rev-parse", "HEAD"])?;
    std::fs::create_dir(clone)?;
    git(clone, &["init", "-q", "--bare"])?;
    std::fs::write(clone.join("objects/info/alternates"), format!("{common}/objects\n"))?;
    git_reads(
        clone,
        &["update-ref", "--stdin"],
        format!("create refs/heads/tip {head}\n").as_bytes(),
    )
}

/// Parents of merges that are no fast-forward, spread evenly over the history.
fn merges(repo: &Path, sample: usize) -> Result<Vec<(Oid, Oid)>, Failure> {
    let listed = ["rev-list", "--min-parents=2", "--max-parents=2", "--parents", "refs/heads/tip"];
    let listed = git(repo, &listed)?;
    let lines: Vec<&str> = listed.lines().collect();
    let mut found = Vec::new();
    // Taken from all over the history, in an order that can stop anywhere.
    let step = (lines.len() / sample.max(1)).max(1);
    let order = (0..step).flat_map(|first| (first..lines.len()).step_by(step));
    for at in order {
        let ids: Vec<&str> = lines[at].split(' ').collect();
        let [_, one, two] = ids[..] else { continue };
        let forward = |a: &str, b: &str| {
            let code = answer(repo, &["merge-base", "--is-ancestor", a, b])?.status.code();
            Ok::<bool, Failure>(code == Some(0))
        };
        if !forward(one, two)? && !forward(two, one)? {
            found.push((one.parse()?, two.parse()?));
        }
        if found.len() == sample {
            break;
        }
    }
    Ok(found)
}

fn truth(repo: &Path, (ours, theirs): (Oid, Oid)) -> Result<Truth, Failure> {
    let source = format!("--attr-source={ours}");
    let (ours, theirs) = (ours.to_string(), theirs.to_string());
    let words = [&*source, "merge-tree", "--write-tree", "--no-messages", &ours, &theirs];
    let output = answer(repo, &words)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.code() {
        Some(0) => Ok(Truth::Clean(text.trim().parse()?)),
        Some(1) => Ok(Truth::Conflict),
        Some(128) => Ok(Truth::Refused),
        code => Err(format!("git merge-tree {ours} {theirs}: {code:?}").into()),
    }
}

fn verdict(outcome: &MergeOutcome, truth: Truth) -> Verdict {
    match (outcome, truth) {
        (MergeOutcome::Clean { tree, .. }, Truth::Clean(expected)) if *tree == expected => {
            Verdict::Equal
        }
        (MergeOutcome::Clean { .. }, _) => Verdict::Wrong,
        (MergeOutcome::Conflict { .. }, Truth::Conflict)
        | (MergeOutcome::Unrelated, Truth::Refused) => Verdict::Equal,
        (MergeOutcome::NeedsGit { .. }, _) => Verdict::NeedsGit,
        (
            MergeOutcome::Conflict { .. } | MergeOutcome::Unrelated | MergeOutcome::TimedOut { .. },
            _,
        ) => Verdict::Stricter,
    }
}

/// A reason without the names in it.
fn kind(reason: &str) -> String {
    let named = |word: &&str| word.contains(['/', '.', '`']) || word.starts_with(char::is_numeric);
    let words = reason.split(' ').map(|word| if named(&word) { "…" } else { word });
    words.collect::<Vec<_>>().join(" ")
}
