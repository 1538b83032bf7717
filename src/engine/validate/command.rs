//! The commands that run in a worktree of validations.

use std::ffi::OsString;
use std::path::PathBuf;

use super::bench::Bench;
use crate::adapters::process::{CommandSpec, LateOutput};
use crate::domain::id::TaskId;
use crate::domain::report::shell_word;
use crate::domain::run::RunSpec;
use crate::domain::task::{SetupHook, Validation};
use crate::engine::containment::containment;
use crate::engine::environment::task_environment;
use crate::engine::scratch::reserved_name;

/// A setup hook. Each worktree has a log for all of its hooks.
pub(super) fn setup_command(bench: &Bench, spec: &RunSpec, hook: &SetupHook) -> CommandSpec {
    let log = bench.worktree.site.validation_setup_log(&spec.run, bench.number);
    CommandSpec { timeout: hook.timeout, ..shell(bench, (spec, &task_name(0)), (&hook.run, log)) }
}

/// A validation; with `only`, of these tests alone. `number` is its place among those of the plan.
pub(super) fn validation_command(
    bench: &Bench,
    (spec, number): (&RunSpec, usize),
    (validation, only): (&Validation, &[String]),
    log: PathBuf,
) -> CommandSpec {
    let text = command_text(validation, only);
    let shell = shell(bench, (spec, &task_name(number)), (&text, log));
    CommandSpec { timeout: validation.timeout, ..shell }
}

fn command_text(validation: &Validation, only: &[String]) -> String {
    match validation.rerun.as_ref().filter(|_| !only.is_empty()) {
        None => validation.run.clone(),
        Some(rerun) => {
            let names: Vec<String> = only.iter().map(|name| shell_word(name)).collect();
            rerun.replace("{tests}", &names.join(" "))
        }
    }
}

fn shell(
    bench: &Bench,
    (spec, task): (&RunSpec, &TaskId),
    (text, log): (&str, PathBuf),
) -> CommandSpec {
    let site = &bench.worktree.site;
    let env = task_environment(&site.env, &spec.limits, [], bench.coordinates(spec, task));
    CommandSpec {
        argv: ["sh", "-c", text].map(OsString::from).to_vec(),
        cwd: bench.worktree.path.clone(),
        env: site.jobs.added_to(env),
        log,
        temporary: Some(bench.temporary.clone()),
        stdout_copy: None,
        agent: None,
        log_limit: spec.limits.log_limit,
        timeout: spec.limits.grace,
        stall_timeout: None,
        grace: spec.limits.grace,
        late_output: LateOutput::TakenWhileItComes,
        containment: containment(site, spec, None),
        warden: site.warden.clone(),
    }
}

/// Name under which a validation's processes are marked.
pub(super) fn task_name(number: usize) -> TaskId {
    reserved_name(&format!("validate-{number}"))
}

#[cfg(test)]
mod tests;
