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
        ("../outside.xml", else_there(OUTSIDE)),
        ("way out/outside.xml", else_there(OUTSIDE)),
        ("link.xml", else_there(OUTSIDE)),
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

#[test]
fn a_link_is_followed_to_a_file_of_the_same_worktree() {
    let folder = tempfile::tempdir().unwrap();
    let worktree = folder.path().join("worktree");
    let at = |name: &str| worktree.join(name);
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, at(name)).unwrap();
    fs::create_dir_all(at("build/reports")).unwrap();
    fs::write(at("build/reports/at-12.xml"), "<x/>").unwrap();
    fs::write(folder.path().join("outside.xml"), "mine").unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe"), rustix::fs::Mode::RWXU).unwrap();
    link("build/reports", "reports");
    link("reports/at-12.xml", "latest.xml");
    link("at-12.xml", "build/reports/newest.xml");
    link("../outside.xml", "out.xml");
    link("build", "folder.xml");
    link("pipe", "pipe.xml");
    link("none", "none.xml");
    link("loop.xml", "loop.xml");
    let to = folder.path().join("kept.xml");
    let take = |report: &str| take_report(&worktree, Path::new(report), (&to, 9)).unwrap();
    let read = |report: &str| read_report(&worktree, Path::new(report));
    for (report, what) in [
        ("out.xml", OUTSIDE),
        ("folder.xml", "a folder"),
        ("pipe.xml", "a pipe"),
        ("none.xml", "a symbolic link that leads nowhere"),
        ("loop.xml", "a symbolic link that leads nowhere"),
    ] {
        assert_eq!(take(report), TakenReport::NoFile { what }, "{report}");
        let read = read(report);
        assert_eq!(read.is_err(), what == OUTSIDE, "{report}: {read:?}");
        assert_eq!(read.unwrap_or_default(), None, "{report}");
    }
    assert_eq!(
        report_place(&worktree, Path::new("reports/x.xml")),
        Path::new("build/reports/x.xml")
    );
    for report in ["latest.xml", "reports/newest.xml"] {
        assert_eq!(read(report).unwrap().unwrap(), "<x/>", "{report}");
        assert_eq!(take(report), TakenReport::Taken, "{report}");
        assert_eq!(fs::read_to_string(&to).unwrap(), "<x/>");
        assert_eq!(take(report), TakenReport::Absent, "{report}");
    }
    assert_eq!(take("reports/at-12.xml"), TakenReport::Taken, "the links alone were taken away");
}
