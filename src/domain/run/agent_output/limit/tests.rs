use super::*;

#[test]
fn the_time_to_wait_is_read_where_it_is_told_as_a_length() {
    for (text, wait) in [
        ("Retry-After: 30", Some(30.0)),
        ("\"retry_after\": 1.5", Some(1.5)),
        ("retryDelay\\\":\\\"34.07s\\\"", Some(34.07)),
        ("please retry in 2m 5s.", Some(125.0)),
        ("try again in 1 hour, 2 minutes and 3 seconds!", Some(3723.0)),
        ("resets in 250ms", Some(0.25)),
        ("try again in 20 of 30 s", Some(20.0)),
        ("resets in 3:45", None),
        ("retry after 3pm", None),
        ("retry after a while", None),
        ("retry after 99999999999999999999999999 days", None),
        ("retry after 1e5", Some(1.0)),
        ("try again later", None),
    ] {
        assert_eq!(wait_in(text), wait.map(Duration::from_secs_f64), "{text}");
    }
}

#[test]
fn a_number_counts_as_a_status_only_beside_a_word_that_says_so() {
    for text in ["API Error: 429 {}", "got status: 529.", "HTTP/1.1 429", "code=429", "Overloaded"]
    {
        assert!(is_limit(text), "{text}");
    }
    for text in ["line 429 failed", "status of request 9c429e", "status 500", ""] {
        assert!(!is_limit(text), "{text}");
    }
    assert!(!is_limit(&format!("{} rate limit", "x".repeat(3000))));
}
