use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::*;

fn glob(text: &str) -> Glob {
    Glob::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn each_wildcard_matches_what_it_should() {
    for (pattern, inside, outside) in [
        ("src/*.rs", &["src/a.rs", "src/.rs"][..], &["src/a/b.rs", "a.rs", "src/a.rsx"][..]),
        ("src/**", &["src/a", "src/a/b"], &["src", "srcx/a"]),
        ("**/mod.rs", &["mod.rs", "a/b/mod.rs"], &["a/xmod.rs"]),
        ("a/**/z", &["a/z", "a/b/c/z"], &["z", "a/bz"]),
        ("**", &["a", "a/b"], &[""]),
        ("a?c", &["abc", "aéc"], &["a/c", "ac"]),
        ("[a-c]x", &["ax", "cx"], &["dx", "x"]),
        ("[!a-c]x", &["dx", "éx"], &["ax", "/x"]),
        ("a[!b]c", &["axc"], &["a/c", "abc"]),
        ("a[+-9]c", &["a0c", "a.c"], &["a/c"]),
        ("[]-]", &["]", "-"], &["a"]),
        ("{src,lib}/*.rs", &["src/a.rs", "lib/a.rs"], &["bin/a.rs"]),
        ("dir/", &["dir/a", "dir/a/b"], &["dir"]),
        ("*/", &["a/b", "a/b/c"], &["a"]),
        ("./dir//x", &["dir/x", "dir/x/y"], &["x"]),
        (".", &["a", "a/b"], &[]),
        (r"a\*", &["a*", "a*/b"], &["ab"]),
        ("src/api", &["src/api", "src/api/mod.rs"], &["src/apis", "src"]),
        ("a**b", &["ab", "axxb"], &["a/b"]),
    ] {
        for path in inside {
            assert!(glob(pattern).matches(path), "{pattern} should match {path}");
        }
        for path in outside {
            assert!(!glob(pattern).matches(path), "{pattern} should not match {path}");
        }
    }
}

#[test]
fn what_is_no_glob_is_refused_with_its_reason() {
    let error = |text: &str| Glob::parse(text).unwrap_err();
    assert_eq!(error(""), ClaimError::Empty);
    for absolute in ["/a", "//", "{a,/b}", "{,a}/b"] {
        assert_eq!(error(absolute), ClaimError::Absolute, "{absolute}");
    }
    for parent in ["..", "../a", "a/../b", "{a,..}/b", "a/.."] {
        assert_eq!(error(parent), ClaimError::Parent, "{parent}");
    }
    assert_eq!(error("{,a}"), ClaimError::Empty);
    assert_eq!(error("a\0"), ClaimError::Nul);
    assert_eq!(error(&"a".repeat(1025)), ClaimError::TooLong);
    assert_eq!(error(&"{a,b}".repeat(9)), ClaimError::TooManyAlternatives);
    for malformed in ["[", "[a", "{a", "a}", "[b-a]", "a\\"] {
        assert!(matches!(error(malformed), ClaimError::Syntax { .. }), "{malformed}");
    }
    let reason = error("src/[a").to_string();
    assert_eq!(reason, "is malformed: unclosed character class; missing ']'");
}

#[test]
fn overlap_is_decided_on_the_patterns() {
    for (a, b, meet) in [
        ("src/**", "src/api/mod.rs", true),
        ("src/*/mod.rs", "src/api/**", true),
        ("src/*.rs", "src/*.md", false),
        ("a*", "*b", true),
        ("a*c", "*d", false),
        ("[a-c]", "[d-f]", false),
        ("[a-c]x", "[!a]x", true),
        ("[!a]", "[!b]", true),
        ("[a]", "[!a]", false),
        ("[+-0]", "[.-9]", true),
        ("?", "[/]", false),
        ("**/x", "**/y/**", true),
        ("**/x.rs", "**/y.rs", false),
        ("docs", "docs/a/*.md", true),
        ("docs/", "docs", true),
        ("{a,b}/x", "{c,b}/x", true),
        ("{a,b}/x", "{c,d}/x", false),
        ("*/*", "a/b/c", false),
        ("*/*/**", "a/b/c", true),
    ] {
        assert_eq!(glob(a).overlaps(&glob(b)), meet, "{a} and {b}");
        assert_eq!(glob(b).overlaps(&glob(a)), meet, "{b} and {a}");
    }
}

#[test]
fn long_patterns_are_decided_in_polynomial_time() {
    let stars = |end: &str| glob(&format!("{}{end}", "*a".repeat(500)));
    assert!(!stars("b").overlaps(&stars("c")));
    assert!(!stars("b").matches(&"a".repeat(4000)));
    let deep = |end: &str| glob(&format!("{}{end}", "**/a/".repeat(200)));
    assert!(!deep("b").overlaps(&deep("c")));
    assert!(!deep("b").matches(&"a/".repeat(2000)));
}

/// Small patterns over a small alphabet, valid by construction.
fn patterns() -> impl Strategy<Value = String> {
    let atom = prop_oneof![
        6 => "[ab.]",
        3 => Just("*".to_owned()),
        1 => Just("?".to_owned()),
        1 => "\\[!?[ab]{1,2}\\]",
        1 => Just("{a,bb}".to_owned()),
    ];
    let segment = prop_oneof![
        1 => Just("**".to_owned()),
        4 => prop::collection::vec(atom, 1..4).prop_map(|atoms| atoms.concat()),
    ];
    (prop::collection::vec(segment, 1..4), prop::bool::weighted(0.1))
        .prop_map(|(segments, folder)| segments.join("/") + if folder { "/" } else { "" })
        .prop_filter("no `..` component", |text| Glob::parse(text).is_ok())
}

/// Every path of up to three segments of up to three characters from an alphabet that holds all
/// characters of [`patterns`] and one more.
fn all_paths() -> Vec<String> {
    let alphabet = ['a', 'b', '.', 'x'];
    let mut segments: Vec<String> = alphabet.iter().map(char::to_string).collect();
    let mut last = segments.clone();
    for _ in 0..2 {
        last = last.iter().flat_map(|s| alphabet.iter().map(move |c| format!("{s}{c}"))).collect();
        segments.extend(last.iter().cloned());
    }
    let short: Vec<String> = segments.iter().filter(|s| s.len() < 3).cloned().collect();
    let mut paths = segments.clone();
    for a in &segments {
        paths.extend(short.iter().map(|b| format!("{a}/{b}")));
        paths.extend(short.iter().map(|b| format!("{b}/{a}")));
    }
    paths
}

proptest! {
    #[test]
    fn overlap_is_symmetric_and_reflexive(a in patterns(), b in patterns()) {
        prop_assert_eq!(glob(&a).overlaps(&glob(&b)), glob(&b).overlaps(&glob(&a)));
        prop_assert!(glob(&a).overlaps(&glob(&a)));
    }

    #[test]
    fn a_path_that_both_match_is_an_overlap(a in patterns(), b in patterns(), path in "[abx.]{1,3}(/[abx.]{1,3}){0,3}") {
        if glob(&a).matches(&path) && glob(&b).matches(&path) {
            prop_assert!(glob(&a).overlaps(&glob(&b)), "{} {} {}", a, b, path);
        }
    }

    #[test]
    fn matching_agrees_with_globset(pattern in patterns(), path in "[abx.]{1,3}(/[abx.]{1,3}){0,3}") {
        let reference = |text: &str| {
            let glob = globset::GlobBuilder::new(text).literal_separator(true).build().unwrap();
            glob.compile_matcher().is_match(&path)
        };
        // What this language adds: `dir/`, `.` components, and plain paths covering what lies
        // beneath them. globset's negated classes match `/`.
        let dots = pattern.split('/').any(|segment| segment == ".");
        if dots || pattern.contains("[!") {
            return Ok(());
        }
        let plain = !pattern.contains(['*', '?', '[']);
        let beneath = if plain { reference(&format!("{pattern}/**")) } else { false };
        let expected = match pattern.strip_suffix('/') {
            Some(folder) => reference(&format!("{folder}/**")),
            None => reference(&pattern) || beneath,
        };
        prop_assert_eq!(glob(&pattern).matches(&path), expected, "{} {}", pattern, path);
    }
}

/// Patterns so short that every overlap has a witness among [`all_paths`].
fn short_patterns() -> impl Strategy<Value = String> {
    let atom = prop_oneof![
        4 => "[ab.]",
        2 => Just("*".to_owned()),
        1 => Just("?".to_owned()),
        1 => "\\[!?[ab.]\\]",
    ];
    let segment = prop_oneof![
        1 => Just("**".to_owned()),
        4 => prop::collection::vec(atom, 1..3).prop_map(|atoms| atoms.concat()),
    ];
    prop::collection::vec(segment, 1..3)
        .prop_map(|segments| segments.join("/"))
        .prop_filter("valid", |text| Glob::parse(text).is_ok())
}

#[test]
fn every_overlap_of_short_patterns_has_a_path_to_show_for_it() {
    let paths = all_paths();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut met, mut missed) = (0, 0);
    for _ in 0..400 {
        let mut draw = || short_patterns().new_tree(&mut runner).unwrap().current();
        let (a, b) = (draw(), draw());
        let (one, two) = (glob(&a), glob(&b));
        let witness: Option<&String> =
            paths.iter().find(|path| one.matches(path) && two.matches(path));
        assert_eq!(one.overlaps(&two), witness.is_some(), "{a} and {b}: {witness:?}");
        *(if witness.is_some() { &mut met } else { &mut missed }) += 1;
    }
    assert!(met > 20 && missed > 20, "both answers are tried: {met} and {missed}");
}
