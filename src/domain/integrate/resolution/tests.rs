//! The content checks on files made up for them, and on any.

use proptest::prelude::*;

use super::*;

fn versions<'a>(
    base: &'a str,
    ours: &'a str,
    theirs: &'a str,
    result: &'a str,
) -> FileVersions<'a> {
    FileVersions {
        base: Some(base.as_bytes()),
        ours: Some(ours.as_bytes()),
        theirs: Some(theirs.as_bytes()),
        result: Some(result.as_bytes()),
    }
}

#[test]
fn a_marker_that_is_left_is_found_and_a_heading_is_none() {
    let heading = "Title\n=======\n";
    let kept = versions(heading, heading, "Title\n=======\nmore\n", "Title\n=======\nmore\n");
    assert!(kept.markers().is_empty());
    // Both sides bring a heading of their own.
    let two = versions("", "A\n=======\n", "B\n=======\n", "A\n=======\nB\n=======\n");
    assert!(two.markers().is_empty());
    // Only the middle of a conflict is left, in a file that has such a line itself.
    let left = versions(heading, heading, "Title\n=======\nx\n", "Title\n=======\n=======\nx\n");
    assert_eq!(left.markers(), [3]);
    let whole = "<<<<<<< main so far\r\na\r\n||||||| base\r\n=======\r\nb\r\n>>>>>>> task\r\n";
    assert_eq!(versions("", "a\r\n", "b\r\n", whole).markers(), [1, 3, 4, 6]);
    let long = "<<<<<<<<<<<<<<< main\na\n===============\nb\n>>>>>>>>>>>>>>> task\n";
    assert_eq!(versions("", "a\n", "b\n", long).markers(), [1, 5]);
    let table = "head | er\n==========\n";
    assert!(versions("", "a\n", "b\n", table).markers().is_empty());
    assert!(versions("", "<<<<<<<x\n", "", "<<<<<<<x\n========\n").markers().is_empty());
}

#[test]
fn what_a_side_added_and_the_result_lacks_is_listed() {
    let file = versions("a\nz\n", "a\none\n}\nz\n", "a\ntwo\n}\nz\n", "a\none\n}\nz\n");
    let (ours, theirs) = (file.loss(Side::Ours), file.loss(Side::Theirs));
    assert_eq!(ours, SideLoss::default());
    assert_eq!(theirs.lost, ["two"]);
    // The brace is there, if only once: something of it is.
    assert!(!theirs.undone);
    assert_eq!(
        theirs.notes("`api`", "src/x.rs"),
        ["1 line of `api` in `src/x.rs` is not in the result: `two`"]
    );
    let over = versions("a\n", "a\nmine\n", "a\nyours\n", "a\nmine\n");
    assert!(over.loss(Side::Theirs).undone && !over.loss(Side::Ours).undone);
}

#[test]
fn one_line_woven_of_both_keeps_the_work_of_both() {
    let woven = versions("f()\n", "f(a)\n", "f(b)\n", "f(a, b)\n");
    for side in [Side::Ours, Side::Theirs] {
        let loss = woven.loss(side);
        assert!(!loss.undone && loss.lost.len() == 1, "{side:?}: {loss:?}");
    }
    let taken = versions("f()\n", "f(a)\n", "f(b)\n", "f(a)\n");
    assert!(taken.loss(Side::Theirs).undone);
}

#[test]
fn a_removal_that_is_taken_back_is_listed() {
    let file = versions("a\nold\nz\n", "a\nz\n", "a\nold\nnew\nz\n", "a\nold\nnew\nz\n");
    let loss = file.loss(Side::Ours);
    assert_eq!((loss.revived.as_slice(), loss.undone), (&["old".to_owned()][..], true));
    let notes = loss.notes("`trim`", "f");
    assert_eq!(notes, ["1 line that `trim` removed from `f` is still in the result: `old`"]);
    // The other side brought another line of the same words.
    let again = versions("old\n", "", "old\nold\n", "old\n");
    assert_eq!(again.loss(Side::Ours).revived, Vec::<String>::new());
}

#[test]
fn of_a_removed_file_and_of_no_text_it_is_all_or_nothing() {
    let removed =
        FileVersions { base: Some(b"a\n"), ours: None, theirs: Some(b"a\nb\n"), result: None };
    assert_eq!(
        (removed.loss(Side::Ours), removed.loss(Side::Theirs).undone),
        (SideLoss::default(), true)
    );
    assert_eq!(removed.loss(Side::Theirs).lost, ["b"]);
    let kept = FileVersions { result: Some(b"a\nb\n"), ..removed };
    assert!(kept.loss(Side::Ours).undone && !kept.loss(Side::Theirs).undone);
    assert_eq!(
        kept.loss(Side::Ours).notes("`x`", "f"),
        ["nothing of what `x` did to `f` is in the result"]
    );
    let images = FileVersions {
        base: Some(b"\0b"),
        ours: Some(b"\0o"),
        theirs: Some(b"\0t"),
        result: Some(b"\0o"),
    };
    assert!(images.loss(Side::Theirs).undone && !images.loss(Side::Ours).undone);
    assert!(images.markers().is_empty());
}

#[test]
fn lines_that_nobody_was_in_conflict_over_are_listed_as_of_both() {
    let file = versions("1\n5\nz\n}\n}\n", "1\na\nz\n}\n}\n", "1\nb\nz\n}\n}\n", "1\na\nb\n}\n");
    let both = SideLoss { lost: vec!["z".to_owned(), "}".to_owned()], ..SideLoss::default() };
    assert_eq!(file.losses(None), [(Side::Both, both.clone())]);
    assert_eq!(both.notes("both sides", "f").len(), 1);
    // What either side took away may be gone, and what both took away once each.
    let gone = versions("x\ny\nw\nw\nk\n", "y\nw\nk\n", "x\nw\nk\n", "k\n");
    assert_eq!(gone.losses(None), []);
    // Of a text that became none nothing is left.
    let spoilt = FileVersions { result: Some(b"\0"), ..file };
    assert_eq!(spoilt.loss(Side::Both).lost, ["1", "z", "}", "}"]);
    assert!(spoilt.loss(Side::Ours).undone);
}

#[test]
fn a_file_that_was_not_in_conflict_is_compared_with_what_git_merged() {
    let (before, merged) = ("1\n2\n8\n", "1\ntwo\n8\n");
    let edited = versions(before, before, merged, "1\ntwo\n");
    let lost = |line: &str| SideLoss { lost: vec![line.to_owned()], ..SideLoss::default() };
    assert_eq!(edited.losses(Some(merged.as_bytes())), [(Side::Both, lost("8"))]);
    let kept = FileVersions { result: Some(merged.as_bytes()), ..edited };
    assert_eq!(kept.losses(Some(merged.as_bytes())), []);
    // One side renamed it, the other edited it under its old name.
    let renamed =
        FileVersions { base: None, ours: Some(before.as_bytes()), theirs: None, ..edited };
    let renamed = FileVersions { result: Some(b"1\n2\n8\n"), ..renamed };
    assert_eq!(renamed.losses(Some(merged.as_bytes())), [(Side::Theirs, lost("two"))]);
    let image = FileVersions { base: None, ours: None, theirs: Some(b"\0t"), result: Some(b"\0u") };
    let replaced = SideLoss { replaced: true, ..SideLoss::default() };
    assert_eq!(
        replaced.notes("both sides", "f"),
        ["`f` was not in conflict, and is not what its merge gives"]
    );
    assert_eq!(image.losses(Some(b"\0t")), [(Side::Both, replaced)]);
}

#[test]
fn a_mode_that_the_merge_does_not_give_is_listed() {
    let changed = |modes: [Option<u32>; 4], merged| SideLoss::of_mode(modes, merged).mode_changed;
    let (plain, program) = (Some(644), Some(755));
    assert!(changed([plain, plain, plain, program], None));
    assert!(changed([plain, plain, plain, program], plain));
    // Who changed it has the say.
    assert!(!changed([plain, program, plain, program], None));
    assert!(changed([plain, program, plain, plain], None));
    assert!(changed([plain, plain, program, plain], None));
    // Both brought the file.
    assert!(!changed([None, plain, program, plain], None));
    assert!(changed([None, None, plain, program], None));
    assert!(!changed([plain, plain, plain, None], plain));
    let note = SideLoss::of_mode([plain, plain, plain, program], None).notes("both sides", "f");
    assert_eq!(note, ["the file mode of `f` is not the one that its merge gives"]);
}

#[test]
fn a_note_names_few_lines_and_short_ones() {
    let lines: Vec<String> = (0..40).map(|n| format!("{n} {}", "é".repeat(200))).collect();
    let loss = SideLoss { lost: lines, ..SideLoss::default() };
    let note = loss.notes("`a`", "f").remove(0);
    assert!(note.starts_with("40 lines of `a`") && note.ends_with("and 28 more"), "{note}");
    assert!(note.len() < 1400);
}

#[test]
fn a_resolver_is_an_agent_by_name_or_a_command() {
    assert_eq!(Resolver::parse("  "), None);
    assert!(
        matches!(Resolver::parse("claude"), Some(Resolver::Agent(preset)) if preset.name == "claude")
    );
    assert_eq!(Resolver::parse("./fix x"), Some(Resolver::Command("./fix x".to_owned())));
}

#[test]
fn a_prompt_is_short_enough_for_one_word_of_a_command() {
    let long = "é".repeat(100_000);
    let task = |name: String| QuestionTask {
        id: name.parse().unwrap(),
        title: Some(long.clone()),
        prompt: Some(long.clone()),
    };
    let file = |number: u32| QuestionFile {
        path: format!("src/{number}.rs"),
        base: None,
        ours: None,
        theirs: None,
        zdiff3: Some("<<<<<<<\nline\n".repeat(if number == 0 { 1 } else { 1000 })),
    };
    let question = Question {
        schema: 1,
        run: "run".parse().unwrap(),
        target: "main".to_owned(),
        task: task("own".to_owned()),
        others: (0..500).map(|number| task(format!("other-{number}"))).collect(),
        files: (0..3000).map(file).collect(),
        allowed_paths: (0..3000).map(|number| format!("src/{number:04}.rs")).collect(),
        r#try: 2,
        feedback: Some(long.clone()),
    };
    let prompt = question.prompt();
    assert!(prompt.len() < 100 << 10, "{}", prompt.len());
    assert!(prompt.contains("task `own`") && prompt.contains("task `other-0`"));
    // A path takes two spaces, eleven letters and the end of its line.
    assert!(prompt.contains(&format!("\n  and {} more\n", 3000 - (12 << 10) / 14)));
    assert!(prompt.contains("--- src/0.rs\n<<<<<<<\n"), "some excerpts are there");
    assert!(prompt.ends_with("(the rest is in the files)\n"));
}

#[test]
fn paths_outside_are_named() {
    let touched = ["a", "b", "c"].map(str::to_owned);
    assert_eq!(outside(&touched, |path| path != "b").collect::<Vec<_>>(), ["b"]);
}

fn text() -> impl Strategy<Value = String> {
    let line = prop_oneof![Just("a"), Just("b"), Just("}"), Just(""), Just("======="), Just("c d")];
    prop::collection::vec(line, 0..8)
        .prop_map(|lines| lines.iter().map(|l| format!("{l}\n")).collect())
}

proptest! {
    #[test]
    fn the_version_of_a_side_loses_nothing_of_that_side(base in text(), ours in text(), theirs in text()) {
        let file = versions(&base, &ours, &theirs, &ours);
        prop_assert_eq!(file.loss(Side::Ours), SideLoss::default());
        prop_assert_eq!(file.markers(), Vec::<usize>::new());
    }

    #[test]
    fn every_line_that_a_side_added_is_in_the_result_or_listed(
        base in text(), ours in text(), theirs in text(), result in text(),
    ) {
        let file = versions(&base, &ours, &theirs, &result);
        let count = |text: &str, line: &str| text.lines().filter(|l| *l == line).count();
        for (side, own) in [(Side::Ours, &ours), (Side::Theirs, &theirs)] {
            let loss = file.loss(side);
            for line in own.lines().filter(|line| !line.is_empty()) {
                let added = count(own, line).saturating_sub(count(&base, line));
                let listed = loss.lost.iter().filter(|l| *l == line).count();
                let missing = count(own, line).saturating_sub(count(&result, line));
                prop_assert_eq!(listed, added.min(missing));
            }
        }
    }

    #[test]
    fn every_line_of_a_side_that_the_other_left_is_in_the_result_or_listed(
        base in text(), ours in text(), theirs in text(), result in text(), merged in text(),
    ) {
        let file = versions(&base, &ours, &theirs, &result);
        let count = |text: &str, line: &str| text.lines().filter(|l| *l == line).count();
        let listed = |losses: &[(Side, SideLoss)], sides: &[Side], line: &str| {
            let losses = losses.iter().filter(|(side, _)| sides.contains(side));
            losses.flat_map(|(_, loss)| &loss.lost).filter(|l| *l == line).count()
        };
        let losses = file.losses(None);
        for (side, own, other) in [(Side::Ours, &ours, &theirs), (Side::Theirs, &theirs, &ours)] {
            for line in own.lines().filter(|line| !line.is_empty()) {
                let taken = count(&base, line).saturating_sub(count(other, line));
                let missing = count(own, line).saturating_sub(taken + count(&result, line));
                prop_assert!(listed(&losses, &[side, Side::Both], line) >= missing, "{}", line);
            }
        }
        let losses = file.losses(Some(merged.as_bytes()));
        for line in merged.lines().filter(|line| !line.is_empty()) {
            let missing = count(&merged, line).saturating_sub(count(&result, line));
            let all = [Side::Ours, Side::Theirs, Side::Both];
            prop_assert!(listed(&losses, &all, line) >= missing, "{}", line);
        }
    }

    #[test]
    fn a_concatenation_of_both_has_the_lines_of_both(ours in text(), theirs in text()) {
        let both = format!("{ours}{theirs}");
        let file = versions("", &ours, &theirs, &both);
        prop_assert_eq!(file.loss(Side::Ours).lost, Vec::<String>::new());
        prop_assert_eq!(file.loss(Side::Theirs).lost, Vec::<String>::new());
        prop_assert_eq!(file.markers(), Vec::<usize>::new());
        let marked = format!("<<<<<<< x\n{ours}=======\n{theirs}>>>>>>> y\n");
        let file = versions("", &ours, &theirs, &marked);
        prop_assert_eq!(file.markers().len(), 3);
    }
}

#[test]
fn what_resolves_conflicts_is_read_as_it_was_stored() {
    for resolver in ["claude", "merge-it --all", ""] {
        let paths = ["*.lock".to_owned()].to_vec().try_into().unwrap();
        let (run, timeout) = ("make lock".to_owned(), Duration::from_secs(9));
        let rules = ResolutionRules {
            resolver: Resolver::parse(resolver),
            timeout: Duration::from_millis(1500),
            tries: 7,
            regenerate: vec![Regenerate { paths, run, timeout }],
        };
        let stored = serde_json::to_string(&rules).unwrap();
        assert_eq!(serde_json::from_str::<ResolutionRules>(&stored).unwrap(), rules, "{stored}");
    }
    assert_eq!(serde_json::from_str::<ResolutionRules>("{}").unwrap(), ResolutionRules::default());
}
