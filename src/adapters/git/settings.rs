//! Git's configuration as far as it changes what we do, read once when a repository is found.

use std::path::Path;

use super::error::GitError;
use super::path::quote_path;
use super::program::GitProgram;

/// All settings of all scopes, in the order in which git reads them; the last one counts.
#[derive(Debug, Default)]
pub(in crate::adapters) struct Settings {
    entries: Vec<(String, Option<String>)>,
}

impl Settings {
    pub(super) fn load(program: &GitProgram, dir: &Path) -> Result<Self, GitError> {
        let output = program.command("config").dir(dir).args(["--list", "-z", "--includes"]);
        Ok(Self::parse(&output.output()?))
    }

    fn parse(output: &[u8]) -> Self {
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

    /// The value that counts; names are `section.sub.key` with section and key in lower case.
    pub(in crate::adapters) fn last(&self, name: &str) -> Option<&str> {
        let found = self.entries.iter().rev().find(|(key, _)| key == name)?;
        Some(found.1.as_deref().unwrap_or("true"))
    }

    /// Whether some setting's name begins so.
    pub(in crate::adapters) fn has_section(&self, prefix: &str) -> bool {
        self.entries.iter().any(|(key, _)| key.starts_with(prefix))
    }

    /// Whether objects may be missing because a remote promises them.
    pub(in crate::adapters) fn has_promisor(&self) -> bool {
        self.entries.iter().any(|(key, _)| key.starts_with("remote.") && key.ends_with(".promisor"))
    }

    /// Whether a setting is true in git's reading of booleans.
    pub(in crate::adapters) fn is_true(&self, name: &str) -> bool {
        self.last(name).is_some_and(|value| {
            let value = value.to_ascii_lowercase();
            matches!(value.as_str(), "true" | "yes" | "on")
                || value.parse::<i64>().is_ok_and(|number| number != 0)
        })
    }

    /// Formats that libgit2 cannot open.
    pub(super) fn check_format(&self) -> Result<(), GitError> {
        let unsupported = |feature: String, way_out: &str| GitError::Unsupported {
            feature,
            why: "objects and refs are read with libgit2, which cannot open it".to_owned(),
            way_out: way_out.to_owned(),
        };
        if let Some(format) = self.last("extensions.objectformat")
            && !format.eq_ignore_ascii_case("sha1")
        {
            let feature = format!("the object format {}", quote_path(format.as_bytes()));
            return Err(unsupported(feature, "use a clone with the object format sha1"));
        }
        if self.last("extensions.compatobjectformat").is_some() {
            let way_out = "use a clone without extensions.compatObjectFormat";
            return Err(unsupported("extensions.compatObjectFormat".to_owned(), way_out));
        }
        if let Some(format) = self.last("extensions.refstorage") {
            let feature = format!("the ref storage {}", quote_path(format.as_bytes()));
            let way_out = "git refs migrate --ref-format=files";
            return Err(unsupported(feature, way_out));
        }
        Ok(())
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

    #[test]
    fn formats_libgit2_cannot_open_are_refused_with_a_way_out() {
        let refused = |config: &[u8]| {
            matches!(Settings::parse(config).check_format(), Err(GitError::Unsupported { .. }))
        };
        assert!(refused(b"extensions.objectformat\nsha256\0"));
        assert!(refused(b"extensions.refstorage\nreftable\0"));
        assert!(refused(b"extensions.compatobjectformat\nsha256\0"));
        assert!(!refused(b"extensions.objectformat\nsha1\0extensions.worktreeconfig\ntrue\0"));
    }
}
