use super::*;

fn sample(at: u64, busy: f64, runs: &[(u32, f64)]) -> Sample {
    Sample { at: Duration::from_secs(at), cpus: 4, busy, runs: runs.iter().copied().collect() }
}

#[test]
fn work_counts_from_look_to_look_and_a_run_that_has_just_come_or_gone_counts_not_yet() {
    let before = sample(10, 100.0, &[(1, 10.0), (2, 20.0)]);
    let after = sample(12, 106.0, &[(2, 23.0), (3, 50.0)]);
    let load = after.since(&before, 5.0).unwrap();
    assert_eq!(load, LoadReading { cpus: 4, busy: 3.0, for_runs: 1.5, runnable: 5.0 });
    assert_eq!(before.since(&before, 5.0), None, "no time has passed");
}

#[cfg(target_os = "linux")]
#[test]
fn this_machine_is_read_and_the_work_of_this_process_is_seen_as_its_own() {
    let own = std::process::id();
    let mut sampler = Sampler::default();
    assert_eq!(sampler.moment(), None);
    let first = sampler.load(&[], Duration::ZERO);
    assert_eq!(first.load, None);
    let moment = sampler.moment().unwrap();
    assert!(moment.runnable >= moment.busy && moment.busy <= moment.cpus as f64, "{moment:?}");
    let memory = first.memory.unwrap();
    assert!(memory.available <= memory.total && memory.held > 0, "{memory:?}");
    // Until a few ticks of the processors' clock have passed for this process.
    let worked = |sampler: &Sampler| sampler.before.as_ref().unwrap().runs[&own];
    let begun = worked(&sampler);
    while worked(&sampler) - begun < 0.05 {
        std::hint::black_box((0..1_000_000_u64).sum::<u64>());
        sampler.glance();
        sampler.load(&[], Duration::from_secs(1));
    }
    let load = sampler.load(&[], Duration::from_secs(2)).load.unwrap();
    assert!(load.cpus >= 1 && load.busy >= 0.0 && load.runnable >= 0.0, "{load:?}");
}
