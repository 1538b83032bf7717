use super::*;
use crate::adapters::git::fixture::{Sandbox, make_executable, write};
use crate::adapters::git::{Engine, MergeOptions};

fn lines(range: std::ops::Range<u32>) -> String {
    range.map(|n| format!("line {n}\n")).collect()
}

fn replay(sandbox: &Sandbox, engine: Engine, [start, tip, onto]: [Oid; 3]) -> ReplayOutcome {
    let repo = sandbox.repo().with_engine(engine);
    let mut session = repo.merge_session(MergeOptions::default());
    session.replay(ReplayRequest { start, tip, onto }).unwrap()
}

/// A commit of these files where HEAD is, by somebody else and at another time.
fn commit_as_bob(sandbox: &Sandbox, files: &[(&str, &str)], message: &[u8]) -> Oid {
    for (path, text) in files {
        sandbox.write(path, text);
    }
    let file = sandbox.path("message");
    std::fs::write(&file, message).unwrap();
    sandbox.git(&["add", "-A"]);
    let file = file.display().to_string();
    let words = ["commit", "-q", "--allow-empty", "--cleanup=verbatim", "-F", &file];
    let author = ["--author=Bob <bob@x>", "--date=1600000000 -0300"];
    sandbox.git(&[&words[..], &author].concat());
    sandbox.rev("HEAD")
}

#[test]
fn a_range_is_made_anew_with_everything_but_its_place() {
    let text = lines(0..30);
    let sandbox = Sandbox::with(&[("f", &text), ("done", "1\n")]);
    let start = sandbox.rev("HEAD");
    let onto = sandbox.branch("onto", start, &[("other", "1\n"), ("done", "2\n")]);
    sandbox.git(&["switch", "-q", "-c", "side"]);
    let first = text.replace("line 3\n", "three\n");
    commit_as_bob(&sandbox, &[("f", &first)], b"first \n\n# kept\n\n\n");
    let known = commit_as_bob(&sandbox, &[("done", "2\n")], b"known\n");
    commit_as_bob(&sandbox, &[], b"empty from the beginning\n");
    sandbox.git(&["config", "i18n.commitEncoding", "ISO-8859-1"]);
    let last = first.replace("line 20\n", "twenty\n");
    let tip = commit_as_bob(&sandbox, &[("f", &last)], b"caf\xe9\n");
    for engine in [Engine::Auto, Engine::Libgit2] {
        if engine == Engine::Libgit2 && sandbox.repo().objects().is_err() {
            continue;
        }
        let ReplayOutcome::Replayed { tip: new, dropped, engine, notes } =
            replay(&sandbox, engine, [start, tip, onto])
        else {
            panic!("{engine:?}")
        };
        assert_eq!((dropped, notes), (vec![known], Vec::new()));
        assert!(engine.is_some());
        let log = |tip: &Oid, format: &str| {
            let range = format!("{start}..{tip}");
            sandbox.git(&["log", "--reverse", "--encoding=UTF-8", format, &range])
        };
        assert_eq!(log(&new, "--format=%s"), "change\nfirst\nempty from the beginning\ncafé");
        let kept = "--format=%an|%ae|%ai|%e|%B";
        let of_side = log(&tip, kept).replace("Bob|bob@x|2020-09-13 09:26:40 -0300||known\n\n", "");
        assert!(log(&new, kept).ends_with(&of_side), "{}\n{of_side}", log(&new, kept));
        assert_eq!(log(&new, "--format=%cn").lines().last(), Some("Ann"));
        assert_eq!(sandbox.git(&["show", &format!("{new}:f")]), last.trim_end());
        assert_eq!(sandbox.git(&["rev-list", "--merges", &new.to_string()]), "");
    }
    // What lies on its place already stays what it is.
    let still = replay(&sandbox, Engine::Auto, [start, tip, start]);
    let (dropped, notes) = (Vec::new(), Vec::new());
    assert_eq!(still, ReplayOutcome::Replayed { tip, dropped, engine: None, notes });
}

#[test]
fn a_commit_that_collides_is_named_and_a_merge_is_not_taken_apart() {
    let text = lines(0..30);
    let sandbox = Sandbox::with(&[("f", &text)]);
    let start = sandbox.rev("HEAD");
    let onto = sandbox.branch("onto", start, &[("f", &text.replace("line 3\n", "drei\n"))]);
    let fine = sandbox.branch("side", start, &[("g", "1\n")]);
    sandbox.git(&["switch", "-q", "side"]);
    let three = text.replace("line 3\n", "three\n");
    let bad = commit_as_bob(&sandbox, &[("f", &three)], b"\nthe bad one\nand more\n");
    let tip = commit_as_bob(&sandbox, &[("h", "1\n")], b"after\n");
    let outcome = replay(&sandbox, Engine::Auto, [start, tip, onto]);
    let ReplayOutcome::Conflict { commit, subject, paths, hunks, .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!((commit, &*subject, paths), (bad, "the bad one", vec!["f".to_owned()]));
    assert!(hunks[0].text.contains("drei\n||||||| base\nline 3\n=======\nthree\n"));

    sandbox.git(&["switch", "-q", "-c", "other", &fine.to_string()]);
    sandbox.git(&["merge", "-q", "--no-ff", "-m", "both", "onto"]);
    let merge = sandbox.rev("HEAD");
    let outcome = replay(&sandbox, Engine::Auto, [start, merge, onto]);
    assert_eq!(outcome, ReplayOutcome::Merge { commit: merge, subject: "both".to_owned() });
    let unrelated = replay(&sandbox, Engine::Auto, [tip, onto, start]);
    assert_eq!(unrelated, ReplayOutcome::Unrelated);
}

#[test]
fn who_signs_signs_what_is_made_anew() {
    let sandbox = Sandbox::with(&[("f", "1\n")]);
    let start = sandbox.rev("HEAD");
    let onto = sandbox.branch("onto", start, &[("g", "1\n")]);
    sandbox.git(&["switch", "-q", "-c", "side"]);
    sandbox.git(&["config", "i18n.commitEncoding", "ISO-8859-1"]);
    let tip = commit_as_bob(&sandbox, &[("h", "1\n")], b"caf\xe9\n\n");
    let signer = sandbox.path("signer");
    write(&signer, "#!/bin/sh\ncat >/dev/null\necho '[GNUPG:] SIG_CREATED ' >&2\necho SEALED\n");
    make_executable(&signer);
    sandbox.git(&["config", "gpg.program", &signer.display().to_string()]);
    sandbox.git(&["config", "commit.gpgSign", "true"]);
    let outcome = replay(&sandbox, Engine::Auto, [start, tip, onto]);
    let ReplayOutcome::Replayed { tip, .. } = outcome else { panic!("{outcome:?}") };
    let format = "--format=%an %ai %e %s";
    let words = ["log", "-1", "--encoding=UTF-8", format, &tip.to_string()];
    assert_eq!(sandbox.git(&words), "Bob 2020-09-13 09:26:40 -0300 ISO-8859-1 café");
    assert!(
        sandbox.git(&["show", "--no-patch", "--format=raw", &tip.to_string()]).contains("SEALED")
    );
}
