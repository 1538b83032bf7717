use tokio::time::{advance, sleep_until};

use super::*;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn time_in_which_it_stands_still_does_not_count() {
    let mut watch = Stopwatch::start();
    advance(seconds(5)).await;
    watch.stop();
    advance(seconds(3600)).await;
    watch.stop();
    assert_eq!((watch.elapsed(), watch.point_of(seconds(9))), (seconds(5), None));
    watch.go_on();
    watch.go_on();
    advance(seconds(1)).await;
    assert_eq!(watch.elapsed(), seconds(6));
    assert_eq!(watch.point_of(seconds(9)), Some(Instant::now() + seconds(3)));
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_rings_an_hour_late_costs_the_attempt_nothing() {
    let mut watch = Stopwatch::start();
    let alarm = watch.point_of(seconds(2)).unwrap();
    // What SIGSTOP does to this program: the clock goes on, and the timer is looked at afterwards.
    advance(seconds(3600)).await;
    sleep_until(alarm).await;
    watch.forgive(alarm);
    assert_eq!(watch.elapsed(), seconds(2));
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_rings_a_little_late_counts() {
    let mut watch = Stopwatch::start();
    let alarm = watch.point_of(seconds(2)).unwrap();
    advance(Duration::from_millis(2900)).await;
    watch.forgive(alarm);
    assert_eq!(watch.elapsed(), Duration::from_millis(2900));
}

#[tokio::test(start_paused = true)]
async fn a_limit_beyond_all_time_never_comes() {
    assert_eq!(Stopwatch::start().point_of(Duration::MAX), None);
}
