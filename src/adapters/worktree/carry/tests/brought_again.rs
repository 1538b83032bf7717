//! Bringing into a worktree that has had it before: a retry, the next task of a lane.

use super::*;

fn content(scene: &Scene) -> [Option<String>; 3] {
    [".env", "data/one", "conf/db.local"].map(|path| scene.read(path))
}

#[test]
fn every_task_begins_with_what_the_checkout_has() {
    let scene = Scene::new();
    let carry = scene.carry(&WorktreeRules::default());
    assert_eq!(scene.brought(&carry).load, carry.load());
    let first = content(&scene);
    let again = scene.brought(&carry);
    assert_eq!(again, Arrival::default(), "nothing is done twice");
    // The task changed one, deleted one, and the user changed one meanwhile.
    write(&scene.path.join(".env"), "KEY=changed\n");
    std::fs::remove_dir_all(scene.path.join("data")).unwrap();
    scene.sandbox.write("conf/db.local", "newer\n");
    let again = scene.brought(&carry);
    assert_eq!(again.load.copied.files + again.load.shared.files, 4);
    assert_eq!(content(&scene), [first[0].clone(), first[1].clone(), Some("newer\n".to_owned())]);
    assert_eq!(again.notes, [""; 0]);
}

#[test]
fn what_somebody_else_put_there_stays() {
    let scene = Scene::new();
    write(&scene.path.join(".env"), "mine\n");
    std::fs::create_dir_all(scene.path.join("data/one")).unwrap();
    let arrival = scene.brought(&scene.carry(&WorktreeRules::default()));
    assert_eq!(
        arrival.notes,
        ["`.env` and `data/one` were not brought along: something else is there in the worktree"]
    );
    assert_eq!(scene.read(".env").unwrap(), "mine\n");
    assert_eq!(scene.read("data/deep/two").unwrap(), "2\n");
}

#[test]
fn what_went_away_meanwhile_is_told() {
    let scene = Scene::new();
    let carry = scene.carry(&WorktreeRules::default());
    std::fs::remove_file(scene.sandbox.root().join(".env")).unwrap();
    std::fs::remove_dir_all(scene.sandbox.root().join("data/deep")).unwrap();
    let arrival = scene.brought(&carry);
    assert_eq!(
        arrival.notes,
        ["`.env` and `data/deep/two` were not brought along: they went away meanwhile"]
    );
    assert_eq!(scene.read("data/one").unwrap(), "1\n");
}

#[test]
fn a_call_that_was_cut_short_is_ended_by_the_next() {
    let scene = Scene::new();
    let carry = scene.carry(&WorktreeRules::default());
    scene.brought(&carry);
    let mut record = Record::load(&scene.git_dir()).unwrap();
    for state in record.entries.values_mut() {
        *state = record::State::Begun;
    }
    record.save(&scene.git_dir()).unwrap();
    write(&scene.path.join(".env"), "KE");
    assert_eq!(scene.brought(&carry).load, carry.load());
    assert_eq!(scene.read(".env").unwrap(), "KEY=1\n");
}

#[test]
fn what_is_no_longer_wanted_goes_and_may_be_committed_then() {
    let scene = Scene::new();
    scene.brought(&scene.carry(&WorktreeRules::default()));
    std::fs::remove_file(scene.sandbox.root().join(".env")).unwrap();
    write(&scene.path.join("data/one"), "changed\n");
    std::fs::write(scene.sandbox.root().join(".worktreeinclude"), ".env\nconf/\n").unwrap();
    assert_eq!(scene.brought(&scene.carry(&WorktreeRules::default())), Arrival::default());
    assert_eq!(scene.extra(), ["conf/db.local"]);
    std::fs::remove_file(scene.sandbox.root().join(".worktreeinclude")).unwrap();
    scene.brought(&scene.carry(&WorktreeRules::default()));
    assert_eq!(scene.extra(), [""; 0]);
    assert!(Record::load(&scene.git_dir()).unwrap().is_empty());
}
