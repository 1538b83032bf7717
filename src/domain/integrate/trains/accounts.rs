//! How many validations it takes, against a bound and against plain bisection.

use std::time::Duration;

use super::world::*;
use crate::domain::integrate::*;

/// The most validations, one at a time, until one set of `size` members is found among `n` and the
/// rest is green: the candidate twice, the target once; for each member of the set a halving of the
/// train, its trial alone (the last one twice) and a second look at what was red with more; leaving
/// out each in turn; the rest. Where failing tests can be run alone, three more of those.
fn bound(n: usize, size: usize, alone: bool) -> usize {
    let halvings = n.next_power_of_two().trailing_zeros() as usize;
    let minimal = if size > 1 { size } else { 0 };
    4 + size * halvings + 2 * size + minimal + if alone { 3 } else { 0 }
}

/// Validations of a plain bisection that ejects one member: candidate, target, halvings, the rest.
fn plain(n: usize) -> usize {
    3 + n.next_power_of_two().trailing_zeros() as usize
}

#[test]
#[expect(clippy::format_push_string, reason = "a short table")]
fn planted_culprits_are_found_within_the_stated_bound() {
    let mut table =
        String::from("   n  planted  tests alone  validations  bound  plain bisection\n");
    for (n, alone) in [4, 8, 16, 32].into_iter().flat_map(|n| [(n, false), (n, true)]) {
        let sets: [&[usize]; 3] = [&[n / 2], &[1, n - 2], &[0, n / 2, n - 1]];
        for set in sets {
            let world = World::new(members(n), vec![Planted::by(&[set])]);
            let mut world = if alone { world } else { world.silent() };
            world.duration = Duration::from_secs(120);
            let world = world.run();
            let named = &world.integration.failing_sets[0].members;
            assert_eq!(*named, set.iter().copied().map(id).collect::<Vec<_>>());
            assert_eq!(world.landed.as_ref().unwrap().len(), n - 1);
            let (size, most) = (set.len(), bound(n, set.len(), alone));
            assert!(world.validations <= most, "{n} {set:?}: {} > {most}", world.validations);
            let (took, plain) = (world.validations, plain(n));
            table += &format!("{n:4}  {size:7}  {alone:11}  {took:11}  {most:5}  {plain:15}\n");
        }
    }
    insta::assert_snapshot!(table, @"
     n  planted  tests alone  validations  bound  plain bisection
     4        1  false                  8      8                5
     4        2  false                 12     14                5
     4        3  false                 12     19                5
     4        1  true                  11     11                5
     4        2  true                  15     17                5
     4        3  true                  16     22                5
     8        1  false                  9      9                6
     8        2  false                 15     16                6
     8        3  false                 17     22                6
     8        1  true                  12     12                6
     8        2  true                  18     19                6
     8        3  true                  21     25                6
    16        1  false                 10     10                7
    16        2  false                 17     18                7
    16        3  false                 20     25                7
    16        1  true                  13     13                7
    16        2  true                  20     21                7
    16        3  true                  24     28                7
    32        1  false                 11     11                8
    32        2  false                 19     20                8
    32        3  false                 23     28                8
    32        1  true                  14     14                8
    32        2  true                  22     23                8
    32        3  true                  27     31                8
    ");
}

#[test]
fn more_slots_find_a_culprit_in_fewer_rounds() {
    let rounds = |slots: u32| {
        let world = World::new(members(32), vec![Planted::by(&[&[19]])]);
        let mut world = world.spec(|spec| spec.slots = slots);
        let mut rounds = 0;
        loop {
            if let Next::Validate(_) = world.integration.next() {
                rounds += 1;
            }
            if !world.step() {
                break;
            }
        }
        assert_eq!(world.blamed(), Set::from([19]));
        rounds
    };
    assert!(rounds(4) < rounds(1), "{} rounds with 4 slots, {} with 1", rounds(4), rounds(1));
}

#[test]
#[expect(clippy::format_push_string, reason = "a short table")]
fn a_flaky_test_at_10_and_30_percent_costs_repeats_and_hides_nobody() {
    let seeds = 50;
    let mut table = String::from("   n  flake  planted  validations (mean)  right\n");
    let (mut all, mut right_in_all) = (0, 0);
    for n in [4, 8, 16, 32] {
        for (flake, culprit) in [(0.1, None), (0.3, None), (0.1, Some(n / 2)), (0.3, Some(n / 2))] {
            let (mut took, mut right) = (0, 0);
            for seed in 1..=seeds {
                let mut tests = vec![Planted::flaky(flake)];
                tests.extend(culprit.map(|culprit| Planted::by(&[&[culprit]])));
                let world = World::new(members(n), tests).seeded(seed).run();
                assert!(!world.landed_red());
                right += usize::from(world.blamed() == culprit.into_iter().collect());
                took += world.validations;
            }
            let mean = took / seeds as usize;
            let planted = if culprit.is_some() { "single" } else { "none" };
            table += &format!("{n:4}  {flake:5}  {planted:7}  {mean:18}  {right:2}/{seeds}\n");
            all += seeds as usize;
            right_in_all += right;
        }
    }
    assert!(right_in_all * 100 >= all * 98, "{table}");
    insta::assert_snapshot!(table, @"
     n  flake  planted  validations (mean)  right
     4    0.1  none                      4  50/50
     4    0.3  none                      4  50/50
     4    0.1  single                   18  50/50
     4    0.3  single                   17  50/50
     8    0.1  none                      4  50/50
     8    0.3  none                      4  50/50
     8    0.1  single                   19  50/50
     8    0.3  single                   20  50/50
    16    0.1  none                      4  50/50
    16    0.3  none                      4  50/50
    16    0.1  single                   17  50/50
    16    0.3  single                   25  49/50
    32    0.1  none                      4  50/50
    32    0.3  none                      4  50/50
    32    0.1  single                   21  50/50
    32    0.3  single                   23  50/50
    ");
}

#[test]
fn a_culprit_of_a_test_that_fails_on_the_target_too_is_no_culprit() {
    for n in [4, 8, 16, 32] {
        let red = Planted { on_base: true, ..Planted::by(&[&[n / 2]]) };
        let world = World::new(members(n), vec![red]).run();
        assert_eq!(world.landed.as_ref().unwrap().len(), n);
        assert_eq!(world.integration.summaries()[0].verdict, ValidationVerdict::Baseline);
    }
}
