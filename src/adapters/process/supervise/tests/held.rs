//! The ways in which processes are held together, each forced.

use std::process::{Child, Command, Stdio};

use super::super::super::adoption::{Exempt, adopt_orphans_in_any_case};
use super::super::super::cgroup::{self, Leaf};
use super::super::super::stop_leftovers;
use super::*;

/// Starts a process that sheds session, parent, environment and output, and waits for its number.
const SHED: &str =
    "(setsid env -i sh -c 'sh -c \"echo \\$\\$ > pid; exec sleep 60\" &' > /dev/null 2>&1 &)
    until [ -s pid ]; do sleep 0.01; done";

/// The ways that can be tried here.
fn ways() -> Vec<Way> {
    match cgroup::home() {
        Ok(_) => vec![Way::ProcessTable, Way::ControlGroup],
        Err(why) => {
            println!("not tried with control groups: {why}");
            vec![Way::ProcessTable]
        }
    }
}

fn groups_of(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap()
}

#[tokio::test]
async fn a_command_and_what_it_starts_are_in_a_control_group_of_their_own_that_goes_with_it() {
    for way in ways() {
        let fixture = Fixture::shell("cat /proc/self/cgroup").held_by(way);
        fixture.finished().await;
        let log = fixture.log();
        let own = log.lines().find(|line| line.contains("/wt-orch.test."));
        assert_eq!(own.is_some(), way == Way::ControlGroup, "{log}");
        if let (Some(line), Ok(home)) = (own, cgroup::home()) {
            let name = line.rsplit('/').next().unwrap();
            assert!(!home.folder().join(name).exists());
        }
    }
}

#[tokio::test]
async fn a_daemon_that_sheds_everything_does_not_leave_its_control_group() {
    for way in ways().into_iter().filter(|way| *way == Way::ControlGroup) {
        let fixture = Fixture::shell(SHED).held_by(way);
        let finished = fixture.finished().await;
        assert_eq!((finished.exit, finished.leaked_processes), (Exit::Code(0), 1));
        assert_eq!((finished.leaked_output, finished.survivors), (false, 0));
        assert!(fixture.is_gone("pid"));
    }
}

/// In a process of its own, since it makes all orphans below it its children.
#[test]
fn orphans_fall_to_this_program_and_end_with_the_last_command_that_may_have_had_them() {
    let child = "adapters::process::supervise::tests::held::as_a_foster_parent";
    let tests = std::env::current_exe().unwrap();
    let mut running = Command::new(tests);
    running.args(["--exact", child, "--ignored"]).stdout(Stdio::piped());
    let ended = running.spawn().unwrap().wait_with_output().unwrap();
    let said = String::from_utf8(ended.stdout).unwrap();
    assert!(ended.status.success() && said.contains(" 1 passed"), "{said}");
}

#[tokio::test]
#[ignore = "run by the test above in a process of its own"]
async fn as_a_foster_parent() {
    adopt_orphans_in_any_case();
    let fixture = || Fixture::shell(SHED).held_by(Way::ProcessTable);
    let other = Command::new("setsid").args(["sleep", "60"]).spawn().unwrap();
    let exempt = Exempt::child(other.id());

    let alone = fixture();
    let finished = alone.finished().await;
    assert_eq!((finished.leaked_processes, finished.survivors), (1, 0));
    assert!(!Path::new(&format!("/proc/{}", alone.pid("pid"))).exists(), "it was reaped");

    let (early, late) = (fixture(), Fixture::shell("until [ -e go ]; do sleep 0.01; done"));
    let late = late.held_by(Way::ProcessTable);
    let both = async {
        let finished = early.finished().await;
        // Nobody can tell whose it is as long as another might have started it.
        assert_eq!(finished.leaked_processes, 0);
        assert!(!early.is_gone("pid"));
        fs::write(late.dir.path().join("go"), "").unwrap();
    };
    let (finished, ()) = tokio::join!(late.finished(), both);
    assert_eq!((finished.leaked_processes, finished.survivors), (1, 0));
    assert!(early.is_gone("pid"));

    assert!(!is_gone(other.id()), "a child of another kind is let be");
    drop(exempt);
    end(other);
}

#[tokio::test]
async fn programs_that_may_stay_do_and_are_no_leak_even_when_they_hold_the_output() {
    for way in ways() {
        for redirected in ["", "> /dev/null 2>&1"] {
            let script = format!(
                "cp /bin/sleep keeper; setsid ./keeper 60 {redirected} & echo $! > kept
                sleep 60 & echo $! > lost; until grep -q keeper /proc/$(cat kept)/comm; do :; done"
            );
            let mut fixture = Fixture::shell(&script).held_by(way);
            fixture.spec.containment.keep = vec!["keeper".into()];
            let finished = fixture.finished().await;
            assert_eq!((finished.leaked_processes, finished.survivors), (1, 0), "{way:?}");
            assert!(fixture.is_gone("lost"));
            let kept = fixture.pid("kept");
            assert!(!is_gone(kept), "{way:?}");
            assert!(!groups_of(kept).contains("wt-orch.test."));
            kill(kept);
        }
    }
}

#[tokio::test]
async fn a_program_that_may_stay_is_no_leak_and_outlives_a_command_that_is_killed() {
    for way in ways() {
        let script = "cp /bin/sleep keeper; ./keeper 60 & echo $! > kept
            until grep -q keeper /proc/$(cat kept)/comm; do :; done; echo ready; sleep 60";
        let mut fixture = Fixture::shell(script).held_by(way);
        fixture.spec.containment.keep = vec!["keeper".into()];
        let finished = fixture.asked(Request::Kill).await;
        assert_eq!((finished.ending, finished.survivors), (Ending::Stopped, 0), "{way:?}");
        assert_eq!((finished.leaked_processes, finished.leaked_output), (0, false), "{way:?}");
        let kept = fixture.pid("kept");
        assert!(!is_gone(kept), "{way:?}");
        kill(kept);
    }
}

#[tokio::test]
async fn all_that_ignores_a_polite_request_is_killed_at_once() {
    let script = "trap '' TERM; echo $$ > pid; (setsid sh -c 'trap \"\" TERM
        echo $$ > deaf; echo ready; while :; do sleep 60; done') & while :; do sleep 60; done";
    for way in ways() {
        let fixture = Fixture::shell(script).held_by(way);
        let finished = fixture.asked(Request::Stop).await;
        assert_eq!((finished.ending, finished.exit), (Ending::Stopped, Exit::Signal(9)));
        assert_eq!(finished.survivors, 0);
        assert!(fixture.is_gone("pid") && fixture.is_gone("deaf"), "{way:?}");
    }
}

#[tokio::test]
async fn memory_is_bounded_for_all_together_or_else_for_each() {
    const LIMIT: u64 = 256 << 20;
    for way in ways() {
        let mut fixture = Fixture::shell("ulimit -d; cat /proc/self/oom_score_adj").held_by(way);
        fixture.spec.containment.memory_limit = Some(LIMIT);
        let finished = fixture.finished().await;
        let log = fixture.log();
        let own: i32 =
            fs::read_to_string("/proc/self/oom_score_adj").unwrap().trim().parse().unwrap();
        let sacrifice = (own + 500).min(1000).to_string();
        let lines: Vec<&str> = log.lines().collect();
        let counted = way == Way::ControlGroup && counts_memory();
        let limit = if counted { "unlimited".to_owned() } else { (LIMIT / 1024).to_string() };
        assert_eq!(lines, [limit, sacrifice], "{way:?}");
        assert!(!finished.ran_out_of_memory);
        let mut greedy =
            Fixture::shell("head -c 300m /dev/zero | tail -c 300m | wc -c").held_by(way);
        greedy.spec.containment.memory_limit = Some(LIMIT);
        let finished = greedy.finished().await;
        assert_ne!(finished.last_lines.last().unwrap(), "314572800", "{way:?}");
        assert_eq!(finished.ran_out_of_memory, counted);
    }
}

fn counts_memory() -> bool {
    let leaf = Leaf::create(cgroup::home().unwrap(), "test").unwrap();
    leaf.limit_memory(1 << 30)
}

#[tokio::test]
async fn what_a_killed_wt_orch_left_in_control_groups_is_found_by_its_owner_alone() {
    let Ok(home) = cgroup::home() else { return };
    let owner = |name: &str| format!("{name}{}", std::process::id());
    let left = |name: &str| {
        let leaf = Leaf::create(home, &owner(name)).unwrap();
        let child = Command::new("sleep").arg("60").spawn().unwrap();
        let id = child.id().to_string();
        std::io::Write::write_all(&mut leaf.open_entrance().unwrap(), id.as_bytes()).unwrap();
        (leaf, child)
    };
    let ((mine, mut my_child), (other, other_child)) = (left("mine"), left("other"));
    // What was killed removes nothing.
    std::mem::forget(mine);
    let containment = Fixture::shell("").spec.containment;
    let containment = Containment { owner: owner("mine"), ..containment };
    assert_eq!(stop_leftovers(&containment, GRACE).await.outside, 1);
    my_child.wait().unwrap();
    assert_eq!(cgroup::load_leftovers(&containment.owner).len(), 0);
    assert_eq!(stop_leftovers(&containment, GRACE).await, Default::default());
    assert_eq!(other.load_pids(), [other_child.id()]);
    end(other_child);
}

fn end(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

fn kill(pid: u32) {
    let pid = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}
