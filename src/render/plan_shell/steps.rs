//! The pieces of the script that differ from plan to plan.

use super::ShellPlan;
use super::unstarted::told;
use crate::domain::plan::Plan;
use crate::domain::report::shell_word;
use crate::domain::task::{Command, Placeholders, Task, Work, agent_preset};
use crate::render::text::visible;

/// What prepares each worktree.
pub(super) fn setup(plan: &Plan) -> String {
    let hooks = plan.setup.iter().filter(|planned| planned.applies).map(|planned| {
        let seconds = planned.hook.timeout.as_secs().max(1);
        format!("    limited {seconds} sh -c {} || return 1\n", shell_word(&planned.hook.run))
    });
    let hooks: String = hooks.collect();
    let body = if hooks.is_empty() { "    :\n".to_owned() } else { hooks };
    format!("\n# Prepares a worktree.\nprepare() {{\n{body}}}\n")
}

/// `run_N` and `check_N` of a task.
pub(super) fn function(facts: &ShellPlan<'_>, number: usize) -> String {
    let task = &facts.plan.tasks[number].task;
    let id = &task.id;
    let title = task.title.as_deref().map_or_else(String::new, |title| format!(": {title}"));
    let (title, around, limited) = (visible(&title), surroundings(task), limited(task));
    let run = match command(facts, task) {
        Some(command) => format!("    {limited} {command}\n"),
        None => {
            let what = format!("{id}: this script does not know how to start its agent");
            format!("    # no known command\n    tell {}\n    return 1\n", shell_word(&what))
        }
    };
    let check = match &task.check {
        Some(check) => format!("{around}    {limited} sh -c {}\n", shell_word(check)),
        None => "    :\n".to_owned(),
    };
    format!(
        "\n# {id}{title}\nrun_{number}() {{\n    prepare || return 1\n{around}{run}}}\n\
         check_{number}() {{\n{check}}}\n"
    )
}

/// Variables that tell a task where it is. It runs in a subshell, so nothing leaks into the next.
fn surroundings(task: &Task) -> String {
    let id = shell_word(task.id.as_str());
    format!(
        "    export WT_ORCH_RUN=\"$workflow\" WT_ORCH_TASK={id} WT_ORCH_ATTEMPT=1\n    \
         export WT_ORCH_WORKTREE=\"$PWD\" WT_ORCH_BASE=\"$base\"\n"
    )
}

/// `limited` with the limit and the variables that the task declares, whatever their names.
fn limited(task: &Task) -> String {
    let seconds = task.timeout.as_secs().max(1);
    let declared: Vec<String> =
        task.env.iter().map(|(name, value)| shell_word(&format!("{name}={value}"))).collect();
    if declared.is_empty() {
        format!("limited {seconds}")
    } else {
        format!("limited {seconds} env {}", declared.join(" "))
    }
}

/// Program and arguments of a task; `None` for an agent nobody knows how to start.
fn command(facts: &ShellPlan<'_>, task: &Task) -> Option<String> {
    let argv = |command: &Command, prompt: &str| {
        // What only exists when it runs is filled in then.
        let (worktree, branch, port) = ("\u{1}PWD\u{1}", "\u{1}BRANCH\u{1}", "");
        let base = facts.base.to_string();
        let words = command.argv_with(&Placeholders {
            id: task.id.as_str(),
            title: task.title.as_deref().unwrap_or_default(),
            prompt,
            run: facts.workflow,
            worktree,
            branch,
            base: &base,
            port,
            item: task.pattern.item.as_ref(),
        });
        let named = format!("'\"$branches\"'/{}", task.id);
        shell_words(&words).replace(worktree, "'\"$PWD\"'").replace(branch, &named)
    };
    match &task.work {
        Work::Command { command, prompt } => {
            Some(argv(command, prompt.as_deref().unwrap_or_default()))
        }
        Work::Gate { command } => Some(argv(command, "")),
        Work::Given => Some("true".to_owned()),
        Work::Agent { preset, prompt, persona } => {
            let role = persona.as_ref().map(|name| {
                let known = facts.personas.iter().find(|(known, _)| known == name);
                known.map_or_else(|| format!("You work as: {name}."), |(_, text)| text.clone())
            });
            let prompt = match role {
                Some(role) => format!("{role}\n\n{prompt}"),
                None => prompt.clone(),
            };
            agent_preset(preset).map(|preset| shell_words(&preset.argv_with(&prompt)))
        }
    }
}

/// Starts a task in the background when everything it needs succeeded. What it only comes after
/// has a `+`.
pub(super) fn start(plan: &Plan, unstarted: &[bool], number: usize) -> String {
    if unstarted[number] {
        return told(plan, number);
    }
    let task = &plan.tasks[number].task;
    let mut words = vec![task.id.to_string()];
    let before = plan.problem.jobs[number].predecessors.iter();
    words.extend(before.filter(|&&first| !unstarted[first]).map(|&first| {
        let id = &plan.tasks[first].task.id;
        let after = plan.orders.iter().any(|order| (order.first, order.then) == (first, number));
        if after && !task.depends_on.contains(id) { format!("+{id}") } else { id.to_string() }
    }));
    let writes = if task.read_only { "no" } else { "yes" };
    let title = match &task.title {
        Some(title) => format!("{}: {title}", task.id),
        None => task.id.to_string(),
    };
    format!(
        "if begin {}; then\n    work {number} {} {} {writes} {} &\nfi\n",
        shell_words(&words),
        shell_word(task.id.as_str()),
        task.retries.saturating_add(1),
        shell_word(&title)
    )
}

/// Merges what succeeded, in the order in which it is predicted to be ready.
pub(super) fn integration(plan: &Plan, unstarted: &[bool]) -> String {
    let started = (0..plan.tasks.len()).filter(|&task| !unstarted[task]);
    let (readers, mut order): (Vec<usize>, Vec<usize>) =
        started.partition(|&task| plan.tasks[task].task.read_only);
    let finish = |task: usize| plan.tasks[task].schedule.finish_s;
    order.sort_by(|&a, &b| finish(a).total_cmp(&finish(b)).then(a.cmp(&b)));
    let heading = "\n# Everything together, on a branch of its own.\n\
        g -C \"$repo\" worktree add --quiet -b \"$branches/_integration\" \
        \"$trees/_integration\" \"$base\"\n";
    let id = |task: &Task| shell_word(task.id.as_str());
    let readers = readers.iter().map(|&task| {
        format!("[ -e \"$trees/.done/\"{} ] || failed=1\n", id(&plan.tasks[task].task))
    });
    let writers = order.iter().map(|&task| format!("collect {}\n", id(&plan.tasks[task].task)));
    std::iter::once(heading.to_owned()).chain(readers).chain(writers).collect()
}

/// Runs what must pass on the merged state.
pub(super) fn validations(plan: &Plan) -> String {
    let each = plan.validations.iter().map(|validation| {
        let seconds = validation.timeout.as_secs().max(1);
        let (name, run) = (shell_word(&validation.name), shell_word(&validation.run));
        format!("validate {name} {seconds} {run}\n")
    });
    each.collect()
}

fn shell_words(words: &[String]) -> String {
    words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ")
}
