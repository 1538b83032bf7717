//! Carrying over between real checkouts and worktrees.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::*;
use crate::adapters::git::Repo;
use crate::adapters::git::fixture::{Sandbox, write};
use crate::adapters::worktree::tests::spec;
use crate::adapters::worktree::{Checkout, provision};
use crate::domain::run::WorktreeRules;

mod brought_again;
mod installed;
mod never_committed;
mod odd_patterns_file;
mod products;

const PATTERNS: &str = ".env\n/data/\n!/data/big\nconf/*.local\n";
const IGNORED: &str = ".env*\n/data/\n*.local\nsecret*\n/target/\n/nested/\n";

/// A checkout with ignored files, some of them wanted, and one worktree of ours.
struct Scene {
    sandbox: Sandbox,
    repo: Repo,
    path: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let sandbox = Sandbox::with(&[
            (".gitignore", IGNORED),
            (".worktreeinclude", PATTERNS),
            ("a", "1\n"),
            ("conf/shared", "1\n"),
        ]);
        for (path, text) in [
            (".env", "KEY=1\n"),
            (".env.other", "not named\n"),
            ("data/one", "1\n"),
            ("data/deep/two", "2\n"),
            ("data/big", "big\n"),
            ("conf/db.local", "db\n"),
            ("secret", "not named\n"),
            ("untracked.local.txt", "not ignored\n"),
            ("target/debug/.env", "in a cache\n"),
            ("target/model.bin", "model\n"),
        ] {
            sandbox.write(path, text);
        }
        let repo = sandbox.repo();
        let path = provision(&repo, spec(&sandbox, "t")).unwrap().path;
        Self { sandbox, repo, path }
    }

    fn admitted(&self, rules: &WorktreeRules) -> Result<Carry, TooLarge> {
        let (checkout, git_dir) = (self.sandbox.root(), self.sandbox.root().join(".git"));
        let origin = Origin { checkout: &checkout, git_dir: &git_dir };
        select(&self.repo, origin, rules).unwrap().admit(&self.sandbox.path(""))
    }

    fn carry(&self, rules: &WorktreeRules) -> Carry {
        self.admitted(rules).unwrap()
    }

    fn git_dir(&self) -> PathBuf {
        self.repo.worktree_at(&self.path).unwrap().unwrap().git_dir.unwrap()
    }

    fn brought(&self, carry: &Carry) -> Arrival {
        carry.bring(&self.repo, &self.path, &self.git_dir()).unwrap()
    }

    fn read(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.path.join(path)).ok()
    }

    fn checkout(&self) -> Checkout {
        Checkout::at(&self.repo, &self.path).unwrap()
    }

    fn git(&self, words: &[&str]) -> String {
        self.sandbox.git_at(&self.path, words)
    }

    /// Files and links in the worktree that its commit does not have.
    fn extra(&self) -> Vec<String> {
        let listed = self.git(&["ls-files", "--others"]);
        listed.lines().map(str::to_owned).collect()
    }
}

fn set_age(path: &Path, seconds: u64) -> SystemTime {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000 - seconds);
    std::fs::File::open(path).unwrap().set_modified(time).unwrap();
    time
}

fn modified(path: &Path) -> SystemTime {
    path.metadata().unwrap().modified().unwrap()
}

#[test]
fn what_is_named_and_ignored_goes_along_and_nothing_else() {
    let scene = Scene::new();
    let carry = scene.carry(&WorktreeRules::default());
    assert_eq!(carry.paths(false), [".env", "conf/db.local", "data/"]);
    let arrival = scene.brought(&carry);
    assert_eq!(scene.extra(), [".env", "conf/db.local", "data/deep/two", "data/one"]);
    assert_eq!(scene.read(".env").unwrap(), "KEY=1\n");
    assert_eq!(arrival.load, carry.load());
    assert_eq!((carry.notes(), arrival.notes.as_slice()), (&[][..], &[][..]));
    assert!(!arrival.products && !carry.has_products());
}

#[test]
fn the_setting_adds_to_the_file_and_can_take_away_from_it() {
    let scene = Scene::new();
    let include = ["secret", "!conf/", "target/*.bin", "[z-a]"].map(str::to_owned).to_vec();
    let carry = scene.carry(&WorktreeRules { include, ..WorktreeRules::default() });
    scene.brought(&carry);
    // `target` is a cache: it is not searched for `.env`, only for what names a place in it.
    let expected =
        [".env", "conf/db.local", "data/deep/two", "data/one", "secret", "target/model.bin"];
    assert_eq!(scene.extra(), expected);
    assert!(carry.notes()[0].starts_with("`[z-a]` of `worktree.include` is no pattern"));
}

#[test]
fn without_patterns_nothing_is_looked_for() {
    let scene = Scene::new();
    std::fs::remove_file(scene.sandbox.root().join(".worktreeinclude")).unwrap();
    let carry = scene.carry(&WorktreeRules::default());
    assert!(carry.is_empty());
    scene.brought(&carry);
    assert!(scene.extra().is_empty());
    assert!(!scene.git_dir().join("wt-orch-carried").exists());
}

#[test]
fn repositories_pipes_and_links_that_lead_out_stay_behind() {
    let scene = Scene::new();
    let data = scene.sandbox.root().join("data");
    scene.sandbox.git(&["init", "-q", "data/repo"]);
    scene.sandbox.git(&["worktree", "add", "-q", "--detach", "data/wt"]);
    // A task can delete the file that tells git of it.
    std::fs::remove_file(data.join("wt/.git")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, data.join("pipe"), rustix::fs::Mode::RWXU).unwrap();
    symlink("deep/two", data.join("in")).unwrap();
    symlink("deep", data.join("folder")).unwrap();
    symlink("nowhere", data.join("dangling")).unwrap();
    symlink("../../outside", data.join("up")).unwrap();
    symlink("/etc/passwd", data.join("absolute")).unwrap();
    symlink("../.git/config", data.join("config")).unwrap();
    symlink("absolute", data.join("in-two-steps")).unwrap();
    let carry = scene.carry(&WorktreeRules::default());
    assert_eq!(
        carry.notes(),
        [
            "`data/repo` and `data/wt` were not brought along: they are repositories of their own",
            "`data/absolute`, `data/config`, `data/in-two-steps` and `data/up` were not brought along: \
             they are links that lead out of the checkout (a `[[setup]]` hook can put there what is needed)",
            "`data/pipe` was not brought along: it is no regular file",
        ]
    );
    scene.brought(&carry);
    let data = scene.path.join("data");
    let mut names: Vec<_> = data.read_dir().unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["dangling", "deep", "folder", "in", "one"]);
    assert_eq!(std::fs::read_link(data.join("in")).unwrap(), Path::new("deep/two"));
}

#[test]
fn a_tracked_path_is_never_overwritten_and_no_link_of_the_worktree_is_followed() {
    let scene = Scene::new();
    let outside = scene.sandbox.path("outside");
    write(&outside.join("kept"), "1\n");
    let start = scene.sandbox.rev("main");
    scene.git(&["rm", "-rqf", "conf"]);
    symlink(&outside, scene.path.join("conf")).unwrap();
    write(&scene.path.join(".env"), "tracked\n");
    write(&scene.path.join("data"), "a file in the place of a folder\n");
    scene.git(&["add", "-Af", ".env", "data", "conf"]);
    scene.git(&["commit", "-qm", "other"]);
    assert_ne!(scene.git(&["rev-parse", "HEAD"]), start.to_string());
    // Left out by a sparse checkout, but tracked all the same.
    std::fs::remove_file(scene.path.join(".env")).unwrap();
    let arrival = scene.brought(&scene.carry(&WorktreeRules::default()));
    let reason = "they are tracked in the commit that the worktree stands at";
    assert_eq!(
        arrival.notes,
        [format!(
            "`.env`, `conf/db.local`, `data/deep/two` and `data/one` were not brought along: {reason}"
        )]
    );
    assert_eq!(scene.read(".env"), None);
    assert_eq!(outside.read_dir().unwrap().count(), 1);
    // The same with a link that nobody tracks.
    scene.git(&["reset", "-q", "--hard", &start.to_string()]);
    std::fs::remove_dir_all(scene.path.join("conf")).unwrap();
    symlink(&outside, scene.path.join("conf")).unwrap();
    let arrival = scene.brought(&scene.carry(&WorktreeRules::default()));
    assert_eq!(
        arrival.notes,
        ["`conf/db.local` was not brought along: one of its folders is a link or a file in the \
          worktree"]
    );
    assert_eq!(outside.read_dir().unwrap().count(), 1);
    assert_eq!(scene.read(".env").unwrap(), "KEY=1\n");
}

#[test]
fn copies_keep_permissions_and_times() {
    let scene = Scene::new();
    let root = scene.sandbox.root();
    std::fs::set_permissions(root.join("data/one"), PermissionsExt::from_mode(0o750)).unwrap();
    std::fs::set_permissions(root.join(".env"), PermissionsExt::from_mode(0o400)).unwrap();
    std::fs::set_permissions(root.join("data"), PermissionsExt::from_mode(0o700)).unwrap();
    let times = [set_age(&root.join("data/one"), 5), set_age(&root.join("data"), 7)];
    scene.brought(&scene.carry(&WorktreeRules::default()));
    let mode = |path: &str| scene.path.join(path).metadata().unwrap().permissions().mode() & 0o7777;
    assert_eq!([mode("data/one"), mode(".env"), mode("data")], [0o750, 0o400, 0o700]);
    let found = ["data/one", "data"].map(|path| modified(&scene.path.join(path)));
    assert_eq!(found, times);
}

#[test]
fn more_than_the_limit_is_refused_with_what_is_biggest() {
    let scene = Scene::new();
    scene.sandbox.write("data/heavy", &"x".repeat(9000));
    let rules = WorktreeRules { include_limit: 9000, ..WorktreeRules::default() };
    let admitted = scene.admitted(&rules);
    let probe = std::fs::File::open(scene.sandbox.root().join("data/heavy")).unwrap();
    if share::can_share(&probe, &scene.sandbox.path("")) {
        // Sharing takes no space, so there is no limit.
        assert_eq!(admitted.unwrap().load().shared.files, 5);
        return;
    }
    let refused = admitted.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the ignored files that each worktree would get take 8.8KiB, more than the 8.8KiB that may \
         be copied; the biggest: `data/` 8.8KiB, `.env` 6B, `conf/db.local` 3B"
    );
    assert_eq!((refused.bytes, refused.limit), (9013, 9000));
    let rules = WorktreeRules { include_limit: 9013, ..WorktreeRules::default() };
    assert_eq!(scene.carry(&rules).load().copied.bytes, 9013);
}
