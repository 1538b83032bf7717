//! What a task sees of the caller's environment (DESIGN.md §4): all of it, less publishing
//! credentials, agents' sockets and whatever would point git at another repository, plus its own
//! coordinates.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::config::Names;
use crate::domain::id::{Oid, RunId, TaskId};
use crate::domain::run::Limits;

/// Variables that would make git work on something other than the task's worktree.
const GIT_PLACES: [&str; 9] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_CEILING_DIRECTORIES",
];

/// Whose environment it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Coordinates<'a> {
    pub(super) run: &'a RunId,
    pub(super) task: &'a TaskId,
    pub(super) attempt: u32,
    pub(super) worktree: &'a Path,
    pub(super) base: Oid,
    pub(super) own: Own<'a>,
}

/// What a task does not share with those beside it. Its own `env` may say otherwise of the folder
/// and the project.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Own<'a> {
    pub(super) port: Option<u16>,
    pub(super) temporary: Option<&'a Path>,
    /// Name of its project for `docker compose`.
    pub(super) project: Option<&'a str>,
}

/// The environment of a task's command.
pub(super) fn task_environment<'a>(
    caller: &[(OsString, OsString)],
    limits: &Limits,
    added: impl IntoIterator<Item = (&'a String, &'a String)>,
    at: Coordinates<'_>,
) -> Vec<(OsString, OsString)> {
    let denied = names(&limits.env_deny);
    let passed = names(&limits.env_pass);
    let mut env: Vec<(OsString, OsString)> = caller
        .iter()
        .filter(|(name, _)| {
            let text = name.to_string_lossy();
            let place = GIT_PLACES.contains(&text.as_ref()) || text.starts_with("WT_ORCH_");
            !place && (!denied.matches(&text) || passed.matches(&text))
        })
        .cloned()
        .collect();
    let mut set = |name: &str, value: &OsStr| {
        env.retain(|(known, _)| known != name);
        env.push((name.into(), value.to_owned()));
    };
    if let Some(folder) = at.own.temporary {
        for name in ["TMPDIR", "TMP", "TEMP"] {
            set(name, folder.as_os_str());
        }
    }
    if let Some(project) = at.own.project {
        set("COMPOSE_PROJECT_NAME", project.as_ref());
    }
    for (name, value) in added {
        set(name, OsStr::new(value));
    }
    set("WT_ORCH_RUN", at.run.as_str().as_ref());
    set("WT_ORCH_TASK", at.task.as_str().as_ref());
    set("WT_ORCH_ATTEMPT", at.attempt.to_string().as_ref());
    set("WT_ORCH_WORKTREE", at.worktree.as_os_str());
    set("WT_ORCH_BASE", at.base.to_string().as_ref());
    if let Some(port) = at.own.port {
        set("WT_ORCH_PORT", port.to_string().as_ref());
    }
    set("GIT_CEILING_DIRECTORIES", at.worktree.parent().unwrap_or(at.worktree).as_os_str());
    env
}

/// Lends wt-orch's identity to a task's own commits where git knows none of the user's.
pub(super) fn with_identity(
    lend: bool,
    mut env: Vec<(OsString, OsString)>,
) -> Vec<(OsString, OsString)> {
    let lent = [
        ("GIT_AUTHOR_NAME", "wt-orch"),
        ("GIT_AUTHOR_EMAIL", "wt-orch@localhost"),
        ("GIT_COMMITTER_NAME", "wt-orch"),
        ("GIT_COMMITTER_EMAIL", "wt-orch@localhost"),
    ];
    for (name, value) in lent.into_iter().filter(|_| lend) {
        if !env.iter().any(|(known, _)| known == name) {
            env.push((name.into(), value.into()));
        }
    }
    env
}

/// The settings were checked when they were read; what is no glob names nothing.
fn names(patterns: &[String]) -> Names {
    patterns.iter().filter_map(|pattern| Names::parse_one(pattern).ok()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;

    #[test]
    fn credentials_stay_outside_unless_they_are_passed() {
        let caller: Vec<(OsString, OsString)> = [
            ("PATH", "/bin"),
            ("GITHUB_TOKEN", "x"),
            ("NPM_TOKEN", "y"),
            ("GIT_DIR", "/elsewhere"),
            ("WT_ORCH_TASK", "outer"),
            ("TMPDIR", "/var/tmp"),
            ("COMPOSE_PROJECT_NAME", "outer"),
        ]
        .map(|(name, value)| (name.into(), value.into()))
        .to_vec();
        let limits = Limits {
            grace: Duration::from_secs(1),
            log_limit: 0,
            keep: Vec::new(),
            jobserver: false,
            share_host: false,
            speculate: false,
            env_deny: vec!["*_TOKEN".into()],
            env_pass: vec!["NPM_TOKEN".into()],
            personas: Vec::new(),
        };
        let added = [("RUST_LOG", "info"), ("TMP", "/mine")];
        let added: BTreeMap<String, String> =
            added.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let own = Own {
            port: Some(20_007),
            temporary: Some(Path::new("/tmp/t")),
            project: Some("repo-t"),
        };
        let at = Coordinates {
            run: &"r".parse().unwrap(),
            task: &"t".parse().unwrap(),
            attempt: 2,
            worktree: Path::new("/w/repo-t"),
            base: Oid::from_bytes(&[1; 20]).unwrap(),
            own,
        };
        let env: BTreeMap<String, String> = task_environment(&caller, &limits, &added, at)
            .into_iter()
            .map(|(n, v)| (n.into_string().unwrap(), v.into_string().unwrap()))
            .collect();
        assert_eq!(env.get("NPM_TOKEN").map(String::as_str), Some("y"));
        assert!(!env.contains_key("GITHUB_TOKEN") && !env.contains_key("GIT_DIR"));
        assert_eq!((env["WT_ORCH_TASK"].as_str(), env["WT_ORCH_ATTEMPT"].as_str()), ("t", "2"));
        assert_eq!((env["TMPDIR"].as_str(), env["TMP"].as_str()), ("/tmp/t", "/mine"));
        assert_eq!(
            (env["WT_ORCH_PORT"].as_str(), env["COMPOSE_PROJECT_NAME"].as_str()),
            ("20007", "repo-t")
        );
        assert_eq!(
            (env["GIT_CEILING_DIRECTORIES"].as_str(), env["RUST_LOG"].as_str()),
            ("/w", "info")
        );
    }
}
