use proptest::prelude::*;

use super::*;
use crate::domain::race::fixture::rules;
use crate::domain::task::{Metric, RaceStop};

fn arm(id: &str, passes: u32, fails: u32, lines: usize) -> Contender {
    let changes = Changes { lines, marks: (0..lines as u64).collect(), ..Changes::default() };
    Contender {
        id: id.parse().unwrap(),
        tally: Tally { passes, fails },
        metric: None,
        changes,
        duration: Duration::from_secs(5),
        family: None,
    }
}

fn measured(id: &str, numbers: &[f64]) -> Contender {
    Contender { metric: MetricSummary::of(numbers), ..arm(id, 20, 0, 5) }
}

fn race() -> RaceRules {
    let metric = Metric { pattern: "(.*)".to_owned(), better: Better::Lower };
    RaceRules { metric: Some(metric), ..rules(20, 10, RaceStop::All) }
}

fn told(contenders: &[Contender]) -> (String, Vec<String>) {
    let Ranking { places } = rank(&race(), contenders);
    let order: Vec<&str> = places.iter().map(|place| place.id.as_str()).collect();
    (order.join(" "), places.iter().filter_map(|place| place.before_next.clone()).collect())
}

#[test]
fn a_pass_rate_counts_where_it_differs_by_more_than_noise() {
    let (order, why) =
        told(&[arm("half", 10, 10, 1), arm("most", 18, 2, 31), arm("all", 20, 0, 40)]);
    assert_eq!(order, "most all half");
    assert_eq!(
        why,
        [
            "`most` passes about as often as `all`; its diff is 31 lines, that of `all` 40 lines",
            "`all` passes more often than `half`: 20 of 20 runs against 10 of 20",
        ]
    );
}

#[test]
fn what_is_not_proved_is_not_ranked() {
    assert_eq!(told(&[arm("a", 9, 11, 1), arm("b", 12, 8, 9)]).0, "b");
    let only = rank(&race(), &[arm("b", 12, 8, 9)]);
    assert_eq!(only.why().unwrap(), "`b` is the only arm that is proved");
    assert_eq!(rank(&race(), &[arm("a", 9, 11, 1)]).winner(), None);
}

#[test]
fn a_metric_counts_where_the_intervals_are_apart() {
    let around = |middle: f64| (0..8).map(|i| middle + f64::from(i) / 10.0).collect::<Vec<_>>();
    let mut slow = measured("slow", &around(20.0));
    slow.changes.lines = 1;
    let mut near = measured("near", &around(12.3));
    near.changes.lines = 2;
    let silent = measured("silent", &[]);
    let (order, why) = told(&[slow, silent, measured("fast", &around(12.0)), near]);
    assert_eq!(order, "near fast slow silent");
    assert_eq!(
        why[0],
        "`near` passes as often as `fast`; its diff is 2 lines, that of `fast` 5 lines"
    );
    assert!(
        why[1].starts_with("`fast` passes as often as `slow`; its metric is better: 12.35 (12 to"),
        "{}",
        why[1]
    );
    assert_eq!(why[2], "`slow` passes as often as `silent`, which printed no metric");
}

#[test]
fn siblings_that_agree_come_before_a_loner() {
    let sibling = |id: &str, from: u64, lines: usize| {
        let mut arm = arm(id, 20, 0, lines);
        arm.changes.marks = (from..from + 10).collect();
        Contender { family: Some("agent".to_owned()), ..arm }
    };
    let (order, why) = told(&[
        sibling("agent-1", 100, 3),
        sibling("agent-2", 0, 10),
        sibling("agent-3", 1, 11),
        arm("patch", 20, 0, 4),
    ]);
    assert_eq!(order, "patch agent-2 agent-3 agent-1");
    assert_eq!(
        why[2],
        "`agent-2` passes as often as `agent-1`; 1 of its siblings arrived at the same change, of \
         `agent-1` 0"
    );
}

#[test]
fn files_time_and_the_order_of_the_file_decide_last() {
    let mut wide = arm("wide", 20, 0, 5);
    wide.changes.paths = ["a".to_owned(), "b".to_owned()].into();
    let slow = Contender { duration: Duration::from_secs(61), ..arm("slow", 20, 0, 5) };
    let (order, why) = told(&[wide, slow, arm("first", 20, 0, 5), arm("second", 20, 0, 5)]);
    assert_eq!(order, "first second slow wide");
    assert_eq!(why[0], "nothing tells `first` from `second`, which comes later in the file");
    assert_eq!(
        why[1],
        "`first` passes as often as `slow` with a diff of the same size; it took 5.0s, `slow` 1m 01s"
    );
    assert!(why[2].ends_with("it touches 0 files, `wide` 2 files"), "{}", why[2]);
}

proptest! {
    /// Ties by interval are not transitive; the ranking must be an order all the same.
    #[test]
    fn every_proved_arm_has_one_place_and_none_is_clearly_worse_than_the_next(
        seen in proptest::collection::vec((10_u32..=20, 0.0..10.0_f64, 0.0..3.0_f64, 0_usize..4), 0..9)
    ) {
        let contenders: Vec<Contender> = seen
            .iter()
            .enumerate()
            .map(|(at, (passes, low, spread, lines))| {
                let metric = MetricSummary::of(&[*low, low + spread]);
                Contender { metric, ..arm(&format!("a{at}"), *passes, 20 - passes, *lines) }
            })
            .collect();
        let Ranking { places } = rank(&race(), &contenders);
        let of = |place: &Place| contenders.iter().find(|arm| arm.id == place.id).unwrap();
        prop_assert_eq!(places.len(), contenders.len());
        for pair in places.windows(2) {
            let (one, next) = (of(&pair[0]), of(&pair[1]));
            let rates = [one, next].map(|arm| pass_rate(&race(), arm.tally));
            prop_assert!(rates[0].overlaps(rates[1]) || rates[0].low > rates[1].high);
        }
        if let Some(best) = places.first().map(of) {
            for arm in &contenders {
                let (rate, top) = (pass_rate(&race(), arm.tally), pass_rate(&race(), best.tally));
                prop_assert!(rate.low <= top.high);
            }
        }
    }
}

#[test]
fn times_that_are_shown_alike_tell_no_arms_apart() {
    let took = |id, ms| Contender { duration: Duration::from_millis(ms), ..arm(id, 20, 0, 5) };
    let (order, why) = told(&[took("one", 21), took("two", 20)]);
    assert_eq!(order, "one two");
    assert_eq!(why, ["nothing tells `one` from `two`, which comes later in the file"]);
    assert_eq!(told(&[took("one", 300), took("two", 20)]).0, "two one");
}
