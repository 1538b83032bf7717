use proptest::prelude::*;

use super::*;
use crate::domain::race::fixture::rules;

fn fold(results: &[bool]) -> Tally {
    results.iter().fold(Tally::default(), |tally, passed| tally.with(*passed))
}

fn a_race() -> impl Strategy<Value = (RaceRules, Vec<bool>)> {
    (1_u32..12).prop_flat_map(|runs| {
        let stop = prop_oneof![Just(RaceStop::First), Just(RaceStop::All)];
        let results = proptest::collection::vec(any::<bool>(), runs as usize);
        (1..=runs, stop, results)
            .prop_map(move |(need, stop, results)| (rules(runs, need, stop), results))
    })
}

#[test]
fn four_of_seven_is_settled_by_the_fourth_of_either_kind() {
    let rules = rules(7, 4, RaceStop::First);
    let seen = |passes, fails| standing(&rules, Tally { passes, fails });
    assert_eq!(seen(3, 3), Standing::Open);
    assert_eq!(seen(4, 3), Standing::Proved);
    assert_eq!(seen(3, 4), Standing::Falsified);
    assert_eq!(reproduction(&rules, Tally { passes: 0, fails: 4 }), Reproduction::Reproduced);
    assert_eq!(reproduction(&rules, Tally { passes: 4, fails: 0 }), Reproduction::NotReproduced);
}

proptest! {
    #[test]
    fn all_runs_settle_an_arm_whatever_their_order((rules, mut results) in a_race()) {
        let passes = results.iter().filter(|passed| **passed).count();
        let expected = if passes >= rules.need as usize { Standing::Proved } else { Standing::Falsified };
        prop_assert_eq!(standing(&rules, fold(&results)), expected);
        results.reverse();
        prop_assert_eq!(standing(&rules, fold(&results)), expected);
    }

    #[test]
    fn what_is_settled_stays_settled_and_is_what_all_runs_would_say((rules, results) in a_race()) {
        let last = standing(&rules, fold(&results));
        for end in 0..results.len() {
            let so_far = standing(&rules, fold(&results[..end]));
            prop_assert!(so_far == Standing::Open || so_far == last);
        }
    }

    #[test]
    fn an_arm_runs_until_it_is_settled_or_to_its_end((rules, results) in a_race()) {
        let ran = (0..=results.len()).find(|end| !goes_on(&rules, fold(&results[..*end]))).unwrap();
        let tally = fold(&results[..ran]);
        prop_assert_ne!(standing(&rules, tally), Standing::Open);
        match rules.stop {
            RaceStop::All => prop_assert_eq!(tally.runs(), rules.runs),
            RaceStop::First if ran == 0 => prop_assert!(false, "nothing ran"),
            RaceStop::First => {
                let before = fold(&results[..ran - 1]);
                prop_assert_eq!(standing(&rules, before), Standing::Open);
            }
        }
    }
}
