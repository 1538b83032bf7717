//! Files of every kind and name that a task may leave (F34): committed or named, never hung on, never
//! lost.

use std::os::unix::net::UnixListener;

use super::shared::{assert_has, notes, one, ran};
use crate::harness::Fingerprint;
use crate::scene::{small_repo, strings, task};

#[test]
fn f34_every_name_that_the_system_allows_is_committed() {
    let repo = small_repo();
    let before = Fingerprint::of(&repo);
    let script = r#"
        for name in -dash CON aux.txt 'trailing ' 'back\\slash' 'q"uote' "tab\tx" A.TXT; do
            echo x > "./$name"
        done
        printf x > "$(printf 'bytes\377')"; printf x > "$(printf 'line\nbreak')"
        deep=.; i=0; while [ $i -lt 200 ]; do deep=$deep/d; i=$((i+1)); done
        mkdir -p $deep; echo x > $deep/leaf
    "#;
    let (run, _) = ran(&repo, &one(&script.replace('\\', "\\\\").replace('"', "\\\"")), 0);
    std::fs::remove_file(repo.path("tasks.toml")).unwrap();
    before.assert_kept(&Fingerprint::of(&repo));
    let changed = strings(&task(&run, "a")["changed_paths"]).join("\n");
    for name in ["-dash", "CON", "aux.txt", "trailing ", "A.TXT", r#""bytes\377""#, "d/d/leaf"] {
        assert_has(&changed, name);
    }
    assert_eq!(repo.git(&["-C", "../repo-a", "status", "--porcelain"]), "");
    repo.wt_orch(&["integrate"]).exit(0);
    repo.wt_orch(&["clean"]).exit(0);
}

#[test]
fn f34_pipes_sockets_and_links_neither_hang_nor_hide_anything() {
    let repo = small_repo();
    // The file of a socket stays when nobody listens any more.
    drop(UnixListener::bind(repo.root().join("socket")).unwrap());
    // Devices may be made by root only.
    let script = "
        mv ../socket socket; mknod device c 1 3 2> /dev/null || true
        mkfifo pipe; ln -s loop loop; ln -s /etc/passwd out; ln -s . here
        rm a.txt; mkfifo a.txt; echo work > work";
    let (run, _) = ran(&repo, &one(script), 0);
    let mut changed = strings(&task(&run, "a")["changed_paths"]);
    changed.sort_unstable();
    assert_eq!(changed, ["a.txt", "here", "loop", "out", "work"]);
    assert_has(&notes(&run, "a"), "a.txt is no readable file; it was not committed");
    assert_eq!(repo.git(&["cat-file", "-p", "feature/a:out"]), "/etc/passwd");
}

#[test]
fn f34_thousands_of_files_are_one_commit() {
    let repo = small_repo();
    let script = "mkdir many; cd many; seq 1 2000 | split -l 1 -a 5 - f";
    let (run, _) = ran(&repo, &one(script), 0);
    assert_eq!(strings(&task(&run, "a")["changed_paths"]).len(), 2_000);
}
