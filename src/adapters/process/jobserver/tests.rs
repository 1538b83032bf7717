use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::timeout;

use super::*;

/// Long enough for whatever happens at once.
const SOON: Duration = Duration::from_millis(50);

fn pool(tokens: usize) -> (TempDir, Jobserver) {
    let dir = tempfile::tempdir().unwrap();
    let jobserver = Jobserver::create(&dir.path().join("jobs"), tokens).unwrap();
    (dir, jobserver)
}

/// A build: takes as many tokens as there are.
fn taken_by_a_build(jobserver: &Jobserver) -> usize {
    let mut options = fs::OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let mut pipe = options.read(true).write(true).open(jobserver.path()).unwrap();
    let mut bytes = [0; 64];
    pipe.read(&mut bytes).unwrap_or(0)
}

fn given_by_a_build(jobserver: &Jobserver, tokens: usize) {
    let mut pipe = fs::OpenOptions::new().write(true).open(jobserver.path()).unwrap();
    pipe.write_all(&vec![b'+'; tokens]).unwrap();
}

async fn waits(jobserver: &Jobserver, cores: f64) -> bool {
    timeout(SOON, jobserver.turn(cores)).await.is_err()
}

#[tokio::test]
async fn a_command_waits_for_its_own_token_and_may_give_up() {
    let (_dir, jobserver) = pool(3);
    let first = jobserver.turn(1.0).await.unwrap();
    let _second = jobserver.turn(8.0).await.unwrap();
    assert_eq!(taken_by_a_build(&jobserver), 1);
    assert!(waits(&jobserver, 1.0).await);
    // What was given up holds nothing.
    drop(first);
    let third = timeout(SOON, jobserver.turn(1.0)).await.unwrap();
    assert!(third.is_some() && waits(&jobserver, 1.0).await);
    given_by_a_build(&jobserver, 1);
    assert!(!waits(&jobserver, 1.0).await);
}

#[tokio::test]
async fn commands_that_mostly_wait_share_a_token() {
    let (_dir, jobserver) = pool(2);
    let mut light = Vec::new();
    for _ in 0..4 {
        light.push(jobserver.turn(0.25).await.unwrap());
    }
    assert_eq!(taken_by_a_build(&jobserver), 1, "four quarters are one core");
    assert!(waits(&jobserver, 0.25).await);
    assert!(!waits(&jobserver, 0.0).await);
    light.pop();
    assert!(!waits(&jobserver, 0.25).await);
}

#[tokio::test]
async fn tokens_of_killed_builds_come_back_when_nothing_runs_and_none_too_many() {
    let (_dir, jobserver) = pool(3);
    let running = jobserver.turn(1.0).await.unwrap();
    assert_eq!(taken_by_a_build(&jobserver), 2);
    drop(running);
    // Three again, of which this one has one.
    let running = jobserver.turn(1.0).await.unwrap();
    assert_eq!(taken_by_a_build(&jobserver), 2);
    given_by_a_build(&jobserver, 7);
    drop(running);
    let _running = jobserver.turn(1.0).await.unwrap();
    assert_eq!(taken_by_a_build(&jobserver), 2);
}

#[tokio::test]
async fn the_pipe_is_closed_to_others_replaces_a_deserted_one_and_goes_with_its_maker() {
    let (dir, jobserver) = pool(1);
    let path = jobserver.path().to_owned();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let again = Jobserver::create(&path, 1).unwrap();
    let inner = Jobserver::join(&path).unwrap();
    drop(inner);
    assert!(path.exists(), "who joins takes nothing away");
    drop((jobserver, again));
    assert!(!path.exists());
    fs::write(&path, "++").unwrap();
    assert!(Jobserver::join(&path).is_err());
    drop(dir);
}

#[tokio::test]
async fn a_program_inside_has_one_command_free_and_takes_tokens_for_the_others() {
    let (_dir, outer) = pool(2);
    let _own = outer.turn(1.0).await.unwrap();
    let inner = Jobserver::join(outer.path()).unwrap();
    let first = inner.turn(1.0).await.unwrap();
    let second = inner.turn(1.0).await.unwrap();
    assert_eq!(taken_by_a_build(&outer), 0);
    assert!(waits(&inner, 1.0).await);
    drop(second);
    drop(first);
    assert!(!waits(&inner, 1.0).await);
    assert_eq!(taken_by_a_build(&outer), 1, "its own stays outside of the pool");
}
