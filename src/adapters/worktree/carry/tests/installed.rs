//! Installed packages: copied where blocks cannot be shared, and again when others are installed.

use super::*;

const MODULE: &str = "node_modules/left/index.js";

fn rules() -> WorktreeRules {
    let lines = ["node_modules", "!**/node_modules/.cache/"];
    WorktreeRules { installed: lines.map(str::to_owned).to_vec(), ..WorktreeRules::default() }
}

/// A checkout with packages, one of them a link into the checkout itself.
fn installed() -> Scene {
    let scene = Scene::new();
    let ignored = format!("{IGNORED}node_modules\n");
    scene.sandbox.write(".gitignore", &ignored);
    scene.sandbox.write(MODULE, "1\n");
    scene.sandbox.write("node_modules/.env", "a package's own\n");
    scene.sandbox.write("node_modules/.cache/babel", "warm\n");
    let link = scene.sandbox.root().join("node_modules/own");
    symlink("../conf", link).unwrap();
    scene
}

#[test]
fn packages_go_along_without_what_programs_keep_there() {
    let scene = installed();
    let carry = scene.carry(&rules());
    assert_eq!(carry.paths(true), ["node_modules/"]);
    assert!(!carry.has_products());
    let arrival = scene.brought(&carry);
    assert_eq!(arrival.load.copied.files + arrival.load.shared.files, 7);
    assert!(!arrival.products);
    assert_eq!(arrival.notes, [""; 0]);
    assert_eq!(scene.read(MODULE).unwrap(), "1\n");
    assert_eq!(scene.read("node_modules/.env").unwrap(), "a package's own\n");
    assert_eq!(scene.read("node_modules/own/shared").unwrap(), "1\n");
    assert_eq!(scene.read("node_modules/.cache/babel"), None);
    // Into a file of its own: what a suite writes stays there.
    write(&scene.path.join(MODULE), "changed\n");
    assert_eq!(scene.sandbox.read(MODULE).unwrap(), "1\n");
}

#[test]
fn they_are_brought_again_only_when_others_are_installed() {
    let scene = installed();
    scene.brought(&scene.carry(&rules()));
    write(&scene.path.join("node_modules/.vite/deps"), "the suite's own\n");
    let again = scene.brought(&scene.carry(&rules()));
    assert_eq!(again, Arrival::default());
    scene.sandbox.write("node_modules/.cache/babel", "warmer\n");
    let again = scene.brought(&scene.carry(&rules()));
    assert_eq!(again, Arrival::default(), "what programs keep there is no package");
    std::fs::remove_dir_all(scene.sandbox.root().join("node_modules/left")).unwrap();
    scene.sandbox.write("node_modules/right/index.js", "2\n");
    let again = scene.brought(&scene.carry(&rules()));
    assert_ne!(again, Arrival::default());
    assert_eq!(scene.read("node_modules/right/index.js").unwrap(), "2\n");
    assert_eq!((scene.read(MODULE), scene.read("node_modules/.vite/deps")), (None, None));
}

#[test]
fn packages_that_the_checkout_no_longer_has_go_and_so_do_those_of_whom_nothing_is_known() {
    let scene = installed();
    scene.sandbox.write("conf/node_modules/left/index.js", "an older one\n");
    scene.brought(&scene.carry(&rules()));
    assert_eq!(scene.read("conf/node_modules/left/index.js").unwrap(), "an older one\n");
    std::fs::remove_dir_all(scene.sandbox.root().join("conf/node_modules")).unwrap();
    // A run that asks for no packages leaves those that are there.
    scene.brought(&scene.carry(&WorktreeRules::default()));
    assert!(scene.read("conf/node_modules/left/index.js").is_some());
    scene.brought(&scene.carry(&rules()));
    assert_eq!(scene.read("conf/node_modules/left/index.js"), None);
    assert_eq!(scene.read(MODULE).unwrap(), "1\n");
    Record::remove(&scene.git_dir()).unwrap();
    write(&scene.path.join(MODULE), "of another day\n");
    scene.brought(&scene.carry(&rules()));
    assert_eq!(scene.read(MODULE).unwrap(), "1\n");
}

#[test]
fn packages_in_what_a_build_left_are_none_of_the_project() {
    let scene = installed();
    scene.sandbox.write("data/server/node_modules/left/index.js", "built\n");
    let carry = scene.carry(&rules());
    assert_eq!(carry.paths(true), ["node_modules/"]);
    std::fs::remove_file(scene.sandbox.root().join(".worktreeinclude")).unwrap();
    assert_eq!(scene.carry(&rules()).paths(true), ["node_modules/"]);
}

#[test]
fn packages_that_a_commit_has_are_its_own() {
    let scene = installed();
    write(&scene.path.join(MODULE), "committed\n");
    scene.git(&["add", "--force", "node_modules"]);
    scene.git(&["commit", "--quiet", "--message", "packages"]);
    scene.brought(&scene.carry(&rules()));
    assert_eq!(scene.read(MODULE).unwrap(), "committed\n");
}

#[test]
fn more_than_may_be_copied_stays_behind_with_a_way_out() {
    let scene = installed();
    let small = WorktreeRules { include_limit: 20, ..rules() };
    let carry = scene.carry(&small);
    if carry.shares {
        assert_eq!(carry.paths(true), ["node_modules/"], "what is shared takes no room");
        return;
    }
    assert_eq!(carry.paths(true), [""; 0]);
    assert_eq!(
        carry.notes(),
        ["the installed packages (`node_modules/`, 18B) were not brought along: \
          `worktree.include_limit` allows to copy 20B into each worktree; raise it, or let a \
          `[[setup]]` hook install them"]
    );
    scene.brought(&carry);
    assert_eq!((scene.read(MODULE), scene.read(".env").unwrap().as_str()), (None, "KEY=1\n"));
}

#[test]
fn a_worktree_that_waits_remembers_the_packages_that_it_has_and_nothing_else() {
    let scene = installed();
    scene.brought(&scene.carry(&rules()));
    Record::retain_caches(&scene.git_dir(), &scene.path).unwrap();
    let record = Record::load(&scene.git_dir()).unwrap();
    assert!(record.holds(MODULE.as_bytes()) && !record.holds(b".env"));
    std::fs::remove_dir_all(scene.path.join("node_modules")).unwrap();
    Record::retain_caches(&scene.git_dir(), &scene.path).unwrap();
    assert!(Record::load(&scene.git_dir()).unwrap().is_empty());
}

#[test]
fn a_link_to_packages_elsewhere_is_not_followed_and_told_of() {
    let scene = installed();
    let packages = scene.sandbox.root().join("node_modules");
    std::fs::rename(&packages, scene.sandbox.path("elsewhere")).unwrap();
    symlink(scene.sandbox.path("elsewhere"), &packages).unwrap();
    let carry = scene.carry(&rules());
    assert!(carry.paths(true).is_empty());
    let [note] = carry.notes() else { panic!("{:?}", carry.notes()) };
    assert!(note.starts_with("`node_modules` was not brought along: it is a link"), "{note}");
    assert!(note.contains("`[[setup]]`"), "{note}");
}
