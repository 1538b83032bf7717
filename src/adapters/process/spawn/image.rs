//! A command as the system call takes it, prepared before there is a process for it.

use std::collections::BTreeMap;
use std::ffi::{CString, OsStr, OsString, c_char};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::ptr;

/// Where programs are looked for when the environment does not say.
const DEFAULT_PATH: &str = "/bin:/usr/bin";
/// Runs files that have no first line to say what else does, as `execvp` (POSIX) has it.
const SHELL: &std::ffi::CStr = c"/bin/sh";

/// Files, arguments and environment of a command, with all the pointers to them.
#[derive(Debug)]
pub(super) struct Image {
    /// Where the program may be, best place first.
    files: Vec<CString>,
    /// Ends in null, as the next two do.
    argv: Vec<*const c_char>,
    envp: Vec<*const c_char>,
    /// The shell, a free place for the file, and the arguments.
    script: Vec<*const c_char>,
    /// What the pointers point at.
    _words: Vec<CString>,
}

impl Image {
    /// A program without a slash is looked up in the `PATH` of `env`; the last one of a name counts.
    ///
    /// # Errors
    /// A word that holds a NUL.
    pub(super) fn prepare(argv: &[OsString], env: &[(OsString, OsString)]) -> io::Result<Self> {
        let env: BTreeMap<&OsStr, &OsStr> =
            env.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str())).collect();
        let program = argv.first().ok_or(io::ErrorKind::InvalidInput)?;
        let files = files(program, env.get(OsStr::new("PATH")).copied())?;
        let arguments = argv.iter().map(|word| text(word.clone()));
        let mut words = arguments.collect::<io::Result<Vec<_>>>()?;
        for (name, value) in env {
            let word = [name.as_bytes(), b"=", value.as_bytes()].concat();
            words.push(text(OsString::from_vec(word))?);
        }
        let pointers = |words: &[CString]| {
            words.iter().map(|word| word.as_ptr()).chain([ptr::null()]).collect::<Vec<_>>()
        };
        let (arguments, variables) = words.split_at(argv.len());
        let (argv, envp) = (pointers(arguments), pointers(variables));
        let script = [SHELL.as_ptr(), ptr::null()].into_iter().chain(argv[1..].iter().copied());
        Ok(Self { script: script.collect(), files, argv, envp, _words: words })
    }

    /// Puts the command in the place of this process. Only system calls, no allocation, no lock.
    /// Answers why it could not be done.
    pub(super) fn execute(&mut self) -> io::Error {
        let mut denied = None;
        let mut failure = io::Error::from_raw_os_error(libc::ENOENT);
        for file in &self.files {
            // SAFETY: all are strings that end in NUL, or lists of such that end in null.
            unsafe { libc::execve(file.as_ptr(), self.argv.as_ptr(), self.envp.as_ptr()) };
            failure = io::Error::last_os_error();
            match failure.raw_os_error() {
                Some(libc::ENOEXEC) => {
                    self.script[1] = file.as_ptr();
                    // SAFETY: as above.
                    unsafe {
                        libc::execve(SHELL.as_ptr(), self.script.as_ptr(), self.envp.as_ptr());
                    }
                    return io::Error::last_os_error();
                }
                Some(libc::EACCES) => denied = Some(libc::EACCES),
                Some(libc::ENOENT | libc::ENOTDIR | libc::ESTALE | libc::ENODEV) => {}
                Some(_) | None => return failure,
            }
        }
        denied.map_or(failure, io::Error::from_raw_os_error)
    }
}

fn files(program: &OsStr, path: Option<&OsStr>) -> io::Result<Vec<CString>> {
    if program.as_bytes().contains(&b'/') {
        return Ok(vec![text(program.to_owned())?]);
    }
    let path = path.unwrap_or(OsStr::new(DEFAULT_PATH)).as_bytes();
    let file = |folder: &[u8]| {
        let separator: &[u8] = if folder.is_empty() { b"" } else { b"/" };
        text(OsString::from_vec([folder, separator, program.as_bytes()].concat()))
    };
    path.split(|byte| *byte == b':').map(file).collect()
}

fn text(word: OsString) -> io::Result<CString> {
    Ok(CString::new(word.into_vec())?)
}
