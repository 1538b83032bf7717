use super::*;

#[test]
fn a_report_is_moved_unless_it_is_large_or_leads_out_of_the_worktree() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let worktree = at("worktree");
    fs::create_dir_all(worktree.join("target")).unwrap();
    fs::write(worktree.join("target/report.xml"), "<x/>").unwrap();
    fs::write(at("outside.xml"), "mine").unwrap();
    std::os::unix::fs::symlink(folder.path(), worktree.join("way out")).unwrap();
    std::os::unix::fs::symlink(at("outside.xml"), worktree.join("link.xml")).unwrap();
    let to = at("logs/one.xml");
    let take =
        |report: &str, limit| take_report(&worktree, Path::new(report), (&to, limit)).unwrap();
    let else_there = |what| TakenReport::NoFile { what };
    for (place, found) in [
        ("../outside.xml", else_there("behind a symbolic link")),
        ("way out/outside.xml", else_there("behind a symbolic link")),
        ("link.xml", else_there("a symbolic link")),
        ("target", else_there("a folder")),
        ("none/none.xml", TakenReport::Absent),
        ("none.xml", TakenReport::Absent),
    ] {
        assert_eq!(take(place, 9), found, "{place}");
    }
    for kept in ["../outside.xml", "way out/outside.xml", "target", "none.xml"] {
        drop_report(&worktree, Path::new(kept)).unwrap();
    }
    assert_eq!(take("target/report.xml", 3), TakenReport::TooLarge);
    assert!(!to.exists() && report_is(&worktree, Path::new("target/report.xml"), "<x/>"));
    assert_eq!(take("target/report.xml", 4), TakenReport::Taken);
    assert_eq!(fs::read_to_string(&to).unwrap(), "<x/>");
    assert_eq!(take("target/report.xml", 4), TakenReport::Absent);
    drop_report(&worktree, Path::new("link.xml")).unwrap();
    assert!(!worktree.join("link.xml").is_symlink());
    assert_eq!(fs::read_to_string(at("outside.xml")).unwrap(), "mine");
}
