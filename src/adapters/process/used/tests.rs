use super::super::Exit;
use super::*;

const MIB: u64 = 1 << 20;

fn reaped(peak_rss: u64) -> Reaped {
    let cpu = Duration::from_millis(30);
    let (read_bytes, written_bytes) = (Some(512), Some(1024));
    Reaped { exit: Exit::Code(0), cpu, peak_rss, read_bytes, written_bytes }
}

#[test]
fn what_a_short_command_used_is_told_by_its_end_alone() {
    let used = Used::of(&reaped(90 * MIB), &Load::default(), 20 * MIB);
    assert_eq!((used.cpu, used.peak_rss), (Duration::from_millis(30), Some(90 * MIB)));
    assert_eq!((used.read_bytes, used.written_bytes, used.processes), (Some(512), Some(1024), 1));
}

#[test]
fn the_size_of_this_program_is_not_taken_for_that_of_the_command() {
    assert_eq!(Used::of(&reaped(20 * MIB), &Load::default(), 20 * MIB).peak_rss, None);
    let seen = Load { memory: 3 * MIB, ..Load::default() };
    assert_eq!(Used::of(&reaped(20 * MIB), &seen, 20 * MIB).peak_rss, Some(3 * MIB));
}

#[test]
fn what_was_seen_counts_where_it_is_more() {
    let cpu = Duration::from_secs(1);
    let seen = Load { cpu, memory: 0, read_bytes: 9999, written_bytes: 1, processes: 4 };
    let used = Used::of(&reaped(90 * MIB), &seen, 20 * MIB);
    assert_eq!((used.cpu, used.read_bytes, used.written_bytes), (cpu, Some(9999), Some(1024)));
    assert_eq!((used.peak_rss, used.processes), (Some(90 * MIB), 4));
}
