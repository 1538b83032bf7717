//! Wherever in a repository the user stands, and whatever its folders are: a run starts there, lands
//! there, and leaves nothing behind.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::harness::Repo;
use crate::scene::{beside, content, small_repo, strings, task, tip};

const TWO: &str = "[[task]]\nid = \"a\"\nrun = \"echo a > new-a; git status --porcelain\"\n\
     check = \"test $(git rev-parse --show-toplevel) = $PWD\"\n\
     [[task]]\nid = \"b\"\nrun = \"echo b >> b.txt\"\ncheck = \"true\"\n";

/// Writes the tasks beside the repository, and names them for any folder.
fn tasks(repo: &Repo) -> String {
    let path = repo.root().join("tasks.toml");
    std::fs::write(&path, TWO).unwrap();
    path.to_str().unwrap().to_owned()
}

/// From `folder`: plan, split, status, integrate, undo, clean. Both tasks land on `target`, and where
/// that is checked out, in `checkout`, its files follow. Returns the document of the run.
fn goes_the_whole_way(repo: &Repo, folder: &str, target: &str, checkout: Option<&str>) -> Value {
    let tasks = tasks(repo);
    let wt_orch = |words: &[&str]| repo.command(words).folder(folder).run();
    let git = |words: &[&str]| {
        let output = repo.program("git", words).folder(folder).run();
        output.exit(0).stdout().trim_end().to_owned()
    };
    let first = git(&["rev-parse", target]);
    // What can be undone is kept.
    let refs = || {
        let all = git(&["for-each-ref"]);
        let kept = all.lines().filter(|line| !line.contains("refs/wt-orch/undo/"));
        kept.map(str::to_owned).collect::<Vec<_>>()
    };
    let refs_before = refs();
    let worktrees = git(&["worktree", "list", "--porcelain"]);
    let status = |at: &str| {
        let output = repo.program("git", &["status", "--porcelain"]).folder(at).run();
        output.exit(0).stdout().to_owned()
    };
    let before = checkout.map(status);
    wt_orch(&["plan", &tasks]).exit(0);
    let run = wt_orch(&["split", &tasks, "--parallel=2", "--json"]).exit(0).stdout_json();
    assert_eq!((&run["target"], &run["state"]), (&target.into(), &"finished".into()), "{run:#}");
    wt_orch(&["status"]).exit(0);
    for step in ["integrate", "undo"] {
        let landed = wt_orch(&[step, "--json"]).exit(0).stdout_json();
        let done = step == "integrate";
        assert!(!done || strings(&landed["merged"]) == ["a", "b"], "{landed:#}");
        assert_eq!(git(&["rev-parse", target]) != first, done, "{step}");
        let lines = git(&["show", &format!("{target}:b.txt")]);
        assert_eq!(lines, if done { "b\nb" } else { "b" });
        if let Some(checkout) = checkout {
            let lies = |name: &str| repo.root().join(checkout).join(name).exists();
            assert_eq!(lies("new-a"), done, "{step}");
            assert_eq!(Some(status(checkout)), before, "{step}");
        }
    }
    wt_orch(&["clean", "--force"]).exit(0);
    assert_eq!(refs(), refs_before);
    assert_eq!(git(&["worktree", "list", "--porcelain"]), worktrees);
    run
}

fn worktree<'a>(run: &'a Value, id: &str) -> &'a Path {
    Path::new(task(run, id)["worktree"].as_str().unwrap())
}

#[test]
fn from_a_linked_worktree_and_a_folder_in_it() {
    for own_config in [false, true] {
        let repo = small_repo();
        repo.git(&["worktree", "add", "--quiet", "-b", "topic", "../elsewhere/topic"]);
        if own_config {
            repo.git(&["config", "extensions.worktreeConfig", "true"]);
            repo.git(&["config", "--worktree", "user.name", "Main"]);
            let words = ["config", "--worktree", "user.name", "Topic"];
            repo.program("git", &words).folder("elsewhere/topic").run().exit(0);
        }
        let main = tip(&repo, "main");
        let (folder, checkout) = ("elsewhere/topic/docs", "elsewhere/topic");
        let run = goes_the_whole_way(&repo, folder, "topic", Some(checkout));
        assert_eq!(worktree(&run, "a"), repo.root().join("repo-a"));
        assert_eq!(tip(&repo, "main"), main);
        assert_eq!(repo.git(&["status", "--porcelain"]), "");
        assert_eq!(beside(&repo), ["elsewhere", "tasks.toml"]);
    }
}

#[test]
fn from_a_worktree_of_a_bare_repository_and_from_that_itself() {
    let repo = small_repo();
    repo.git(&["clone", "--quiet", "--bare", ".", "../project/.bare"]);
    std::fs::write(repo.root().join("project/.git"), "gitdir: ./.bare\n").unwrap();
    let words = ["worktree", "add", "--quiet", "main", "main"];
    repo.program("git", &words).folder("project").run().exit(0);
    for folder in ["project/main/docs", "project", "project/.bare", "project/main"] {
        if folder == "project/main" {
            // What git does for a bare repository whose worktrees get settings of their own.
            let git = |words: &[&str]| repo.program("git", words).folder("project").run();
            git(&["config", "extensions.worktreeConfig", "true"]).exit(0);
            git(&["config", "--unset", "core.bare"]).exit(0);
            let file = repo.root().join("project/.bare/config.worktree");
            std::fs::write(file, "[core]\n\tbare = true\n").unwrap();
        }
        let run = goes_the_whole_way(&repo, folder, "main", Some("project/main"));
        assert_eq!(worktree(&run, "a"), repo.root().join("project/project-a"), "{folder}");
    }
    let left = std::fs::read_dir(repo.root().join("project")).unwrap();
    let mut left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, [".bare", ".git", "main"]);
}

/// A repository with a submodule at `libs/inner`, which has one at `deep`; both have the files of
/// [`small_repo`].
fn nested() -> Repo {
    let repo = small_repo();
    let config = repo.root().join("home/.gitconfig");
    let text =
        std::fs::read_to_string(&config).unwrap() + "[protocol \"file\"]\n\tallow = always\n";
    std::fs::write(config, text).unwrap();
    repo.git(&["clone", "--quiet", "--bare", ".", "../home/origin.git"]);
    let add = |folder: &str, path: &str| {
        let words = ["submodule", "--quiet", "add", "../../home/origin.git", path];
        let words = words.map(|word| word.replace("../..", repo.root().to_str().unwrap()));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        repo.program("git", &words).folder(folder).run().exit(0);
        let words = ["commit", "--quiet", "--message", "submodule"];
        repo.program("git", &words).folder(folder).run().exit(0);
    };
    add("repo", "libs/inner");
    add("repo/libs/inner", "deep");
    repo.commit("both");
    repo
}

#[test]
fn in_a_submodule_nothing_is_put_where_the_repository_around_it_would_see_it() {
    let repo = nested();
    for (folder, name) in [("repo/libs/inner/docs", "inner"), ("repo/libs/inner/deep", "deep")] {
        let checkout = folder.trim_end_matches("/docs");
        let run = goes_the_whole_way(&repo, folder, "main", Some(checkout));
        assert_eq!(worktree(&run, "a"), repo.root().join(format!("{name}-a")));
        assert_eq!(repo.git(&["status", "--porcelain"]), "", "{name}");
    }
    // The one around it, whose worktrees have the submodule's folder.
    let run = goes_the_whole_way(&repo, "repo/libs", "main", Some("repo"));
    assert_eq!(worktree(&run, "a"), repo.root().join("repo-a"));
    assert_eq!(beside(&repo), ["tasks.toml"]);
}

#[test]
fn in_a_linked_worktree_of_a_submodule() {
    for own_config in [false, true] {
        let repo = nested();
        let git = |words: &[&str]| repo.program("git", words).folder("repo/libs/inner").run();
        if own_config {
            // What git does for a submodule that gets settings of its own for each worktree.
            git(&["config", "extensions.worktreeConfig", "true"]).exit(0);
            let worktree = "../../../../libs/inner";
            git(&["config", "--unset", "core.worktree"]).exit(0);
            let file = repo.path(".git/modules/libs/inner/config.worktree");
            std::fs::write(file, format!("[core]\n\tworktree = {worktree}\n")).unwrap();
        }
        let topic = repo.root().join("topic").display().to_string();
        git(&["worktree", "add", "--quiet", "-b", "topic", &topic]).exit(0);
        let run = goes_the_whole_way(&repo, "topic/docs", "topic", Some("topic"));
        assert_eq!(worktree(&run, "a"), repo.root().join("inner-a"), "{own_config}");
        goes_the_whole_way(&repo, "repo/libs/inner", "main", Some("repo/libs/inner"));
        assert_eq!(beside(&repo), ["tasks.toml", "topic"]);
    }
}

#[test]
fn where_the_repository_lies_apart_from_its_files() {
    // `.git` is a file; the folder is named by the configuration or by the file alone.
    for named in [false, true] {
        let repo = small_repo();
        std::fs::create_dir(repo.root().join("store")).unwrap();
        repo.git(&["init", "--quiet", "--separate-git-dir", "../store/thing.git"]);
        if named {
            repo.git(&["config", "core.worktree", repo.path("").to_str().unwrap()]);
        }
        let run = goes_the_whole_way(&repo, "repo/docs", "main", Some("repo"));
        assert_eq!(worktree(&run, "a"), repo.root().join("repo-a"), "{named}");
        repo.git(&["worktree", "add", "--quiet", "-b", "topic", "../topic"]);
        let run = goes_the_whole_way(&repo, "topic", "topic", Some("topic"));
        // From another worktree only the configuration tells where the main one is.
        let expected = if named { "repo-a" } else { "store/thing-a" };
        assert_eq!(worktree(&run, "a"), repo.root().join(expected), "{named}");
        goes_the_whole_way(&repo, "repo", "main", Some("repo"));
    }
}

#[test]
fn with_worktrees_on_another_file_system() {
    let repo = small_repo();
    let shared_memory = Path::new("/dev/shm");
    if !shared_memory.is_dir() {
        // macOS and some containers have none, and to mount one takes privileges.
        return;
    }
    let folder = tempfile::tempdir_in(shared_memory).unwrap();
    let at = folder.path().join("{run}-{task}");
    let settings = format!("worktree_path = {:?}\n", at.display().to_string());
    let config = repo.root().join("home/.config/wt-orch");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("config.toml"), settings).unwrap();
    let run = goes_the_whole_way(&repo, "repo", "main", Some("repo"));
    assert_eq!(worktree(&run, "a"), folder.path().join("tasks-a"));
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

/// A hook of the repository that starts wt-orch once, with all that git has set.
fn hook(repo: &Repo, name: &str, words: &str) {
    let program = assert_cmd::cargo::cargo_bin!("wt-orch").display().to_string();
    let marks = repo.root().join("tmp").display().to_string();
    let script = format!(
        "#!/bin/sh\ntest -e {marks}/began && exit 0\ntouch {marks}/began\n\
         env | grep ^GIT_ > {marks}/variables\n{program} {words} > {marks}/said 2>&1\n\
         echo $? > {marks}/exit\n"
    );
    let path = repo.path(".git/hooks").join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn from_a_hook_of_git_that_names_another_index_and_repository() {
    for (hooked, folder) in [("main", "repo"), ("topic", "topic")] {
        let repo = small_repo();
        repo.git(&["worktree", "add", "--quiet", "-b", "topic", "../topic"]);
        let tasks = tasks(&repo);
        hook(&repo, "post-commit", &format!("split {tasks} --parallel=2 --integrate"));
        std::fs::write(repo.root().join(folder).join("a.txt"), "committed\n").unwrap();
        let git = |words: &[&str]| repo.program("git", words).folder(folder).run();
        // With a path, git commits from an index of its own.
        git(&["commit", "--quiet", "--message", "by hand", "--", "a.txt"]).exit(0);
        let mark =
            |name: &str| std::fs::read_to_string(repo.root().join("tmp").join(name)).unwrap();
        assert_eq!(mark("exit"), "0\n", "{}", mark("said"));
        assert!(mark("variables").contains("GIT_INDEX_FILE="), "{}", mark("variables"));
        assert_eq!(content(&repo, hooked, "b.txt").unwrap(), "b\nb\n");
        assert_eq!(content(&repo, hooked, "a.txt").unwrap(), "committed\n");
        assert_eq!(git(&["status", "--porcelain"]).exit(0).stdout(), "");
        let other = if hooked == "main" { "topic" } else { "main" };
        assert_eq!(content(&repo, other, "b.txt").unwrap(), "b\n");
    }
}

#[test]
fn what_the_environment_says_about_repositories_is_not_believed() {
    let repo = small_repo();
    let other = repo.root().join("other");
    repo.git(&["init", "--quiet", other.to_str().unwrap()]);
    let tasks = tasks(&repo);
    let run = repo.command(&["split", &tasks, "--parallel=2", "--integrate"]);
    let run = run.env("GIT_DIR", other.join(".git")).env("GIT_WORK_TREE", &other);
    let run = run.env("GIT_INDEX_FILE", other.join(".git/index.lock"));
    let run = run.env("GIT_OBJECT_DIRECTORY", "/nowhere").env("GIT_COMMON_DIR", "/nowhere");
    run.env("GIT_NAMESPACE", "n").env("GIT_PREFIX", "docs/").run().exit(0);
    assert_eq!(repo.read("b.txt").unwrap(), "b\nb\n");
    assert_eq!(std::fs::read_dir(&other).unwrap().count(), 1);
}
