//! Ignored files that could not be brought along at first.

use std::os::unix::fs::PermissionsExt;

use crate::harness::Repo;
use crate::scene::{outcomes, small_repo};

fn told(repo: &Repo, script: &str) -> String {
    repo.program("sh", &["-c", script]).run().exit(0).stdout().trim().to_owned()
}

#[test]
fn a_passing_failure_of_git_fails_one_task_and_not_those_after_it() {
    let repo = small_repo();
    repo.file(".gitignore", ".env\n").file(".worktreeinclude", ".env\n").commit("second");
    repo.file(".env", "KEY=1\n");
    let asked = repo.root().join("asked");
    let folder = repo.root().join("home/bin");
    std::fs::create_dir_all(&folder).unwrap();
    // The plan asks first; what the first worktree asks fails.
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *--ignored*) echo >> {0}\n\
         if test $(wc -l < {0}) = 2; then echo passing >&2; exit 1; fi;; esac\nexec {1} \"$@\"\n",
        asked.display(),
        told(&repo, "command -v git")
    );
    let git = folder.join("git");
    std::fs::write(&git, script).unwrap();
    std::fs::set_permissions(&git, std::fs::Permissions::from_mode(0o755)).unwrap();
    let task = |id| format!("[[task]]\nid = \"{id}\"\nrun = \"cat .env\"\ncheck = \"true\"\n");
    repo.file("tasks.toml", &(task("a") + &task("b")));
    let path = format!("{}:{}", folder.display(), told(&repo, "echo $PATH"));
    let command = repo.command(&["split", "tasks.toml", "--parallel=1", "--json"]);
    let document = command.env("PATH", path).run().exit(1).stdout_json();
    let outcomes = outcomes(&document);
    assert!(outcomes[0].starts_with("a failed: its worktree could not be made"), "{outcomes:?}");
    assert!(outcomes[0].contains("passing"), "{outcomes:?}");
    assert_eq!(outcomes[1], "b succeeded: changed nothing");
}
