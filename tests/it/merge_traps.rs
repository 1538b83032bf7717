//! Landing where git can merge and where it is too old to: what libgit2 is known to get wrong is left
//! out and said, everything else comes to the same tree.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::harness::Repo;
use crate::scene::{content, ordinary_repo, split, strings, tip};

/// Two that meet in a file which a merge driver merges, one that renames a file, one that edits it.
const WORK: &str = r#"
    [[task]]
    id = "top"
    run = "sed -i.bak 's/^1$/one/' doc.txt && rm doc.txt.bak"
    check = "grep -q one doc.txt"
    [[task]]
    id = "end"
    run = "sed -i.bak 's/^30$/thirty/' doc.txt && rm doc.txt.bak"
    check = "grep -q thirty doc.txt"
    [[task]]
    id = "move"
    run = "git mv page.txt moved.txt"
    check = "test -s moved.txt"
    [[task]]
    id = "edit"
    run = "sed -i.bak 's/^15$/fifteen/' page.txt && rm page.txt.bak"
    check = "grep -q fifteen page.txt"
"#;

/// Its tasks are done; the settings name a driver that puts both sides together.
fn finished() -> Repo {
    let repo = ordinary_repo();
    let text: String = (1..=30).map(|line| format!("{line}\n")).collect();
    repo.file("doc.txt", &text).file("page.txt", &text);
    repo.file(".gitattributes", "doc.txt merge=both\n");
    repo.commit("texts");
    repo.git(&["config", "merge.both.driver", "git merge-file --union %A %O %B"]);
    split(&repo, WORK, &[]).exit(0);
    std::fs::remove_file(repo.path("tasks.toml")).unwrap();
    repo
}

/// A PATH whose git says that it is too old for `merge-tree`, and is.
fn path_of_old_git(repo: &Repo) -> String {
    let path = repo.program("sh", &["-c", "printf %s \"$PATH\""]).run().stdout().to_owned();
    let real = repo.program("sh", &["-c", "command -v git"]).run().stdout().trim().to_owned();
    let folder = repo.root().join("old");
    std::fs::create_dir(&folder).unwrap();
    let script = format!(
        "#!/bin/sh\nfor word; do case $word in version) echo 'git version 2.34.1'; exit;; \
         merge-tree) exit 9;; esac; done\nexec '{real}' \"$@\"\n"
    );
    std::fs::write(folder.join("git"), script).unwrap();
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.join("git"), executable).unwrap();
    format!("{}:{path}", folder.display())
}

fn sorted(list: &Value) -> Vec<&str> {
    let mut names = strings(list);
    names.sort_unstable();
    names
}

#[test]
fn with_git_what_its_drivers_merge_lands() {
    let repo = finished();
    let landed = repo.wt_orch(&["integrate", "--json"]).exit(0).stdout_json();
    assert_eq!(sorted(&landed["merged"]), ["edit", "end", "move", "top"], "{landed:#}");
    let doc = content(&repo, "main", "doc.txt").unwrap();
    assert!(doc.contains("one\n") && doc.contains("thirty"), "{doc}");
}

#[test]
fn without_git_what_needs_a_driver_stays_out_and_a_plain_rename_comes_to_the_same() {
    let repo = finished();
    let before = tip(&repo, "main");
    let path = path_of_old_git(&repo);
    let output = repo.command(&["integrate", "--json"]).env("PATH", path).run();
    let landed = output.exit(3).stdout_json();
    let left = landed["ejected"].as_array().unwrap();
    assert_eq!(left.len(), 1, "{landed:#}");
    assert_eq!(left[0]["reason"], "needs_git");
    let id = left[0]["id"].as_str().unwrap();
    assert!(["top", "end"].contains(&id), "{id}");
    let note = left[0]["note"].as_str().unwrap();
    assert!(note.contains("doc.txt is merged by the driver `both`"), "{note}");
    assert_ne!(tip(&repo, "main"), before);
    let moved = content(&repo, "main", "moved.txt").unwrap();
    assert!(moved.contains("fifteen\n"), "{moved}");
    assert_eq!(content(&repo, "main", "page.txt"), None);
    // Git comes to the same with everything else.
    let with_git = finished();
    with_git.wt_orch(&["integrate"]).exit(0);
    assert_eq!(content(&with_git, "main", "moved.txt").unwrap(), moved);
}

/// A task that makes a file, and one that wants the same path for something else.
fn at_one_path(rival: &str) -> Repo {
    let repo = ordinary_repo();
    let text = format!(
        "[[task]]\nid = \"file\"\nrun = \"echo file > n\"\ncheck = \"true\"\n\
         [[task]]\nid = \"rival\"\nrun = \"{rival}\"\ncheck = \"true\"\n"
    );
    split(&repo, &text, &[]).exit(0);
    std::fs::remove_file(repo.path("tasks.toml")).unwrap();
    repo
}

#[test]
fn a_file_against_a_folder_or_a_link_is_told_by_its_own_path_everywhere() {
    for rival in ["mkdir n && echo in > n/in", "ln -s a.txt n"] {
        let repo = at_one_path(rival);
        let forecast = repo.wt_orch(&["forecast", "feature/file", "feature/rival", "--json"]);
        let forecast = forecast.exit(3).stdout_json();
        assert_eq!(strings(&forecast["matrix"][0]["paths"]), ["n"], "{forecast:#}");
        for _ in ["nothing has landed", "the file has"] {
            let output = repo.wt_orch(&["integrate", "--json"]);
            let landed = output.exit(3).stdout_json();
            let left = &landed["ejected"][0];
            assert_eq!((left["id"].as_str(), strings(&left["paths"])), (Some("rival"), vec!["n"]));
            assert!(!output.stderr().contains("n~"), "{}", output.stderr());
        }
        assert!(!repo.wt_orch(&["report"]).stdout().contains("n~"));
    }
}

#[test]
fn what_git_put_aside_never_lands_under_the_name_that_it_made_up() {
    let repo = at_one_path("ln -s a.txt n");
    let resolving = repo.command(&["integrate", "--yes", "--json"]);
    let landed = resolving.env("WT_ORCH_INTEGRATE_RESOLVER", "true").run().exit(3).stdout_json();
    assert_eq!(strings(&landed["merged"]), ["file"], "{landed:#}");
    let left = &landed["ejected"][0];
    assert_eq!((strings(&left["paths"]), strings(&left["refused"])), (vec!["n"], vec!["n"]));
    let note = left["note"].as_str().unwrap();
    assert!(note.contains("where git put one of the two that want to be `n`"), "{note}");
    assert_eq!(repo.git(&["ls-tree", "--name-only", "main", "--", "n"]), "n");

    // By hand: left where it is, it is not resolved.
    repo.wt_orch(&["integrate", "--manual"]).exit(3);
    let desk = repo.root().join("repo-tasks.resolve").display().to_string();
    repo.git(&["-C", &desk, "add", "--all"]);
    let unfinished = repo.wt_orch(&["integrate", "--continue"]);
    unfinished.exit(4).stderr_has("not resolved and added");
    let aside = repo.git(&["-C", &desk, "ls-files", "--", "n~*"]);
    repo.git(&["-C", &desk, "mv", &aside, "n.txt"]);
    repo.wt_orch(&["integrate", "--continue"]).exit(0);
    let names = repo.git(&["ls-tree", "-r", "--name-only", "main"]);
    assert!(names.contains("\nn\nn.txt") && !names.contains('~'), "{names}");
}
