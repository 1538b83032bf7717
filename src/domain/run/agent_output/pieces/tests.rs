use super::*;

fn pieces(mut stream: Pieces, text: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut keep = |piece: Piece<'_>| {
        let (kind, bytes) = match piece {
            Piece::Object(bytes) => ("", bytes),
            Piece::Line(bytes) => ("- ", bytes),
        };
        found.push(format!("{kind}{}", String::from_utf8_lossy(bytes)));
    };
    stream.take(text, &mut keep);
    stream.finish(&mut keep);
    found
}

fn objects(text: &str) -> Vec<String> {
    pieces(Pieces::objects(), text.as_bytes())
}

#[test]
fn objects_are_found_on_one_line_on_many_and_in_lists() {
    assert_eq!(objects("{\"a\":\"}\\\"{\"}\n{}{}\r\n"), [r#"{"a":"}\"{"}"#, "{}", "{}"]);
    assert_eq!(objects("{\n  \"a\": [\n    {}\n  ]\n}\n"), ["{\n  \"a\": [\n    {}\n  ]\n}"]);
    assert_eq!(objects("[{\"a\":1},\n {\"b\":[2]}]\n{}"), ["{\"a\":1}", "{\"b\":[2]}", "{}"]);
    assert_eq!(objects("\u{1b}[2K\u{1b}[0;1m {}\n"), ["{}"]);
}

#[test]
fn what_breaks_off_costs_nothing_of_what_follows() {
    assert_eq!(objects("{\"a\": \"cut\n{}\n"), ["{}"]);
    assert_eq!(objects("{\"a\":\n{\"b\":1}\n"), ["{\"b\":1}"]);
    assert_eq!(objects("[info] {}\n[\n{}"), ["- [info] {}", "{}"]);
    assert_eq!(objects("{oops}\n{}\nend {}"), ["- ops}", "{}", "- end {}"]);
    assert_eq!(objects("{\"open\": [1"), [""; 0]);
}

#[test]
fn an_object_that_is_too_long_is_passed_over_and_takes_no_more_memory() {
    let mut stream = Pieces::objects();
    let mut found = 0;
    stream.take(b"{\"a\":\"", &mut |_| found += 1);
    for _ in 0..64 {
        stream.take(&[b'x'; 64 * 1024], &mut |_| found += 1);
        assert!(stream.object.capacity() <= 4 * OBJECT_MAX);
    }
    stream.take(b"\"}\n{}\n", &mut |_| found += 1);
    assert_eq!(found, 1);
    assert!(stream.object.capacity() <= 2 * KEPT);
    let long = "y".repeat(5 * LINE_MAX) + "\nz";
    let lines = pieces(Pieces::lines(), long.as_bytes());
    assert_eq!((lines.len(), lines[0].len()), (2, LINE_MAX + 2));
}
