//! Entries that are more than lines of text.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use super::*;
use crate::adapters::git::fixture::{make_executable, write};

/// Both sides as a closure leaves the worktree.
pub(super) fn made(
    name: &'static str,
    files: &[(&str, &str)],
    sides: [&dyn Fn(&Sandbox); 2],
) -> Trap {
    let sandbox = Trap::on(files);
    let base = sandbox.rev("HEAD").to_string();
    let [ours, theirs] = sides.map(|change| {
        sandbox.git(&["checkout", "-q", "--detach", &base]);
        change(&sandbox);
        sandbox.commit_all()
    });
    sandbox.git(&["checkout", "-q", "main"]);
    Trap { name, sandbox, ours, theirs, without: Without::Same }
}

#[test]
fn modes_links_and_bytes() {
    let text = lines(0..30);
    let top = with_line(&text, 2, "top");
    let end = with_line(&text, 27, "end");
    let files = [("f", &*text), ("g", "g\n")];
    let executable = |sandbox: &Sandbox| make_executable(&sandbox.root().join("f"));
    let edit = |sandbox: &Sandbox| sandbox.write("f", &end);
    let both = |sandbox: &Sandbox| {
        sandbox.write("f", &top);
        executable(sandbox);
    };
    let link = |to: &'static str| {
        move |sandbox: &Sandbox| {
            let path = sandbox.root().join("f");
            std::fs::remove_file(&path).unwrap();
            symlink(to, path).unwrap();
        }
    };
    let (to_g, to_h) = (link("g"), link("h"));
    made("mode and content", &files, [&executable, &edit]).check();
    made("mode and both contents", &files, [&both, &edit]).check();
    made("twice the mode", &files, [&executable, &both]).check();
    made("link and edit", &files, [&to_g, &edit]).check();
    made("two links", &files, [&to_g, &to_h]).check();
    made("one link", &files, [&to_g, &to_g]).check();
    made("link and other file", &files, [&to_g, &|sandbox| sandbox.write("g", "h\n")]).check();
    let odd = |text: &str| {
        let text = text.to_owned();
        move |sandbox: &Sandbox| {
            let path = sandbox.root().join(OsStr::from_bytes(b"caf\xe9"));
            std::fs::write(path, &text).unwrap();
        }
    };
    let sandbox_files = [("f", &*text)];
    made("a name that is no text", &sandbox_files, [&odd("1\n"), &odd("2\n")]).check();
    let upper = |sandbox: &Sandbox| sandbox.write("README", &top);
    let lower = |sandbox: &Sandbox| sandbox.write("readme", &end);
    made("names that differ by case", &sandbox_files, [&upper, &lower]).check();
    let zero = "\0binary\n".repeat(9);
    made("bytes", &[("f", &zero)], [&edit, &both]).check();
}

#[test]
fn attributes_that_say_how_to_merge() {
    let text = lines(0..30);
    let (top, rival) = (with_line(&text, 2, "top"), with_line(&text, 2, "rival"));
    let end = with_line(&text, 27, "end");
    let case = |name, attributes: &str, theirs: &str, without| {
        let sandbox = Trap::on(&[("f", &text), (".gitattributes", attributes)]);
        Trap::new(name, sandbox, [&[("f", &top)], &[("f", theirs)]], without).check();
    };
    let same = Without::Same;
    case("union", "f merge=union\n", &rival, same);
    case("no merge", "f -merge\n", &end, same);
    case("binary", "f binary\n", &end, same);
    case("merge", "f merge\n", &end, same);
    case("text", "f merge=text\n", &end, same);
    case("line ends", "f text eol=crlf\n", &end, same);
    case("encoding", "f working-tree-encoding=ISO-8859-1\n", &end, same);
    case("pointer", "f filter=lfs diff=lfs merge=lfs -text\n", &end, Without::NeedsGit("`lfs`"));
    case("macro", "  [attr]mine merge=union\nf mine\n", &rival, Without::NeedsGit("macro"));
    // What counts is the side that is merged into.
    let sandbox = Trap::on(&[("f", &text)]);
    let ours: &[(&str, &str)] = &[("f", &top), (".gitattributes", "f merge=union\n")];
    let base = sandbox.rev("HEAD");
    let ours = sandbox.branch("ours", base, ours);
    let theirs = sandbox.branch("theirs", base, &[("f", &rival)]);
    Trap { name: "of ours", sandbox, ours, theirs, without: same }.check();
}

#[test]
fn large_files_elsewhere() {
    let pointer = |id: &str| {
        format!(
            "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 9\n",
            id.repeat(64)
        )
    };
    let attributes = (".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    let sandbox = Trap::on(&[("a.bin", &pointer("a")), attributes]);
    let sides: [&[(&str, &str)]; 2] = [&[("a.bin", &pointer("b"))], &[("a.bin", &pointer("c"))]];
    Trap::new("two pointers", sandbox, sides, Without::NeedsGit("`lfs`")).check();
    let sandbox = Trap::on(&[("a.bin", &pointer("a")), attributes]);
    let sides: [&[(&str, &str)]; 2] = [&[("a.bin", &pointer("b"))], &[("b.bin", &pointer("c"))]];
    Trap::new("one pointer each", sandbox, sides, Without::Same).check();
}

#[test]
fn submodules() {
    let outer = |name, [one, two]: [usize; 2], without| {
        let sandbox = Trap::on(&[("f", "1\n")]);
        let inner = sandbox.root().join("sub");
        std::fs::create_dir(&inner).unwrap();
        sandbox.git_at(&inner, &["init", "-q", "-b", "main"]);
        let commits = ["1", "2", "3"].map(|text| {
            write(&inner.join("g"), text);
            sandbox.git_at(&inner, &["add", "-A"]);
            sandbox.git_at(&inner, &["commit", "-q", "-m", text]);
            sandbox.git_at(&inner, &["rev-parse", "HEAD"])
        });
        let link = |commit: &str| {
            sandbox.git(&["update-index", "--add", "--cacheinfo", "160000", commit, "sub"]);
            sandbox.git(&["commit", "-q", "--allow-empty", "-m", "link"]);
            sandbox.rev("HEAD")
        };
        let base = link(&commits[0]).to_string();
        let [ours, theirs] = [one, two].map(|at| {
            sandbox.git(&["checkout", "-q", "-f", "--detach", &base]);
            sandbox.commit(&[(&format!("side{at}"), "1\n")]);
            link(&commits[at])
        });
        Trap { name, sandbox, ours, theirs, without }
    };
    let asks = Without::NeedsGit("both sides changed the submodule sub");
    outer("forward on one line", [1, 2], asks).check();
}
