//! Where the worktrees of validations stand: beside those of the tasks, numbered from the second on.

use std::path::{Path, PathBuf};

use crate::adapters::git::GitError;
use crate::engine::create::absolute;
use crate::engine::site::Site;

const END: &str = ".validate";

/// The place of the worktree of this number, from 1.
pub(in crate::engine) fn place(site: &Site, run: &str, number: u32) -> PathBuf {
    let end = if number == 1 { String::new() } else { format!("-{number}") };
    absolute(site, &format!("../{}-{run}{END}{end}", site.repo.name()))
}

/// The worktrees of validations of a run that git knows, with their numbers.
pub(in crate::engine) fn benches(site: &Site, run: &str) -> Result<Vec<(u32, PathBuf)>, GitError> {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let first = place(site, run, 1);
    let (folder, stem) = (first.parent().map(real), first.file_name());
    let known = site.repo.worktrees()?;
    let numbered = known.iter().filter(|info| !info.bare).filter_map(|info| {
        let name = info.path.file_name()?.to_str()?;
        let number = number_of(name.strip_prefix(stem?.to_str()?)?)?;
        (info.path.parent().map(real) == folder).then(|| (number, place(site, run, number)))
    });
    Ok(numbered.collect())
}

/// Whether a worktree of validations, of whichever run, has this name.
pub(in crate::engine) fn is_bench(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.rfind(END).is_some_and(|at| number_of(&name[at + END.len()..]).is_some())
}

fn number_of(end: &str) -> Option<u32> {
    if end.is_empty() {
        return Some(1);
    }
    let digits = end.strip_prefix('-').filter(|digits| !digits.starts_with('0'))?;
    digits.parse().ok().filter(|number| *number > 1 && !digits.starts_with('+'))
}

#[cfg(test)]
mod tests;
