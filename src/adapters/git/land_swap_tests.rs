//! Landings whose git dies at the swap: where the branch is counts, not what git said.

use super::fixture::{Sandbox, make_executable, write};
use super::*;
use crate::domain::id::Oid;

/// A git that ends in this way at the swap of `main`, before or after it.
fn dying(sandbox: &Sandbox, before: &str, after: &str) -> Repo {
    let script = format!(
        "#!/bin/sh\nPATH=${{PATH#*:}}\ncase \" $* \" in *' update-ref '*' refs/heads/main '*) {before}\n\
         git \"$@\"; {after};; esac\nexec git \"$@\"\n"
    );
    write(&sandbox.path("bin/git"), &script);
    make_executable(&sandbox.path("bin/git"));
    let mut env = sandbox.env();
    for (_, value) in env.iter_mut().filter(|(name, _)| name == "PATH") {
        let mut path = sandbox.path("bin").into_os_string();
        path.push(":");
        path.push(&*value);
        *value = path;
    }
    Repo::discover(&sandbox.root(), env).unwrap()
}

fn request(old: Oid, new: Oid) -> LandRequest {
    LandRequest { branch: "main".to_owned(), old, new, message: "wt-orch: land".to_owned() }
}

#[test]
fn a_swap_that_was_made_counts_although_git_died_of_it() {
    for checked_out in [true, false] {
        for end in ["exit 9", "kill -9 $$"] {
            let sandbox = Sandbox::with(&[("a", "1\n"), ("b", "1\n")]);
            let old = sandbox.rev("main");
            let new = sandbox.branch("task", old, &[("a", "2\n"), ("b", ""), ("c", "2\n")]);
            if !checked_out {
                sandbox.git(&["switch", "-q", "-c", "elsewhere"]);
            }
            let landed = land(&dying(&sandbox, "", end), &request(old, new)).unwrap();
            let place = checked_out.then(|| sandbox.root());
            assert_eq!(landed, LandOutcome::Landed { checked_out: place }, "{end}");
            assert_eq!(sandbox.rev("main"), new);
            assert_eq!(sandbox.git(&["status", "--porcelain"]), "", "{end}");
            assert_eq!(sandbox.read("c").is_some(), checked_out);
        }
    }
}

#[test]
fn a_swap_that_was_not_made_leaves_everything_as_it_was() {
    for end in ["exit 9;", "kill -9 $$;"] {
        let sandbox = Sandbox::with(&[("a", "1\n")]);
        let old = sandbox.rev("main");
        let new = sandbox.branch("task", old, &[("a", "2\n")]);
        land(&dying(&sandbox, end, "true"), &request(old, new)).unwrap_err();
        assert_eq!(sandbox.rev("main"), old);
        assert_eq!(sandbox.git(&["status", "--porcelain"]), "", "{end}");
        assert_eq!(sandbox.read("a").as_deref(), Some("1\n"));
        let landed = LandOutcome::Landed { checked_out: Some(sandbox.root()) };
        assert_eq!(land(&sandbox.repo(), &request(old, new)).unwrap(), landed);
    }
}
