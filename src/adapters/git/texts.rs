//! Texts of chosen files of a commit.

use std::collections::BTreeMap;

use super::diff::FileMode;
use super::error::GitError;
use super::path::{quote_path, unquote_path};
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
        self.texts_of(files.unzip(), limit)
    }

    /// As [`Self::texts_in`], of one file, without a look at the others.
    ///
    /// # Errors
    /// There is no such commit, or an object of it is missing.
    pub fn text_in(&self, commit: Oid, path: &str, limit: usize) -> Result<Texts, GitError> {
        let found = self.reader().entry_at(commit, &unquote_path(path))?;
        let file = found.filter(|(mode, _)| matches!(mode, FileMode::File | FileMode::Executable));
        self.texts_of(file.map(|(_, id)| (path.to_owned(), id)).into_iter().unzip(), limit)
    }

    /// Whether a commit has a file, link or submodule at a path.
    ///
    /// # Errors
    /// There is no such commit, or an object of it is missing.
    pub fn has_path(&self, commit: Oid, path: &str) -> Result<bool, GitError> {
        Ok(self.reader().entry_at(commit, &unquote_path(path))?.is_some())
    }

    fn texts_of(
        &self,
        (paths, ids): (Vec<String>, Vec<Oid>),
        limit: usize,
    ) -> Result<Texts, GitError> {
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
