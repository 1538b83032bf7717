//! Texts of chosen files of a commit.

use std::collections::BTreeMap;

use super::diff::FileMode;
use super::error::GitError;
use super::path::quote_path;
use super::repo::Repo;
use crate::domain::id::Oid;

/// Files of a commit, and the texts of those that were wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Texts {
    /// By path; see [`quote_path`].
    pub texts: BTreeMap<String, String>,
    /// Paths of wanted files that are larger than the limit.
    pub too_large: Vec<String>,
    /// Paths of wanted files that are no UTF-8.
    pub not_text: Vec<String>,
}

impl Repo {
    /// Texts of the files of a commit whose paths are among `wanted` and that have at most `limit`
    /// bytes. Links and submodules have none.
    ///
    /// # Errors
    /// There is no such commit, or an object of it is missing.
    pub fn texts_in(
        &self,
        commit: Oid,
        wanted: &[String],
        limit: usize,
    ) -> Result<Texts, GitError> {
        let wanted: std::collections::HashSet<&str> = wanted.iter().map(String::as_str).collect();
        let files = self.listing(commit)?.files.into_iter().filter_map(|file| {
            let path = quote_path(&file.path);
            let is_file = matches!(file.mode, FileMode::File | FileMode::Executable);
            (is_file && wanted.contains(path.as_str())).then_some((path, file.id))
        });
        let (paths, ids): (Vec<String>, Vec<Oid>) = files.unzip();
        let mut found = Texts::default();
        for (path, content) in paths.into_iter().zip(self.reader().blobs(&ids, limit)?) {
            match content.map(String::from_utf8) {
                None => found.too_large.push(path),
                Some(Err(_)) => found.not_text.push(path),
                Some(Ok(text)) => {
                    found.texts.insert(path, text);
                }
            }
        }
        Ok(found)
    }
}
