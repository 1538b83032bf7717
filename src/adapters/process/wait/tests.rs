use std::os::unix::process::CommandExt;
use std::process::Command;

use super::*;

#[expect(clippy::zombie_processes, reason = "what is tested here reaps it")]
fn start(script: &str) -> Pid {
    let child = Command::new("sh").args(["-c", script]).process_group(0).spawn().unwrap();
    Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap()
}

#[tokio::test]
async fn a_thread_tells_of_the_end_where_there_are_no_handles() {
    let pid = start("exit 7");
    let watcher = Watcher::Thread(watch_by_thread(pid).unwrap());
    let mut leader = Leader { pid, watcher, is_ended: false, is_reaped: false };
    leader.ended().await.unwrap();
    assert_eq!(leader.reap().unwrap().exit, Exit::Code(7));
}

#[tokio::test]
async fn an_end_that_nobody_waited_for_in_time_is_still_told() {
    let pid = start("exit 0");
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    retry_on_intr(|| waitid(WaitId::Pid(pid), options)).unwrap();
    let mut leader = Leader::watch(pid).unwrap();
    leader.ended().await.unwrap();
    assert_eq!(leader.reap().unwrap().exit, Exit::Code(0));
}
