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
