//! What the verdict rests on: measured costs, the cores that are there, likely conflicts.

use std::fs;

use crate::harness::Repo;

/// A repository whose `src` and `tests` change together.
fn habitual() -> Repo {
    let repo = Repo::new();
    repo.file("src/a.rs", "0\n").file("tests/a.rs", "0\n").file("docs/a.md", "0\n");
    repo.file("src/b.rs", "0\n").commit("first");
    for n in 1..9 {
        let text = format!("{n}\n");
        repo.file("src/a.rs", &text).file("tests/a.rs", &text).commit("both");
        repo.file("docs/a.md", &text).commit("docs");
    }
    let task = |id: &str, folder: &str| {
        let run = format!("echo 1 > {folder}/new");
        format!(
            "[[task]]\nid = \"{id}\"\nrun = \"{run}\"\ncheck = \"true\"\nowns = [\"{folder}/**\"]\n"
        )
    };
    let tasks = [task("api", "src"), task("test", "tests"), task("doc", "docs")];
    repo.file("tasks.toml", &tasks.concat());
    repo
}

#[test]
fn a_plan_names_the_conflicts_that_are_likely() {
    let repo = habitual();
    repo.git(&["switch", "--quiet", "--create", "fix", "HEAD~2"]);
    repo.file("src/a.rs", "fixed\n").file("src/b.rs", "fixed\n");
    repo.git(&["commit", "--quiet", "--message", "fix", "src"]);
    repo.git(&["switch", "--quiet", "main"]);
    repo.git(&["branch", "merged", "HEAD~3"]);
    let plan = repo.wt_orch(&["plan", "tasks.toml", "--json"]).exit(0).stdout_json();
    insta::assert_snapshot!(serde_json::to_string(&plan["risk"]).unwrap(), @r#"{"branches":[{"branch":"fix","collides":["src/a.rs"],"commits":1,"paths":["src/a.rs","src/b.rs"],"task":"api"}],"pairs":[{"a":"api","b":"test","probability":0.067,"why":"8 of the last 16 commits changed files of both"}],"unknown":[]}"#);
    let text = repo.wt_orch(&["plan", "tasks.toml", "-v"]);
    let text = text.exit(0).stdout();
    let mut lines = text.lines().skip_while(|line| !line.starts_with("  conflicts"));
    let conflicts: Vec<&str> = lines.next().into_iter().collect();
    let more = lines.take_while(|line| line.starts_with("     "));
    let conflicts: Vec<&str> = conflicts.into_iter().chain(more).collect();
    insta::assert_snapshot!(conflicts.join("\n"), @"
    conflicts   the branch `fix` (1 commit) already changes `src/a.rs`, `src/b.rs`, which `api` owns;
                it no longer merges into the base as it is: `src/a.rs`
                `api` and `test` may conflict (7 %): 8 of the last 16 commits changed files of both
    ");
}

#[test]
fn the_cores_are_measured_once_and_only_where_tasks_could_run_at_once() {
    let repo = habitual();
    let cache = repo.root().join("home/.cache/wt-orch/cores.json");
    let plan = |file: &str| {
        repo.command(&["plan", file, "--json"])
            .env("WT_ORCH_PLAN_PROBE", "true")
            .run()
            .exit(0)
            .stdout_json()
    };
    repo.file("one.toml", "[[task]]\nid = \"a\"\nrun = \"true\"\n");
    repo.wt_orch(&["plan", "tasks.toml"]).exit(0);
    plan("one.toml");
    assert!(!cache.exists(), "neither one task nor a plan without the probe measures");
    let first = plan("tasks.toml");
    let kept = fs::read_to_string(&cache).unwrap();
    assert_eq!((plan("tasks.toml"), fs::read_to_string(&cache).unwrap()), (first, kept));
    let doctor = repo.command(&["doctor", "--json"]).env("WT_ORCH_PLAN_PROBE", "true").run();
    let cores = doctor.exit(0).stdout_json()["cores"].clone();
    let (effective, named) =
        (cores["effective"].as_f64().unwrap(), cores["named"].as_f64().unwrap());
    assert!((1.0..=named).contains(&effective) && cores["samples"] == 1, "{cores}");
    repo.wt_orch(&["doctor"]).exit(0).stdout_has("`plan.probe` is off");
}

#[test]
fn a_folder_that_cannot_be_written_to_is_no_reason_to_fail() {
    let repo = habitual();
    fs::write(repo.root().join("home/.cache"), "a file").unwrap();
    let plan = repo.command(&["plan", "tasks.toml"]).env("WT_ORCH_PLAN_PROBE", "true").run();
    plan.exit(0);
}

/// Kinds of costs, each with the number of its measurements.
fn measured(doctor: &serde_json::Value) -> String {
    let costs = doctor["costs"].as_array().unwrap().iter();
    let told = |cost: &serde_json::Value| {
        format!("{} {}", cost["kind"].as_str().unwrap(), cost["samples"])
    };
    costs.map(told).collect::<Vec<_>>().join(", ")
}

#[test]
fn a_run_in_one_lane_measures_its_worktree_and_what_it_spends_on_tasks() {
    let repo = habitual();
    repo.wt_orch(&["split", "tasks.toml", "--sequential"]).exit(0);
    let document = repo.wt_orch(&["doctor", "--json"]).exit(0).stdout_json();
    insta::assert_snapshot!(measured(&document), @"provision_single 1, commit 3, lane_handling 1");
}

#[test]
fn doctor_tells_what_each_step_took() {
    let repo = habitual();
    repo.wt_orch(&["split", "tasks.toml", "--parallel=3"]).exit(0);
    repo.wt_orch(&["integrate"]).exit(0);
    repo.wt_orch(&["clean", "--force"]).exit(0);
    repo.file("one.toml", "[[task]]\nid = \"a\"\nrun = \"echo 1 > new\"\n");
    repo.wt_orch(&["split", "one.toml", "--parallel"]).exit(0);
    let document = repo.wt_orch(&["doctor", "--json"]).exit(0).stdout_json();
    insta::assert_snapshot!(measured(&document), @"provision 3, provision_single 1, commit 4, handling 2, merge 1, remove 1");
    assert_eq!(document["contention"]["widths"], 0);
    repo.wt_orch(&["doctor"]).exit(0).stdout_has("taking worktrees away");
}
