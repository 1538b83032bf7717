//! What the resolver answered so far: while culprits are sought the same conflict is met again on other
//! commits, and must come out the same.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::evidence::Sides;
use crate::adapters::git::{CollidedPath, FileVersion, GitError, Repo};
use crate::domain::id::Oid;
use crate::engine::setup::changed_between;

/// The answers of one integration.
#[derive(Debug, Default)]
pub(in crate::engine) struct Answers(Mutex<Vec<(Vec<CollidedPath>, Known)>>);

/// What is known of a conflict.
#[derive(Debug, Clone)]
pub(super) enum Known {
    /// It was resolved.
    Taken {
        /// The files of the answer; no version where it removed one.
        versions: Vec<(String, Option<FileVersion>)>,
        /// Those of them that were not in conflict, as they had been.
        before: Vec<(String, Option<FileVersion>)>,
        /// What is to be said of it.
        notes: Vec<String>,
    },
    /// No answer could be taken over, and why.
    Refused(String),
}

impl Answers {
    /// What is known of a conflict between these very versions, where the rest that the answer changed is
    /// in `tree` as it was.
    pub(super) fn known(
        &self,
        repo: &Repo,
        conflict: &[CollidedPath],
        tree: Oid,
    ) -> Result<Option<Known>, GitError> {
        let found = self.all().iter().find(|(of, _)| of == conflict).map(|(_, k)| k.clone());
        if let Some(Known::Taken { before, .. }) = &found {
            let paths: Vec<String> = before.iter().map(|(path, _)| path.clone()).collect();
            let now = repo.versions_in(tree, &paths)?;
            if before.iter().any(|(path, version)| now.get(path) != version.as_ref()) {
                return Ok(None);
            }
        }
        Ok(found)
    }

    /// Remembers it in the place of what was known.
    pub(super) fn remember(&self, conflict: Vec<CollidedPath>, known: Known) {
        let mut all = self.all();
        all.retain(|(of, _)| *of != conflict);
        all.push((conflict, known));
    }

    fn all(&self) -> MutexGuard<'_, Vec<(Vec<CollidedPath>, Known)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// An answer that made one tree of another.
    pub(super) fn taken(
        repo: &Repo,
        conflict: &[CollidedPath],
        (tree, answer): (Oid, Oid),
        notes: Vec<String>,
    ) -> Result<Self, GitError> {
        let paths = changed_between(repo, tree, answer)?;
        let (mut was, mut is) =
            (repo.versions_in(tree, &paths)?, repo.versions_in(answer, &paths)?);
        let versions = paths.iter().map(|path| (path.clone(), is.remove(path))).collect();
        let others = paths.into_iter().filter(|path| conflict.iter().all(|of| of.path != *path));
        let before = others
            .map(|path| {
                let version = was.remove(&path);
                (path, version)
            })
            .collect();
        Ok(Self::Taken { versions, before, notes })
    }
}

/// The conflict that these paths are in.
pub(super) fn conflict_of(sides: &Sides, paths: &[String]) -> Vec<CollidedPath> {
    let collided = sides.collided.paths.iter();
    collided.filter(|path| paths.contains(&path.path)).cloned().collect()
}
