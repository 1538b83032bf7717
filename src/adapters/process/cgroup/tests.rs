use super::*;

const MOUNTS: &str = "\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
41 31 0:38 /a\\040b /sys/fs/cgroup/uni\\134fied rw,relatime shared:4 - cgroup2 cgroup2 rw
";

#[test]
fn the_own_group_and_its_mount_are_found_among_others() {
    let groups = "4:memory:/m\n0::/user.slice/x\n";
    assert_eq!(own_group(groups), Some(PathBuf::from("/user.slice/x")));
    assert_eq!(own_group("4:memory:/m\n"), None);
    let mount = (PathBuf::from("/a b"), PathBuf::from("/sys/fs/cgroup/uni\\fied"));
    assert_eq!(mount_of(MOUNTS), Some(mount));
    assert_eq!(mount_of(&MOUNTS.replace("- cgroup2", "- cgroup")), None);
}

#[test]
fn a_group_that_cannot_be_made_says_why() {
    let folder = PathBuf::from("/sys/fs/cgroup/x");
    let why = io_text(&io::Error::from(io::ErrorKind::PermissionDenied));
    let denied = Unavailable::Denied { folder, why };
    let expected = "no control group can be made in /sys/fs/cgroup/x: no permission";
    assert_eq!(denied.to_string(), expected);
    assert_eq!(Home { mount: "/".into(), folder: "/no/such".into() }.tried().map(drop), {
        let folder = PathBuf::from("/no/such");
        Err(Unavailable::Denied { folder, why: "No such file or directory (os error 2)".into() })
    });
}

#[test]
fn a_trial_that_a_killed_process_left_goes_and_that_of_a_living_one_stays() {
    let mount = tempfile::tempdir().unwrap();
    let home = Home { mount: mount.path().to_owned(), folder: mount.path().to_owned() };
    let mut dead = std::process::Command::new("true").spawn().unwrap();
    dead.wait().unwrap();
    let folder = |owner: &str, pid: u32| mount.path().join(format!("wt-orch.{owner}.{pid}-1"));
    let left = folder(PROBE, dead.id());
    let stays = [folder(PROBE, std::process::id()), folder("a-run", dead.id())];
    for folder in stays.iter().chain([&left]) {
        fs::create_dir(folder).unwrap();
    }
    leaf::remove_deserted(&home, PROBE);
    assert!(!left.exists());
    assert!(stays.iter().all(|folder| folder.exists()));
}
