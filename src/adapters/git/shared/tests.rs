use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::adapters::git::fixture::{Sandbox, make_executable, write};

fn changed(sandbox: &Sandbox, act: impl FnOnce()) -> (SharedFiles, SharedFiles, Vec<SharedChange>) {
    let repo = sandbox.repo();
    let before = repo.shared_files().unwrap();
    assert!(before.changes(&repo.shared_files().unwrap(), &repo).unwrap().is_empty());
    act();
    let after = repo.shared_files().unwrap();
    let changes = before.changes(&after, &repo).unwrap();
    (before, after, changes)
}

fn config(sandbox: &Sandbox) -> String {
    sandbox.read(".git/config").unwrap()
}

#[test]
fn a_file_of_settings_is_as_it_was_to_the_byte_where_only_programs_were_added() {
    let sandbox = Sandbox::with(&[("a", "1\n")]);
    sandbox.git(&["config", "alias.st", "status"]);
    sandbox.git(&["config", "--add", "alias.st", "status -s"]);
    let was = config(&sandbox);
    let (before, after, changes) = changed(&sandbox, || {
        sandbox.git(&["config", "core.fsmonitor", "/bin/evil"]);
        sandbox.git(&["config", "--replace-all", "alias.st", "!evil"]);
    });
    let file = sandbox.repo().common_dir().join("config");
    let [SharedChange::ExecutableSettings { names, commands, damaged: false, .. }] = &changes[..]
    else {
        panic!("{changes:?}")
    };
    assert_eq!(names, &["alias.st", "core.fsmonitor"]);
    let replace = "git config --replace-all alias.st '!evil'";
    assert_eq!(commands, &[replace, "git config core.fsmonitor /bin/evil"]);
    let aside = sandbox.path("aside");
    before.put_back_settings(&after, &sandbox.repo(), &file, &aside).unwrap();
    assert_eq!(config(&sandbox), was);
    assert!(std::fs::read_to_string(&aside).unwrap().contains("evil"));
    let stored = sandbox.path("stored.json");
    SharedPrograms::of(&before).store(&stored).unwrap();
    for path in [aside, stored] {
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "settings may hold passwords: {}", path.display());
    }
    assert!(!file.with_extension("lock").exists());
}

#[test]
fn settings_that_run_nothing_stay_when_others_are_put_back() {
    let sandbox = Sandbox::with(&[("a", "1\n")]);
    sandbox.git(&["config", "alias.st", "status"]);
    let (before, after, changes) = changed(&sandbox, || {
        sandbox.git(&["config", "remote.up.url", "/elsewhere"]);
        sandbox.git(&["config", "alias.st", "!evil"]);
        sandbox.git(&["config", "filter.x.clean", "evil"]);
    });
    assert_eq!(changes.len(), 2, "{changes:?}");
    let file = sandbox.repo().common_dir().join("config");
    let aside = sandbox.path("aside");
    before.put_back_settings(&after, &sandbox.repo(), &file, &aside).unwrap();
    assert_eq!(sandbox.git(&["config", "alias.st"]), "status");
    assert_eq!(sandbox.git(&["config", "remote.up.url"]), "/elsewhere");
    assert!(!config(&sandbox).contains("evil"));
}

#[test]
fn settings_that_cannot_be_read_or_are_gone_come_back_whole() {
    let sandbox = Sandbox::with(&[("a", "1\n")]);
    let repo = sandbox.repo();
    let (was, file) = (config(&sandbox), repo.common_dir().join("config"));
    let before = repo.shared_files().unwrap();
    for damage in [Some("[broken"), None] {
        match damage {
            Some(text) => sandbox.write(".git/config", text),
            None => std::fs::remove_file(&file).unwrap(),
        }
        let after = repo.shared_files().unwrap();
        let changes = before.changes(&after, &repo).unwrap();
        assert!(!changes.is_empty());
        before.put_back_settings(&after, &repo, &file, &sandbox.path("aside")).unwrap();
        assert_eq!(config(&sandbox), was);
    }
}

#[test]
fn hooks_that_run_are_put_back_and_others_stay() {
    let sandbox = Sandbox::with(&[("a", "1\n")]);
    let hook = |name: &str| sandbox.root().join(".git/hooks").join(name);
    for name in ["pre-commit", "pre-push", "update"] {
        write(&hook(name), "#!/bin/sh\n");
        make_executable(&hook(name));
    }
    write(&hook("asleep"), "#!/bin/sh\n");
    let (before, _, changes) = changed(&sandbox, || {
        write(&hook("pre-commit"), "#!/bin/sh\nevil\n");
        std::fs::remove_file(hook("pre-push")).unwrap();
        make_executable(&hook("asleep"));
        write(&hook("deep/planted"), "evil");
        make_executable(&hook("deep/planted"));
        write(&hook("notes.txt"), "no hook\n");
        write(&hook("post-merge"), "not executable yet\n");
        write(&hook(".pre-push.swp"), "of an editor\n");
    });
    let mut names: Vec<&Path> = Vec::new();
    for change in &changes {
        let SharedChange::Hook { name } = change else { panic!("{change:?}") };
        names.push(name);
    }
    let expected =
        ["asleep", "deep/planted", "post-merge", "pre-commit", "pre-push"].map(Path::new);
    assert_eq!(names, expected);
    for (number, name) in names.iter().enumerate() {
        let aside = sandbox.path(&format!("aside-{number}"));
        before.put_back_hook(&sandbox.repo(), name, &aside).unwrap();
    }
    let after = sandbox.repo().shared_files().unwrap();
    assert_eq!(before.changes(&after, &sandbox.repo()).unwrap(), []);
    assert_eq!(sandbox.read(".git/hooks/pre-commit").unwrap(), "#!/bin/sh\n");
    assert!(hook("notes.txt").exists() && !hook("deep/planted").exists());
    assert!(hook(".pre-push.swp").exists() && !hook("post-merge").exists());
    assert!(sandbox.path("aside-2").exists(), "it is kept");
    assert!(std::fs::read_to_string(sandbox.path("aside-3")).unwrap().contains("evil"));
}

#[test]
fn a_folder_of_hooks_that_became_a_link_is_one_again_and_nothing_behind_it_is_touched() {
    let sandbox = Sandbox::with(&[("a", "1\n")]);
    let hooks = sandbox.root().join(".git/hooks");
    write(&hooks.join("pre-commit"), "#!/bin/sh\n");
    make_executable(&hooks.join("pre-commit"));
    write(&sandbox.path("elsewhere/pre-push"), "evil");
    make_executable(&sandbox.path("elsewhere/pre-push"));
    let (before, _, changes) = changed(&sandbox, || {
        std::fs::remove_dir_all(&hooks).unwrap();
        std::os::unix::fs::symlink(sandbox.path("elsewhere"), &hooks).unwrap();
    });
    assert_eq!(changes, [SharedChange::Hook { name: PathBuf::new() }]);
    before.put_back_hook(&sandbox.repo(), Path::new(""), &sandbox.path("aside")).unwrap();
    assert!(hooks.join("pre-commit").exists() && !hooks.is_symlink());
    assert!(sandbox.path("elsewhere/pre-push").exists());
}

#[test]
fn refs_worktrees_heads_and_files_are_told() {
    let sandbox = Sandbox::ordinary(&[("a", "1\n")]);
    sandbox.git(&["branch", "gone"]);
    sandbox.write("a", "2\n");
    sandbox.git(&["stash"]);
    sandbox.write("a", "3\n");
    sandbox.git(&["stash"]);
    let repo = sandbox.repo();
    let (lower, first) = (sandbox.rev("stash@{1}"), sandbox.rev("main"));
    let before = repo.all_refs(None).unwrap();
    assert_eq!(before.changes(&repo.all_refs(Some(&before)).unwrap()), []);
    let (_, _, changes) = changed(&sandbox, || {
        sandbox.git(&["switch", "-q", "-c", "new"]);
        sandbox.write(".git/info/exclude", "secret\n");
        sandbox.git(&["worktree", "add", "-q", "--detach", "../w"]);
    });
    assert_eq!(changes.len(), 3, "{changes:?}");
    sandbox.git(&["branch", "-D", "gone"]);
    sandbox.git(&["stash", "drop", "-q", "stash@{1}"]);
    let refs = repo.all_refs(Some(&before)).unwrap();
    let change = |name: &str, old, new| RefChange { name: name.to_owned(), old, new };
    assert_eq!(
        before.changes(&refs),
        [
            change("refs/heads/gone", Some(first), None),
            change("refs/heads/new", None, Some(first)),
            change("stash@{…}", Some(lower), None),
        ]
    );
}

#[test]
fn refs_are_told_apart_however_git_keeps_them() {
    let sandbox = Sandbox::with(&[("a", "1\n")]);
    let first = sandbox.rev("main");
    sandbox.git(&["commit", "-q", "--allow-empty", "-m", "second"]);
    let second = sandbox.rev("main");
    for name in ["gone", "moved", "deep/gone", "kept"] {
        sandbox.git(&["branch", name, "main"]);
    }
    sandbox.git(&["symbolic-ref", "refs/heads/link", "refs/heads/moved"]);
    let repo = sandbox.repo();
    let loose = repo.all_refs(None).unwrap();
    sandbox.git(&["pack-refs", "--all"]);
    let packed = repo.all_refs(Some(&loose)).unwrap();
    assert_eq!((loose.changes(&packed), packed.changes(&loose)), (vec![], vec![]));
    sandbox.git(&["branch", "-f", "moved", "main^"]);
    sandbox.git(&["branch", "-D", "gone", "deep/gone"]);
    sandbox.git(&["symbolic-ref", "refs/heads/link", "refs/heads/kept"]);
    sandbox.git(&["branch", "new"]);
    sandbox.git(&["update-ref", "refs/wt-orch/x", "main"]);
    let after = repo.all_refs(Some(&packed)).unwrap();
    let change = |name: &str, old, new| RefChange { name: format!("refs/heads/{name}"), old, new };
    let expected = [
        change("deep/gone", Some(second), None),
        change("gone", Some(second), None),
        change("moved", Some(second), Some(first)),
        change("new", None, Some(second)),
    ];
    for before in [&loose, &packed] {
        assert_eq!(before.changes(&after), expected);
    }
    sandbox.git(&["symbolic-ref", "refs/heads/link", "refs/heads/moved"]);
    let last = repo.all_refs(Some(&after)).unwrap();
    assert_eq!(after.changes(&last), [change("link", Some(second), Some(first))]);
    assert_eq!(last, repo.all_refs(None).unwrap());
}

// Other systems have no such names.
#[cfg(target_os = "linux")]
#[test]
fn programs_are_stored_whatever_their_names_and_bytes_are() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let sandbox = Sandbox::with(&[("a", "1\n")]);
    let hooks = sandbox.root().join(".git/hooks");
    let odd = hooks.join(OsStr::from_bytes(b"odd\xff"));
    std::fs::create_dir_all(&hooks).unwrap();
    std::fs::write(&odd, b"\x7fELF\xfe").unwrap();
    make_executable(&odd);
    std::os::unix::fs::symlink(OsStr::from_bytes(b"to\xff"), hooks.join("update")).unwrap();
    let (repo, stored) = (sandbox.repo(), sandbox.path("stored.json"));
    SharedPrograms::of(&repo.shared_files().unwrap()).store(&stored).unwrap();
    let changes = |name: &str| {
        let before = SharedPrograms::load(&stored).unwrap();
        before.changes(&repo, |label| sandbox.path(&format!("{name}-{label}"))).unwrap()
    };
    assert_eq!(changes("first"), []);
    std::fs::remove_file(&odd).unwrap();
    std::fs::remove_file(hooks.join("update")).unwrap();
    write(&hooks.join("pre-push"), "evil");
    make_executable(&hooks.join("pre-push"));
    let undo: Vec<String> = changes("second").into_iter().flat_map(|change| change.undo).collect();
    assert_eq!(undo.len(), 3, "{undo:?}");
    assert!(undo[1].starts_with("rm ") && undo[1].ends_with("/hooks/pre-push"));
    assert!(undo[2].starts_with("mv -f ") && undo[2].ends_with("/hooks/update"));
    SharedPrograms::remove(&stored).unwrap();
    assert_eq!(SharedPrograms::load(&stored), None);
}

#[test]
fn of_many_and_large_programs_little_is_stored_and_every_change_is_found() {
    const SIZE: usize = 200 << 10;
    let sandbox = Sandbox::with(&[("a", "1\n")]);
    let hook = |name: &str| sandbox.root().join(".git/hooks").join(name);
    let whole = format!("#!/bin/sh\n{}", "#".repeat(SIZE));
    for name in ["a", "b", "c"] {
        write(&hook(name), &whole);
        make_executable(&hook(name));
    }
    let (repo, stored) = (sandbox.repo(), sandbox.path("stored.json"));
    SharedPrograms::of(&repo.shared_files().unwrap()).store(&stored).unwrap();
    assert!(stored.metadata().unwrap().len() < 2 * SIZE as u64);
    let changes = || {
        let before = SharedPrograms::load(&stored).unwrap();
        before.changes(&repo, |label| sandbox.path(label)).unwrap()
    };
    assert_eq!(changes(), []);
    // Of the same size and with the same mode.
    for name in ["a", "b"] {
        write(&hook(name), &whole.replace('!', "?"));
    }
    let found = changes();
    let of = |name: &str| SharedChange::Hook { name: name.into() };
    assert_eq!(found.iter().map(|change| &change.what).collect::<Vec<_>>(), [&of("a"), &of("b")]);
    assert_eq!(found.iter().map(|change| change.undo.len()).collect::<Vec<_>>(), [1, 0]);
    let long = format!("{}[core]\n\teditor = {}\n", config(&sandbox), "e".repeat(2 * SIZE));
    sandbox.write(".git/config", &long);
    SharedPrograms::of(&repo.shared_files().unwrap()).store(&stored).unwrap();
    assert_eq!(changes(), []);
    sandbox.git(&["config", "core.editor", "evil"]);
    let found = changes();
    let [ProgramChange { what: SharedChange::ExecutableSettings { file, .. }, undo, copy: None }] =
        &found[..]
    else {
        panic!("{found:?}")
    };
    assert_eq!((file, undo.len()), (&repo.common_dir().join("config"), 0));
}
