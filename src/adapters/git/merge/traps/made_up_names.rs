//! A file against a folder or a link: git puts one of them at a name that it makes up, nobody else
//! is to hear of that.

use std::os::unix::fs::symlink;

use super::kinds::made;
use super::*;
use crate::adapters::git::{Backend, Forecast, ForecastTip};

type Change<'a> = &'a dyn Fn(&Sandbox);

fn fresh(sandbox: &Sandbox, path: &str) -> std::path::PathBuf {
    let path = sandbox.root().join(path);
    if path.exists() {
        std::fs::remove_file(&path).unwrap();
    }
    path
}

fn check(name: &'static str, sides: [Change<'_>; 2], path: &str) {
    let text = lines(0..30);
    for [ours, theirs] in [sides, [sides[1], sides[0]]] {
        let trap = made(name, &[("f", &text), ("keep", "1\n")], [ours, theirs]);
        let (sandbox, repo) = (&trap.sandbox, trap.sandbox.repo());
        let request = MergeRequest { base: None, ours: trap.ours, theirs: trap.theirs };
        for engine in [Engine::Git, Engine::Libgit2] {
            let merged = repo.clone().with_engine(engine).merge(request).unwrap();
            let MergeOutcome::Conflict { paths, .. } = &merged else {
                panic!("{name}: {merged:?}");
            };
            assert_eq!(paths, &[path], "{name}: {engine:?}");
        }
        // The one begins where the other does, and one commit later.
        let base = sandbox.rev("main");
        let later = sandbox.branch("later", base, &[("keep", "2\n")]);
        let theirs = sandbox.git(&[
            "commit-tree",
            "-p",
            &later.to_string(),
            "-m",
            "moved on",
            &format!("{}^{{tree}}", trap.theirs),
        ]);
        let on_top = theirs.parse().unwrap();
        let ours = ForecastTip { start: Some(base), tip: trap.ours };
        for theirs in [
            ForecastTip { start: Some(base), tip: trap.theirs },
            ForecastTip { start: Some(later), tip: on_top },
        ] {
            for backend in [Backend::Git, Backend::Libgit2] {
                let repo = repo.clone().with_backend(backend);
                let told = repo.forecast_matrix(&[ours, theirs]).unwrap().remove(0).2;
                let Forecast::Conflict { paths } = &told else { panic!("{name}: {told:?}") };
                assert_eq!(paths, &[path], "{name}: {backend:?}, {theirs:?}");
            }
        }
    }
}

#[test]
fn a_file_against_a_folder_or_a_link_is_told_by_its_own_path() {
    let edit = |sandbox: &Sandbox| sandbox.write("f", &with_line(&lines(0..30), 3, "edit"));
    let folder = |sandbox: &Sandbox| {
        fresh(sandbox, "f");
        sandbox.write("f/in", "in\n");
    };
    let link = |sandbox: &Sandbox| symlink("keep", fresh(sandbox, "f")).unwrap();
    check("edited file, folder", [&edit, &folder], "f");
    check("edited file, link", [&edit, &link], "f");
    let file = |sandbox: &Sandbox| sandbox.write("n", "file\n");
    let folder = |sandbox: &Sandbox| sandbox.write("n/in", "in\n");
    let link = |sandbox: &Sandbox| symlink("keep", fresh(sandbox, "n")).unwrap();
    let moved = |sandbox: &Sandbox| {
        sandbox.git(&["mv", "f", "n"]);
    };
    check("file, folder", [&file, &folder], "n");
    check("link, folder", [&link, &folder], "n");
    check("file, link", [&file, &link], "n");
    check("moved file, folder", [&moved, &folder], "n");
}
