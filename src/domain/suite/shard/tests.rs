use std::collections::BTreeMap;

use proptest::prelude::*;

use super::shard;

#[test]
fn the_longest_go_first_to_whoever_has_least() {
    let seconds = BTreeMap::from(
        [("a", 5.0), ("b", 4.0), ("c", 3.0), ("d", 3.0), ("e", 3.0)]
            .map(|(n, s)| (n.to_owned(), s)),
    );
    let names = ["e", "d", "c", "b", "a"];
    assert_eq!(shard(&names, &seconds, 1, 2), ["d", "a"]);
    assert_eq!(shard(&names, &seconds, 2, 2), ["e", "c", "b"]);
    assert_eq!(shard(&names, &BTreeMap::new(), 1, 2), ["e", "c", "a"]);
    assert_eq!(shard(&names, &seconds, 3, 2), [""; 0]);
    assert_eq!(shard(&names, &seconds, 1, usize::MAX), ["a"]);
    assert_eq!(shard(&names, &seconds, usize::MAX, usize::MAX), [""; 0]);
}

proptest! {
    #[test]
    fn every_module_is_in_exactly_one_shard_and_no_order_matters(
        times in prop::collection::btree_map("[a-z]{1,4}", prop::option::of(0.0..900.0f64), 0..40),
        count in 1usize..9,
        seed: u64,
    ) {
        let names: Vec<&str> = times.keys().map(String::as_str).collect();
        let seconds: BTreeMap<String, f64> =
            times.iter().filter_map(|(name, time)| Some((name.clone(), (*time)?))).collect();
        let mut turned = names.clone();
        turned.sort_by_key(|name| name.bytes().fold(seed, |h, b| (h ^ u64::from(b)).wrapping_mul(31)));
        let mut all = Vec::new();
        let mut loads = Vec::new();
        for i in 1..=count {
            let mut one = shard(&names, &seconds, i, count);
            let mut other = shard(&turned, &seconds, i, count);
            loads.push(one.iter().map(|name| seconds.get(*name).copied().unwrap_or(0.0)).sum::<f64>());
            one.sort_unstable();
            other.sort_unstable();
            prop_assert_eq!(&one, &other);
            all.extend(one);
        }
        all.sort_unstable();
        prop_assert_eq!(all, names);
        if seconds.len() == times.len() {
            // No shard is longer than the mean and one module more.
            let sum: f64 = seconds.values().sum();
            let longest = seconds.values().copied().fold(0.0, f64::max);
            let most = loads.into_iter().fold(0.0, f64::max);
            prop_assert!(most <= sum / count as f64 + longest + 0.05);
        }
    }
}
