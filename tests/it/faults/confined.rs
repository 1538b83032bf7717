//! Programs under limits that the machine may not let a test set: as another user, and where file
//! systems can be mounted that nobody else sees.

use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

use crate::harness::{Invocation, Output, Repo};

/// The program under test, for scripts.
pub(super) const PROGRAM: &str = env!("CARGO_BIN_EXE_wt-orch");

/// Runs a script in a mount namespace of its own; `None`, with a message, where that is not allowed.
pub(super) fn with_mounts(repo: &Repo, script: &str) -> Option<Output> {
    let run = |script: &str| in_own_mounts(repo, &["sh", "-euc", script]).run();
    if run("mount -t tmpfs tmpfs ../tmp").code() == Some(0) {
        return Some(run(script));
    }
    not_tested("file systems cannot be mounted here")
}

/// A command whose mounts nobody else sees; it fails where that is not allowed.
pub(super) fn in_own_mounts<'a>(repo: &'a Repo, command: &[&str]) -> Invocation<'a> {
    let rights = if is_root(repo) { "-m" } else { "-rm" };
    // `env` fails like any command where there is no `unshare`.
    repo.program("env", &[&["unshare", rights], command].concat())
}

/// Runs a script as a user without rights, who gets the whole world of the test; `None`, with a
/// message, where that is not allowed.
pub(super) fn without_rights(repo: &Repo, script: &str) -> Option<Output> {
    let plain = ["-euc", script];
    if !is_root(repo) {
        return Some(repo.program("sh", &plain).run());
    }
    give(repo.root(), nobody());
    as_somebody_else(repo, script)
}

/// Runs a script as a user of a number that nobody else has; `None`, with a message, where that is
/// not allowed.
pub(super) fn as_somebody_else(repo: &Repo, script: &str) -> Option<Output> {
    let id = nobody().to_string();
    let args = ["--reuid", &id, "--regid", &id, "--clear-groups", "--inh-caps=-all", "sh", "-euc"];
    let become_user =
        |script: &str| repo.program("setpriv", &[&args[..], &[script]].concat()).run();
    let may = is_root(repo) && which(repo, "setpriv");
    if may && become_user(&format!("test -x '{PROGRAM}'")).code() == Some(0) {
        return Some(become_user(script));
    }
    not_tested(&format!("no other user can run {PROGRAM} here"))
}

#[expect(clippy::print_stderr, reason = "cargo shows it where tests are to be looked into")]
fn not_tested(why: &str) -> Option<Output> {
    eprintln!("not tested: {why}");
    None
}

fn nobody() -> u32 {
    700_000_000 + std::process::id() % 100_000_000
}

fn is_root(repo: &Repo) -> bool {
    repo.program("id", &["-u"]).run().exit(0).stdout().trim() == "0"
}

fn which(repo: &Repo, program: &str) -> bool {
    repo.program("sh", &["-c", &format!("command -v {program}")]).run().code() == Some(0)
}

/// Changes the owner of a folder and of all that is in it.
fn give(path: &Path, user: u32) {
    std::os::unix::fs::lchown(path, Some(user), Some(user)).unwrap();
    if path.symlink_metadata().unwrap().is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            give(&entry.unwrap().path(), user);
        }
        assert_eq!(path.metadata().unwrap().uid(), user);
        chown(path, Some(user), Some(user)).unwrap();
    }
}
