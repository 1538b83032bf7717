//! `[test.modules.NAME]` of a file.

use std::collections::BTreeMap;

use crate::domain::diagnostic::{Diagnostic, Placed, Problems, Table, quoted};
use crate::domain::suite::ConfiguredModule;
use crate::domain::task::Claims;

/// Longest name of a module, in bytes.
const LONGEST: usize = 200;

/// All modules of `[test]`.
pub(super) fn configured_modules(
    test: &mut Table<'_>,
    problems: &Problems,
) -> BTreeMap<String, ConfiguredModule> {
    let mut modules = BTreeMap::new();
    for (name, mut table) in test.table_map("modules").unwrap_or_default() {
        let module = configured_module(&mut table, problems);
        table.finish();
        if let Some(module) = module.filter(|_| is_name(&name, problems)) {
            modules.insert(name.value, module);
        }
    }
    modules
}

fn configured_module(table: &mut Table<'_>, problems: &Problems) -> Option<ConfiguredModule> {
    let reject = |code, span, message: String| {
        problems.push(Diagnostic::error(code, span, message));
    };
    let run = table.string("run");
    let report = table.string("report");
    let paths = table.one_or_more("paths");
    let depends_on = table.strings("depends_on");
    if table.key("run").is_none() {
        reject("missing_key", table.span(), "`run` is missing here".to_owned());
    }
    let run = run?;
    if run.value.trim().is_empty() {
        reject("empty", run.span, "`run` is empty".to_owned());
        return None;
    }
    if run.value.contains('\0') {
        let message = "`run` has a NUL byte, which no command can be given";
        reject("nul", run.span, message.to_owned());
        return None;
    }
    if let Some(report) = report.as_ref().filter(|report| !is_inside(&report.value)) {
        let message =
            format!("{} is no file below the root of the repository", quoted(&report.value));
        reject("bad_path", report.span.clone(), message);
    }
    let paths = match paths {
        Some(paths) => Some(claims(&paths.value, problems)?),
        None => None,
    };
    let depends_on = depends_on.map(|names| names.value.into_iter().map(|name| name.value));
    Some(ConfiguredModule {
        run: run.value,
        report: report.map(|report| plain(&report.value)),
        paths,
        depends_on: depends_on.into_iter().flatten().collect(),
    })
}

fn claims(globs: &[Placed<String>], problems: &Problems) -> Option<Claims> {
    let texts: Vec<&str> = globs.iter().map(|glob| glob.value.as_str()).collect();
    match Claims::parse(&texts) {
        Ok(claims) => Some(claims),
        Err(errors) => {
            for (index, error) in errors {
                let glob = &globs[index];
                let message = format!("the glob {} {error}", quoted(&glob.value));
                problems.push(Diagnostic::error("bad_glob", glob.span.clone(), message));
            }
            None
        }
    }
}

/// The path without what stands for nothing in it: `out/r.xml` of `./out//r.xml`.
fn plain(path: &str) -> String {
    path.split('/').filter(|part| !matches!(*part, "" | ".")).collect::<Vec<_>>().join("/")
}

fn is_inside(path: &str) -> bool {
    !plain(path).trim().is_empty()
        && !path.starts_with('/')
        && !path.contains('\0')
        && path.split('/').all(|part| part != "..")
}

/// A module may be called as packages are: `@scope/name`.
fn is_name(name: &Placed<String>, problems: &Problems) -> bool {
    let text = &name.value;
    let what = match () {
        () if text.trim().is_empty() => "is empty",
        () if text.len() > LONGEST => "is longer than 200 bytes",
        () if text.contains(char::is_control) => "has a character that cannot be shown",
        () => return true,
    };
    let message = format!("the name {} {what}", quoted(text));
    problems.push(Diagnostic::error("bad_name", name.span.clone(), message));
    false
}
