use super::*;

#[tokio::test]
async fn output_held_open_after_the_end_is_a_leak_and_no_hang() {
    let fixture = Fixture::shell("sleep 60 & echo $! > pid; echo done");
    let finished = fixture.finished().await;
    assert_eq!((finished.ending, finished.exit), (Ending::Exited, Exit::Code(0)));
    assert!(finished.leaked_output);
    assert_eq!(finished.leaked_processes, 1);
    assert!(fixture.is_gone("pid"));
    assert_eq!(fixture.log(), "done\n");
}

#[tokio::test]
async fn output_that_keeps_coming_after_the_end_is_taken_until_it_falls_silent() {
    // All of it takes longer than the silence that is enough; each pause is a small part of that.
    let script = "(n=0; while [ $n -lt 30 ]; do sleep 0.02; echo late; n=$((n + 1)); done
        exec sleep 60) & echo done";
    let fixture = Fixture::shell(script);
    let (_requests, receiver) = mpsc::channel(1);
    let (progress, _told) = mpsc::unbounded_channel();
    let drain = Drain { limit: Duration::from_secs(60), silence: Duration::from_millis(500) };
    let running = supervise_draining(fixture.spec.clone(), receiver, progress, drain);
    let finished = timeout(Duration::from_secs(30), running).await.unwrap().unwrap();
    assert_eq!(fixture.log().lines().count(), 31, "{}", fixture.log());
    assert_eq!((finished.leaked_output, finished.leaked_processes), (true, 1));
}

#[tokio::test]
async fn output_that_came_while_this_program_was_kept_from_looking_was_no_silence() {
    let script = "(until test -e go; do sleep 0.01; done; echo late; touch written
        until test -e on; do sleep 0.01; done; echo last) & echo done";
    let fixture = Fixture::shell(script);
    let at = |name: &str| fixture.dir.path().join(name);
    let (_requests, receiver) = mpsc::channel(1);
    let (progress, _told) = mpsc::unbounded_channel();
    let silence = Duration::from_millis(600);
    let drain = Drain { limit: Duration::from_secs(60), silence };
    let mut running = Box::pin(supervise_draining(fixture.spec.clone(), receiver, progress, drain));
    // The command itself ends meanwhile.
    timeout(Duration::from_millis(50), &mut running).await.unwrap_err();
    fs::write(at("go"), "").unwrap();
    while !at("written").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    // Nothing is looked at until it could pass for silent.
    std::thread::sleep(silence);
    timeout(Duration::from_millis(20), &mut running).await.unwrap_err();
    fs::write(at("on"), "").unwrap();
    let finished = timeout(Duration::from_secs(30), running).await.unwrap().unwrap();
    assert_eq!(fixture.log(), "done\nlate\nlast\n");
    assert_eq!(finished.ending, Ending::Exited);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_daemon_in_a_session_of_its_own_is_found() {
    let script =
        "trap '' TERM; setsid sh -c 'echo $$ > pid; exec sleep 60' < /dev/null > /dev/null 2>&1 &
        while ! [ -s pid ]; do sleep 0.01; done";
    let fixture = Fixture::shell(script);
    let finished = fixture.finished().await;
    assert_eq!((finished.leaked_output, finished.leaked_processes), (false, 1));
    assert_eq!(finished.survivors, 0);
    assert!(fixture.is_gone("pid"));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_descendant_without_markers_or_group_dies_with_a_command_that_is_killed() {
    let script = "env -i setsid sh -c 'echo $$ > pid; exec sleep 60' > /dev/null 2>&1 &
        while ! [ -s pid ]; do sleep 0.01; done; echo ready; wait";
    let fixture = Fixture::shell(script);
    let finished = fixture.asked(Request::Kill).await;
    assert_eq!(finished.ending, Ending::Stopped);
    assert!(fixture.is_gone("pid"));
}

#[tokio::test]
async fn a_command_whose_supervisor_is_dropped_dies_and_is_reaped() {
    let fixture = Fixture::shell("echo ready; sleep 60");
    let (_requests, receiver) = mpsc::channel(1);
    let (progress, mut told) = mpsc::unbounded_channel();
    let running = tokio::spawn(supervise(fixture.spec.clone(), receiver, progress));
    let Some(Progress::Started(identity)) = told.recv().await else { panic!("not started") };
    assert!(is_alive(&identity));
    running.abort();
    running.await.unwrap_err();
    let reaped = async {
        while ProcessIdentity::load(identity.pid).start_time == identity.start_time {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(Duration::from_secs(10), reaped).await.unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_a_crash_left_running_is_found_by_its_identity_and_by_its_markers() {
    use std::os::unix::process::CommandExt;

    use super::super::super::{stop_marked, stop_stray};

    let fixture = Fixture::shell("");
    let script = "trap '' TERM; setsid sleep 60 & echo $! > escaped; sleep 60 & echo ready; wait";
    let mut stray = std::process::Command::new("sh")
        .args(["-c", script])
        .current_dir(fixture.dir.path())
        .envs(fixture.spec.env.clone())
        .stdout(std::process::Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    let mut said = [0; 6];
    std::io::Read::read_exact(stray.stdout.as_mut().unwrap(), &mut said).unwrap();
    let identity = ProcessIdentity::load(stray.id());
    let another = ProcessIdentity { start_time: identity.start_time + 1, ..identity.clone() };
    assert_eq!(stop_stray(&another, &[], GRACE).await, Default::default());
    assert!(is_alive(&identity));

    let cleared = stop_stray(&identity, &[], GRACE).await;
    assert_eq!((cleared.inside + cleared.outside, cleared.survivors), (3, 0));
    assert!(fixture.is_gone("escaped"));
    stray.wait().unwrap();

    let mut stray = std::process::Command::new("sleep")
        .arg("60")
        .envs(fixture.spec.env.clone())
        .process_group(0)
        .spawn()
        .unwrap();
    assert_eq!(stop_marked(&fixture.spec.env, &[], GRACE).await.outside, 1);
    stray.wait().unwrap();
}
