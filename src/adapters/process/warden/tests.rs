use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::serve::listen;
use super::*;
use crate::adapters::process::group::{Orphan, stop_orphan};

fn env(attempt: &str) -> Vec<(OsString, OsString)> {
    [("WT_ORCH_RUN", "r"), ("WT_ORCH_TASK", "t"), ("WT_ORCH_ATTEMPT", attempt), ("HOME", "/")]
        .map(|(name, value)| (name.into(), value.into()))
        .to_vec()
}

/// A warden in whose place a program stands that just swallows what it is told.
fn deaf(program: &str) -> Warden {
    Warden::start(Path::new(program), Path::new("-")).unwrap()
}

fn heard(notices: &[Notice], cut_off: &str) -> Vec<Orphan> {
    let lines = notices.iter().map(|notice| serde_json::to_string(notice).unwrap() + "\n");
    listen((lines.collect::<String>() + cut_off).as_bytes())
}

#[test]
fn what_had_begun_and_was_not_over_is_an_orphan() {
    let (keep, group) = (vec!["sccache".to_owned()], Some(PathBuf::from("/g")));
    let begun = |key| Notice::Begun { key, marks: vec![format!("A={key}")], keep: keep.clone() };
    let leader = ProcessIdentity { pid: 7, start_time: 70, boot_id: "b".into() };
    let leads = |key| Notice::Leads { key, leader: leader.clone(), group: group.clone() };
    let orphan = |mark: &str| Orphan {
        marks: vec![mark.as_bytes().to_vec()],
        keep: keep.clone(),
        ..Orphan::default()
    };
    let told = [begun(1), leads(1), begun(2), begun(3), leads(3), Notice::Over { key: 1 }];
    let third = Orphan { leader: Some(leader.clone()), group: group.clone(), ..orphan("A=3") };
    let left = [orphan("A=2"), third];
    assert_eq!(heard(&told, ""), left);
    assert_eq!(heard(&told, "{\"over\":{\"ke"), left, "a line that was cut off says nothing");
    assert_eq!(heard(&told[..2], "\n{\"over\":{\"key\":1}}\n").len(), 1);
    assert!(heard(&[], "").is_empty());
}

#[test]
fn a_command_is_marked_by_the_process_that_starts_it() {
    let warden = deaf("cat");
    let mut env = env("1");
    let watched = warden.watch(&mut env, &[]);
    let own = ProcessIdentity::own();
    let driver = format!("WT_ORCH_DRIVER={}.{}", own.pid, own.start_time);
    let expected = ["WT_ORCH_RUN=r", "WT_ORCH_TASK=t", "WT_ORCH_ATTEMPT=1", &driver];
    assert_eq!(marks(&env), expected);
    drop(watched);
    env.retain(|(name, _)| name != "WT_ORCH_ATTEMPT");
    assert!(marks(&env).is_empty(), "fewer marks would fit other attempts");
    let mut plain = super::tests::env("1");
    drop(Warden::default().watch(&mut plain, &[]));
    assert_eq!(plain, super::tests::env("1"), "without a warden nothing is marked");
}

#[test]
fn a_warden_that_does_not_listen_is_given_up_and_blocks_nobody() {
    for program in ["true", "sleep"] {
        let warden = Warden::start(Path::new(program), Path::new("1000")).unwrap();
        for _ in 0..2000 {
            let _over_at_once = warden.watch(&mut env("1"), &[]);
        }
        assert!(warden.post().unwrap().pipe.is_none(), "{program}");
    }
}

#[test]
fn a_dismissed_warden_is_gone() {
    let warden = deaf("cat");
    let pid = warden.post().unwrap().child.id();
    let started = ProcessIdentity::load(pid);
    drop(warden.watch(&mut env("1"), &[]));
    drop(warden);
    assert!(!crate::adapters::process::is_alive(&started));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn orphans_of_this_driver_are_ended_and_the_same_attempt_of_another_one_is_not() {
    let start = |driver: &str| {
        let mut command = Command::new("sleep");
        command.arg("1000").env_clear().envs(env("warden-test")).env(DRIVER, driver);
        command.stdin(Stdio::null()).process_group(0).spawn().unwrap()
    };
    let (mut old, mut new) = (start("killed.1"), start("resumed.2"));
    let mut env = env("warden-test");
    env.push((DRIVER.into(), "killed.1".into()));
    let marks: Vec<_> = marks(&env).into_iter().map(String::into_bytes).collect();
    assert_eq!(marks.len(), 4);
    let old_ones = Orphan { marks, ..Orphan::default() };
    stop_orphan(old_ones, Duration::from_secs(2)).await;
    assert!(old.wait().unwrap().code().is_none());
    assert!(new.try_wait().unwrap().is_none(), "the resumed run keeps its own");
    new.kill().unwrap();
    new.wait().unwrap();
    // Nothing to go by ends nothing.
    let nothing = stop_orphan(Orphan::default(), Duration::ZERO).await;
    assert_eq!((nothing.inside, nothing.outside), (0, 0));
}
