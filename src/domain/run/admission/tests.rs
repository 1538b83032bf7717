use proptest::prelude::*;

use super::*;
use crate::domain::run::step_tests::{forced_run, parallel_run, task_of};
use crate::domain::run::{Input, RunState, StopReason, step};
use crate::domain::task::Task;
use crate::domain::time::Timestamp;

/// A run of so many tasks at once as the plan bears on these cores, before its first task.
fn run(cores: usize, tasks: usize, cpus: f64, memory: u64) -> RunState {
    let tasks: Vec<Task> = (0..tasks).map(|at| task_of(&format!("t{at}"), cpus, memory)).collect();
    parallel_run(cores, GIB * 16, tasks)
}

const GIB: u64 = 1 << 30;

/// A machine on which nothing else happens.
fn idle(cores: usize) -> HostReading {
    let total = GIB * 16;
    HostReading {
        cores,
        load: Some(LoadReading { cpus: cores, busy: 0.0, for_runs: 0.0, runnable: 0.0 }),
        memory: Some(MemoryReading { total, available: total / 20 * 19, held: 0, stalled: 0.0 }),
        others: Vec::new(),
    }
}

fn with_load(cores: usize, busy: f64, for_runs: f64, runnable: f64) -> HostReading {
    let load = Some(LoadReading { cpus: cores, busy, for_runs, runnable });
    HostReading { load, ..idle(cores) }
}

fn beside(cores: usize, others: &[RunUse]) -> HostReading {
    HostReading { others: others.to_vec(), ..idle(cores) }
}

fn full(slots: usize, cpus: f64) -> RunUse {
    RunUse { slots, cpus, wanted: cpus, memory: 0 }
}

fn start(state: &mut RunState, tasks: usize) {
    state.say(Input::Begin { resumed: false });
    let width = state.widest().min(tasks);
    state.say(Input::Room(Room { width, because: WidthCause::Eased }));
}

impl RunState {
    fn say(&mut self, input: Input) {
        for event in step(self, input, Timestamp(0)).events {
            let seq = self.next_seq;
            self.apply(&crate::domain::run::Envelope { seq, at: Timestamp(0), event }).unwrap();
        }
    }

    fn bears(&self, reading: &HostReading) -> (usize, WidthCause) {
        let Room { width, because } = self.room(reading);
        (width, because)
    }
}

#[test]
fn tasks_that_hardly_compute_are_not_held_back_by_what_others_compute() {
    let busy = with_load(2, 2.0, 0.0, 6.0);
    let state = run(2, 8, 0.05, 0);
    assert_eq!(state.bears(&busy), (8, WidthCause::Eased));
    let state = run(2, 8, 0.1, 0);
    assert_eq!(state.bears(&busy), (1, WidthCause::Load));
}

#[test]
fn a_run_alone_on_an_idle_machine_keeps_its_width_whatever_it_does_itself() {
    for (cores, tasks, cpus, memory) in [
        (2, 8, 0.25, 0),
        (8, 8, 1.0, 0),
        (8, 8, 2.0, 0),
        (4, 9, 1.0, 2 * GIB),
        (2, 3, 1.0, 9 * GIB),
    ] {
        let mut state = run(cores, tasks, cpus, memory);
        let width = state.widest();
        assert_eq!(state.bears(&idle(cores)), (width, WidthCause::Eased));
        start(&mut state, width);
        assert_eq!(state.bears(&idle(cores)), (width, WidthCause::Eased), "{tasks} that sleep");
        let all = cores as f64;
        let threads = with_load(cores, all, all * 0.97, all * 16.0);
        assert_eq!(state.bears(&threads), (width, WidthCause::Eased), "{tasks} of many threads");
    }
}

#[test]
fn work_of_others_takes_its_cores_from_the_run_and_its_own_does_not() {
    let mut state = run(8, 8, 1.0, 0);
    assert_eq!(state.widest(), 8);
    let at_work = |busy, own, runnable| with_load(8, busy, own, runnable);
    assert_eq!(state.bears(&at_work(0.9, 0.0, 1.0)).0, 8, "a part of a core is nothing");
    assert_eq!(state.bears(&at_work(4.5, 0.0, 4.5)), (4, WidthCause::Load));
    assert_eq!(state.bears(&at_work(8.0, 0.0, 30.0)), (1, WidthCause::Load));
    start(&mut state, 8);
    assert_eq!(state.bears(&at_work(8.0, 8.0, 8.0)).0, 8);
    assert_eq!(state.bears(&at_work(8.0, 0.0, 8.0)).0, 8, "a daemon works for the tasks");
    assert_eq!(state.bears(&at_work(8.0, 4.0, 16.0)), (5, WidthCause::Load));
}

#[test]
fn few_cores_suffice_for_tasks_that_need_little() {
    let state = run(8, 8, 0.25, 0);
    assert_eq!(state.bears(&with_load(8, 6.0, 0.0, 6.0)).0, state.widest());
    assert_eq!(state.bears(&with_load(8, 7.9, 0.0, 7.9)), (4, WidthCause::Load));
}

#[test]
fn runs_share_the_cores_fairly_and_never_start_more_than_there_are() {
    let state = run(8, 8, 1.0, 0);
    assert!(state.host_use(8).cpus.is_sign_positive(), "people would read -0.00");
    assert_eq!(state.bears(&beside(8, &[full(4, 8.0)])), (1, WidthCause::OtherRuns));
    assert_eq!(state.bears(&beside(8, &[full(2, 2.0)])), (6, WidthCause::OtherRuns));
    let waits = RunUse { slots: 1, cpus: 1.0, wanted: 8.0, memory: 0 };
    assert_eq!(state.bears(&beside(8, &[waits])), (4, WidthCause::OtherRuns));
    assert_eq!(state.bears(&beside(8, &[waits; 3])), (2, WidthCause::OtherRuns));
    assert_eq!(state.bears(&beside(8, &[waits; 2])), (3, WidthCause::OtherRuns));
    assert_eq!(state.bears(&beside(8, &[waits; 30])), (1, WidthCause::OtherRuns));
}

#[test]
fn a_run_that_disregards_the_cores_yields_to_memory_alone() {
    let tasks = (0..8).map(|at| task_of(&format!("t{at}"), 1.0, 0)).collect();
    let mut state = forced_run(8, GIB * 16, tasks);
    let busy = HostReading { others: vec![full(9, 99.0)], ..with_load(2, 2.0, 0.0, 50.0) };
    assert_eq!(state.bears(&busy), (8, WidthCause::Eased));
    start(&mut state, 3);
    let memory = MemoryReading { total: GIB * 16, available: GIB, held: 0, stalled: 0.0 };
    let scarce = HostReading { memory: Some(memory), ..busy };
    assert_eq!(state.bears(&scarce), (3, WidthCause::Memory));
}

#[test]
fn nothing_starts_that_does_not_fit_into_the_memory_that_is_left() {
    let mut state = run(8, 6, 1.0, 2 * GIB);
    start(&mut state, 2);
    let with = |available: u64, held: u64, stalled: f64| {
        let memory =
            MemoryReading { total: GIB * 16, available: available * GIB / 10, held, stalled };
        HostReading { memory: Some(memory), ..idle(8) }
    };
    assert_eq!(state.bears(&with(140, 0, 0.0)).0, state.widest());
    // 1.6 GiB are kept, 4 GiB are spoken for by the two that have just started.
    assert_eq!(state.bears(&with(100, 0, 0.0)), (4, WidthCause::Memory));
    assert_eq!(state.bears(&with(60, 4 * GIB, 0.0)), (4, WidthCause::Memory));
    assert_eq!(state.bears(&with(10, 4 * GIB, 0.0)), (2, WidthCause::Memory));
    assert_eq!(state.bears(&with(140, 0, THRASHING)), (2, WidthCause::Memory));
    let beside = RunUse { slots: 1, cpus: 0.0, wanted: 0.0, memory: 4 * GIB };
    let reading = HostReading { others: vec![beside], ..with(100, 0, 0.0) };
    assert_eq!(state.bears(&reading), (2, WidthCause::Memory));
}

#[test]
fn a_run_that_shares_its_host_starts_nothing_before_the_first_reading() {
    let mut state = run(8, 8, 1.0, 0);
    state.say(Input::Begin { resumed: false });
    assert_eq!(state.active_tasks().count(), 0);
    state.say(Input::Room(Room { width: 3, because: WidthCause::Load }));
    assert_eq!((state.active_tasks().count(), state.dispatcher.width()), (3, 3));
    // Another process begins with all that was decided.
    state.say(Input::Stop { reason: StopReason::Interrupted, force: false });
    state.say(Input::Begin { resumed: true });
    assert_eq!(state.dispatcher.width(), 8);
}

#[test]
fn tasks_that_declare_no_memory_wait_for_some_too() {
    let mut all = task_of("all", 1.0, GIB * 16 / 5 * 4);
    all.estimate = Some(std::time::Duration::from_secs(100));
    let tasks = vec![all, task_of("b", 1.0, 0), task_of("c", 1.0, 0)];
    let mut state = parallel_run(8, GIB * 16, tasks);
    start(&mut state, 1);
    let memory = MemoryReading { total: GIB * 16, available: GIB, held: GIB * 13, stalled: 0.0 };
    let scarce = HostReading { memory: Some(memory), ..idle(8) };
    assert_eq!(state.bears(&scarce), (1, WidthCause::Memory));
    let memory = MemoryReading { available: GIB * 2, ..memory };
    assert_eq!(state.bears(&HostReading { memory: Some(memory), ..idle(8) }).0, 3);
}

fn told(rooms: &[(usize, WidthCause)]) -> Vec<usize> {
    let mut admission = Admission::new(8);
    let observed = rooms.iter().filter_map(|(width, because)| {
        admission.observe(Room { width: *width, because: because.clone() })
    });
    observed.map(|room| room.width).collect()
}

#[test]
fn the_first_reading_counts_at_once_a_later_burst_does_not_and_calm_must_last() {
    use WidthCause::{Eased, Load, OtherRuns};
    assert_eq!(told(&[(3, Load)]), [3]);
    assert_eq!(told(&[(8, Eased), (3, Load), (3, Load), (8, Eased), (3, Load), (3, Load)]), [0; 0]);
    assert_eq!(told(&[(8, Eased), (3, Load), (4, Load), (4, Load)]), [4]);
    assert_eq!(told(&[(8, Eased), (3, OtherRuns)]), [3]);
    let calm = [(3, Load), (8, Eased), (8, Eased), (5, Load), (8, Eased), (8, Eased)];
    assert_eq!(told(&calm), [3, 5], "the least room of the calm time");
    let broken = [(3, Load), (8, Eased), (8, Eased), (8, Eased), (8, Eased), (3, Load), (8, Eased)];
    assert_eq!(told(&broken), [3]);
}

fn readings() -> impl Strategy<Value = HostReading> {
    let load = (0.0..8.0_f64, 0.0..1.0_f64, 0.0..40.0_f64);
    let others = prop::collection::vec((0..9_usize, 0.0..9.0_f64, 0.0..9.0_f64), 0..4);
    (load, 0..=GIB * 16, 0.0..20.0_f64, others).prop_map(|(load, available, stalled, others)| {
        let (busy, part, runnable) = load;
        let of = |(slots, cpus, more): (usize, f64, f64)| RunUse {
            slots,
            cpus,
            wanted: cpus + more,
            memory: GIB,
        };
        let memory = MemoryReading { total: GIB * 16, available, held: 0, stalled };
        HostReading {
            memory: Some(memory),
            others: others.into_iter().map(of).collect(),
            ..with_load(8, busy, busy * part, runnable)
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_width_stays_between_one_and_what_was_decided_and_settles(
        readings in prop::collection::vec(readings(), 1..30),
        running in 0..9_usize,
        cpus in 1..9_u32,
    ) {
        let mut state = run(8, 9, f64::from(cpus) / 4.0, GIB);
        start(&mut state, running.max(1));
        let decided = state.widest();
        let mut admission = Admission::new(decided);
        for reading in &readings {
            let room = state.room(reading);
            prop_assert!((1..=decided).contains(&room.width), "{room:?}");
            prop_assert!((room.width == decided) == (room.because == WidthCause::Eased));
            if let Some(told) = admission.observe(room) {
                prop_assert!((1..=decided).contains(&told.width), "{told:?}");
            }
        }
        // Whatever it was: with the same reading again and again the width goes one way and stays.
        let last = state.room(&readings[readings.len() - 1]);
        let before = admission.told;
        let again = (0..50).filter_map(|_| admission.observe(last.clone()).map(|room| room.width));
        let again: Vec<usize> = again.collect();
        prop_assert_eq!(admission.told, last.width);
        prop_assert!(again.len() <= 2 && again.is_sorted_by(|a, b| (a < b) == (before < last.width)));
        let calm = Room { width: decided, because: WidthCause::Eased };
        let eased: Vec<Room> = (0..50).filter_map(|_| admission.observe(calm.clone())).collect();
        prop_assert!(eased.iter().all(|room| room.width == decided) && eased.len() <= 1);
    }

    #[test]
    fn runs_that_all_obey_come_to_no_more_than_the_cores_and_leave_none_idle(
        tasks in prop::collection::vec(1..12_usize, 2..5),
    ) {
        let mut runs: Vec<RunState> = tasks.iter().map(|&tasks| run(8, tasks, 1.0, 0)).collect();
        for state in &mut runs {
            state.say(Input::Begin { resumed: false });
        }
        // One after another reads and starts, until nothing changes.
        for _ in 0..10 {
            for own in 0..runs.len() {
                let uses: Vec<RunUse> = runs.iter().map(|state| state.host_use(8)).collect();
                let others = uses.iter().enumerate().filter(|(at, _)| *at != own);
                let others: Vec<RunUse> = others.map(|(_, run)| *run).collect();
                let room = runs[own].room(&beside(8, &others));
                runs[own].say(Input::Room(room));
            }
        }
        let running: Vec<usize> = runs.iter().map(|state| state.active_tasks().count()).collect();
        let sum: usize = running.iter().sum();
        let wanted: usize = tasks.iter().map(|&tasks| tasks.min(8)).sum();
        prop_assert!(running.iter().all(|&slots| slots >= 1));
        // Who comes first keeps what runs: nothing is killed for who comes later.
        prop_assert!(sum < 8 + runs.len() && sum >= wanted.min(8), "{running:?}");
    }
}
