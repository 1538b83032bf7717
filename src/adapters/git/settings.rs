//! Git's configuration as far as it changes what we do, read once when a repository is found.

use std::path::Path;

use super::error::GitError;
use super::program::{GitProgram, Invocation};
use crate::domain::id::stable_hash;

/// All settings of all scopes, in the order in which git reads them; the last one counts.
#[derive(Debug, Default)]
pub(in crate::adapters) struct Settings {
    entries: Vec<(String, Option<String>)>,
}

impl Settings {
    /// Of the worktree that a folder lies in.
    pub(super) fn load(program: &GitProgram, dir: &Path) -> Result<Self, GitError> {
        Self::listed(program.command("config").dir(dir))
    }

    /// Of the repository and its main worktree, wherever the user stands.
    pub(super) fn load_main(program: &GitProgram, common_dir: &Path) -> Result<Self, GitError> {
        Self::listed(program.command("config").dir(common_dir).git_dir(common_dir))
    }

    /// What `git config` lists there.
    pub(super) fn listed(command: Invocation<'_>) -> Result<Self, GitError> {
        Ok(Self::parse(&command.args(["--list", "-z", "--includes"]).output()?))
    }

    pub(super) fn parse(output: &[u8]) -> Self {
        let entries = output.split(|&byte| byte == 0).filter(|entry| !entry.is_empty());
        let entries = entries.map(|entry| {
            let text = String::from_utf8_lossy(entry);
            match text.split_once('\n') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (text.into_owned(), None),
            }
        });
        Self { entries: entries.collect() }
    }

    /// All of them in their order; a key without value has none.
    pub(super) fn into_entries(self) -> Vec<(String, Option<String>)> {
        self.entries
    }

    /// The value that counts; names are `section.sub.key` with section and key in lower case.
    pub(in crate::adapters) fn last(&self, name: &str) -> Option<&str> {
        let found = self.entries.iter().rev().find(|(key, _)| key == name)?;
        Some(found.1.as_deref().unwrap_or("true"))
    }

    /// Whether a setting is true in git's reading of booleans.
    pub(in crate::adapters) fn is_true(&self, name: &str) -> bool {
        self.last(name).is_some_and(|value| {
            let value = value.to_ascii_lowercase();
            matches!(value.as_str(), "true" | "yes" | "on")
                || value.parse::<i64>().is_ok_and(|number| number != 0)
        })
    }

    /// What follows `prefix` in the names of settings that start with it, as often as they are set.
    pub(in crate::adapters) fn below(&self, prefix: &str) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(move |(name, _)| name.strip_prefix(prefix))
    }

    /// Whether a remote holds objects that are not here.
    pub(super) fn has_promisor(&self) -> bool {
        let remotes = self.below("remote.").filter(|key| key.ends_with(".promisor"));
        remotes.into_iter().any(|key| self.is_true(&format!("remote.{key}")))
            || self.last("extensions.partialclone").is_some()
    }

    /// A number for the settings whose names start with one of these words, and for something else
    /// that goes with them. Differs when one of them does.
    pub(in crate::adapters) fn digest(&self, prefixes: &[&str], beside: &[u8]) -> u64 {
        let fits = |(name, _): &&(String, Option<String>)| {
            prefixes.iter().any(|prefix| name.starts_with(prefix))
        };
        let settings = self.entries.iter().filter(fits).flat_map(|(name, value)| {
            let value = value.iter().flat_map(|value| value.bytes().chain([1]));
            name.bytes().chain([0]).chain(value)
        });
        stable_hash(&[&settings.collect::<Vec<u8>>(), beside])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_counts_and_a_bare_key_is_true() {
        let settings =
            Settings::parse(b"user.name\nA\0core.x\0user.name\nB\nC\0a.b\n0\0c.d\nYes\0e.f\n2\0");
        assert_eq!(settings.last("user.name"), Some("B\nC"));
        let truth = |name| settings.is_true(name);
        assert_eq!(
            [truth("core.x"), truth("a.b"), truth("c.d"), truth("e.f"), truth("none")],
            [true, false, true, true, false]
        );
    }
}
