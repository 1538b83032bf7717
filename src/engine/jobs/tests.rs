use super::*;

fn env(entries: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    entries.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

#[test]
fn the_version_of_make_is_read_from_what_it_prints() {
    assert_eq!(parse_make_version("GNU Make 4.3"), Some((4, 3)));
    assert_eq!(parse_make_version("GNU Make 4.4.1"), Some((4, 4)));
    assert_eq!(parse_make_version("bmake 4"), None);
}

#[tokio::test]
async fn what_the_user_set_stays_and_a_pool_that_is_gone_is_taken_out() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pool");
    let server = Jobserver::create(&path, 8).unwrap();
    let mut variables = shares(8, 3);
    variables.push(("CARGO_MAKEFLAGS", "ours".into()));
    let jobs = Jobs { shared: Some(Shared { server, variables }) };
    let living = format!("-j --jobserver-auth=fifo:{}", path.display());
    let given = env(&[
        ("GOMAXPROCS", "7"),
        ("CARGO_MAKEFLAGS", "-j --jobserver-auth=fifo:/nowhere/pool"),
        ("MAKEFLAGS", &living),
    ]);
    let seen = jobs.added_to(given.clone());
    let value = |name: &str| seen.iter().find(|(known, _)| known == name).map(|(_, v)| v.clone());
    assert_eq!(value("GOMAXPROCS"), Some("7".into()));
    assert_eq!(value("RUST_TEST_THREADS"), Some("2".into()));
    assert_eq!(value("CARGO_MAKEFLAGS"), Some("ours".into()));
    assert_eq!(value("MAKEFLAGS"), Some(living.into()));
    drop(jobs);
    assert_eq!(Jobs::default().added_to(given), env(&[("GOMAXPROCS", "7")]));
}

#[tokio::test]
async fn a_command_that_waits_for_its_turn_hears_that_it_is_to_stop() {
    let dir = tempfile::tempdir().unwrap();
    let server = Jobserver::create(&dir.path().join("pool"), 1).unwrap();
    let jobs = Jobs { shared: Some(Shared { server, variables: Vec::new() }) };
    let (sender, mut requests) = mpsc::channel(1);
    let first = jobs.turn(1.0, &mut requests, || {}).await.ok().flatten().unwrap();
    sender.send(Request::Stop).await.unwrap();
    assert!(jobs.turn(1.0, &mut requests, || {}).await.is_err());
    // Nobody is left who could ask: it waits on, and gets its turn.
    drop(sender);
    let (second, ()) = tokio::join!(jobs.turn(1.0, &mut requests, || {}), async { drop(first) });
    assert!(second.is_ok_and(|turn| turn.is_some()));
}

#[tokio::test]
async fn a_command_that_waits_for_its_turn_takes_none_while_it_is_held() {
    let dir = tempfile::tempdir().unwrap();
    let server = Jobserver::create(&dir.path().join("pool"), 1).unwrap();
    let jobs = Jobs { shared: Some(Shared { server, variables: Vec::new() }) };
    let (sender, mut requests) = mpsc::channel(4);
    let first = jobs.turn(1.0, &mut requests, || {}).await.ok().flatten().unwrap();
    let (answer, mut answers) = mpsc::unbounded_channel();
    let held = || answer.send(()).unwrap();
    let waiting = jobs.turn(1.0, &mut requests, held);
    tokio::pin!(waiting);
    let script = async {
        sender.send(Request::Suspend).await.unwrap();
        answers.recv().await.unwrap();
        // There is a token now, and time to take it.
        drop(first);
        tokio::time::sleep(Duration::from_millis(30)).await;
    };
    tokio::select! {
        biased;
        _started = &mut waiting => panic!("it started while it was held"),
        () = script => {}
    }
    sender.send(Request::Continue).await.unwrap();
    assert!(waiting.await.is_ok_and(|turn| turn.is_some()));
}

#[tokio::test]
async fn the_time_of_a_command_begins_with_its_turn() {
    let dir = tempfile::tempdir().unwrap();
    let server = Jobserver::create(&dir.path().join("pool"), 1).unwrap();
    let jobs = Jobs { shared: Some(Shared { server, variables: Vec::new() }) };
    let (_keep_open, mut requests) = mpsc::channel(1);
    let before = jobs.turn(1.0, &mut requests, || {}).await.ok().flatten().unwrap();
    let timeout = Duration::from_millis(300);
    let spec = CommandSpec {
        argv: ["sleep", "0"].map(OsString::from).to_vec(),
        cwd: dir.path().to_owned(),
        env: env(&[("PATH", "/usr/bin:/bin")]),
        log: dir.path().join("log"),
        temporary: None,
        stdout_copy: None,
        agent: None,
        log_limit: 4096,
        timeout,
        stall_timeout: None,
        grace: Duration::ZERO,
        late_output: LateOutput::Awaited,
        containment: unheld(),
        warden: Warden::default(),
    };
    let ends = async {
        tokio::time::sleep(timeout + Duration::from_millis(50)).await;
        drop(before);
    };
    let place = crate::engine::attempt::Place { jobs: &jobs, cores: 1.0 };
    let (ended, ()) =
        tokio::join!(crate::engine::attempt::run(spec, place, requests, |_| {}), ends);
    assert_eq!(ended.end.unwrap().ending, crate::domain::run::Ending::Code { code: 0 });
}
