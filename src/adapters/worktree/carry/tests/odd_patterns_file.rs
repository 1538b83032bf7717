//! A `.worktreeinclude` that is no list of patterns.

use super::*;

fn refused(scene: &Scene) -> String {
    let (checkout, git_dir) = (scene.sandbox.root(), scene.sandbox.root().join(".git"));
    let origin = Origin { checkout: &checkout, git_dir: &git_dir };
    select(&scene.repo, origin, &WorktreeRules::default()).unwrap_err().to_string()
}

#[test]
fn one_that_is_too_long_is_refused_rather_than_cut() {
    let scene = Scene::new();
    let file = scene.sandbox.root().join(".worktreeinclude");
    write(&file, &format!("{}\n!secret\n", "secret*\n".repeat((1 << 20) / 8)));
    let message = refused(&scene);
    assert!(message.contains(&file.display().to_string()), "{message}");
    assert!(message.ends_with("; name folders instead of the files in them"), "{message}");
    write(&file, &format!("{}\n.env\n", "#".repeat((1 << 20) - 6)));
    assert_eq!(scene.carry(&WorktreeRules::default()).paths(false), [".env"]);
}

#[test]
fn a_pipe_or_a_folder_is_refused_without_waiting() {
    let scene = Scene::new();
    let file = scene.sandbox.root().join(".worktreeinclude");
    std::fs::remove_file(&file).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&file).status().unwrap().success());
    let message = refused(&scene);
    assert!(message.contains(&file.display().to_string()), "{message}");
    assert!(message.ends_with("in its place, or remove it"), "{message}");
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    assert_eq!(refused(&scene), message);
}
