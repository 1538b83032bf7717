use super::*;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn load(cpu: u64, memory: u64) -> Load {
    Load { cpu: ms(cpu), memory, processes: 1, ..Load::default() }
}

#[test]
fn looks_are_at_most_four_a_second_and_become_rare() {
    let mut samples = Samples::begin();
    let mut at = Duration::ZERO;
    let mut pauses = Vec::new();
    for _ in 0..6 {
        pauses.push((samples.due() - at).as_millis());
        at = samples.due();
        samples.take(load(0, 0), at);
    }
    assert_eq!(pauses, [250, 500, 1000, 2000, 2000, 2000]);
}

#[test]
fn silence_without_processor_time_is_a_stall_and_either_of_them_is_none() {
    let mut samples = Samples::begin();
    let limit = ms(1000);
    samples.take(load(50, 0), ms(250));
    samples.take(load(59, 0), ms(1250));
    assert!(samples.has_stalled(limit, ms(1250)), "less than a tick is no work");
    samples.take(load(60, 0), ms(1300));
    assert!(!samples.has_stalled(limit, ms(2299)));
    samples.heard(ms(2200));
    assert!(!samples.has_stalled(limit, ms(3199)));
    assert_eq!(samples.stalled_at(limit), ms(3200));
    // Somebody who had worked has ended, and took his count along.
    samples.take(load(20, 0), ms(3100));
    assert!(!samples.has_stalled(limit, ms(4099)));
    assert!(samples.has_stalled(limit, ms(4100)));
}

#[test]
fn where_nobody_tells_of_processor_time_nothing_stalls() {
    let mut samples = Samples::begin();
    samples.take(Load::default(), ms(5000));
    assert!(!samples.has_stalled(ms(1000), ms(5000)));
}

#[test]
fn the_most_of_each_look_is_kept() {
    let mut samples = Samples::begin();
    samples.take(load(10, 900), ms(250));
    samples.take(load(70, 300), ms(750));
    assert_eq!(samples.most(), load(70, 900));
}
