use super::*;

const DIFF: &str = "\
diff --git a/src/window.rs b/src/window.rs
index 1111111..2222222 100644
--- a/src/window.rs
+++ b/src/window.rs
@@ -3,4 +3,5 @@ fn window() {
 one
--- old comment
+++ new comment
+
 two
\\ No newline at end of file
@@ -9 +10 @@
-for i in 0..n {
+for i in 0..=n {
diff --git a/logo.png b/logo.png
index 3333333..4444444 100644
Binary files a/logo.png and b/logo.png differ
diff --git \"a/\\303\\244.txt\" \"b/\\303\\244.txt\"
new file mode 100644
index 0000000..5555555
--- /dev/null
+++ \"b/\\303\\244.txt\"
@@ -0,0 +1 @@
+text
";

#[test]
fn a_diff_is_counted_by_its_hunks_whatever_stands_in_its_lines() {
    let changes = Changes::of_diff(DIFF);
    assert_eq!(
        changes.paths.iter().map(String::as_str).collect::<Vec<_>>(),
        [r"\303\244.txt", "logo.png", "src/window.rs"]
    );
    assert_eq!(changes.lines, 6);
    // The blank line has no mark, the picture has one.
    assert_eq!(changes.marks.len(), 6);
    assert_eq!(Changes::of_diff(""), Changes::default());
}

#[test]
fn changes_coincide_when_all_but_a_few_lines_are_the_same() {
    let whole = Changes::of_diff(DIFF);
    let indented = Changes::of_diff(&DIFF.replace("+for", "+    for"));
    assert!(whole.coincides_with(&indented) && (whole.similarity(&indented) - 1.0).abs() < 1e-12);
    let elsewhere = Changes::of_diff(&DIFF.replace("window.rs", "other.rs"));
    assert!(!whole.coincides_with(&elsewhere) && elsewhere.similarity(&whole) > 0.0);
    assert!(!Changes::default().coincides_with(&Changes::default()));
}
