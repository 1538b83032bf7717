//! Merge drivers of the user's: which paths have one.

use super::error::GitError;
use super::path::{quote_path, unquote_path};
use super::repo::Repo;
use crate::domain::id::Oid;

impl Repo {
    /// Whether any is configured.
    pub fn has_merge_drivers(&self) -> bool {
        self.merge_drivers().next().is_some()
    }

    fn merge_drivers(&self) -> impl Iterator<Item = &str> {
        self.settings().below("merge.").filter_map(|key| key.strip_suffix(".driver"))
    }

    /// Those of these paths that a merge driver from the configuration merges, by the attributes of a
    /// commit. None where git is older than 2.41, which cannot say.
    ///
    /// # Errors
    /// Git fails.
    pub fn with_merge_driver(
        &self,
        commit: Oid,
        paths: &[String],
    ) -> Result<Vec<String>, GitError> {
        let drivers: Vec<&str> = self.merge_drivers().collect();
        if drivers.is_empty() || paths.is_empty() || !self.program().version().at_least(2, 41) {
            return Ok(Vec::new());
        }
        let command = self.git("check-attr").global(format!("--attr-source={commit}"));
        let paths = paths.iter().map(|path| unquote_path(path));
        let told = command.paths(paths).arg("merge").output()?;
        let fields: Vec<&[u8]> = told.split(|&byte| byte == 0).collect();
        // `<path> NUL merge NUL <value> NUL`
        let found = fields
            .chunks_exact(3)
            .filter(|answer| drivers.iter().any(|driver| driver.as_bytes() == answer[2]));
        Ok(found.map(|answer| quote_path(answer[0])).collect())
    }
}

#[cfg(test)]
mod tests;
