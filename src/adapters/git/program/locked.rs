//! What git says about a lock that somebody else holds.

use std::path::PathBuf;

/// The lock file that git names when it cannot have it.
pub(super) fn locked_file(stderr: &str) -> Option<PathBuf> {
    let line = stderr.lines().find(|line| line.contains("File exists"))?;
    let quoted = |after: &str| {
        let rest = line.split_once(after)?.1;
        let end = rest.find("': File exists")?;
        rest[..end].ends_with(".lock").then(|| PathBuf::from(&rest[..end]))
    };
    quoted("Unable to create '").or_else(|| {
        let rest = line.split_once("could not lock config file ")?.1;
        Some(PathBuf::from(format!("{}.lock", rest.split_once(": File exists")?.0)))
    })
}
