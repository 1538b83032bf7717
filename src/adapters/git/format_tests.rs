//! Repositories that libgit2 cannot open.

use super::fixture::Sandbox;
use super::*;

/// Sandboxes of every such format that this git can make.
fn foreign() -> Vec<(&'static str, Sandbox)> {
    let formats: [(&str, &[(&str, &str)]); 3] = [
        ("sha256", &[("GIT_DEFAULT_HASH", "sha256")]),
        ("reftable", &[("GIT_DEFAULT_REF_FORMAT", "reftable")]),
        ("both", &[("GIT_DEFAULT_HASH", "sha256"), ("GIT_DEFAULT_REF_FORMAT", "reftable")]),
    ];
    let sandboxes = formats.into_iter().map(|(name, variables)| {
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
        (name, Sandbox::of_formats(variables.collect()))
    });
    // A git before 2.45 ignores the variable and makes refs in files.
    sandboxes.filter(|(_, sandbox)| sandbox.repo().objects().is_err()).collect()
}

#[test]
fn git_serves_what_libgit2_cannot_open() {
    assert!(!foreign().is_empty(), "every git of today can make sha256 repositories");
    for (name, sandbox) in foreign() {
        assert_eq!(sandbox.repo().head().unwrap().branch(), Some("main"), "{name}");
        let base = sandbox.commit(&[("f", "1\n2\n3\n4\n5\n6\n7\n"), ("g", "1\n")]);
        let one = sandbox.branch("one", base, &[("f", "one\n2\n3\n4\n5\n6\n7\n")]);
        let two = sandbox.branch("two", base, &[("f", "1\n2\n3\n4\n5\n6\ntwo\n")]);
        let rival = sandbox.branch("rival", base, &[("f", "rival\n2\n3\n4\n5\n6\n7\n")]);
        let repo = sandbox.repo();
        for capability in repo.capabilities() {
            assert_eq!(capability.backend, Backend::Git, "{name}: {capability:?}");
        }
        assert!(repo.checkout_needs_git().is_some(), "{name}");
        let f = vec!["f".to_owned()];
        assert_eq!(repo.forecast(one, two).unwrap(), Forecast::SamePath { paths: f.clone() });
        assert_eq!(repo.forecast(one, rival).unwrap(), Forecast::Conflict { paths: f.clone() });
        let merge = |theirs| repo.merge(MergeRequest { base: None, ours: one, theirs }).unwrap();
        let MergeOutcome::Clean { tree, .. } = merge(two) else { panic!("{name}") };
        let MergeOutcome::Conflict { hunks, .. } = merge(rival) else { panic!("{name}") };
        assert!(hunks[0].text.contains("||||||| base\n1\n=======\nrival\n"), "{}", hunks[0].text);

        let library = repo.clone().with_engine(Engine::Libgit2);
        let request = MergeRequest { base: None, ours: one, theirs: two };
        let unread = library.merge(request).unwrap();
        assert!(matches!(unread, MergeOutcome::NeedsGit { .. }), "{name}: {unread:?}");
        let options = MergeOptions { cross_check: true, ..MergeOptions::default() };
        let mut session = repo.merge_session(options);
        assert_eq!(session.merge(request).unwrap(), merge(two), "{name}");

        let parents = vec![one, two];
        let commit = NewCommit { tree, parents, message: "both".into(), author_of: Some(two) };
        let merged = repo.commit_tree(&commit).unwrap();
        assert_eq!(session.commit(&commit).unwrap(), merged, "{name}");
        assert_eq!(repo.sync_objects(merged, &[one, two]).unwrap(), 3, "{name}");
        let (branch, message) = ("main".to_owned(), "landed".to_owned());
        let request = LandRequest { branch, old: base, new: merged, message };
        let landed = land(&repo, &request).unwrap();
        assert_eq!(landed, LandOutcome::Landed { checked_out: Some(sandbox.root()) });
        assert_eq!(sandbox.read("f").unwrap(), "one\n2\n3\n4\n5\n6\ntwo\n");
        assert_eq!(sandbox.git(&["status", "--porcelain"]), "", "{name}");
        let lost = land(&repo, &request).unwrap();
        assert_eq!(lost, LandOutcome::TargetMoved { now: Some(merged) }, "{name}");
    }
}

#[test]
fn what_is_half_done_is_found_and_forgotten_wherever_refs_are() {
    let mut sandboxes = foreign();
    sandboxes.push(("ordinary", Sandbox::empty()));
    for (name, sandbox) in sandboxes {
        let base = sandbox.commit(&[("f", "1\n")]);
        let side = sandbox.branch("side", base, &[("f", "2\n")]);
        sandbox.commit(&[("f", "3\n")]);
        let repo = sandbox.repo();
        let found = || repo.in_progress(repo.git_dir()).unwrap();
        assert_eq!(found(), None, "{name}");
        let side = side.to_string();
        for (words, progress) in [
            (["cherry-pick", &side], Progress::CherryPick),
            (["revert", &base.to_string()], Progress::Revert),
            (["merge", &side], Progress::Merge),
            (["rebase", &side], Progress::Rebase),
        ] {
            assert!(!sandbox.try_git_at(&sandbox.root(), &words).0, "{name}: {words:?}");
            assert_eq!(found(), Some(progress), "{name}");
            sandbox.git(&[words[0], "--abort"]);
        }
        sandbox.git(&["bisect", "start", "HEAD", &base.to_string()]);
        assert_eq!(found(), Some(Progress::Bisect), "{name}");
        sandbox.git(&["bisect", "reset", "main"]);

        sandbox.try_git_at(&sandbox.root(), &["cherry-pick", &side]);
        let names = ["CHERRY_PICK_HEAD", "AUTO_MERGE", "refs/bisect"];
        let stored = repo.stored_root_refs(repo.git_dir(), &names).unwrap();
        repo.delete_stored_root_refs(repo.git_dir(), &names).unwrap();
        assert_eq!(found().is_some(), stored.is_empty(), "{name}");
    }
}
