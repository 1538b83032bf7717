use super::*;

/// Runs the command with a test's part beside it, which gets the way to ask and what is told.
async fn beside<F: Future<Output = ()>>(
    fixture: &Fixture,
    part: impl FnOnce(mpsc::Sender<Request>, mpsc::UnboundedReceiver<Progress>) -> F,
) -> Finished {
    let (requests, receiver) = mpsc::channel(4);
    let (progress, told) = mpsc::unbounded_channel();
    let running = supervise_draining(fixture.spec.clone(), receiver, progress, SHORT);
    tokio::join!(running, part(requests, told)).0.unwrap()
}

async fn until_told(
    told: &mut mpsc::UnboundedReceiver<Progress>,
    is_it: impl Fn(&Progress) -> bool,
) {
    while !is_it(&told.recv().await.unwrap()) {}
}

/// The letter of the state of a process.
#[cfg(target_os = "linux")]
fn state_of(pid: u32) -> char {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat[stat.rfind(')').unwrap() + 2..].chars().next().unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn every_process_of_a_suspended_command_is_held_and_no_limit_is_reached_meanwhile() {
    let script =
        "sleep 60 & echo $! > child; echo $$ > pid; echo ready; until [ -e go ]; do :; done
        kill $!; exit 5";
    let mut fixture = Fixture::shell(script);
    // What a control group holds does not show as stopped.
    fixture.spec.containment.best = Way::ProcessTable;
    fixture.spec.timeout = Duration::from_millis(400);
    let began = Instant::now();
    let finished = beside(&fixture, async |requests, mut told| {
        until_told(&mut told, |p| matches!(p, Progress::Line(_))).await;
        requests.send(Request::Suspend).await.unwrap();
        until_told(&mut told, |p| *p == Progress::Suspended).await;
        while state_of(fixture.pid("pid")) != 'T' || state_of(fixture.pid("child")) != 'T' {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(state_of(fixture.pid("pid")), 'T');
        fs::write(fixture.dir.path().join("go"), "").unwrap();
        requests.send(Request::Continue).await.unwrap();
    })
    .await;
    assert_eq!((finished.ending, finished.exit), (Ending::Exited, Exit::Code(5)));
    assert!(began.elapsed() - finished.wall >= Duration::from_millis(500));
}

#[tokio::test]
async fn a_suspended_command_hears_that_it_is_to_stop() {
    let script = "trap 'exit 3' TERM; echo ready; while :; do sleep 0.01; done";
    let mut fixture = Fixture::shell(script);
    fixture.spec.grace = Duration::from_secs(60);
    let finished = beside(&fixture, async |requests, mut told| {
        until_told(&mut told, |p| matches!(p, Progress::Line(_))).await;
        requests.send(Request::Suspend).await.unwrap();
        until_told(&mut told, |p| *p == Progress::Suspended).await;
        requests.send(Request::Stop).await.unwrap();
    })
    .await;
    assert_eq!((finished.ending, finished.exit), (Ending::Stopped, Exit::Code(3)));
}

#[tokio::test]
async fn the_grace_of_a_command_that_is_stopping_stands_still_too() {
    let script = "trap 'echo stopping; until [ -e go ]; do :; done; exit 4' TERM; echo ready
        while :; do sleep 0.01; done";
    let mut fixture = Fixture::shell(script);
    fixture.spec.grace = Duration::from_millis(400);
    let finished = beside(&fixture, async |requests, mut told| {
        until_told(&mut told, |p| matches!(p, Progress::Line(_))).await;
        requests.send(Request::Stop).await.unwrap();
        until_told(&mut told, |p| matches!(p, Progress::Line(line) if line == "stopping")).await;
        requests.send(Request::Suspend).await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        fs::write(fixture.dir.path().join("go"), "").unwrap();
        requests.send(Request::Continue).await.unwrap();
    })
    .await;
    assert_eq!((finished.ending, finished.exit), (Ending::Stopped, Exit::Code(4)));
}
