use super::*;
use crate::domain::plan::{DEFAULT_CONTENTION, ResourceUse};
use crate::domain::report::scripted_run::task;
use crate::domain::time::Timestamp;

/// Two cores; nothing but the want of cores slows anything down.
const TWO_CORES: Contention =
    Contention { sigma: 0.0, kappa: 0.0, effective_cores: Some(2.0), widths: 0 };

fn attempt(wall_s: f64, cpu_s: Option<f64>, active: f64) -> ObservedAttempt {
    ObservedAttempt {
        run: 1,
        workflow: "w".to_owned(),
        task: "a".to_owned(),
        work: 0,
        category: "command".to_owned(),
        wall_s,
        cpu_s,
        active,
        lane_position: None,
        censored: false,
        used: ResourceUse::default(),
        at: Timestamp(0),
    }
}

fn alone(contention: &Contention, cpus: f64, observed: &ObservedAttempt) -> f64 {
    let mut one = task("a", &[], 1);
    one.demand.cpus = cpus;
    Solo::of(&[one], contention).seconds(observed)
}

#[test]
fn tasks_that_waited_for_a_core_take_alone_what_they_computed() {
    let crowded = alone(&TWO_CORES, 1.0, &attempt(60.0, Some(30.0), 4.0));
    assert!((crowded - 30.0).abs() < 1e-9, "{crowded}");
    let with_room = alone(&TWO_CORES, 1.0, &attempt(30.0, Some(30.0), 2.0));
    assert!((with_room - 30.0).abs() < 1e-9, "{with_room}");
    let agents = alone(&TWO_CORES, 0.25, &attempt(60.0, Some(15.0), 4.0));
    assert!((agents - 60.0).abs() < 1e-9, "{agents}");
}

#[test]
fn the_want_of_cores_does_not_shorten_the_time_in_which_a_task_waits_for_something_else() {
    let asleep = alone(&TWO_CORES, 1.0, &attempt(60.0, Some(0.0), 4.0));
    let unknown = alone(&TWO_CORES, 1.0, &attempt(60.0, None, 4.0));
    assert!((asleep - 60.0).abs() < 1e-9 && (unknown - 60.0).abs() < 1e-9);
    let mixed = alone(&TWO_CORES, 1.0, &attempt(60.0, Some(10.0), 4.0));
    assert!((mixed - 50.0).abs() < 1e-9, "{mixed}");
}

#[test]
fn cores_that_were_used_were_there_whatever_a_probe_found() {
    let probed = Contention { effective_cores: Some(1.0), ..TWO_CORES };
    let crowded = alone(&probed, 1.0, &attempt(60.0, Some(30.0), 4.0));
    assert!((crowded - 30.0).abs() < 1e-9, "{crowded}");
    let unprobed = Contention { effective_cores: None, ..DEFAULT_CONTENTION };
    let kept = alone(&unprobed, 1.0, &attempt(60.0, Some(30.0), 4.0));
    assert!((kept - 60.0 / unprobed.slowdown(4.0)).abs() < 1e-9, "{kept}");
}
