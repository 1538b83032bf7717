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
