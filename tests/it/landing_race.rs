//! Landings while another process commits to the target all the time.

use std::time::Duration;

use crate::scene::{small_repo, split, tip};

/// Commits in a checkout of the target, as a user does.
const IN_THE_CHECKOUT: &str = "echo $i > theirs-$i && git add theirs-$i \
    && git commit -q -m theirs-$i";

/// Commits from elsewhere, by compare-and-swap.
const FROM_ELSEWHERE: &str = "p=$(git rev-parse main) && export GIT_INDEX_FILE=../their.index \
    && git read-tree $p && b=$(echo $i | git hash-object -w --stdin) \
    && git update-index --add --cacheinfo 100644,$b,theirs-$i \
    && c=$(git commit-tree -p $p -m theirs-$i $(git write-tree)) \
    && git update-ref refs/heads/main $c $p";

/// How much is done.
struct Size {
    commits: usize,
    runs: usize,
}

/// Lands one run after another while all the commits are made, and looks at everything after.
fn raced(commit: &str, size: &Size) {
    let repo = small_repo();
    let seen = repo.root().join("seen");
    let runs: Vec<String> = (0..size.runs).map(|at| format!("ours-{at}")).collect();
    for run in &runs {
        let text = format!(
            "name = \"{run}\"\n[[task]]\nid = \"{run}\"\nrun = \"echo x > {run}\"\ncheck = \"true\"\n\
             [[validate]]\nname = \"seen\"\n\
             run = \"git rev-parse HEAD^{{tree}} >> {}; test -f {run}\"\n",
            seen.display()
        );
        split(&repo, &text, &[]).exit(0);
    }
    std::fs::remove_file(repo.path("tasks.toml")).unwrap();
    if commit == FROM_ELSEWHERE {
        repo.git(&["switch", "--quiet", "--detach"]);
    }
    // Somebody's lock is in the way now and then, ours too.
    let all = format!(
        "i=1; while [ $i -le {} ]; do\n until ({commit}) 2>>../their.errors; do sleep 0.01; done\n\
         i=$((i + 1)); sleep 0.02; done",
        size.commits
    );
    let theirs = repo.program("sh", &["-c", &all]).limit(Duration::from_mins(5)).start();
    let mut given_up = 0;
    for run in &runs {
        loop {
            let output = repo.wt_orch(&["-q", "integrate", run]);
            match output.code() {
                Some(0) => break,
                Some(3) => drop(output.stderr_has("the target moved 4 times")),
                _ => panic!("{output}"),
            }
            given_up += 1;
            assert!(given_up < 500, "{output}");
        }
    }
    theirs.wait().exit(0);
    let log = repo.git(&["log", "--format=%s", "main"]);
    for at in 1..=size.commits {
        let subject = format!("theirs-{at}");
        assert!(log.lines().any(|line| line == subject), "{subject} is lost");
        assert!(!repo.git(&["ls-tree", "main", &subject]).is_empty(), "{subject} is undone");
    }
    let seen = std::fs::read_to_string(seen).unwrap();
    let operations = repo.wt_orch(&["operations", "--json"]).exit(0).stdout_json();
    let landed = operations["operations"].as_array().unwrap();
    assert_eq!(landed.len(), runs.len());
    for operation in landed {
        let (old, new) = (operation["old"].as_str().unwrap(), operation["new"].as_str().unwrap());
        let tree = tip(&repo, &format!("{new}^{{tree}}"));
        assert!(seen.lines().any(|line| line == tree), "{new} was never validated");
        // It is where it was put: exactly on top of what was there.
        assert_eq!(tip(&repo, &format!("{new}^1")), old);
        repo.git(&["merge-base", "--is-ancestor", new, "main"]);
    }
    for run in &runs {
        assert!(!repo.git(&["ls-tree", "main", run]).is_empty(), "{run}");
    }
    let at = if commit == FROM_ELSEWHERE { "HEAD" } else { "main" };
    assert_eq!(repo.git(&["diff", "--name-only", at]), "");
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    repo.try_git(&["fsck", "--no-dangling"]).exit(0);
}

#[test]
fn rule_20_commits_to_a_target_that_is_checked_out_are_not_lost_in_landings() {
    raced(IN_THE_CHECKOUT, &Size { commits: 100, runs: 3 });
}

#[test]
fn rule_20_commits_to_a_target_from_elsewhere_are_not_lost_in_landings() {
    raced(FROM_ELSEWHERE, &Size { commits: 100, runs: 3 });
}

mod slow {
    use super::*;

    #[test]
    #[ignore = "slow: minutes of landings in a race"]
    fn rule_20_many_commits_and_many_landings_lose_nothing() {
        raced(IN_THE_CHECKOUT, &Size { commits: 600, runs: 20 });
        raced(FROM_ELSEWHERE, &Size { commits: 600, runs: 20 });
    }
}
