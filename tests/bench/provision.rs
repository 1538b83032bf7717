//! What `scripts/bench/provision.sh` times: worktrees made by this program, and the same bytes
//! written without git.
//!
//! `provision REPO FOLDER N` makes N worktrees of HEAD in FOLDER, `plain REPO FOLDER N` writes the
//! files of HEAD N times from memory with as many threads as there are cores, and prints the seconds
//! of the writing alone. `shelve REPO FOLDER N` makes N worktrees of HEAD and puts them into the pool,
//! `reuse REPO FOLDER N` takes N out of it for `refs/bench/next` and makes none from nothing.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program of its own that measures and tells"
)]

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use wt_orch::adapters::git::Repo;
use wt_orch::adapters::worktree::pool::{Keeping, take_all};
use wt_orch::adapters::worktree::{
    Removal, RemoveMode, RemoveOutcome, Trash, WorktreeOptions, WorktreeSpec, provision_all,
    remove_all,
};
use wt_orch::domain::id::Oid;

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo hands its benches an option that is of no use here.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let [kind, repo, folder, count] = words.as_slice() else {
        // Run by `cargo test --benches` or without anything to measure.
        return Ok(());
    };
    let (repo, folder, count) = (Path::new(repo), Path::new(folder), count.parse()?);
    match kind.as_str() {
        "provision" => provisioned(repo, folder, count),
        "plain" => plain(repo, folder, count),
        "shelve" => shelved(repo, folder, count),
        "reuse" => reused(repo, folder, count),
        other => Err(format!("`{other}` is none of provision, plain, shelve, reuse").into()),
    }
}

fn specs(folder: &Path, count: usize, (branch, start): (&str, Oid)) -> Vec<WorktreeSpec> {
    let spec = |number: usize| WorktreeSpec {
        path: folder.join(format!("w{number}")),
        branch: Some(format!("bench/{branch}{number}")),
        start,
        lock_reason: None,
        options: WorktreeOptions::default(),
    };
    (0..count).map(spec).collect()
}

fn shelved(repo: &Path, folder: &Path, count: usize) -> Result<(), Box<dyn Error>> {
    provisioned(repo, folder, count)?;
    let repo = Repo::discover(repo, std::env::vars_os().collect())?;
    let paths: Vec<PathBuf> = (0..count).map(|number| folder.join(format!("w{number}"))).collect();
    let caches = ["target/".to_owned()];
    let pool = Some(Keeping { size: u32::try_from(count)?, caches: &caches });
    let trash = Trash::begin();
    let removal = Removal { paths: &paths, mode: RemoveMode::OnlyIfClean, pool };
    let outcomes = remove_all(&repo, removal, &trash)?;
    trash.finish();
    match outcomes.iter().all(|outcome| matches!(outcome, RemoveOutcome::Pooled)) {
        true => Ok(()),
        false => Err(format!("not all are in the pool: {outcomes:?}").into()),
    }
}

fn reused(repo: &Path, folder: &Path, count: usize) -> Result<(), Box<dyn Error>> {
    let repo = Repo::discover(repo, std::env::vars_os().collect())?;
    let start = repo.resolve_commit("refs/bench/next")?.ok_or("there is no refs/bench/next")?;
    for taken in take_all(&repo, &specs(folder, count, ("again", start)), &["target/".to_owned()]) {
        taken?.ok_or("the pool had none")?;
    }
    Ok(())
}

fn provisioned(repo: &Path, folder: &Path, count: usize) -> Result<(), Box<dyn Error>> {
    let repo = Repo::discover(repo, std::env::vars_os().collect())?;
    let start = repo.head()?.tip().ok_or("the repository has no commit")?;
    for made in provision_all(&repo, specs(folder, count, ("w", start))) {
        if let Some(reason) = made?.by_git {
            eprintln!("written by git: {reason}");
        }
    }
    Ok(())
}

/// A file to be written: folder and name, bytes, whether it is a link.
struct Plain {
    path: PathBuf,
    bytes: Vec<u8>,
    link: bool,
}

fn plain(repo: &Path, folder: &Path, count: usize) -> Result<(), Box<dyn Error>> {
    let files = load(repo)?;
    let mut folders: Vec<&Path> =
        files.iter().flat_map(|file| file.path.ancestors().skip(1)).collect();
    folders.sort();
    folders.dedup();
    let begin = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let write = |at: usize| -> std::io::Result<()> {
        let root = folder.join(format!("p{at}"));
        for folder in &folders {
            std::fs::create_dir(root.join(folder))?;
        }
        Ok(())
    };
    each(threads, count, &next, &write)?;
    // Files of one folder by one thread, as whoever is quick would do it.
    let mut groups: Vec<&[Plain]> =
        files.chunk_by(|a, b| a.path.parent() == b.path.parent()).collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
    next.store(0, Ordering::Relaxed);
    each(threads, groups.len(), &next, &|at| {
        for file in groups[at] {
            for number in 0..count {
                let path = folder.join(format!("p{number}")).join(&file.path);
                if file.link {
                    let target: &std::ffi::OsStr =
                        std::os::unix::ffi::OsStrExt::from_bytes(&file.bytes[..]);
                    std::os::unix::fs::symlink(target, path)?;
                } else {
                    std::fs::File::create(path)?.write_all(&file.bytes)?;
                }
            }
        }
        Ok(())
    })?;
    println!("{:.4}", begin.elapsed().as_secs_f64());
    Ok(())
}

fn each(
    threads: usize,
    count: usize,
    next: &AtomicUsize,
    work: &(impl Fn(usize) -> std::io::Result<()> + Sync),
) -> std::io::Result<()> {
    std::thread::scope(|scope| {
        let run = || loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                return Ok(());
            }
            work(at)?;
        };
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        running.into_iter().try_for_each(|thread| {
            thread.join().unwrap_or_else(|_| Err(std::io::Error::other("a thread panicked")))
        })
    })
}

/// All files of HEAD in memory, in the order of the tree.
fn load(repo: &Path) -> Result<Vec<Plain>, Box<dyn Error>> {
    let git = |words: &[&str]| {
        let mut command = Command::new("git");
        command.arg("-C").arg(repo).args(words).stdin(Stdio::piped()).stdout(Stdio::piped());
        command
    };
    let listed = git(&["ls-tree", "-r", "-z", "HEAD"]).output()?.stdout;
    let mut files = Vec::new();
    let mut questions = String::new();
    for line in listed.split(|&byte| byte == 0).filter(|line| !line.is_empty()) {
        let text = std::str::from_utf8(line)?;
        let (meta, path) = text.split_once('\t').ok_or("no tab in `git ls-tree`")?;
        let mut words = meta.split(' ');
        let (Some(mode), Some("blob"), Some(id)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        questions.push_str(id);
        questions.push('\n');
        files.push(Plain { path: path.into(), bytes: Vec::new(), link: mode == "120000" });
    }
    let mut child = git(&["cat-file", "--batch"]).spawn()?;
    let mut pipe = child.stdin.take().ok_or("no pipe")?;
    let asking = std::thread::spawn(move || pipe.write_all(questions.as_bytes()));
    let answers = child.wait_with_output()?.stdout;
    asking.join().map_err(|_| "a thread panicked")??;
    let mut rest = &answers[..];
    for file in &mut files {
        let end = rest.iter().position(|&byte| byte == b'\n').ok_or("a short answer")?;
        let size: usize =
            std::str::from_utf8(&rest[..end])?.rsplit(' ').next().ok_or("no size")?.parse()?;
        file.bytes = rest[end + 1..end + 1 + size].to_vec();
        rest = &rest[end + size + 2..];
    }
    Ok(files)
}
