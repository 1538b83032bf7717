//! Sixty-four branches of a repository of 5,000 files, landed by us and by `git merge`.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use wt_orch::adapters::git::{MergeOptions, MergeOutcome, MergeRequest, NewCommit, Repo};
use wt_orch::domain::id::Oid;

use super::Failure;
use super::git::{git, git_reads};

const FILES: usize = 5_000;
const PER_FOLDER: usize = 20;
const LINES: usize = 120;
const BRANCHES: usize = 64;
const ROUNDS: usize = 5;
/// Most that our train may take, in times of git's.
const RATIO_LIMIT: f64 = 0.15;

pub(crate) fn integrate(folder: Option<&Path>) -> Result<bool, Failure> {
    let temporary = match folder {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    let root = temporary.path().join("repo");
    std::fs::create_dir(&root)?;
    git(&root, &["init", "-q", "-b", "main"])?;
    git_reads(&root, &["fast-import", "--quiet"], history().as_bytes())?;
    git(&root, &["checkout", "-q", "-f", "main"])?;
    let files = git(&root, &["ls-files"])?.lines().count();
    println!("{BRANCHES} branches, {files} files; seconds");
    println!("{:>9} {:>9} {:>9} {:>9} {:>7}", "merging", "to disk", "wt-orch", "git", "ratio");
    let mut ratios = Vec::new();
    for round in 0..ROUNDS {
        // Who goes first finds the caches cold.
        let (ours, theirs) = if round % 2 == 0 {
            (train(&root)?, loop_of_merges(&root)?)
        } else {
            let theirs = loop_of_merges(&root)?;
            (train(&root)?, theirs)
        };
        if ours.tree != theirs.tree {
            return Err("the two come to different trees".into());
        }
        let total = (ours.merging + ours.syncing).as_secs_f64();
        let ratio = total / theirs.merging.as_secs_f64();
        ratios.push(ratio);
        let seconds = [ours.merging, ours.syncing].map(|time| time.as_secs_f64());
        println!(
            "{:>9.3} {:>9.3} {total:>9.3} {:>9.3} {ratio:>7.3}",
            seconds[0],
            seconds[1],
            theirs.merging.as_secs_f64()
        );
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios[ratios.len() / 2];
    println!("median ratio {median:.3}, at most {RATIO_LIMIT}");
    Ok(median <= RATIO_LIMIT)
}

struct Landed {
    merging: Duration,
    syncing: Duration,
    tree: Oid,
}

fn train(root: &Path) -> Result<Landed, Failure> {
    let repo = Repo::discover(root, std::env::vars_os().collect())?;
    let tip = |name: &str| repo.branch_tip(name)?.ok_or_else(|| Failure::from("no such branch"));
    let base = tip("main")?;
    let begun = Instant::now();
    let mut session = repo.merge_session(MergeOptions::default());
    let mut head = base;
    for number in 0..BRANCHES {
        let theirs = tip(&branch(number))?;
        let merged = session.merge(MergeRequest { base: None, ours: head, theirs })?;
        let MergeOutcome::Clean { tree, .. } = merged else {
            return Err(format!("branch {number}: {merged:?}").into());
        };
        let (parents, message) = (vec![head, theirs], format!("Merge {number}"));
        head = session.commit(&NewCommit { tree, parents, message, author_of: None })?;
    }
    let merging = begun.elapsed();
    repo.sync_objects(head, &[base])?;
    Ok(Landed { merging, syncing: begun.elapsed() - merging, tree: repo.tree_of(head)? })
}

fn loop_of_merges(root: &Path) -> Result<Landed, Failure> {
    git(root, &["checkout", "-q", "--detach", "main"])?;
    let begun = Instant::now();
    for number in 0..BRANCHES {
        git(root, &["merge", "-q", "--no-ff", "-m", "merge", &branch(number)])?;
    }
    let merging = begun.elapsed();
    let tree = git(root, &["rev-parse", "HEAD^{tree}"])?.parse()?;
    git(root, &["checkout", "-q", "main"])?;
    Ok(Landed { merging, syncing: Duration::ZERO, tree })
}

fn branch(number: usize) -> String {
    format!("work/{number}")
}

/// For `git fast-import`: `main`, and branches that each change 3 to 8 files in 1 to 3 folders; every
/// fourth shares a file with its neighbour, every eighth adds one, every sixteenth renames one.
fn history() -> String {
    let mut stream = String::from("commit refs/heads/main\nmark :1\n");
    header(&mut stream, "base");
    for number in 0..FILES {
        put(&mut stream, &path(number), &content(number, &[]));
    }
    for number in 0..BRANCHES {
        let _infallible = writeln!(stream, "commit refs/heads/{}", branch(number)).is_ok();
        header(&mut stream, "work");
        stream.push_str("from :1\n");
        let folders = number % 3 + 1;
        for change in 0..(number % 6 + 3) {
            let folder = number * 3 + change % folders;
            let file = folder * PER_FOLDER + change;
            put(&mut stream, &path(file), &content(file, &[(10, number)]));
        }
        if number % 4 < 2 {
            // Both neighbours change this one, far apart.
            let shared = FILES - 1 - number / 4;
            let line = if number % 4 == 0 { 5 } else { 100 };
            put(&mut stream, &path(shared), &content(shared, &[(line, number)]));
        }
        if number % 8 == 0 {
            put(&mut stream, &format!("src/new/added{number}.txt"), &content(number, &[]));
        }
        if number % 16 == 3 {
            let from = path(FILES - 1_000 - number * PER_FOLDER);
            let _infallible = writeln!(stream, "R {from} {from}.moved").is_ok();
        }
    }
    stream
}

fn header(stream: &mut String, message: &str) {
    stream.push_str("committer B <b@example.org> 1700000000 +0000\n");
    data(stream, message);
}

fn put(stream: &mut String, path: &str, content: &str) {
    let _infallible = writeln!(stream, "M 100644 inline {path}").is_ok();
    data(stream, content);
}

fn data(stream: &mut String, text: &str) {
    let _infallible = write!(stream, "data {}\n{text}\n", text.len()).is_ok();
}

fn path(number: usize) -> String {
    let folder = number / PER_FOLDER;
    format!("src/area{}/module{folder}/file{number}.txt", folder / 10)
}

fn content(number: usize, changed: &[(usize, usize)]) -> String {
    let mut text = String::new();
    for line in 0..LINES {
        let who = changed.iter().find(|(at, _)| *at == line);
        let _infallible = match who {
            Some((_, who)) => writeln!(text, "line {line} of file {number}, changed by {who}"),
            None => writeln!(text, "line {line} of file {number}"),
        }
        .is_ok();
    }
    text
}
