//! Commands that change tracked files so that size and times say nothing of it.

use crate::integrating::{appends, finished};
use crate::scene::{content, ejected, small_repo, split, strings, tip};

/// Other content of the same size, with the time of the first; the index is no younger than any file.
const REWRITES: &str = "test -e c.txt || exit 0; touch -r b.txt ../times; \
                        printf 'k\\n' >b.txt; touch -r ../times b.txt; \
                        touch -d 2099-01-01 $(git rev-parse --git-path index); grep k b.txt";

#[test]
fn rule_8_a_rewrite_of_the_same_size_with_its_times_set_back_taints_the_tree() {
    let validation = format!("[[validate]]\nname = \"rewrites\"\nrun = '''{REWRITES}'''\n");
    let repo = finished(&(appends("one", "c.txt") + &validation));
    let before = tip(&repo, "main");
    let document = repo.command(&["integrate", "--json"]).run().exit(3).stdout_json();
    assert_eq!(ejected(&document), ["one tainted"]);
    assert_eq!(strings(&document["ejected"][0]["paths"]), ["b.txt"]);
    assert_eq!(tip(&repo, "main"), before);
    assert_eq!(content(&repo, "main", "b.txt").as_deref(), Some("b\n"));
}

#[test]
fn rule_8_a_check_that_hides_a_rewrite_is_told_of_and_the_file_is_put_back() {
    let repo = small_repo();
    let check =
        format!("[[task]]\nid = \"one\"\nrun = \"echo > c.txt\"\ncheck = '''{REWRITES}'''\n");
    split(&repo, &check, &[]).stderr_has("b.txt");
    let worktree = repo.root().join("repo-one");
    assert_eq!(std::fs::read_to_string(worktree.join("b.txt")).unwrap(), "b\n");
}
