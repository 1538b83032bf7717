//! `retry_on`: the failures that are tried again.

use super::fields::Fields;
use crate::domain::diagnostic::{Diagnostic, Placed, Problems, Table, quoted};
use crate::domain::task::RetryCause;

/// Kinds of failure; each that is none is reported.
pub(super) fn causes(
    table: &mut Table<'_>,
    problems: &Problems,
) -> Option<Placed<Vec<RetryCause>>> {
    let written = table.strings("retry_on")?;
    let mut causes = Vec::new();
    for text in &written.value {
        match text.value.parse() {
            Ok(cause) => causes.push(cause),
            Err(error) => {
                let message = format!("{} {error}", quoted(&text.value));
                let problem = Diagnostic::error("bad_retry_on", text.span.clone(), message);
                problems.push(
                    problem.help(
                        "known: timeout, stall, exit, exit:CODE, signal, signal:NUMBER, check",
                    ),
                );
            }
        }
    }
    Some(written.with(causes))
}

/// Reports `retry_on` of a task that is never tried again.
pub(super) fn check_task(
    (subject, own): (&str, Option<&Placed<Vec<RetryCause>>>),
    retries: u32,
    problems: &Problems,
) {
    if let Some(own) = own.filter(|_| retries == 0) {
        problems.push(idle(own, &format!("{subject} is never tried again")));
    }
}

/// Reports `retry_on` of the defaults where no task is ever tried again; `retries` are those of all.
pub(super) fn check_defaults(defaults: &Fields, retries: &[u32], problems: &Problems) {
    if let Some(own) = defaults
        .retry_on
        .as_ref()
        .filter(|_| !retries.is_empty() && retries.iter().all(|&retries| retries == 0))
    {
        problems.push(idle(own, "no task is ever tried again"));
    }
}

fn idle(written: &Placed<Vec<RetryCause>>, what: &str) -> Diagnostic {
    let message = format!("{what}, so `retry_on` means nothing: `retries` is 0");
    let problem = Diagnostic::warning("idle_retry_on", written.span.clone(), message);
    problem.help("add `retries = 1`, or more")
}
