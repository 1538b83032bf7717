//! Git and its housekeeping, which are played by a shell of that name.

use super::*;

/// Starts it as git does, with this to be done while it holds its lock, and waits for the lock.
fn keeping_house(work: &str) -> Fixture {
    let script = "cp \"$(command -v sh)\" git; setsid ./git gc --auto > /dev/null 2>&1 &
        until [ -e lock ]; do sleep 0.01; done; echo ready; $MORE";
    let fixture = Fixture::shell(script);
    let text = format!(
        "trap 'rm lock; exit' TERM; echo $$ > pid; (echo $$ > child; {work}) & : > lock; wait; rm lock"
    );
    fs::write(fixture.dir.path().join("gc"), text).unwrap();
    fixture
}

fn ways() -> [Way; 2] {
    [Way::ControlGroup, Way::ProcessTable]
}

#[track_caller]
fn assert_no_leak(fixture: &Fixture, finished: &Finished) {
    assert_eq!((finished.leaked_processes, finished.leaked_output), (0, false));
    assert_eq!(finished.survivors, 0);
    assert!(fixture.is_gone("pid"));
    assert!(!fixture.dir.path().join("lock").exists(), "git would never tidy up again");
}

#[tokio::test]
async fn what_git_tidies_up_after_a_command_is_awaited_and_is_no_leak() {
    for way in ways() {
        let mut fixture = keeping_house("sleep 0.2; touch tidy").held_by(way);
        fixture.spec.grace = Duration::from_secs(60);
        let finished = fixture.finished().await;
        assert_no_leak(&fixture, &finished);
        assert!(fixture.dir.path().join("tidy").exists());
    }
}

#[tokio::test]
async fn git_tidying_up_for_too_long_is_asked_to_end_and_takes_its_lock_away() {
    for way in ways() {
        let fixture = keeping_house("exec sleep 60").held_by(way);
        let finished = fixture.finished().await;
        assert_eq!((finished.ending, finished.exit), (Ending::Exited, Exit::Code(0)));
        assert_no_leak(&fixture, &finished);
    }
}

#[tokio::test]
async fn git_is_not_asked_to_end_while_it_makes_a_lock_that_it_would_leave() {
    for way in ways() {
        let work = "exec 9> ref.lock; sleep 0.3; rm ref.lock; exec 9>&-; exec sleep 60";
        let fixture = keeping_house(work).held_by(way);
        let finished = fixture.finished().await;
        assert_no_leak(&fixture, &finished);
        assert!(!fixture.dir.path().join("ref.lock").exists());
    }
}

#[tokio::test]
async fn git_takes_its_lock_away_where_the_command_is_ended_by_force() {
    for way in ways() {
        let mut fixture = keeping_house("exec sleep 60").held_by(way);
        fixture.spec.env.push(("MORE".into(), "sleep 60".into()));
        let finished = fixture.asked(Request::Kill).await;
        assert_eq!(finished.ending, Ending::Stopped);
        assert_no_leak(&fixture, &finished);
    }
}

#[tokio::test]
async fn a_command_that_is_gits_housekeeping_itself_dies_by_force_like_any_other() {
    let mut fixture = Fixture::argv(&["./git", "gc", "--auto"]);
    let own = fixture.dir.path();
    fs::copy("/bin/sh", own.join("git")).unwrap();
    fs::write(own.join("gc"), "trap '' TERM; echo ready; while :; do sleep 60; done").unwrap();
    fixture.spec.argv[0] = own.join("git").into();
    let finished = fixture.asked(Request::Kill).await;
    assert_eq!((finished.ending, finished.exit), (Ending::Stopped, Exit::Signal(9)));
}

/// Git at work for a command, which says so once the lock is there.
fn committing(work: &str) -> Fixture {
    let script =
        "cp \"$(command -v sh)\" git; ./git commit & while ! [ -e lock ]; do sleep 0.01; done
        echo ready; wait";
    let mut fixture = Fixture::shell(script);
    fixture.spec.grace = Duration::from_secs(60);
    let text = format!("trap 'touch asked; exit' TERM; : > lock; {work}; rm lock");
    fs::write(fixture.dir.path().join("commit"), text).unwrap();
    fixture
}

#[tokio::test]
async fn git_that_a_stopped_command_had_at_work_may_come_to_its_end() {
    for way in ways() {
        let fixture = committing("sleep 0.1").held_by(way);
        let finished = fixture.asked(Request::Stop).await;
        assert_eq!((finished.ending, finished.leaked_processes), (Ending::Stopped, 0));
        let there = |name: &str| fixture.dir.path().join(name).exists();
        assert_eq!((there("asked"), there("lock")), (false, false));
    }
}

#[tokio::test]
async fn git_that_does_not_come_to_its_end_is_asked_like_any_other() {
    for way in ways() {
        let fixture = committing("while :; do sleep 0.01; done").held_by(way);
        let finished = fixture.asked(Request::Stop).await;
        assert_eq!((finished.ending, finished.survivors), (Ending::Stopped, 0));
        assert!(fixture.dir.path().join("asked").exists());
    }
}

#[tokio::test]
async fn git_is_asked_also_where_the_command_waits_for_it() {
    for way in ways() {
        let mut fixture = committing("while :; do sleep 0.01; done").held_by(way);
        let script = fixture.spec.argv[2].to_str().unwrap();
        let patient = format!("trap 'touch heard' TERM; {script}; wait");
        fixture.spec.argv[2] = patient.into();
        let finished = fixture.asked(Request::Stop).await;
        assert_eq!((finished.ending, finished.survivors), (Ending::Stopped, 0));
        let there = |name: &str| fixture.dir.path().join(name).exists();
        assert_eq!((there("heard"), there("asked")), (true, true), "the grace is a minute");
    }
}
