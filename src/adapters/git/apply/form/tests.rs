use super::*;

#[test]
fn folders_that_tell_old_from_new_are_told_from_those_of_the_repository() {
    let of = |text: &str| strip(text.as_bytes());
    let cases = [
        (1, "diff --git a/src/x b/src/x\n--- a/src/x\n+++ b/src/x\n@@"),
        (1, "--- a/src/x\t2024-01-01\n+++ b/src/x\t2024-01-02\n@@"),
        (1, "--- old/src/x\n+++ new/src/x\n@@"),
        (1, "diff --git a/x b/y\nrename from x\nrename to y\n"),
        (1, "diff --git a/p/x b/q/y\n--- a/p/x\n+++ b/q/y\n@@"),
        (1, "--- /dev/null\n+++ b/src/new\n@@"),
        (1, "nothing"),
        (0, "diff --git src/x src/x\n--- src/x\n+++ src/x\n@@"),
        (0, "diff --git p/x q/y\n--- p/x\n+++ q/y\n@@"),
        (0, "diff --git x y\nrename from x\nrename to y\n"),
        (0, "--- x.orig\n+++ x\n@@"),
        (0, "--- src/x.orig\n+++ src/x\n@@"),
        (0, "--- /dev/null\n+++ src/new\n@@"),
        // What changes decides about what is new.
        (0, "--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+x\n--- src/x\n+++ src/x\n@@"),
    ];
    for (expected, text) in cases {
        assert_eq!(of(text), expected, "{text}");
    }
}

#[test]
fn only_a_patch_whose_headers_have_cr_lf_is_read_without() {
    let read = |text: &str| with_unix_lines(text.as_bytes());
    let sent = "--- a/x\r\n+++ b/x\r\n@@ -1 +1 @@\r\n-1\r\n+2\r\n";
    assert_eq!(read(sent).unwrap(), sent.replace('\r', "").as_bytes());
    assert_eq!(read("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\r\n+2\r\n"), None);
    assert_eq!(read("x\r\n"), None);
}
