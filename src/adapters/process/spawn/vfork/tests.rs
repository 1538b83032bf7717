//! What the standard library does is what is expected; both ways are asked for the same.

use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use rustix::process::WaitStatus;

use super::*;
use crate::adapters::process::spawn::fork;
use crate::adapters::process::{Containment, LateOutput, Warden, Way};

/// A folder with files to be run.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str, mode: u32| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    write("bin/plain", "echo \"no first line: $0 $*\"\n", 0o755);
    write("bin/lost", "#!/no/such/interpreter\n", 0o755);
    write("bin/closed", "#!/bin/sh\n", 0o644);
    write("second/closed", "#!/bin/sh\necho found behind one that is closed\n", 0o755);
    write("here", "#!/bin/sh\necho in the working folder\n", 0o755);
    folder
}

fn spec(argv: &[&str], path: Option<&str>, folder: &Path) -> CommandSpec {
    let mut env: Vec<(OsString, OsString)> =
        vec![("A".into(), "1".into()), ("A".into(), "2".into())];
    env.extend(path.map(|path| ("PATH".into(), path.into())));
    CommandSpec {
        argv: argv.iter().map(OsString::from).collect(),
        cwd: folder.to_owned(),
        env,
        log: folder.join("log"),
        temporary: None,
        stdout_copy: None,
        agent: None,
        log_limit: 4096,
        timeout: Duration::from_secs(60),
        stall_timeout: None,
        grace: Duration::ZERO,
        late_output: LateOutput::Awaited,
        containment: Containment {
            owner: "test".to_owned(),
            best: Way::ProcessGroup,
            keep: Vec::new(),
            memory_limit: None,
        },
        warden: Warden::default(),
    }
}

#[derive(Debug, PartialEq)]
struct Told {
    output: String,
    exit: Option<i32>,
}

type Start = fn(&CommandSpec, Option<&Leaf>, &Streams) -> io::Result<Pid>;

fn short(spec: &CommandSpec, leaf: Option<&Leaf>, streams: &Streams) -> io::Result<Pid> {
    let entry = Entry::prepare(None, None);
    match start(spec, leaf, streams, &entry) {
        Err(Unborn::Failed(error)) => Err(error),
        Err(Unborn::Unsupported) => {
            assert!(!is_supported(), "this kernel has it");
            not_tried();
            long(spec, leaf, streams)
        }
        Ok(pid) => Ok(pid),
    }
}

/// Whether the kernel knows the call: one without arguments is refused for these.
fn is_supported() -> bool {
    // SAFETY: without arguments the call does nothing.
    let answer = unsafe { libc::syscall(libc::SYS_clone3, ptr::null::<Arguments>(), 0) };
    answer < 0 && io::Error::last_os_error().raw_os_error() == Some(libc::EINVAL)
}

fn not_tried() {
    eprintln!("not tried: no clone3 or no control groups here");
}

fn long(spec: &CommandSpec, leaf: Option<&Leaf>, streams: &Streams) -> io::Result<Pid> {
    fork::start(spec, leaf, streams, Entry::prepare(None, None))
}

fn told(start: Start, spec: &CommandSpec) -> Result<Told, Option<i32>> {
    told_in(None, start, spec)
}

fn told_in(leaf: Option<&Leaf>, start: Start, spec: &CommandSpec) -> Result<Told, Option<i32>> {
    let (streams, [out, _]) = Streams::open(false).unwrap();
    let pid = start(spec, leaf, &streams).map_err(|error| error.raw_os_error())?;
    drop(streams);
    let mut output = String::new();
    fs::File::from(out.unwrap()).read_to_string(&mut output).unwrap();
    let (_, status) = waitpid(Some(pid), WaitOptions::empty()).unwrap().unwrap();
    Ok(Told { output, exit: WaitStatus::exit_status(status) })
}

#[test]
fn it_finds_and_runs_what_the_standard_library_does() {
    let dir = folder();
    let folder = dir.path().to_str().unwrap();
    let both = format!("{folder}/bin:{folder}/second:/bin:/usr/bin");
    let cases: [(&[&str], Option<&str>); 13] = [
        (&["sh", "-c", "exit 3"], Some("/bin:/usr/bin")),
        (&["sh", "-c", "echo $A; pwd; read line || echo nothing to read"], None),
        (&["sh", "-c", "echo out; echo err >&2; echo \"$@\"", "name", "a b", ""], None),
        (&["env"], None),
        (&["plain", "a", "b c"], Some(&both)),
        (&["./bin/plain", "a"], None),
        (&["closed"], Some(&both)),
        (&["closed"], Some("bin")),
        (&["lost"], Some(&both)),
        (&["here"], Some("/nowhere::/bin")),
        (&["here"], Some("/bin")),
        (&["here/"], Some("/bin")),
        (&["no\0such"], Some("/bin")),
    ];
    for (argv, path) in cases {
        let spec = spec(argv, path, dir.path());
        assert_eq!(told(short, &spec), told(long, &spec), "{argv:?} {path:?}");
    }
    let ran = told(short, &spec(&["closed"], Some(&both), dir.path())).unwrap();
    assert_eq!(ran.output, "found behind one that is closed\n");
}

#[test]
fn what_cannot_be_run_leaves_no_child() {
    let dir = folder();
    for argv in ["missing", "bin/lost", "./bin/closed"] {
        let failure = told(short, &spec(&[argv], Some("/bin"), dir.path())).unwrap_err();
        assert!(matches!(failure, Some(libc::ENOENT | libc::EACCES)), "{argv}");
    }
    let gone = spec(&["true"], None, &dir.path().join("gone"));
    assert_eq!(told(short, &gone), Err(Some(libc::ENOENT)));
}

#[test]
fn a_command_hears_every_signal_and_holds_no_file_of_this_program() {
    let dir = folder();
    let script = "grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status; ls /proc/self/fd | wc -l";
    let spec = spec(&["sh", "-c", script], None, dir.path());
    assert_eq!(told(short, &spec), told(long, &spec));
    let held = told(short, &spec).unwrap().output;
    assert!(held.contains("SigBlk:\t0000000000000000"), "{held}");
}

#[test]
fn the_mask_of_the_thread_that_starts_it_stays_as_it_was() {
    let mask = || {
        let mut set = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: `set` is filled in by the call.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, ptr::null(), set.as_mut_ptr());
            let set = set.assume_init();
            (1..32).filter(|signal| libc::sigismember(&raw const set, *signal) == 1).count()
        }
    };
    let before = mask();
    let dir = folder();
    told(short, &spec(&["true"], None, dir.path())).unwrap();
    told(short, &spec(&["missing"], None, dir.path())).unwrap_err();
    assert_eq!(mask(), before);
}

#[test]
fn it_is_in_its_control_group_from_its_first_moment() {
    let Ok(home) = crate::adapters::process::cgroup::home() else {
        not_tried();
        return;
    };
    let dir = folder();
    let spec = spec(&["cat", "/proc/self/cgroup"], None, dir.path());
    for start in [short as Start, long] {
        let leaf = Leaf::create(home, "test").unwrap();
        let name = leaf.folder().file_name().unwrap().to_str().unwrap().to_owned();
        let told = told_in(Some(&leaf), start, &spec).unwrap();
        assert!(told.output.contains(&name), "{name}: {}", told.output);
        leaf.remove().unwrap();
    }
}
