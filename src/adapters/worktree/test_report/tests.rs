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
    for outside in ["../outside.xml", "way out/outside.xml", "link.xml", "none.xml", "target"] {
        assert_eq!(take(outside, 9), TakenReport::Absent, "{outside}");
        drop_report(&worktree, Path::new(outside)).unwrap();
    }
    assert_eq!(take("target/report.xml", 3), TakenReport::TooLarge);
    assert!(!to.exists() && worktree.join("link.xml").is_symlink());
    assert_eq!(take("target/report.xml", 4), TakenReport::Taken);
    assert_eq!(fs::read_to_string(&to).unwrap(), "<x/>");
    assert_eq!(take("target/report.xml", 4), TakenReport::Absent);
    assert_eq!(fs::read_to_string(at("outside.xml")).unwrap(), "mine");
}
