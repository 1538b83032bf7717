//! Repositories, tasks files and questions that many tests have in common.

use serde_json::Value;

use crate::harness::{Output, Repo};

/// A repository with one commit of a few files, none of which is tasks.toml.
pub(crate) fn small_repo() -> Repo {
    filled(Repo::new())
}

/// The same in a format that libgit2 can open, whatever whoever runs the tests asks for.
pub(crate) fn ordinary_repo() -> Repo {
    filled(Repo::of_format("GIT_DEFAULT_HASH", "sha1"))
}

fn filled(repo: Repo) -> Repo {
    repo.file("a.txt", "one\ntwo\nthree\n").file("b.txt", "b\n").file("docs/read.me", "read\n");
    repo.commit("first");
    repo
}

/// Writes tasks.toml, which stays uncommitted.
pub(crate) fn tasks(repo: &Repo, text: &str) {
    repo.file("tasks.toml", text);
}

/// `split tasks.toml --parallel=2` with these tasks; more options may follow.
pub(crate) fn split(repo: &Repo, text: &str, options: &[&str]) -> Output {
    tasks(repo, text);
    repo.wt_orch(&[&["split", "tasks.toml", "--parallel=2"], options].concat())
}

/// `split tasks.toml --sequential` with these tasks.
pub(crate) fn split_in_one_lane(repo: &Repo, text: &str, options: &[&str]) -> Output {
    tasks(repo, text);
    repo.wt_orch(&[&["split", "tasks.toml", "--sequential"], options].concat())
}

/// Lets tasks go on that wait for a file beside the repository.
pub(crate) fn go(repo: &Repo) {
    std::fs::write(repo.root().join("go"), "").unwrap();
}

/// Runs the command that a hint offers.
#[track_caller]
pub(crate) fn follow_hint(repo: &Repo, output: &Output) {
    let hint = output.stderr().lines().find(|line| line.starts_with("hint: ")).unwrap();
    let command = hint.split('`').nth(1).unwrap();
    repo.program("sh", &["-c", command]).run().exit(0);
}

/// The entry of a task in the document of a run.
#[track_caller]
pub(crate) fn task<'a>(document: &'a Value, id: &str) -> &'a Value {
    let tasks = document["tasks"].as_array().expect("the document lists tasks");
    let found = tasks.iter().find(|task| task["id"] == id);
    found.unwrap_or_else(|| panic!("no task `{id}` in {document:#}"))
}

/// `id outcome: reason` of every task, in the order of the plan.
pub(crate) fn outcomes(document: &Value) -> Vec<String> {
    let tasks = document["tasks"].as_array().expect("the document lists tasks");
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    tasks
        .iter()
        .map(|task| {
            format!("{} {}: {}", text(&task["id"]), text(&task["outcome"]), text(&task["reason"]))
        })
        .collect()
}

/// `id reason with` of everything that an integration left out.
pub(crate) fn ejected(document: &Value) -> Vec<String> {
    let entries = document["ejected"].as_array().expect("the document lists what was left out");
    entries
        .iter()
        .map(|entry| {
            let with: Vec<&str> =
                entry["with"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            let words = [entry["id"].as_str().unwrap(), entry["reason"].as_str().unwrap()];
            [&words[..], &with[..]].concat().join(" ")
        })
        .collect()
}

/// Strings of a JSON list.
pub(crate) fn strings(list: &Value) -> Vec<&str> {
    list.as_array().map(|all| all.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

/// What a ref points at.
#[track_caller]
pub(crate) fn tip(repo: &Repo, revision: &str) -> String {
    repo.git(&["rev-parse", "--verify", "--end-of-options", revision])
}

/// Names of the refs below a prefix.
pub(crate) fn refs(repo: &Repo, prefix: &str) -> Vec<String> {
    let listed = repo.git(&["for-each-ref", "--format=%(refname)", prefix]);
    listed.lines().map(str::to_owned).collect()
}

/// Content of a file in a commit; `None` when it is not there.
pub(crate) fn content(repo: &Repo, revision: &str, path: &str) -> Option<String> {
    let output = repo.try_git(&["show", &format!("{revision}:{path}")]);
    (output.code() == Some(0)).then(|| output.stdout().to_owned())
}

/// Names of folders and files beside the repository, the world's own left out.
pub(crate) fn beside(repo: &Repo) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(repo.root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().display().to_string())
        .filter(|name| !["repo", "home", "run", "tmp"].contains(&name.as_str()))
        .collect();
    names.sort();
    names
}
