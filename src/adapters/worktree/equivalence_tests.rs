//! Whatever the repository, a worktree of ours is the one that `git worktree add` would have made.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use super::tests::spec;
use super::*;
use crate::adapters::git::fixture::{Sandbox, make_executable, write};

/// What lies at a path: type and permissions, content or target.
type Found = BTreeMap<Vec<u8>, (u32, Vec<u8>)>;

fn found(root: &Path) -> Found {
    let mut all = Found::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().unwrap().flatten() {
            let (path, meta) = (entry.path(), entry.metadata().unwrap());
            let name = path.strip_prefix(root).unwrap().as_os_str().as_bytes().to_vec();
            if name == b".git" {
                continue;
            }
            let content = if meta.is_symlink() {
                path.read_link().unwrap().into_os_string().into_encoded_bytes()
            } else if meta.is_dir() {
                folders.push(path);
                Vec::new()
            } else {
                std::fs::read(&path).unwrap()
            };
            all.insert(name, (meta.mode(), content));
        }
    }
    all
}

/// Makes three worktrees of ours in one batch beside one of git's, and compares. Returns why git had
/// to write the files.
fn compare(name: &str, sandbox: &Sandbox) -> Option<String> {
    let repo = sandbox.repo();
    let theirs = sandbox.path("theirs");
    let words = ["worktree", "add", "-q", "-b", "theirs", theirs.to_str().unwrap(), "main"];
    sandbox.git(&words);
    let config = sandbox.git(&["config", "--list"]);
    let specs = ["one", "two", "three"].map(|name| spec(sandbox, name)).to_vec();
    let made: Vec<Provisioned> =
        provision_all(&repo, specs).into_iter().map(|made| made.expect(name)).collect();
    let expected = found(&theirs);
    for (worktree, label) in made.iter().zip(["one", "two", "three"]) {
        let ours = found(&worktree.path);
        for path in expected.keys().chain(ours.keys()) {
            let shown = String::from_utf8_lossy(path);
            assert_eq!(ours.get(path), expected.get(path), "{name}: `{shown}` in {label}");
        }
        let both = |words: &[&str]| {
            let ask = |path: &Path| sandbox.git_at(path, words);
            assert_eq!(ask(&worktree.path), ask(&theirs), "{name}: {words:?}");
            ask(&worktree.path)
        };
        // Before anything refreshes the index: the stamps in it are right.
        let clean =
            [both(&["diff-files", "--name-only"]), both(&["status", "--porcelain", "--ignored"])];
        // Git itself takes a file for changed whose content another one replaces.
        assert!(clean.iter().all(String::is_empty) || name == "replaced", "{name}: {clean:?}");
        both(&["ls-files", "--stage", "-z", "-v"]);
        both(&["write-tree"]);
        both(&["rev-parse", "HEAD"]);
        both(&["config", "--list"]);
        assert_eq!(
            sandbox.git_at(&worktree.path, &["branch", "--show-current"]),
            format!("feature/{label}")
        );
        let list = sandbox.git(&["worktree", "list", "--porcelain"]);
        let block = list.split("\n\n").find(|block| {
            block.ends_with("locked wt-orch run") && block.contains(&format!("feature/{label}\n"))
        });
        assert!(
            block.is_some_and(
                |block| block.starts_with(&format!("worktree {}\n", worktree.path.display()))
            ),
            "{name}: {list}"
        );
    }
    assert_eq!(sandbox.git(&["config", "--list"]), config, "{name}: the configuration");
    sandbox.git(&["fsck", "--no-dangling"]);
    assert!(!sandbox.git(&["reflog", "show", "feature/one"]).is_empty());
    let by_git: Vec<&Option<String>> = made.iter().map(|made| &made.by_git).collect();
    assert!(by_git.iter().all(|reason| *reason == by_git[0]));
    made[0].by_git.clone()
}

/// Every kind of file and name there is; `bulk` adds what is long, large and many.
fn kinds(bulk: bool) -> Sandbox {
    let sandbox = Sandbox::ordinary(&[
        ("empty", ""),
        ("run.sh", "#!/bin/sh\n"),
        ("deep/er/and/deeper/file", "x"),
        ("a.b/c", "sorted between `a` and `a/`"),
        ("a/b", "1"),
        ("a-b", "2"),
        ("Case", "upper"),
        ("case", "lower"),
        ("-dash", "-"),
        ("sp ace \"quote\" 'single' \\back", "x"),
        ("caf\u{e9}", "NFC"),
        ("cafe\u{301}", "NFD"),
        (".gitignore", "*.o\ntarget/\n"),
        ("sub/.gitignore", "x\n"),
        ("con.txt", "a name that Windows reserves"),
        ("crlf.txt", "one\r\ntwo\r\n"),
        ("mixed.txt", "one\ntwo\r\n"),
    ]);
    let root = sandbox.root();
    if bulk {
        for number in 0..600 {
            write(&root.join(format!("many/{number:04}")), &number.to_string());
        }
        let long = format!("{}/{}", "l".repeat(255), "ong/".repeat(300));
        write(&root.join(long).join("f"), "a long path");
        std::fs::write(root.join("large"), vec![7; 3 << 20]).unwrap();
    }
    std::fs::write(root.join(OsStr::from_bytes(b"not\xffutf8")), "x").unwrap();
    std::fs::write(root.join("line\nbreak"), "x").unwrap();
    make_executable(&root.join("run.sh"));
    for (target, link) in [
        ("run.sh", "to-file"),
        ("nowhere", "dangling"),
        ("a", "to-folder"),
        ("/etc/hosts", "absolute"),
        ("../../..", "up"),
    ] {
        symlink(target, root.join(link)).unwrap();
    }
    sandbox.commit_all();
    sandbox
}

#[test]
fn every_kind_of_file_and_name_is_written_as_git_writes_it() {
    assert_eq!(compare("kinds", &kinds(true)), None);
}

#[test]
fn settings_change_our_files_as_they_change_gits() {
    for (key, value) in [
        ("core.autocrlf", "true"),
        ("core.autocrlf", "input"),
        ("core.eol", "crlf"),
        ("core.symlinks", "false"),
        ("core.fileMode", "false"),
        ("index.version", "4"),
        ("core.untrackedCache", "true"),
        ("core.trustctime", "false"),
        ("core.checkStat", "minimal"),
        ("core.precomposeUnicode", "true"),
        ("extensions.preciousObjects", "true"),
        ("extensions.worktreeConfig", "true"),
        ("core.sharedRepository", "group"),
        ("core.logAllRefUpdates", "always"),
        ("checkout.workers", "2"),
        ("branch.autoSetupMerge", "always"),
    ] {
        let sandbox = kinds(false);
        sandbox.git(&["config", "core.repositoryFormatVersion", "1"]);
        sandbox.git(&["config", key, value]);
        assert_eq!(compare(&format!("{key}={value}"), &sandbox), None, "{key}={value}");
    }
}

#[test]
fn attributes_convert_our_files_as_they_convert_gits() {
    let stored: [(&str, &str); 12] = [
        ("plain.txt", "one\ntwo\n"),
        ("auto.md", "one\ntwo\n"),
        ("crlf.bat", "one\ntwo\n"),
        ("lf.sh", "one\ntwo\n"),
        ("id.c", "$Id$\nint main;\n"),
        ("wide.utf16", "z\u{fc}rich\n"),
        ("never.bin", "one\ntwo\n"),
        ("old.style", "one\ntwo\n"),
        ("sub/inner.txt", "one\ntwo\n"),
        ("sub/id.x", "$Id$\n"),
        ("line\nbreak.bat", "one\ntwo\n"),
        ("macro.m", "$Id$\r\n"),
    ];
    let attributes = "[attr]expanded ident -text\n*.txt text\n*.md text=auto\n*.bat text eol=crlf\n\
        *.sh text eol=lf\n*.c ident\n*.utf16 text working-tree-encoding=UTF-16LE-BOM\n*.bin binary\n\
        *.style crlf\n*.m expanded\nid.x ident\n";
    for (key, value) in
        [("core.autocrlf", "false"), ("core.autocrlf", "true"), ("core.eol", "crlf")]
    {
        let sandbox = Sandbox::ordinary(&stored);
        sandbox.write(".gitattributes", attributes);
        sandbox.write("sub/.gitattributes", "*.txt eol=crlf\n");
        sandbox.commit_all();
        sandbox.git(&["config", key, value]);
        assert_eq!(compare(&format!("attributes, {key}={value}"), &sandbox), None);
        let converted = std::fs::read(sandbox.path("one/crlf.bat")).unwrap();
        assert_eq!(converted, b"one\r\ntwo\r\n");
    }
    let sandbox = Sandbox::ordinary(&stored);
    write(&sandbox.root().join(".git/info/attributes"), "*.c ident\n");
    write(&sandbox.path("home/.config/git/attributes"), "*.md text eol=crlf\n");
    assert_eq!(compare("attributes outside of the commit", &sandbox), None);
    assert_eq!(std::fs::read(sandbox.path("two/auto.md")).unwrap(), b"one\r\ntwo\r\n");
    assert!(std::fs::read_to_string(sandbox.path("two/id.c")).unwrap().starts_with("$Id: "));
}

#[test]
fn what_only_git_can_write_git_writes_and_the_reason_is_told() {
    let told = |name: &str, setup: &dyn Fn(&Sandbox)| {
        let sandbox = Sandbox::ordinary(&[("f", "abc\n"), ("d/g", "1\n"), ("e/h", "2\n")]);
        setup(&sandbox);
        compare(name, &sandbox).unwrap_or_default()
    };
    let filtered = told("filter", &|sandbox| {
        sandbox.git(&["config", "filter.up.smudge", "tr a-z A-Z"]);
        sandbox.git(&["config", "filter.up.clean", "tr A-Z a-z"]);
        sandbox.commit(&[(".gitattributes", "f filter=up\n")]);
    });
    assert_eq!(filtered, "the filter `up` serves 1 file");
    let sparse = told("sparse", &|sandbox| {
        sandbox.git(&["sparse-checkout", "set", "d"]);
    });
    assert!(sparse.starts_with("core.sparseCheckout is set"), "{sparse}");
    let split = told("split index", &|sandbox| {
        sandbox.git(&["config", "core.splitIndex", "true"]);
    });
    assert!(split.starts_with("core.splitIndex is set"), "{split}");
    let replaced = told("replaced", &|sandbox| {
        write(&sandbox.path("other"), "replaced\n");
        let other = sandbox.git(&["hash-object", "-w", "../other"]);
        sandbox.git(&["replace", &sandbox.git(&["rev-parse", "HEAD:f"]), &other]);
    });
    assert_eq!(replaced, "objects are replaced (`git replace`)");
}

#[test]
fn formats_that_libgit2_cannot_open_get_their_worktrees_from_git() {
    for format in [("GIT_DEFAULT_HASH", "sha256"), ("GIT_DEFAULT_REF_FORMAT", "reftable")] {
        let sandbox = Sandbox::of_formats(vec![(format.0.into(), format.1.into())]);
        sandbox.commit(&[("f", "1"), ("d/g", "2")]);
        // A git that does not know the format has made an ordinary repository.
        let foreign = sandbox.repo().checkout_needs_git().is_some();
        assert_eq!(compare(format.1, &sandbox).is_some(), foreign, "{format:?}");
    }
}

#[test]
fn a_partial_clone_fetches_what_it_lacks() {
    let sandbox = Sandbox::ordinary(&[("f", "1\n"), ("d/g", "2\n")]);
    sandbox.git(&["config", "uploadpack.allowFilter", "true"]);
    let from = format!("file://{}", sandbox.root().display());
    let top = sandbox.path("");
    let clone = ["clone", "-q", "--filter=blob:none", "--no-checkout", &from, "partial"];
    sandbox.git_at(&top, &clone);
    let repo =
        crate::adapters::git::Repo::discover(&sandbox.path("partial"), sandbox.env()).unwrap();
    let made = provision(&repo, spec(&sandbox, "one")).unwrap();
    assert!(made.by_git.unwrap().starts_with("the clone is partial"));
    assert_eq!(std::fs::read_to_string(made.path.join("d/g")).unwrap(), "2\n");
    assert_eq!(sandbox.git_at(&made.path, &["status", "--porcelain"]), "");
}

#[test]
fn submodules_odd_trees_and_commits_without_files_are_as_git_has_them() {
    let sandbox = Sandbox::ordinary(&[("f", "1")]);
    sandbox.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("160000,{},vendor/lib", "1".repeat(40)),
    ]);
    sandbox.git(&["commit", "-q", "-m", "a submodule"]);
    assert_eq!(compare("gitlink", &sandbox), None);
    let sandbox = Sandbox::of_formats(Vec::new());
    sandbox.git(&["commit", "-q", "--allow-empty", "-m", "nothing"]);
    assert_eq!(compare("no files", &sandbox), None);
    let sandbox = Sandbox::ordinary(&[("f", "1")]);
    let empty = sandbox.git(&["mktree"]);
    write(
        &sandbox.path("tree"),
        &format!(
            "040000 tree {empty}\thollow\n100664 blob {}\tgroup\n",
            sandbox.git(&["rev-parse", "HEAD:f"])
        ),
    );
    let shell = "git mktree <../tree >../made && git commit-tree -p HEAD -m hollow $(cat ../made) >../commit && git reset -q --hard $(cat ../commit)";
    sandbox.git(&["-c", &format!("alias.odd=!{shell}"), "odd"]);
    assert_eq!(compare("an empty folder and an old mode", &sandbox), None);
}

#[test]
fn bare_and_shallow_repositories_and_borrowed_objects_serve_as_well() {
    let sandbox = kinds(false);
    let top = sandbox.path("");
    let from = format!("file://{}", sandbox.root().display());
    for (name, words) in
        [("bare", &["--bare"][..]), ("shallow", &["--depth=1"]), ("shared", &["--shared"])]
    {
        let source = if name == "shared" { "repo" } else { &from };
        let clone = [&["clone", "-q"], words, &[source, name]].concat();
        sandbox.git_at(&top, &clone);
        let repo =
            crate::adapters::git::Repo::discover(&sandbox.path(name), sandbox.env()).unwrap();
        let label = format!("of-{name}");
        let made = provision(&repo, spec(&sandbox, &label)).unwrap();
        let theirs = sandbox.path(&format!("{name}-theirs"));
        sandbox.git_at(
            &sandbox.path(name),
            &["worktree", "add", "-q", "--detach", theirs.to_str().unwrap(), "main"],
        );
        assert_eq!(found(&made.path), found(&theirs), "{name}");
        assert_eq!(sandbox.git_at(&made.path, &["status", "--porcelain"]), "", "{name}");
        assert_eq!(made.by_git, None, "{name}");
    }
}
