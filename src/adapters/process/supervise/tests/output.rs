use super::*;

#[tokio::test]
async fn output_is_appended_to_the_log_in_its_order() {
    let fixture = Fixture::shell("echo one; echo two >&2; printf 'three\\377'");
    fs::create_dir_all(fixture.spec.log.parent().unwrap()).unwrap();
    fs::write(&fixture.spec.log, "before\n").unwrap();
    let finished = fixture.finished().await;
    assert_eq!(fs::read(&fixture.spec.log).unwrap(), b"before\none\ntwo\nthree\xff");
    assert_eq!(finished.last_lines, ["one", "two", "three\u{fffd}"]);
    assert_eq!((finished.output_bytes, finished.log_error), (14, None));
}

#[tokio::test]
async fn the_copy_of_stdout_holds_nothing_else() {
    let mut fixture = Fixture::shell("echo result; echo noise >&2");
    let copy = fixture.dir.path().join("results/r.txt");
    fixture.spec.stdout_copy = Some(copy.clone());
    let finished = fixture.finished().await;
    assert_eq!(fs::read_to_string(copy).unwrap(), "result\n");
    let log = fixture.log();
    assert!(log.contains("result\n") && log.contains("noise\n"));
    assert_eq!(finished.output_bytes, 13);
}

#[tokio::test]
async fn a_log_past_its_limit_keeps_beginning_and_end() {
    let mut fixture =
        Fixture::shell("i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done");
    fixture.spec.log_limit = 4096;
    let finished = fixture.finished().await;
    let log = fixture.log();
    assert!(log.starts_with("line 0\n") && log.ends_with("line 2999\n"), "{log}");
    assert!(log.contains("wt-orch left out") && log.len() < 4200);
    assert_eq!(finished.last_lines.last().unwrap(), "line 2999");
    let said = (0..3000).map(|n| format!("line {n}\n").len() as u64).sum::<u64>();
    assert_eq!(finished.output_bytes, said);
}

#[tokio::test]
async fn a_line_without_end_is_kept_short_in_memory() {
    let fixture = Fixture::shell("head -c 3000000 /dev/zero | tr '\\0' x");
    let finished = fixture.finished().await;
    assert_eq!(finished.output_bytes, 3_000_000);
    assert_eq!(finished.last_lines.len(), 1);
    assert!(finished.last_lines[0].len() < 2000);
}

#[tokio::test]
async fn a_full_disk_is_reported_and_the_command_runs_on() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let mut fixture = Fixture::shell("echo lost; : > ran-on");
    fixture.spec.log = "/dev/full".into();
    let finished = fixture.finished().await;
    assert!(finished.log_error.is_some());
    assert_eq!(finished.exit, Exit::Code(0));
    assert!(fixture.dir.path().join("ran-on").exists());
}
