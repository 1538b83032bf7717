//! What serves repositories of every format.

use super::*;
use crate::adapters::git::fixture::Sandbox;

const CURRENT: GitVersion = GitVersion { major: 2, minor: 47, patch: 3 };
const BEFORE_MERGE_TREE: GitVersion = GitVersion { major: 2, minor: 37, patch: 0 };

fn obstacles(config: &str, version: GitVersion) -> Result<Obstacles, GitError> {
    let text = config.replace(' ', "\n").replace(';', "\0");
    Obstacles::found(&Settings::parse(text.as_bytes()), None, version)
}

fn reasons(config: &str) -> (Option<String>, Option<String>) {
    let Obstacles { objects, checkout } = obstacles(config, CURRENT).unwrap();
    (objects, checkout)
}

#[test]
fn formats_that_libgit2_does_not_open_are_gits_in_every_area() {
    for (config, feature) in [
        ("extensions.objectformat sha256", "the object format sha256"),
        ("extensions.refstorage reftable", "the ref storage reftable"),
        ("extensions.compatobjectformat sha256", "the extension compatobjectformat"),
        ("extensions.partialclone origin", "the extension partialclone"),
    ] {
        let reason = Some(format!("libgit2 does not know {feature}"));
        assert_eq!(reasons(config), (reason.clone(), reason), "{config}");
        let refused = obstacles(config, BEFORE_MERGE_TREE);
        let Err(GitError::Unsupported { feature: named, way_out, .. }) = refused else {
            panic!("{refused:?}")
        };
        assert!(named == feature && way_out.starts_with("install git 2."), "{named}: {way_out}");
    }
    let plain = "extensions.objectformat sha1;extensions.worktreeconfig true;core.splitindex false;\
                 core.untrackedcache true;index.version 4;remote.origin.promisor false";
    assert_eq!(reasons(plain), (None, None));
}

#[test]
fn a_partial_clone_is_gits_and_an_old_git_leaves_reading_to_libgit2() {
    let config = "remote.origin.promisor true";
    let reason = Some("the clone is partial: git fetches what is missing".to_owned());
    assert_eq!(reasons(config), (reason.clone(), reason.clone()));
    let old = obstacles(config, BEFORE_MERGE_TREE).unwrap();
    assert_eq!((old.objects, old.checkout), (None, reason));
}

#[test]
fn sparse_checkouts_and_split_indexes_are_written_by_git() {
    for (config, name) in [
        ("core.sparsecheckout", "core.sparseCheckout"),
        ("core.splitindex true", "core.splitIndex"),
    ] {
        let (objects, checkout) = reasons(config);
        assert_eq!(objects, None);
        assert!(checkout.unwrap().starts_with(name));
        // New worktrees take after the main one, wherever the user stands.
        let main = Settings::parse(config.replace(' ', "\n").as_bytes());
        let stood_in = Settings::parse(b"");
        let found = Obstacles::found(&stood_in, Some(&main), CURRENT).unwrap();
        assert!(found.checkout.is_some());
    }
}

#[test]
fn every_area_is_listed_with_what_serves_it_and_why() {
    let sandbox = Sandbox::ordinary(&[("a", "1")]);
    let listed = || {
        let found = sandbox.repo().capabilities().into_iter();
        found.map(|c| (c.area, c.backend, c.reason.unwrap_or_default())).collect::<Vec<_>>()
    };
    let status = "files are compared with the filters and flags that git knows";
    let line = |area, backend, reason: &str| (area, backend, reason.to_owned());
    assert_eq!(
        listed(),
        [
            line(Area::Objects, Backend::Libgit2, ""),
            line(Area::Index, Backend::Git, status),
            line(Area::Checkout, Backend::Libgit2, ""),
            line(Area::Forecast, Backend::Libgit2, ""),
        ]
    );
    sandbox.git(&["update-index", "--split-index"]);
    sandbox.git(&["config", "filter.lfs.process", "git-lfs filter-process"]);
    sandbox.git(&["config", "filter.lfs.smudge", "git-lfs smudge -- %f"]);
    sandbox.git(&["config", "filter.Tabs.smudge", "expand"]);
    sandbox.git(&["config", "filter.in.clean", "cat"]);
    assert_eq!(sandbox.repo().filter_drivers(), ["Tabs", "lfs"]);
    let split = "the index is split, which libgit2 does not read";
    assert_eq!(listed()[1], line(Area::Index, Backend::Git, split));
    let filters = "git where attributes ask for the filter `Tabs`, `lfs`";
    assert_eq!(listed()[2], line(Area::Checkout, Backend::Libgit2, filters));
    assert_eq!(sandbox.repo().checkout_needs_git(), None);
    sandbox.git(&["config", "core.sparseCheckout", "true"]);
    let repo = sandbox.repo();
    assert!(repo.checkout_needs_git().unwrap().contains("core.sparseCheckout"));
    assert_eq!(listed()[2].1, Backend::Git);
}
