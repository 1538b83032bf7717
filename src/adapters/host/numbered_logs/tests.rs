use super::*;

fn names(folder: &Path) -> BTreeSet<String> {
    folder.read_dir().unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn of_many_logs_the_latest_stay_and_the_latest_red_ones() {
    let folder = tempfile::tempdir().unwrap();
    let mut logs = NumberedLogs::of(folder.path().to_owned());
    let (mut red, mut used) = (BTreeSet::new(), BTreeSet::new());
    for number in 1..=60 {
        let path = logs.next_for("Unit tests");
        assert!(path.ends_with(format!("unit-tests.{number}.validate.log")), "{path:?}");
        fs::write(&path, "").unwrap();
        if number == 3 {
            used.insert(path);
        } else if number <= 50 && number % 2 == 0 {
            red.insert(path);
        }
    }
    fs::write(folder.path().join("unit-tests-2.1.validate.log"), "").unwrap();
    fs::write(folder.path().join("a.1.log"), "").unwrap();
    logs.prune("Unit tests", &red, &used);
    let red = (12..=50).step_by(2);
    let mut expected: BTreeSet<String> = red
        .chain(56..=60)
        .chain([3])
        .map(|number| format!("unit-tests.{number}.validate.log"))
        .collect();
    expected.extend(["unit-tests-2.1.validate.log".to_owned(), "a.1.log".to_owned()]);
    assert_eq!(names(folder.path()), expected);
    // Another process counts on.
    let mut again = NumberedLogs::of(folder.path().to_owned());
    assert!(again.next_for("Unit tests").ends_with("unit-tests.61.validate.log"));
}
