//! `[[integrate.regenerate]]`, of the settings.

use super::value;
use crate::domain::diagnostic::{Diagnostic, Problems, Table};
use crate::domain::task::{DEFAULT_SETUP_TIMEOUT, Regenerate};

/// The rules in the order of the file; those without paths are reported and left out.
pub fn regenerations(integrate: &mut Table<'_>, problems: &Problems) -> Vec<Regenerate> {
    let mut rules = Vec::new();
    let form = "{ paths = [\"…\"], run = \"…\" }";
    for mut table in integrate.tables_like("regenerate", Some(form)) {
        let run = value::required(&mut table, "run", problems);
        let paths = table.one_or_more("paths");
        match &paths {
            Some(none) if none.value.is_empty() => {
                let problem = Diagnostic::error("empty", none.span.clone(), "`paths` is empty");
                problems.push(problem.help("name the files that the command makes"));
            }
            None if table.key("paths").is_none() => {
                let message = "`paths` is missing here";
                problems.push(Diagnostic::error("missing_key", table.span(), message));
            }
            Some(_) | None => {}
        }
        let paths = paths.filter(|paths| !paths.value.is_empty());
        let paths = paths.and_then(|globs| value::parsed_claims(globs, problems));
        let timeout = value::duration(&mut table, "timeout", problems);
        table.finish();
        rules.extend(paths.map(|paths| Regenerate {
            paths: paths.value,
            run: run.map(|run| run.value).unwrap_or_default(),
            timeout: timeout.unwrap_or(DEFAULT_SETUP_TIMEOUT),
        }));
    }
    rules
}
