use rustix::process::{getpid, kill_process};

use super::*;

fn action(signal: i32) -> usize {
    swap(signal, std::ptr::null()).unwrap().sa_sigaction
}

#[tokio::test]
async fn signals_are_heard_while_somebody_listens_and_only_then() {
    for _ in 0..2 {
        let mut signals = Signals::listen().unwrap();
        kill_process(getpid(), rustix::process::Signal::TERM).unwrap();
        assert_eq!(signals.recv().await, Signal::Terminate);
        kill_process(getpid(), rustix::process::Signal::TSTP).unwrap();
        assert_eq!(signals.recv().await, Signal::Suspend);
        assert_eq!(signals.pending().await, None);
        kill_process(getpid(), rustix::process::Signal::INT).unwrap();
        let mut heard = None;
        while heard.is_none() {
            heard = signals.pending().await;
        }
        assert_eq!(heard, Some(Signal::Interrupt));
        drop(signals);
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGTSTP] {
            assert_eq!(action(signal), libc::SIG_DFL, "{signal} does what it always does");
        }
    }
}

#[test]
fn the_runtime_of_rust_ignores_broken_pipes_and_nothing_else() {
    assert!(is_ignored(libc::SIGPIPE).unwrap());
    assert!(!is_ignored(libc::SIGALRM).unwrap());
}
