//! Which modules of a commit have test suites.

use super::error::EngineError;
use crate::adapters::git::Repo;
use crate::domain::diagnostic::some_quoted;
use crate::domain::id::Oid;
use crate::domain::suite::{Found, SuiteRules, find, wanted_manifests};

/// A larger manifest is none that somebody wrote, in bytes.
const LARGEST: usize = 1 << 20;

/// Finds modules in the files of a commit, without a checkout.
///
/// # Errors
/// There is no such commit, or an object of it is missing.
pub fn load_suites(repo: &Repo, commit: Oid, rules: &SuiteRules) -> Result<Found, EngineError> {
    let paths = repo.paths_in(commit)?;
    let wanted = match rules.discover {
        true => wanted_manifests(&paths),
        false => Vec::new(),
    };
    let read = repo.texts_in(commit, &wanted, LARGEST)?;
    let mut found = find(&paths, &read.texts, rules);
    if found.modules.is_empty() {
        found.notes.push(nothing_found(&wanted, rules.discover));
    }
    for (refused, why) in [
        (read.too_large, "larger than 1 MiB, or not here, and not read"),
        (read.not_text, "no text"),
    ] {
        if !refused.is_empty() {
            found.notes.push(format!("{}: {why}", some_quoted(&refused, 5)));
        }
    }
    Ok(found)
}

/// What was looked at, where no module came of it.
fn nothing_found(manifests: &[String], discover: bool) -> String {
    const NAMED: usize = 5;
    if !discover {
        return "`test.discover` is false, so only `[test.modules.NAME]` counts".to_owned();
    }
    let seen = match manifests.is_empty() {
        true => "none of their files is in this commit".to_owned(),
        false => format!("{} is there, and no tests", some_quoted(manifests, NAMED)),
    };
    format!(
        "looked for tests of cargo (`Cargo.toml`), npm, pnpm and yarn (`package.json` with a `test` \
         script), go (`*_test.go`) and pytest (`test_*.py`, `*_test.py`): {seen}"
    )
}
