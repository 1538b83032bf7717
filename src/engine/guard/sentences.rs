//! What was found, in words.

use std::path::Path;

use crate::adapters::git::{ProgramChange, SharedChange};
use crate::domain::diagnostic;

/// Most names in one sentence.
const NAMED: usize = 3;

/// How folders are called.
#[derive(Clone, Copy)]
pub(super) struct FolderNames<'a> {
    /// The user's checkout.
    pub(super) root: &'a Path,
}

impl FolderNames<'_> {
    fn file(self, path: &Path) -> String {
        path.strip_prefix(self.root).unwrap_or(path).display().to_string()
    }

    fn worktree(self, path: &Path) -> String {
        if path == self.root {
            "your checkout".to_owned()
        } else {
            format!("the worktree `{}`", path.display())
        }
    }
}

/// Settings that run programs: "`core.fsmonitor` in `.git/config`".
pub(super) fn setting_names(
    keys: &[String],
    file: &Path,
    damaged: bool,
    names: FolderNames<'_>,
) -> String {
    let file = names.file(file);
    if damaged { format!("`{file}`") } else { format!("{} in `{file}`", quoted(keys)) }
}

/// What was done about something that runs programs.
pub(super) fn put_back_note(
    what: &str,
    done: &Result<(), String>,
    copy: Option<&Path>,
    commands: &[String],
) -> String {
    let mut parts = vec![match done {
        Ok(()) => format!("{what} changed, which runs programs, and was put back"),
        Err(why) => {
            format!("{what} changed, which runs programs, and could not be put back: {why}")
        }
    }];
    parts.extend(copy.map(|copy| format!("what was found is kept as `{}`", copy.display())));
    if done.is_ok() && !commands.is_empty() {
        parts.push(format!("if you want it: {}", in_backticks(commands).join(", ")));
    }
    parts.join("; ")
}

/// What runs programs and changed while nobody looked.
pub(super) fn programs_changed(change: &ProgramChange, names: FolderNames<'_>) -> String {
    let what = match &change.what {
        SharedChange::Hook { name } => hook_name(name),
        SharedChange::ExecutableSettings { file, names: keys, damaged, .. } => {
            setting_names(keys, file, *damaged, names)
        }
        other @ (SharedChange::Settings { .. }
        | SharedChange::File { .. }
        | SharedChange::Head { .. }
        | SharedChange::Worktree { .. }) => told(other, names),
    };
    let mut parts = vec![
        format!(
            "{what}, which runs programs, changed since `wt-orch` last looked, before it was killed"
        ),
        "it was left so, as it may have been you".to_owned(),
    ];
    if !change.undo.is_empty() {
        parts.push(format!("if not: {}", in_backticks(&change.undo).join(", ")));
    }
    parts.extend(
        change.copy.iter().map(|copy| format!("all that it was is kept as `{}`", copy.display())),
    );
    parts.join("; ")
}

/// "the hook `pre-push`", "the folder of hooks".
pub(super) fn hook_name(name: &Path) -> String {
    match name.as_os_str().is_empty() {
        true => "the folder of hooks".to_owned(),
        false => format!("the hook `{}`", name.display()),
    }
}

/// What was left as it is.
pub(super) fn told(change: &SharedChange, names: FolderNames<'_>) -> String {
    match change {
        SharedChange::ExecutableSettings { file, names: keys, damaged, .. } => {
            format!("{} changed", setting_names(keys, file, *damaged, names))
        }
        SharedChange::Settings { file, names: keys } => {
            format!("{} changed in `{}`; it was left so", quoted(keys), names.file(file))
        }
        SharedChange::Hook { name } => format!("the hook `{}` changed", name.display()),
        SharedChange::File { name, added } if added.is_empty() => {
            format!("`{name}` changed in git's own folder; it was left so")
        }
        SharedChange::File { name, added } => {
            format!("`{name}` in git's own folder got {}; it was left so", quoted(added))
        }
        SharedChange::Head { worktree, old, new } => {
            let whose = names.worktree(worktree);
            format!("HEAD of {whose} went from `{old}` to `{new}`; it was left there")
        }
        SharedChange::Worktree { path, added: true } => {
            format!("the worktree `{}` was made; it was left there", path.display())
        }
        SharedChange::Worktree { path, added: false } => {
            format!("the worktree `{}` is not known to git any more", path.display())
        }
    }
}

/// The first few names, in backticks.
pub(super) fn quoted(names: &[String]) -> String {
    diagnostic::some_quoted(names, NAMED)
}

/// The first few of these.
pub(super) fn some_of(names: &[String]) -> String {
    diagnostic::some_of(names, NAMED)
}

fn in_backticks(names: &[String]) -> Vec<String> {
    names.iter().map(|name| format!("`{name}`")).collect()
}
