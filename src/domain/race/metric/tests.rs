use super::*;
use crate::domain::plan::Random;
use crate::domain::task::Better;

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

#[test]
fn a_number_is_found_among_what_is_only_there_for_a_terminal() {
    let metric = Metric::parse(r"^p95 = (\S+)$", Better::Lower).unwrap();
    let coloured = "p95 = 9\n\u{1b}[32mp95 = \u{1b}[1m1.5\u{1b}[0m \r\nend\n";
    assert_eq!(metric.last_in(coloured), Some("9"));
    assert_eq!(metric_in(&metric, [coloured.to_owned()]), Some(1.5));
    let any = Metric::parse(r"(\d+)", Better::Lower).unwrap();
    assert_eq!(metric_in(&any, [format!("{LEFT_OUT}77 bytes ----\nnone\n")]), None);
}

#[test]
fn of_an_output_in_pieces_the_last_match_counts_also_where_it_is_no_number() {
    let metric = Metric::parse(r"^p95 = (\S+)$", Better::Lower).unwrap();
    let found = |pieces: &[&str]| metric_in(&metric, pieces.iter().map(|&piece| piece.to_owned()));
    assert_eq!(found(&["end\n", "p95 = 1\np95 = 2\n", "p95 = 3\n"]), Some(2.0));
    assert_eq!(found(&["p95 = fast\n", "p95 = 3\n"]), None);
}

#[test]
fn a_match_over_several_lines_is_found_wherever_the_output_is_cut() {
    let metric = Metric::parse(r"p95\n *of \d+ runs:\s+(\d+)", Better::Lower).unwrap();
    let lines = ["p95\n", "of 9 runs: 8\n", "\n", "p95\n", "  of 3 runs:\n", "7\n", "end\n"];
    for cut in 0..=lines.len() {
        for other in 0..=cut {
            let pieces = [&lines[cut..], &lines[other..cut], &lines[..other]];
            let found = metric_in(&metric, pieces.map(<[&str]>::concat));
            assert_eq!(found, Some(7.0), "{cut} {other}");
        }
    }
    let long = "x\n".repeat(SPANNED);
    assert_eq!(metric_in(&metric, [long, "p95\n".to_owned()]), None);
}

#[test]
fn numbers_far_from_one_have_exponents() {
    let shown = [1e300, -1e300, 1.234_567_8e-9, 0.0, 12.0, 0.25, 123_456_789.0, 5e-324];
    assert_eq!(
        shown.map(metric_text),
        ["1e300", "-1e300", "1.23457e-9", "0", "12", "0.25", "123457000", "5e-324"]
    );
}
