//! The programs that a command names, as a trace that changes when one of them does.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Programs that others start without being told.
const BEHIND: [(&str, &[&str]); 3] =
    [("cargo", &["rustc", "rustdoc", "cc", "ld"]), ("rustc", &["cc", "ld"]), ("go", &["cc"])];

/// Programs followed at most.
const MOST: usize = 256;

/// The system, and one line for each word of a shell command that names a program in the `PATH` of these variables, or
/// one by its absolute path: where it really is, its size and its time. So too for the interpreter of a
/// script, for what is known to stand behind a program, and for the tool chains of rustup.
pub fn toolchain_trace(command: &str, env: &[(OsString, OsString)]) -> Vec<String> {
    let variable = |wanted: &str| {
        env.iter().rfind(|(name, _)| name == wanted).map(|(_, value)| value.as_os_str())
    };
    let is_of_word = |c: char| c.is_alphanumeric() || "_-./+@".contains(c);
    let words = command.split(|c: char| !is_of_word(c)).filter(|word| !word.is_empty());
    let mut waiting: Vec<String> = words.map(str::to_owned).chain(["sh".to_owned()]).collect();
    let mut seen = BTreeSet::new();
    let system = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
    let mut trace = BTreeSet::from([system]);
    while let Some(word) = waiting.pop() {
        if seen.len() >= MOST || !seen.insert(word.clone()) {
            continue;
        }
        let Some(program) = find(&word, variable("PATH")) else { continue };
        let real = program.canonicalize().unwrap_or(program);
        let Ok(found) = real.metadata() else { continue };
        trace.insert(format!("{word} {} {}", real.display(), stamp(&found)));
        waiting.extend(interpreter(&real));
        let behind = BEHIND.iter().filter(|(name, _)| *name == word);
        waiting.extend(behind.flat_map(|(_, names)| *names).map(|name| (*name).to_owned()));
        if is_of_rustup(&real) {
            trace.extend(rustup(variable("RUSTUP_HOME"), variable("HOME")));
        }
    }
    trace.into_iter().collect()
}

fn stamp(found: &fs::Metadata) -> String {
    format!("{} {}.{:09}", found.len(), found.mtime(), found.mtime_nsec())
}

fn find(word: &str, path: Option<&OsStr>) -> Option<PathBuf> {
    let is_program = |path: &PathBuf| {
        let found = path.metadata();
        found.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    if word.contains('/') {
        // What lies below the worktree is in its tree.
        return Some(PathBuf::from(word)).filter(|path| path.is_absolute()).filter(is_program);
    }
    std::env::split_paths(path?).map(|folder| folder.join(word)).find(is_program)
}

/// The words of a script's first line.
fn interpreter(program: &Path) -> Vec<String> {
    let mut start = [0; 256];
    let read = File::open(program).and_then(|mut file| file.read(&mut start)).unwrap_or(0);
    let line = start[..read].split(|&byte| byte == b'\n').next().unwrap_or_default();
    let Some(line) = line.strip_prefix(b"#!") else { return Vec::new() };
    String::from_utf8_lossy(line).split_whitespace().map(str::to_owned).collect()
}

/// Its proxies stand for whichever tool chain is chosen.
fn is_of_rustup(program: &Path) -> bool {
    program.file_name() == Some(OsStr::new("rustup")) || program.with_file_name("rustup").is_file()
}

fn rustup(home: Option<&OsStr>, user: Option<&OsStr>) -> Vec<String> {
    let place = home.map(PathBuf::from).or_else(|| Some(Path::new(user?).join(".rustup")));
    let Some(place) = place else { return Vec::new() };
    let settings = fs::read_to_string(place.join("settings.toml")).unwrap_or_default();
    let chains = place.join("toolchains").read_dir().into_iter().flatten().flatten();
    let chains = chains.filter_map(|chain| {
        // An update writes this file anew.
        let components = chain.path().join("lib/rustlib/components");
        let found = components.metadata().or_else(|_| chain.path().metadata()).ok()?;
        Some(format!("rustup {} {}", chain.path().display(), stamp(&found)))
    });
    chains.chain([format!("rustup {settings}")]).collect()
}

#[cfg(test)]
mod tests;
