//! Which file became which is a guess, and two programs guess in two ways.

use super::*;

#[test]
fn renames_that_nobody_doubts_and_those_that_somebody_may() {
    let text = lines(0..40);
    let edited = with_line(&text, 30, "theirs");
    let on = |more: &[(&str, &str)]| {
        Trap::on(&[&[("f", &*text), ("g", &*lines(100..140)), ("d/x", "x\n")], more].concat())
    };
    let theirs: &[(&str, &str)] = &[("f", &edited)];
    let moved = |new: &str| with_line(&text, 2, new);
    let (a, b) = (moved("a"), moved("b"));
    let unlike = format!("{}{}", lines(0..19), lines(300..320));
    let guess = Without::NeedsGit("f was renamed to is a guess");
    let same = Without::Same;
    Trap::new("exact", on(&[]), [&[("f", ""), ("n", &text)], theirs], same).check();
    Trap::new("edited", on(&[]), [&[("f", ""), ("d/n", &a)], theirs], same).check();
    let two: &[(&str, &str)] = &[("f", ""), ("n", &a), ("m", &b)];
    Trap::new("two heirs", on(&[]), [two, theirs], guess).check();
    let twins: &[(&str, &str)] = &[("f", ""), ("n", &text), ("m", &text)];
    Trap::new("twins", on(&[]), [twins, theirs], guess).check();
    // Hardly half of it is left: git and libgit2 need not agree on whether it is a rename at all.
    let sandbox = on(&[]);
    let base = sandbox.rev("HEAD");
    let ours = sandbox.branch("ours", base, &[("f", ""), ("n", &unlike)]);
    let theirs = sandbox.branch("theirs", base, theirs);
    let request = MergeRequest { base: None, ours, theirs };
    let library = sandbox.repo().with_engine(Engine::Libgit2).merge(request).unwrap();
    assert!(!matches!(library, MergeOutcome::Clean { .. }), "{library:?}");
}

#[test]
fn renames_that_meet() {
    let text = lines(0..40);
    let other = lines(100..140);
    let on = || Trap::on(&[("f", &text), ("g", &other), ("e", "")]);
    let edit = |at, line: &str| with_line(&text, at, line);
    let (top, end) = (edit(2, "top"), edit(35, "end"));
    let (same, asks) = (Without::Same, Without::NeedsGit("renamed"));
    let n: &[(&str, &str)] = &[("f", ""), ("n", &text)];
    let m: &[(&str, &str)] = &[("f", ""), ("m", &text)];
    let gone: &[(&str, &str)] = &[("f", "")];
    Trap::new("to one name, alike", on(), [n, n], same).check();
    Trap::new("to two names", on(), [n, m], same).check();
    Trap::new("renamed and deleted", on(), [n, gone], same).check();
    Trap::new("an add in the way", on(), [n, &[("n", "mine\n")]], same).check();
    let tops: &[(&str, &str)] = &[("f", ""), ("n", &top)];
    let ends: &[(&str, &str)] = &[("f", ""), ("n", &end)];
    Trap::new("to one name, edited by both", on(), [tops, ends], asks).check();
    let into_n: &[(&str, &str)] = &[("g", ""), ("n", &other)];
    Trap::new("two files to one name", on(), [n, into_n], same).check();
    // Much like the one that is gone, and no rename for git when its heir is found by name.
    let beside: &[(&str, &str)] = &[("f", ""), ("sub/f", &top), ("n", &edit(2, "else"))];
    Trap::new("by name", on(), [beside, &[("f", &end)]], asks).check();
}

#[test]
fn a_thousand_renames() {
    let file =
        |n: u32| (0..12).map(|line| format!("line {line} of file {n}\n")).collect::<String>();
    let names: Vec<[String; 2]> =
        (0..1_100).map(|n| [format!("a/f{n}"), format!("b/f{n}")]).collect();
    let texts: Vec<[String; 2]> =
        (0..1_100).map(|n| [file(n), with_line(&file(n), 5, "edited")]).collect();
    let sandbox = Trap::on(&[("keep", "1\n")]);
    let files = || names.iter().zip(&texts);
    let old: Vec<(&str, &str)> = files().map(|(name, text)| (&*name[0], &*text[0])).collect();
    let base = sandbox.commit(&old);
    sandbox.git(&["switch", "-q", "-c", "ours"]);
    sandbox.git(&["mv", "a", "b"]);
    let new: Vec<(&str, &str)> = files().map(|(name, text)| (&*name[1], &*text[1])).collect();
    let ours = sandbox.commit(&new);
    sandbox.git(&["switch", "-q", "main"]);
    let theirs = sandbox.branch("theirs", base, &[("a/f7", &with_line(&file(7), 10, "theirs"))]);
    let without = Without::Same;
    Trap { name: "a thousand", sandbox, ours, theirs, without }.check();
}
