//! Arms of a race that leave a link where their worktree stood.

use crate::scene::small_repo;

/// Two arms, of which the first puts a link to this folder where its worktree stands.
fn arms(target: &str) -> String {
    format!(
        "[race]\ncheck = \"grep -q fixed a.txt\"\n\
         [[hypothesis]]\nid = 'swaps'\n\
         run = '''P=$PWD; cd /; rm -rf \"$P\"; ln -s {target} \"$P\"; exit 1'''\n\
         [[hypothesis]]\nid = 'other'\nrun = 'exit 1'\n"
    )
}

#[test]
fn a_retry_does_nothing_where_a_link_in_the_place_of_an_arm_leads() {
    for order in ["--parallel=2", "--sequential"] {
        let repo = small_repo();
        repo.file(".gitignore", "*.log\n").commit("ignored files");
        let other = repo.root().join("other").display().to_string();
        repo.git(&["worktree", "add", "-q", "--detach", &other]);
        let main = repo.path("").display().to_string();
        for target in [main.trim_end_matches('/'), other.as_str()] {
            let file = |name: &str| std::path::Path::new(target).join(name);
            let names = ["mine", "mine.log"];
            names.iter().for_each(|name| std::fs::write(file(name), "work\n").unwrap());
            repo.file("race.toml", &arms(target));
            let seen = || {
                let status = repo.git(&["-C", target, "status", "--porcelain", "-b", "--ignored"]);
                (status, names.map(|name| std::fs::read_to_string(file(name)).ok()))
            };
            let before = seen();
            repo.wt_orch(&["race", "race.toml", order]).exit(1);
            assert_eq!(seen(), before, "{order} {target}");
            let again = repo.wt_orch(&["retry"]);
            assert_ne!(again.code(), Some(0), "{order} {target}");
            assert_eq!(seen(), before, "{order} {target}");
            let _link_stays = repo.wt_orch(&["clean", "--force"]);
            assert_eq!(seen(), before, "{order} {target}");
            let listed = repo.git(&["worktree", "list"]);
            assert!(listed.contains(&other), "{listed}");
            for entry in std::fs::read_dir(repo.root()).unwrap().flatten() {
                if entry.file_type().unwrap().is_symlink() {
                    std::fs::remove_file(entry.path()).unwrap();
                }
            }
            repo.git(&["worktree", "prune"]);
            let _rest = repo.wt_orch(&["clean", "--force"]);
        }
    }
}
