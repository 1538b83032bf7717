//! `[[setup]]`, in a tasks file and in the settings.

use super::value;
use crate::domain::diagnostic::{Diagnostic, Problems, Table};
use crate::domain::task::{DEFAULT_SETUP_TIMEOUT, SetupHook};

/// Setup hooks in the order of the file.
pub fn setup_hooks(root: &mut Table<'_>, problems: &Problems) -> Vec<SetupHook> {
    let mut hooks = Vec::new();
    for mut table in root.tables_like("setup", Some("{ run = \"…\" }")) {
        let name = value::text(&mut table, "name", problems).map(|name| name.value);
        let run = value::required(&mut table, "run", problems);
        let when = table.one_or_more("when");
        if let Some(none) = when.as_ref().filter(|globs| globs.value.is_empty()) {
            let problem = Diagnostic::error("empty", none.span.clone(), "`when` is empty");
            problems.push(problem.help("leave it out for a hook that always runs"));
        }
        let when = when.and_then(|globs| value::parsed_claims(globs, problems));
        let timeout = value::duration(&mut table, "timeout", problems);
        table.finish();
        hooks.push(SetupHook {
            name,
            run: run.map(|run| run.value).unwrap_or_default(),
            when: when.map(|when| when.value),
            timeout: timeout.unwrap_or(DEFAULT_SETUP_TIMEOUT),
        });
    }
    hooks
}
