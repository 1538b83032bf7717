use super::*;

fn entry(pid: u32, parent: u32, session: u32) -> ProcessEntry {
    ProcessEntry {
        pid,
        parent,
        group: session,
        session,
        start_time: 0,
        alive: true,
        cpu: 0,
        resident: 0,
    }
}

#[test]
fn a_run_is_its_driver_its_children_and_their_sessions_and_not_the_shell_around_it() {
    let entries = [
        entry(10, 1, 10),
        entry(11, 10, 10),
        entry(20, 11, 20),
        entry(21, 20, 20),
        entry(22, 1, 20),
        entry(30, 11, 10),
        entry(31, 30, 10),
        entry(40, 10, 40),
    ];
    let pids = |run| processes_of(run, &entries).iter().map(|entry| entry.pid).collect::<Vec<_>>();
    assert_eq!(pids(11), [11, 20, 21, 22, 30]);
    assert_eq!(pids(99), [0; 0]);
}

#[test]
fn processors_are_counted_and_only_work_counts_as_work() {
    let text = "cpu  100 20 30 4000 500 6 7 800 90 10\ncpu0 1 2 3\ncpu1 1 2 3\nintr 5 6\n\
                procs_running 4\nprocs_blocked 1\n";
    let expected = Processors { count: 2, busy: 163, runnable: 3.0 };
    assert_eq!(parse_processors(text), Some(expected));
    assert_eq!(parse_processors("cpu  1 2\n"), None);
    assert_eq!(parse_processors(""), None);
}

#[test]
fn memory_and_its_pressure_are_read() {
    let text = "MemTotal:       16 kB\nMemFree:  1 kB\nMemAvailable:   8 kB\n";
    assert_eq!(parse_memory(text), Some((16 << 10, 8 << 10)));
    assert_eq!(parse_memory("MemTotal: many kB\n"), None);
    let text = "some avg10=12.50 avg60=2.77 avg300=2.95 total=135\nfull avg10=1.00 avg60=0.00\n";
    assert_eq!(parse_stalled(text), Some(12.5));
    assert_eq!(parse_stalled("full avg10=1.00\n"), None);
}

#[test]
fn the_control_group_with_the_least_left_counts() {
    let root = tempfile::tempdir().unwrap();
    let write = |folder: &str, files: &[(&str, &str)]| {
        fs::create_dir_all(root.path().join(folder)).unwrap();
        for (name, text) in files {
            fs::write(root.path().join(folder).join(name), text).unwrap();
        }
    };
    write("a", &[("memory.max", "1000\n"), ("memory.current", "900\n")]);
    write(
        "a",
        &[("memory.stat", "anon 5\ninactive_file 100\nactive_file 150\nslab_reclaimable 50\n")],
    );
    write("a/b", &[("memory.max", "max\n"), ("memory.current", "1\n")]);
    write("a/b/c", &[("memory.max", "500\n"), ("memory.current", "50\n")]);
    let pressure = root.path().join("a/memory.pressure");
    let outer = GroupMemory { limit: 1000, left: 400, pressure };
    assert_eq!(least_left(root.path(), "a/b").as_ref(), Some(&outer));
    assert_eq!(least_left(root.path(), "a/b/c"), Some(outer));
    assert_eq!(least_left(root.path(), "elsewhere"), None);
}

#[test]
fn the_mean_of_the_last_minute_is_the_first_word() {
    assert_eq!(parse_load("14.35 13.40 11.27 9/512 4242\n"), Some(14.35));
    assert_eq!(parse_load(""), None);
}
