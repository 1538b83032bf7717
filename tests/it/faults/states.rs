//! F36: states a repository can be in, beside those of `places.rs`, `adopting.rs` and `formats.rs`.

use crate::harness::{Fingerprint, Repo};
use crate::scene::{beside, content, outcomes, refs, small_repo, split, tasks, tip};

const ONE: &str = "[[task]]\nid = \"a\"\nrun = \"echo 2 >> b.txt\"\ncheck = \"true\"\n";

/// The whole way with one task: run, landing, undo, landing, clean.
#[track_caller]
fn goes_the_whole_way(repo: &Repo) {
    let before = tip(repo, "main");
    let run = split(repo, ONE, &["--json"]).exit(0).stdout_json();
    assert_eq!(outcomes(&run), ["a succeeded: changed 1 path"]);
    repo.wt_orch(&["integrate"]).exit(0);
    assert_eq!(content(repo, "main", "b.txt").unwrap(), "b\n2\n");
    repo.wt_orch(&["undo"]).exit(0);
    assert_eq!(tip(repo, "main"), before);
    repo.wt_orch(&["integrate"]).exit(0);
    repo.wt_orch(&["clean"]).exit(0);
    assert_eq!(refs(repo, "refs/heads/feature"), [""; 0]);
    assert!(!beside(repo).iter().any(|name| name.starts_with("repo-")));
    repo.git(&["fsck", "--strict"]);
}

#[test]
fn f36_a_shallow_clone() {
    let repo = small_repo();
    repo.file("c.txt", "c\n").commit("second");
    let url = format!("file://{}", repo.path("").display());
    repo.git(&["clone", "--quiet", "--depth=1", &url, "../shallow"]);
    std::fs::rename(repo.path(""), repo.root().join("origin")).unwrap();
    std::fs::rename(repo.root().join("shallow"), repo.path("")).unwrap();
    assert_eq!(repo.git(&["rev-parse", "--is-shallow-repository"]), "true");
    goes_the_whole_way(&repo);
}

#[test]
fn f36_a_clone_that_borrows_its_objects() {
    let repo = small_repo();
    repo.git(&["clone", "--quiet", "--shared", ".", "../shared"]);
    std::fs::rename(repo.path(""), repo.root().join("origin")).unwrap();
    std::fs::rename(repo.root().join("shared"), repo.path("")).unwrap();
    let alternates = repo.path(".git/objects/info/alternates");
    let origin = repo.root().join("origin/.git/objects");
    std::fs::write(alternates, format!("{}\n", origin.display())).unwrap();
    goes_the_whole_way(&repo);
}

#[test]
fn f36_commits_that_are_replaced() {
    let repo = small_repo();
    let first = tip(&repo, "main");
    let second = repo.file("c.txt", "c\n").commit("second");
    repo.git(&["replace", "--graft", &second]);
    assert_ne!(repo.git(&["rev-list", "--count", "main"]), "2");
    goes_the_whole_way(&repo);
    // What a replacement hides is still there.
    assert_eq!(repo.git(&["--no-replace-objects", "merge-base", &first, "main"]), first);
}

#[test]
fn f36_files_whose_line_ends_or_contents_are_converted() {
    let repo = small_repo();
    repo.file(".gitattributes", "*.txt text eol=crlf\n*.bin filter=twist\n");
    repo.git(&["config", "filter.twist.clean", "tr a-z b-za"]);
    repo.git(&["config", "filter.twist.smudge", "tr b-za a-z"]);
    repo.git(&["config", "filter.twist.required", "true"]);
    repo.file("data.bin", "hello\n").commit("attributes");
    repo.git(&["rm", "--quiet", "--cached", "-r", "."]);
    repo.git(&["reset", "--quiet", "--hard"]);
    tasks(
        &repo,
        "[[task]]\nid = \"a\"\ncheck = \"true\"\n\
         run = \"grep -q hello data.bin && printf 'new\\\\r\\\\n' >> b.txt && echo more >> data.bin\"\n",
    );
    repo.wt_orch(&["split", "tasks.toml", "--parallel=1"]).exit(0);
    repo.wt_orch(&["integrate"]).exit(0);
    assert_eq!(repo.read("b.txt").unwrap(), "b\r\nnew\r\n");
    assert_eq!(repo.read("data.bin").unwrap(), "hello\nmore\n");
    assert_eq!(content(&repo, "main", "b.txt").unwrap(), "b\nnew\n");
    assert_eq!(content(&repo, "main", "data.bin").unwrap(), "ifmmp\nnpsf\n");
    assert_eq!(repo.git(&["status", "--porcelain"]), "?? tasks.toml");
}

#[test]
fn f36_a_cherry_pick_a_rebase_and_a_bisect_in_progress_are_told_and_left_alone() {
    type Begin<'a> = &'a dyn Fn(&Repo);
    let begin: [(&str, Begin<'_>); 3] = [
        ("rebase", &|repo| {
            repo.try_git(&["rebase", "other"]).exit(1);
        }),
        ("cherry-pick", &|repo| {
            repo.try_git(&["cherry-pick", "other"]).exit(1);
        }),
        ("bisect", &|repo| {
            repo.git(&["bisect", "start", "HEAD", "HEAD~1"]);
        }),
    ];
    for (what, begin) in begin {
        let repo = small_repo();
        repo.branch("other").file("a.txt", "theirs\n").commit("theirs");
        repo.git(&["switch", "--quiet", "main"]);
        repo.file("a.txt", "ours\n").commit("ours");
        tasks(&repo, ONE);
        begin(&repo);
        let before = Fingerprint::of(&repo);
        let output = repo.wt_orch(&["split", "tasks.toml", "--parallel=1"]);
        if output.code() == Some(0) {
            // Work may be done beside it, but nothing lands on what is half done.
            before.assert_kept(&Fingerprint::of(&repo));
            let landing = repo.wt_orch(&["integrate", "--onto", "main"]);
            assert!(matches!(landing.code(), Some(3 | 4)), "{what}: {}", landing.stderr());
            before.assert_kept(&Fingerprint::of(&repo));
        } else {
            output.exit(4).stderr_has(what);
            before.assert_kept(&Fingerprint::of(&repo));
        }
    }
}

#[test]
fn f36_a_branch_that_is_a_folder_of_branches_is_in_the_way_and_named() {
    let repo = small_repo();
    repo.git(&["branch", "feature"]);
    tasks(&repo, ONE);
    let before = Fingerprint::of(&repo);
    let error = repo.wt_orch(&["split", "tasks.toml", "--json"]).exit(4).stdout_json();
    assert_eq!(error["error"]["code"], "occupied");
    assert!(error["error"]["message"].as_str().unwrap().contains("`feature`"), "{error:#}");
    assert!(error["error"]["hint"].as_str().unwrap().contains("git "), "{error:#}");
    before.assert_kept(&Fingerprint::of(&repo));
}

#[test]
fn f36_ids_that_differ_by_case_only_are_refused() {
    let repo = small_repo();
    tasks(&repo, &format!("{ONE}{}", ONE.replace("\"a\"", "\"A\"")));
    repo.wt_orch(&["split", "tasks.toml"]).exit(2).stderr_has("\"A\"");
}
