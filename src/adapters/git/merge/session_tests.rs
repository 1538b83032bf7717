//! Trains of merges: the same as one merge after another, and what may go wrong on the way.

use std::time::Duration;

use super::*;
use crate::adapters::git::NewCommit;
use crate::adapters::git::fixture::{
    Sandbox, lines, make_executable, search_path, with_line, write,
};

fn plain(ours: Oid, theirs: Oid) -> MergeRequest {
    MergeRequest { base: None, ours, theirs }
}

/// The repository with a program in place of git's `merge-tree`; `$git` is the real one.
fn with_merge_tree(sandbox: &Sandbox, script: &str) -> Repo {
    let (program, path) = (sandbox.path("bin/git"), search_path());
    let real = std::env::split_paths(&path).map(|dir| dir.join("git")).find(|git| git.exists());
    let real = real.unwrap();
    let script = format!(
        "#!/bin/sh\ngit='{}'\nfor w; do [ \"$w\" = merge-tree ] && {{ {script}\n}}\ndone\nexec \
         \"$git\" \"$@\"\n",
        real.display()
    );
    write(&program, &script);
    make_executable(&program);
    rediscovered(sandbox)
}

fn rediscovered(sandbox: &Sandbox) -> Repo {
    let path = format!("{}:{}", sandbox.path("bin").display(), search_path());
    let mut env = sandbox.env();
    env.retain(|(name, _)| name != "PATH");
    env.push(("PATH".into(), path.into()));
    Repo::discover(&sandbox.root(), env).unwrap()
}

/// Whoever made it.
fn plainly(outcome: MergeOutcome) -> MergeOutcome {
    let (engine, check) = (MergeEngine::Libgit2, CrossCheck::NotMade);
    match outcome {
        MergeOutcome::Clean { tree, .. } => MergeOutcome::Clean { tree, engine, check },
        MergeOutcome::Conflict { paths, hunks, .. } => {
            MergeOutcome::Conflict { paths, hunks, engine, check }
        }
        MergeOutcome::Unrelated | MergeOutcome::NeedsGit { .. } | MergeOutcome::TimedOut { .. } => {
            outcome
        }
    }
}

#[test]
fn a_train_comes_to_what_single_merges_come_to() {
    let text = lines(0..30);
    let sandbox = Sandbox::with(&[("f", &text), ("log.u", "a\n"), ("d/g", &text)]);
    let base = sandbox.rev("HEAD");
    let branch = |name, files: &[(&str, &str)]| sandbox.branch(name, base, files);
    let mut tips = vec![
        branch("top", &[("f", &with_line(&text, 2, "top"))]),
        branch("rival", &[("f", &with_line(&text, 2, "rival"))]),
        branch("union", &[("d/.gitattributes", "*.u merge=union\n"), ("d/log.u", "1\n")]),
        branch("one", &[("d/log.u", "1\n2\n")]),
        branch("two", &[("f", &with_line(&text, 20, "two"))]),
        branch("moved", &[("d/g", ""), ("d/h", &text)]),
        branch("edit", &[("d/g", &with_line(&text, 9, "edit"))]),
    ];
    sandbox.git(&["checkout", "-q", "--orphan", "island"]);
    tips.insert(2, sandbox.commit(&[("f", "2")]));
    for cross_check in [false, true] {
        let repo = sandbox.repo();
        let options = MergeOptions { cross_check, ..MergeOptions::default() };
        let mut session = repo.merge_session(options);
        let (mut head, mut kinds) = (base, String::new());
        for tip in &tips {
            for request in
                [plain(head, *tip), MergeRequest { base: Some(base), ..plain(head, *tip) }]
            {
                let merged = session.merge(request).unwrap();
                let single = repo.merge(request).unwrap();
                assert_eq!(plainly(merged.clone()), plainly(single));
                let MergeOutcome::Clean { tree, .. } = merged else {
                    kinds.push(if merged == MergeOutcome::Unrelated { 'u' } else { 'c' });
                    continue;
                };
                kinds.push('.');
                if request.base.is_none() {
                    let (parents, message) = (vec![head, *tip], "merge".to_owned());
                    let commit = NewCommit { tree, parents, message, author_of: Some(*tip) };
                    let made = session.commit(&commit).unwrap();
                    assert_eq!(made, repo.commit_tree(&commit).unwrap());
                    head = made;
                }
            }
        }
        // Lines of `log.u` collide unless attributes that came with the train before count.
        assert_eq!(kinds, "..ccuc..........");
        assert_eq!(sandbox.git(&["show", &format!("{head}:d/log.u")]), "1\n2");
        repo.sync_objects(head, &[base]).unwrap();
        assert_eq!(sandbox.git(&["fsck", "--no-dangling"]), "");
    }
}

#[test]
fn commits_of_a_train_are_by_whom_git_would_say() {
    fn is_sendable<T: Send>(_: &T) {}
    let sandbox = Sandbox::with(&[("f", "1")]);
    let parent = sandbox.rev("HEAD");
    let signer = sandbox.path("signer");
    write(&signer, "#!/bin/sh\ncat >/dev/null\necho '[GNUPG:] SIG_CREATED ' >&2\necho SEALED\n");
    make_executable(&signer);
    let commit = |author_of| NewCommit {
        tree: sandbox.repo().tree_of(parent).unwrap(),
        parents: vec![parent],
        message: "wörk\n\nbody".to_owned(),
        author_of,
    };
    let compared = || {
        let repo = sandbox.repo();
        let mut session = repo.merge_session(MergeOptions::default());
        is_sendable(&session);
        for author_of in [None, Some(parent)] {
            let made = session.commit(&commit(author_of)).unwrap();
            assert_eq!(made, repo.commit_tree(&commit(author_of)).unwrap());
        }
        session.commit(&commit(None)).unwrap().to_string()
    };
    let told = |commit: &str| sandbox.git(&["log", "-1", "--format=%an <%ae> %ct", commit]);
    assert_eq!(told(&compared()), "Ann <ann@example.org> 1700000000");
    write(&sandbox.path("home/.gitconfig"), "");
    assert_eq!(told(&compared()), "wt-orch <wt-orch@localhost> 1700000000");
    sandbox.git(&["config", "gpg.program", &signer.display().to_string()]);
    sandbox.git(&["config", "commit.gpgSign", "true"]);
    assert!(sandbox.git(&["cat-file", "-p", &compared()]).contains("SEALED"));
}

#[test]
fn a_merge_that_takes_too_long_is_given_up() {
    let sandbox = Sandbox::ordinary(&[("f", "1")]);
    let base = sandbox.rev("HEAD");
    let ours = sandbox.branch("ours", base, &[("f", "2")]);
    let theirs = sandbox.branch("theirs", base, &[("f", "3")]);
    let repo = with_merge_tree(&sandbox, "sleep 60; exit 1");
    let limit = Duration::from_millis(30);
    let options = MergeOptions { time_limit: limit, ..MergeOptions::default() };
    let timed_out =
        |outcome| matches!(outcome, MergeOutcome::TimedOut { limit: l, .. } if l == limit);
    assert!(timed_out(repo.merge_session(options).merge(plain(ours, theirs)).unwrap()));
}

#[test]
fn where_the_engines_differ_gits_answer_counts_and_is_told() {
    let sandbox = Sandbox::ordinary(&[("f", "1")]);
    let base = sandbox.rev("HEAD");
    let ours = sandbox.branch("ours", base, &[("x", "1")]);
    let theirs = sandbox.branch("theirs", base, &[("y", "1")]);
    let tree = sandbox.rev(&format!("{ours}^{{tree}}"));
    // Forgets what they did.
    let script = format!("printf '%s\\0' {tree}; exit 0");
    let repo = with_merge_tree(&sandbox, &script);
    let merge = |cross_check, engine| {
        let options = MergeOptions { cross_check, ..MergeOptions::default() };
        let mut session = repo.clone().with_engine(engine).merge_session(options);
        let count = || sandbox.git(&["count-objects", "-v"]);
        let before = count();
        let merged = session.merge(plain(ours, theirs)).unwrap();
        assert_eq!(count(), before, "the check is made in memory");
        let MergeOutcome::Clean { tree: merged, check, .. } = merged else { panic!("{merged:?}") };
        assert_eq!(merged, tree);
        check
    };
    assert_eq!(merge(false, Engine::Git), CrossCheck::NotMade);
    assert_eq!(merge(true, Engine::Git), CrossCheck::NotMade);
    let sentence = merge(true, Engine::Auto).sentence().unwrap();
    assert!(sentence.ends_with("git's is taken"), "{sentence}");
}

#[test]
fn a_driver_that_reads_and_writes_disturbs_no_train() {
    let text = lines(0..9);
    let sandbox = Sandbox::ordinary(&[("f", &text), (".gitattributes", "f merge=mine\n")]);
    sandbox.git(&["config", "merge.mine.driver", "cat; echo hello; cat %B >%A"]);
    let base = sandbox.rev("HEAD");
    let ours = sandbox.branch("ours", base, &[("f", &with_line(&text, 2, "ours"))]);
    let theirs = sandbox.branch("theirs", base, &[("f", &with_line(&text, 2, "theirs"))]);
    let mut session = sandbox.repo().merge_session(MergeOptions::default());
    for _ in 0..2 {
        let merged = session.merge(plain(ours, theirs)).unwrap();
        let MergeOutcome::Clean { tree, .. } = merged else { panic!("{merged:?}") };
        assert_eq!(
            sandbox.git(&["show", &format!("{tree}:f")]),
            with_line(&text, 2, "theirs").trim()
        );
    }
}
