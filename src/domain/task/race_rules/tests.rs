use super::*;

#[test]
fn a_metric_has_one_group() {
    let fault = |pattern: &str| Metric::parse(pattern, Better::Lower).unwrap_err().to_string();
    assert_eq!(fault("p95"), "must have one group, which holds the number, and has 0");
    assert_eq!(fault("(a)(b)"), "must have one group, which holds the number, and has 2");
    assert_eq!(fault("(a"), "is no regular expression: unclosed group");
    assert_eq!(fault(r"(\w{1000}{1000})"), "is too large a regular expression");
    assert!(Metric::parse(r"(?:p95|p99) = (?<ms>\d+)", Better::Lower).is_ok());
}

#[test]
fn the_last_match_counts_and_must_be_a_number() {
    let metric = Metric::parse(r"^p95 = (\S+)$", Better::Lower).unwrap();
    let number = |metric: &Metric, text: &str| metric.last_in(text).and_then(Metric::number);
    assert_eq!(number(&metric, "p95 = 3\nx\np95 = 1.5\n"), Some(1.5));
    assert_eq!(number(&metric, "p95 = -2e3"), Some(-2000.0));
    for none in ["", "p99 = 1", "p95 = 3\np95 = fast", "p95 = inf", "p95 = NaN"] {
        assert_eq!(number(&metric, none), None, "{none}");
    }
    let optional = Metric::parse(r"x(\d)?", Better::Lower).unwrap();
    assert_eq!(number(&optional, "x"), None);
}
