use super::*;

fn env(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

#[test]
fn a_path_without_git_is_git_missing() {
    let folder = tempfile::tempdir().unwrap();
    let found = GitProgram::find(env(&[("PATH", folder.path().to_str().unwrap())]));
    assert!(matches!(found, Err(GitError::GitMissing)));
}

#[test]
fn the_lock_file_is_read_from_every_form_of_the_message() {
    let path = |text| locked_file(text).map(|path| path.display().to_string());
    let index = "fatal: Unable to create '/r/.git/index.lock': File exists.\n\nAnother git";
    assert_eq!(path(index).as_deref(), Some("/r/.git/index.lock"));
    let reference = "fatal: cannot lock ref 'refs/heads/x': Unable to create \
                     '/r/.git/refs/heads/x.lock': File exists.";
    assert_eq!(path(reference).as_deref(), Some("/r/.git/refs/heads/x.lock"));
    let config = "error: could not lock config file .git/config: File exists";
    assert_eq!(path(config).as_deref(), Some(".git/config.lock"));
    let lost = "fatal: cannot lock ref 'refs/heads/x': is at 1 but expected 2";
    assert_eq!(path(lost), None);
}

#[test]
fn the_callers_git_variables_do_not_reach_git_but_the_identity_does() {
    let path = &crate::adapters::git::fixture::search_path();
    let found = GitProgram::find(env(&[
        ("PATH", path),
        ("GIT_DIR", "/nowhere"),
        ("GIT_TRACE", "1"),
        ("GIT_AUTHOR_NAME", "A"),
        ("GIT_AUTHOR_EMAIL", "a@b"),
    ]))
    .unwrap();
    let ident = found.command("var").arg("GIT_AUTHOR_IDENT").text().unwrap();
    assert!(ident.starts_with("A <a@b>"), "{ident}");
    let answer = found.command("rev-parse").arg("--git-dir").answer().unwrap();
    assert!(!answer.stderr.contains("/nowhere") && !answer.stderr.contains("trace"));
}
