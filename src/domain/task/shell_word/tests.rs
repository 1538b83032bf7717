use super::shell_word;

#[test]
fn words_are_quoted_only_where_the_shell_would_read_more_into_them() {
    let quoted = ["feature/a-1", "a b", "", "$(x)", "it's", "a;b"].map(shell_word);
    assert_eq!(quoted, ["feature/a-1", "'a b'", "''", "'$(x)'", r"'it'\''s'", "'a;b'"]);
    assert_eq!(["--format=%H", "A=1"].map(shell_word), ["--format=%H", "'A=1'"]);
}
