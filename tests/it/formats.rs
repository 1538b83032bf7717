//! Repositories of every format, and what `doctor` says about who serves them.

use crate::harness::Repo;
use crate::scene::{beside, content, outcomes, refs, small_repo, tip};

/// Two that merge, one that starts from both, and one that collides with the first.
const WORK: &str = r#"
    [[task]]
    id = "top"
    run = "sed -i.bak s/one/ONE/ a.txt && rm a.txt.bak"
    check = "grep -q ONE a.txt"
    [[task]]
    id = "other"
    run = "echo 2 >> b.txt; git add b.txt; git commit -qm own"
    check = "true"
    [[task]]
    id = "both"
    depends_on = ["top", "other"]
    run = "cat a.txt b.txt > both.txt"
    check = "true"
    [[task]]
    id = "rival"
    priority = "low"
    run = "echo rival > a.txt"
    check = "true"
    [[validate]]
    name = "all"
    run = "test -s a.txt"
"#;

/// Makes the files of [`small_repo`].
fn fill(repo: &Repo) {
    repo.file("a.txt", "one\ntwo\nthree\n").file("b.txt", "b\n").file("docs/read.me", "read\n");
    repo.commit("first");
}

/// Every command on the way from a plan to a clean repository.
fn goes_the_whole_way(repo: &Repo) {
    let first = tip(repo, "main");
    std::fs::write(repo.root().join("tasks.toml"), WORK).unwrap();
    repo.wt_orch(&["plan", "../tasks.toml"]).exit(0);
    let split = repo.wt_orch(&["split", "../tasks.toml", "--parallel=2", "--json"]);
    let run = split.exit(0).stdout_json();
    assert_eq!(run["base"], first.as_str());
    assert_eq!(
        outcomes(&run),
        [
            "top succeeded: changed 1 path",
            "other succeeded: changed 1 path",
            "both succeeded: changed 1 path",
            "rival succeeded: changed 1 path",
        ]
    );
    repo.wt_orch(&["status"]).exit(0).stdout_has("rival");
    repo.wt_orch(&["integrate", "--dry-run"]).exit(3);
    let landed = repo.wt_orch(&["integrate", "--json"]).exit(3).stdout_json();
    assert_eq!(landed["merged"].as_array().unwrap().len(), 3, "{landed:#}");
    assert_eq!(landed["ejected"][0]["id"], "rival");
    let hunk = landed["ejected"][0]["hunks"][0].as_str().unwrap();
    assert!(hunk.contains("rival\n>>>>>>> task `rival`"), "{hunk}");
    assert_eq!(repo.read("a.txt").unwrap(), "ONE\ntwo\nthree\n");
    assert_eq!(content(repo, "main", "both.txt").unwrap(), "ONE\ntwo\nthree\nb\n2\n");
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    repo.wt_orch(&["operations"]).exit(0).stdout_has("refs/heads/main");
    repo.wt_orch(&["undo"]).exit(0);
    assert_eq!(tip(repo, "main"), first);
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    repo.wt_orch(&["integrate", "--branch", "review/all"]).exit(3);
    assert_eq!(content(repo, "review/all", "both.txt").unwrap(), "ONE\ntwo\nthree\nb\n2\n");
    assert_eq!(tip(repo, "main"), first);
    repo.wt_orch(&["undo"]).exit(0).stdout_has("`review/all` is deleted");
    repo.wt_orch(&["integrate"]).exit(3);
    repo.wt_orch(&["clean"]).exit(0).stdout_has("kept branch `feature/rival`");
    repo.wt_orch(&["clean", "--force"]).exit(0);
    assert_eq!(refs(repo, "refs/heads/"), ["refs/heads/main"]);
    assert_eq!(repo.git(&["worktree", "list", "--porcelain"]).matches("worktree ").count(), 1);
    repo.git(&["fsck", "--no-progress"]);
}

/// Rows of `doctor` that say who serves what.
fn engines(repo: &Repo) -> Vec<String> {
    let document = repo.wt_orch(&["doctor", "--json"]).exit(0).stdout_json();
    let engines = document["engines"].as_array().unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
    engines
        .iter()
        .map(|e| format!("{}: {} ({})", text(&e["serves"]), text(&e["engine"]), text(&e["reason"])))
        .collect()
}

const STATUS: &str =
    "index and status: git (files are compared with the filters and flags that git knows)";

#[test]
fn objects_of_sha256() {
    let repo = Repo::of_format("GIT_DEFAULT_HASH", "sha256");
    fill(&repo);
    assert_eq!(tip(&repo, "main").len(), 64);
    let why = "libgit2 does not know the object format sha256";
    assert_eq!(
        engines(&repo),
        [
            format!("objects and refs: git ({why})"),
            STATUS.to_owned(),
            format!("writing worktrees: git ({why})"),
            format!("forecasts: git ({why})"),
        ]
    );
    goes_the_whole_way(&repo);
}

#[test]
fn refs_in_a_reftable() {
    let repo = Repo::of_format("GIT_DEFAULT_REF_FORMAT", "reftable");
    fill(&repo);
    if !repo.path(".git/reftable").is_dir() {
        // A git before 2.45 makes an ordinary repository: nothing to see here.
        assert!(repo.path(".git/packed-refs").exists() || repo.path(".git/refs/heads").is_dir());
        return;
    }
    repo.wt_orch(&["doctor"]).exit(0).stdout_has("libgit2 does not know the ref storage reftable");
    goes_the_whole_way(&repo);
}

#[test]
fn an_index_in_two_parts() {
    let repo = small_repo();
    repo.git(&["config", "core.splitIndex", "true"]);
    repo.git(&["update-index", "--split-index"]);
    let lines = engines(&repo);
    assert_eq!(lines[1], "index and status: git (the index is split, which libgit2 does not read)");
    assert!(lines[2].starts_with("writing worktrees: git ("), "{}", lines[2]);
    goes_the_whole_way(&repo);
}

#[test]
fn a_clone_without_the_contents_of_files() {
    let origin = small_repo();
    origin.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", origin.path("").display());
    let repo = Repo::without_git();
    repo.git(&["clone", "--quiet", "--filter=blob:none", "--no-checkout", &url, "."]);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["remote", "set-head", "origin", "--delete"]);
    for line in engines(&repo) {
        assert!(line.contains(": git ("), "{line}");
    }
    // The file of a later commit is not there yet.
    origin.file("a.txt", "zero\n").commit("second");
    repo.git(&["fetch", "--quiet", "origin", "main:later"]);
    let missing = |repo: &Repo| {
        let listed = repo.git(&["rev-list", "--objects", "--missing=print", "later"]);
        listed.lines().filter(|line| line.starts_with('?')).count()
    };
    assert_eq!(missing(&repo), 1);
    std::fs::write(
        repo.root().join("tasks.toml"),
        "base = \"later\"\n[[task]]\nid = \"a\"\nrun = \"cat a.txt > seen\"\ncheck = \"true\"\n",
    )
    .unwrap();
    repo.wt_orch(&["split", "../tasks.toml"]).exit(0);
    assert_eq!(content(&repo, "feature/a", "seen").unwrap(), "zero\n");
    repo.wt_orch(&["integrate", "--onto", "later"]).exit(0);
    repo.wt_orch(&["clean"]).exit(0);
    assert_eq!(beside(&repo), ["tasks.toml"]);
}

#[test]
fn a_sparse_checkout_keeps_files_away_that_nobody_wants() {
    let repo = small_repo();
    repo.file("far/away", "x\n").commit("second");
    repo.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "docs"]);
    let lines = engines(&repo);
    assert_eq!(
        lines[1],
        "index and status: git (the index is sparse, which libgit2 does not read)"
    );
    assert!(lines[2].starts_with("writing worktrees: git ("), "{}", lines[2]);
    std::fs::write(
        repo.root().join("tasks.toml"),
        "[[task]]\nid = \"a\"\nrun = \"ls > docs/seen\"\ncheck = \"true\"\n",
    )
    .unwrap();
    repo.wt_orch(&["split", "../tasks.toml"]).exit(0);
    assert_eq!(content(&repo, "feature/a", "docs/seen").unwrap(), "a.txt\nb.txt\ndocs\n");
    repo.wt_orch(&["integrate"]).exit(0);
    assert_eq!(repo.read("docs/seen").unwrap(), "a.txt\nb.txt\ndocs\n");
    assert_eq!(content(&repo, "main", "far/away").unwrap(), "x\n");
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    assert!(!repo.path("far").exists());
}
