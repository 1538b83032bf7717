//! What the user's configuration says about merges.

use super::*;
use crate::adapters::git::fixture::write;

fn sides<'a>(top: &'a str, end: &'a str) -> [[(&'a str, &'a str); 1]; 2] {
    [[("f", top)], [("f", end)]]
}

#[test]
fn settings_that_only_git_follows() {
    let text = lines(0..30);
    let (top, end) = (with_line(&text, 2, "top"), with_line(&text, 27, "end"));
    let rival = with_line(&text, 2, "rival");
    let case = |name, attributes: &str, settings: &[[&str; 2]], theirs: &str, without| {
        let sandbox = Trap::on(&[("f", &text), (".gitattributes", attributes)]);
        for [key, value] in settings {
            sandbox.git(&["config", key, value]);
        }
        let [ours, theirs] = sides(&top, theirs);
        Trap::new(name, sandbox, [&ours, &theirs], without).check();
    };
    let mine = ["merge.mine.driver", "cat %B >%A"];
    let asks = Without::NeedsGit("driver `mine`");
    case("driver", "f merge=mine\n", &[mine], &rival, asks);
    case("driver by default", "", &[mine, ["merge.default", "mine"]], &rival, asks);
    let asks = Without::NeedsGit("driver `union`");
    case(
        "a driver of a known name",
        "f merge=union\n",
        &[["merge.union.driver", "true"]],
        &rival,
        asks,
    );
    let asks = Without::NeedsGit("renormalize");
    case("renormalize", "f text\n", &[["merge.renormalize", "true"]], &end, asks);
    let asks = Without::NeedsGit("renames are found by the setting");
    case("no renames", "", &[["merge.renames", "false"]], &end, asks);
    case("copies", "", &[["diff.renames", "copies"]], &end, Without::Same);
    case("ignored case", "", &[["core.ignoreCase", "true"]], &end, Without::Same);
}

#[test]
fn line_ends_of_one_side_are_no_change_where_the_user_says_so() {
    let text = lines(0..30);
    let sandbox = Trap::on(&[("f", &text)]);
    sandbox.git(&["config", "merge.renormalize", "true"]);
    sandbox.git(&["config", "core.safecrlf", "false"]);
    let theirs = with_line(&text, 9, "theirs");
    let base = sandbox.rev("HEAD");
    let theirs = sandbox.branch("theirs", base, &[("f", &theirs)]);
    sandbox.branch("ours", base, &[("f", &text.replace('\n', "\r\n"))]);
    // With the attribute in the worktree, git would convert the file at once.
    sandbox.git(&["switch", "-q", "ours"]);
    write(&sandbox.path("attributes"), "f text\n");
    let path = sandbox.path("attributes").display().to_string();
    let blob = sandbox.git(&["hash-object", "-w", "--no-filters", &path]);
    sandbox.git(&["update-index", "--add", "--cacheinfo", "100644", &blob, ".gitattributes"]);
    sandbox.git(&["commit", "-q", "-m", "attributes"]);
    let ours = sandbox.rev("HEAD");
    sandbox.git(&["switch", "-q", "-f", "main"]);
    let without = Without::NeedsGit("renormalize");
    Trap { name: "renormalize", sandbox, ours, theirs, without }.check();
}

#[test]
fn attributes_that_no_commit_holds() {
    let text = lines(0..30);
    let (top, end) = (with_line(&text, 2, "top"), with_line(&text, 27, "end"));
    let places = [(".git/info/attributes", "repo"), ("attributes", "home/.config/git")];
    for (name, folder) in places {
        let sandbox = Trap::on(&[("f", &text)]);
        let path = sandbox.path(folder).join(name);
        write(&path, "f -merge\n");
        let [ours, theirs] = sides(&top, &end);
        let asks = Without::NeedsGit("says how files are merged");
        Trap::new("outside", sandbox, [&ours, &theirs], asks).check();
    }
}
