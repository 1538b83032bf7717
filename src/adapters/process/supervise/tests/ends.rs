use super::*;

#[tokio::test]
async fn a_command_ends_with_its_code_or_its_signal() {
    for (script, exit) in [
        ("exit 0", Exit::Code(0)),
        ("exit 7", Exit::Code(7)),
        ("no-such-program", Exit::Code(127)),
        ("kill -9 $$", Exit::Signal(9)),
    ] {
        let finished = Fixture::shell(script).finished().await;
        assert_eq!((finished.exit, finished.ending), (exit, Ending::Exited), "{script}");
        assert_eq!((finished.leaked_processes, finished.leaked_output), (0, false), "{script}");
    }
}

#[tokio::test]
async fn a_command_has_nothing_to_read_no_terminal_and_only_the_given_environment() {
    let script = "cat; if (: < /dev/tty) 2> /dev/null; then echo terminal; fi; env | cut -d= -f1";
    let fixture = Fixture::shell(script);
    fixture.finished().await;
    let log = fixture.log();
    let mut names: Vec<&str> =
        log.lines().filter(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name)).collect();
    names.sort_unstable();
    let mut given = MARKERS.to_vec();
    given.push("PATH");
    given.sort_unstable();
    assert_eq!(names, given);
}

#[tokio::test]
async fn what_cannot_start_says_why() {
    let fixture = Fixture::argv(&["no-such-program"]);
    let error = fixture.run().await.unwrap_err();
    assert_eq!(error.to_string(), "program `no-such-program` not found");

    let fixture = Fixture::argv(&["./script"]);
    let script = fixture.dir.path().join("script");
    assert!(matches!(fixture.run().await, Err(SpawnError::ProgramNotFound { .. })));
    fs::write(&script, "#!/no/such/interpreter\n").unwrap();
    assert!(matches!(fixture.run().await, Err(SpawnError::NotExecutable { .. })));
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&script, mode).unwrap();
    assert!(matches!(fixture.run().await, Err(SpawnError::InterpreterNotFound { .. })));

    let mut fixture = Fixture::argv(&["true"]);
    fixture.spec.cwd = fixture.dir.path().join("gone");
    assert!(matches!(fixture.run().await, Err(SpawnError::FolderMissing { .. })));

    let fixture = Fixture::argv(&[]);
    assert!(matches!(fixture.run().await, Err(SpawnError::Empty)));
    let fixture = Fixture::argv(&["true", &"x".repeat(4 << 20)]);
    assert!(matches!(fixture.run().await, Err(SpawnError::TooLong { .. })));
    let fixture = Fixture::argv(&["true", "a\0b"]);
    assert!(matches!(fixture.run().await, Err(SpawnError::Other { .. })));

    let mut fixture = Fixture::argv(&["true"]);
    fixture.spec.log = Path::new("/dev/null/log").into();
    assert!(matches!(fixture.run().await, Err(SpawnError::Log { .. })));
}

#[tokio::test]
async fn resources_of_the_command_and_its_children_are_counted() {
    let script = "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; (i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done)";
    let finished = Fixture::shell(script).finished().await;
    assert!(finished.used.cpu > Duration::ZERO && finished.wall > Duration::ZERO);
}

#[tokio::test]
async fn a_hundred_commands_at_once_each_get_their_own_end() {
    let fixtures: Vec<Fixture> = (0..100).map(|n| Fixture::shell(&format!("exit {n}"))).collect();
    let mut running = tokio::task::JoinSet::new();
    for (n, fixture) in (0..).zip(fixtures) {
        running.spawn(async move { (n, fixture.finished().await.exit) });
    }
    while let Some(ended) = running.join_next().await {
        let (n, exit) = ended.unwrap();
        assert_eq!(exit, Exit::Code(n));
    }
}
