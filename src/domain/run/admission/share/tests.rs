use proptest::prelude::*;

use super::*;

fn shares(all: f64, wishes: &[f64]) -> Vec<f64> {
    let others = |own: usize| {
        let all = wishes.iter().enumerate();
        all.filter(move |(at, _)| *at != own).map(|(_, wish)| *wish)
    };
    (0..wishes.len()).map(|own| fair_share(all, wishes[own], others(own))).collect()
}

#[test]
fn whoever_wants_little_gets_it_and_the_others_share_the_rest_equally() {
    assert_eq!(shares(8.0, &[8.0]), [8.0]);
    assert_eq!(shares(8.0, &[8.0, 8.0]), [4.0, 4.0]);
    assert_eq!(shares(8.0, &[2.0, 8.0]), [2.0, 6.0]);
    assert_eq!(shares(8.5, &[1.0, 8.0, 3.0, 5.0]), [1.0, 2.5, 2.5, 2.5]);
    assert_eq!(shares(8.0, &[1.0, 2.0]), [1.0, 2.0]);
    assert_eq!(shares(0.0, &[1.0, 2.0]), [0.0, 0.0]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn together_they_never_get_more_than_there_is_and_waste_nothing_that_is_wanted(
        all in 0.0..64.0_f64,
        wishes in prop::collection::vec(0.0..32.0_f64, 1..6),
    ) {
        let shares = shares(all, &wishes);
        let wanted: f64 = wishes.iter().sum();
        let given: f64 = shares.iter().sum();
        prop_assert!((given - wanted.min(all)).abs() < 1e-6, "{given} of {all} for {wanted}");
        for (share, wish) in shares.iter().zip(&wishes) {
            prop_assert!(*share <= *wish + 1e-9);
        }
    }
}
