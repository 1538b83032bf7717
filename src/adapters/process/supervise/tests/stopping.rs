use super::*;

#[tokio::test]
async fn a_command_deaf_to_polite_signals_is_killed_when_its_time_is_up() {
    let mut fixture = Fixture::shell("trap '' TERM; echo $$ > pid; while :; do sleep 60; done");
    fixture.spec.timeout = GRACE;
    let finished = fixture.finished().await;
    assert_eq!((finished.ending, finished.exit), (Ending::TimedOut, Exit::Signal(9)));
    assert_eq!((finished.leaked_processes, finished.survivors), (0, 0));
    assert!(fixture.is_gone("pid"));
}

#[tokio::test]
async fn a_command_may_clear_up_when_it_is_stopped() {
    let script = "trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.01; done";
    let fixture = Fixture::shell(script);
    let finished = fixture.asked(Request::Stop).await;
    assert_eq!((finished.ending, finished.exit), (Ending::Stopped, Exit::Code(3)));
    assert!(fixture.log().ends_with("bye\n"));
    assert_eq!((finished.leaked_processes, finished.leaked_output), (0, false));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_command_that_put_itself_to_sleep_is_stopped_too() {
    let script = "(until grep -q '^State:.T' /proc/$$/status; do sleep 0.01; done; echo asleep) &
        kill -STOP $$; echo awake";
    let fixture = Fixture::shell(script);
    let finished = fixture.asked(Request::Stop).await;
    assert_eq!((finished.ending, finished.exit), (Ending::Stopped, Exit::Signal(15)));
}

#[tokio::test]
async fn force_does_not_wait_for_the_grace() {
    let mut fixture = Fixture::shell("trap '' TERM; echo ready; while :; do sleep 60; done");
    fixture.spec.grace = Duration::from_secs(3600);
    let finished = fixture.asked(Request::Kill).await;
    assert_eq!((finished.ending, finished.exit), (Ending::Stopped, Exit::Signal(9)));
}
