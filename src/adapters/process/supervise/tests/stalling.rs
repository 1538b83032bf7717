use super::*;

const LIMIT: Duration = Duration::from_millis(200);

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_command_without_output_or_work_is_stopped() {
    for way in [Way::ControlGroup, Way::ProcessTable] {
        let mut fixture = Fixture::shell("echo $$ > pid; sleep 60");
        fixture.spec.containment.best = way;
        fixture.spec.stall_timeout = Some(LIMIT);
        let finished = fixture.finished().await;
        assert_eq!((finished.ending, finished.exit), (Ending::Stalled, Exit::Signal(15)));
        assert!(finished.wall >= LIMIT && fixture.is_gone("pid"), "{way:?}");
    }
}

#[tokio::test]
async fn a_command_that_speaks_now_and_then_goes_on() {
    let script = "i=0; while [ $i -lt 12 ]; do echo $i; sleep 0.05; i=$((i+1)); done";
    let mut fixture = Fixture::shell(script);
    fixture.spec.stall_timeout = Some(LIMIT);
    let finished = fixture.finished().await;
    assert_eq!((finished.ending, finished.exit), (Ending::Exited, Exit::Code(0)));
    assert!(finished.wall > 2 * LIMIT);
}

#[tokio::test]
async fn a_command_whose_child_computes_in_silence_goes_on() {
    let script = "(i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done) & wait; sleep 0";
    let mut fixture = Fixture::shell(script);
    fixture.spec.stall_timeout = Some(LIMIT);
    let finished = fixture.finished().await;
    assert_eq!((finished.ending, finished.exit), (Ending::Exited, Exit::Code(0)));
    assert!(finished.used.cpu >= Duration::from_millis(100), "{:?}", finished.used);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_all_its_processes_use_is_seen_while_they_run() {
    // A child that nobody waits for is in no count but that of the looks.
    let fixture = Fixture::shell("sleep 60 & sleep 60 & sleep 0.4; kill $(jobs -p)");
    let finished = fixture.finished().await;
    assert!(finished.used.processes >= 3, "{:?}", finished.used);
    assert!(finished.used.peak_rss.is_some());
}
