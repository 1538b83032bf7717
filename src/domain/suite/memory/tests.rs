use super::*;
use crate::domain::suite::wanted_cpu;

fn sample(module: &str, seconds: f64, cpu_s: f64) -> SuiteSample<'_> {
    SuiteSample { module, unit: None, seconds, cpu_s: Some(cpu_s) }
}

#[test]
fn the_middle_one_of_the_latest_times_counts() {
    let unit = |seconds| SuiteSample { unit: Some("lib"), ..sample("api", seconds, 0.0) };
    let samples = [sample("api", 9.0, 1.0), sample("api", 5.0, 1.0), sample("api", 6.0, 1.0)];
    let all = samples.into_iter().chain([unit(1.0), unit(3.0), unit(2.0)]);
    let memory = SuiteMemory::learn(all, ["cli".to_owned()]);
    assert_eq!(memory.module_seconds["api"], 6.0);
    assert_eq!(memory.units_of("api"), BTreeMap::from([("lib".to_owned(), 2.0)]));
    assert!(memory.units_of("ap").is_empty());
    assert!(memory.failed_last.contains("cli"));
}

#[test]
fn a_suite_that_waits_takes_next_to_nothing_and_one_that_computes_all_it_ever_took() {
    let samples = [
        sample("waits", 5.0, 0.01),
        sample("computes", 4.0, 3.9),
        // Others ran beside it.
        sample("computes", 8.0, 3.9),
        sample("wide", 2.0, 3.1),
        // It never had a core to itself.
        sample("crowded", 6.0, 3.0),
        // Too short to say anything.
        sample("tiny", 0.1, 0.2),
    ];
    let memory = SuiteMemory::learn(samples, []);
    let names = ["waits", "computes", "wide", "crowded", "tiny", "new"];
    let cpus = names.map(|module| memory.cpus(module));
    assert_eq!(cpus, [0.05, 1.0, 1.55, 1.0, 1.0, 1.0]);
    let width = |modules: &[&str]| memory.useful_width(modules, 8, 2.0);
    assert_eq!((width(&["waits"]), width(&["computes"]), width(&["wide"])), (8, 2, 1));
}

#[test]
fn a_suite_that_computes_among_many_does_not_look_like_one_that_waits() {
    // Seven threads for each processor: a share of 0.3 is all that it could have.
    let crowded = |wall, cpu| sample("m", wall, wanted_cpu(wall, cpu, 7.0));
    let cpus = |one| SuiteMemory::learn([one], []).cpus("m");
    assert_eq!(cpus(crowded(20.0, 6.0)), 1.0);
    assert_eq!(cpus(crowded(5.0, 0.02)), 0.05, "this one waits all the same");
    // What got more than one core wants no more than that.
    assert_eq!(cpus(crowded(4.0, 6.4)), 1.6);
    // On a machine that does little else, what it had is what it takes.
    assert_eq!(cpus(sample("m", 20.0, wanted_cpu(20.0, 6.0, 0.4))), 0.3);
}
