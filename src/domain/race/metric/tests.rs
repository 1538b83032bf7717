use super::*;
use crate::domain::plan::Random;
use crate::domain::task::Better;

fn reader(pattern: &str) -> Result<MetricReader, MetricError> {
    MetricReader::new(&Metric { pattern: pattern.to_owned(), better: Better::Lower })
}

#[test]
fn the_last_match_counts() {
    let p95 = reader(r"^p95 = (\S+)$").unwrap();
    assert_eq!(p95.read("warm up\np95 = 14.25\r\nagain\np95 = -3e-2\n"), Ok(-0.03));
    assert_eq!(p95.read("p95 = 3 ms"), Err(MetricGap::NoMatch));
    for (text, gap) in [
        ("1,234", MetricGap::NoNumber { text: "1,234".to_owned() }),
        ("NaN", MetricGap::NotFinite { text: "NaN".to_owned() }),
        ("-inf", MetricGap::NotFinite { text: "-inf".to_owned() }),
        ("1e999", MetricGap::NotFinite { text: "1e999".to_owned() }),
    ] {
        assert_eq!(p95.read(&format!("p95 = 1\np95 = {text}")), Err(gap));
    }
}

#[test]
fn a_pattern_that_names_no_number_is_refused() {
    let said = |pattern: &str| reader(pattern).unwrap_err().to_string();
    assert_eq!(said("p95"), r"has 0 groups where one must hold the number: `p95 = (\d+\.\d+)`");
    assert_eq!(said("(a)(b)"), r"has 2 groups where one must hold the number: `p95 = (\d+\.\d+)`");
    assert_eq!(said("(a"), "is no regular expression: unclosed group");
}

#[test]
fn fewer_than_six_runs_are_too_few_for_95_of_100() {
    assert_eq!(MetricSummary::of(&[]), None);
    let one = MetricSummary::of(&[5.0]).unwrap();
    assert_eq!((one.low, one.median, one.high, one.confidence), (5.0, 5.0, 5.0, 0.0));
    let five = MetricSummary::of(&[5.0, 1.0, 4.0, 2.0, 3.0]).unwrap();
    assert!(!five.is_confident() && (five.confidence - 0.9375).abs() < 1e-12);
    let six = MetricSummary::of(&[5.0, 1.0, 4.0, 2.0, 3.0, 6.0]).unwrap();
    assert!(six.is_confident() && (six.low, six.high) == (1.0, 6.0), "{six:?}");
    // Known from tables of the sign test: for 20 runs the sixth from either end.
    let twenty: Vec<f64> = (1..=20).map(f64::from).collect();
    let twenty = MetricSummary::of(&twenty).unwrap();
    assert_eq!((twenty.low, twenty.high), (6.0, 15.0));
    assert!((twenty.confidence - 0.9586).abs() < 1e-4, "{twenty:?}");
}

#[test]
fn the_interval_holds_the_median_of_a_skewed_distribution_as_often_as_it_says() {
    let mut random = Random::new(3);
    for runs in [3, 6, 9, 20] {
        let (mut held, mut stated) = (0, 0.0);
        for _ in 0..2000 {
            let numbers: Vec<f64> = (0..runs).map(|_| -random.uniform().ln()).collect();
            let summary = MetricSummary::of(&numbers).unwrap();
            stated = summary.confidence;
            held += i32::from((summary.low..=summary.high).contains(&std::f64::consts::LN_2));
        }
        assert!(f64::from(held) / 2000.0 >= stated - 0.015, "{runs}: {held} {stated}");
    }
}
