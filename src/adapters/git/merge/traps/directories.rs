//! A directory that one side renames takes along what the other side adds to it.

use super::*;

#[test]
fn what_is_added_to_a_renamed_directory() {
    let (a, b, c) = (lines(0..20), lines(50..80), lines(100..120));
    let files = || [("old/a", &*a), ("old/b", &*b), ("old/deep/c", &*c), ("keep/k", "k\n")];
    let sandbox = || Trap::on(&files());
    let whole: &[(&str, &str)] = &[
        ("old/a", ""),
        ("old/b", ""),
        ("old/deep/c", ""),
        ("new/a", &a),
        ("new/b", &b),
        ("new/deep/c", &c),
    ];
    let part: &[(&str, &str)] = &[("old/a", ""), ("old/b", ""), ("new/a", &a), ("new/b", &b)];
    let deep: &[(&str, &str)] = &[("old/deep/c", ""), ("other/deep/c", &c)];
    let into_file: &[(&str, &str)] = &[
        ("old/a", ""),
        ("old/b", ""),
        ("old/deep/c", ""),
        ("new/a", &a),
        ("new/b", &b),
        ("old", "f\n"),
    ];
    let added: &[(&str, &str)] = &[("old/n", "added\n")];
    let asks = Without::NeedsGit("renamed the directory old");
    Trap::new("whole directory", sandbox(), [whole, added], asks).check();
    Trap::new("deep in it", sandbox(), [whole, &[("old/deep/n", "added\n")]], asks).check();
    Trap::new("renamed into it", sandbox(), [whole, &[("keep/k", ""), ("old/k", "k\n")]], asks)
        .check();
    Trap::new("a new folder in it", sandbox(), [whole, &[("old/x/n", "added\n")]], asks).check();
    // Git goes by directories that are gone, not by the number of files that left.
    Trap::new("most of a directory", sandbox(), [part, added], Without::Same).check();
    Trap::new("a part that is left", sandbox(), [deep, added], Without::Same).check();
    let asks = Without::NeedsGit("renamed the directory old/deep");
    Trap::new("only below", sandbox(), [deep, &[("old/deep/n", "1\n")]], asks).check();
    let elsewhere: &[(&str, &str)] = &[("keep/n", "added\n")];
    Trap::new("elsewhere", sandbox(), [whole, elsewhere], Without::Same).check();
    // `rm` of the last file takes the directory away: a file can have its name.
    let sandbox = sandbox();
    Trap::new("a file in its place", sandbox, [into_file, elsewhere], Without::Same).check();
}

#[test]
fn a_directory_that_became_a_file_is_gone_as_well() {
    let (a, b) = (lines(0..20), lines(50..80));
    let sandbox = Trap::on(&[("old/a", &a), ("old/b", &b)]);
    let ours: &[(&str, &str)] =
        &[("old/a", ""), ("old/b", ""), ("new/a", &a), ("new/b", &b), ("old", "now a file\n")];
    let asks = Without::NeedsGit("renamed the directory old");
    Trap::new("file", sandbox, [ours, &[("old/n", "added\n")]], asks).check();
}
