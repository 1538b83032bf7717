//! `foreach`: one task for each item of a list, or for each path of the base that a glob matches.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::value;
use crate::domain::diagnostic::{Diagnostic, Placed, Problems, Table, closest, quoted};
use crate::domain::id::{SLUG_MAX, TaskId, slugify};
use crate::domain::task::{ClaimError, Glob, Task};

/// Most tasks that a file with `foreach` stands for.
pub(super) const MOST_TASKS: usize = 5_000;

/// Most dependencies of these tasks: two `foreach` that depend on one another multiply.
const MOST_DEPENDENCIES: usize = 200_000;

/// Entries of a folder that a message lists.
const MOST_LISTED: usize = 8;

/// Bytes of an id that are kept for the id of the file.
const LONGEST_STEM: usize = 40;

/// What is in the place of the items while nobody knows the base.
const STAND_IN: &str = "item";

/// `foreach` as written.
pub(super) struct Foreach {
    span: Range<usize>,
    source: Source,
}

enum Source {
    List(Vec<Placed<String>>),
    Glob(Glob),
}

impl Foreach {
    pub(super) fn read(table: &mut Table<'_>, problems: &Problems) -> Option<Self> {
        let written = table.one_or_more("foreach")?;
        let span = written.span.clone();
        let is_glob = matches!(&written.value[..], [one] if one.span == span);
        if is_glob {
            let text = &written.value[0];
            let source = match Glob::parse(text.value.trim_end_matches('/')) {
                Ok(_) => Glob::parse(&text.value).map(Source::Glob),
                Err(error) => Err(error),
            };
            return match source {
                Ok(source) => Some(Self { span, source }),
                Err(error) => {
                    let message = format!("the glob {} {error}", quoted(&text.value));
                    problems.push(Diagnostic::error("bad_glob", span, message));
                    None
                }
            };
        }
        let mut seen: BTreeMap<&str, &Range<usize>> = BTreeMap::new();
        let mut sound = true;
        for item in &written.value {
            sound &= value::sound("an item of `foreach`", item, problems);
            if let Some(first) = seen.insert(&item.value, &item.span) {
                let message = format!("the item {} is there twice", quoted(&item.value));
                let problem = Diagnostic::error("duplicate_item", item.span.clone(), message);
                problems.push(problem.also(first.clone(), "first here"));
                sound = false;
            }
        }
        if written.value.is_empty() {
            let problem = Diagnostic::error("empty", span.clone(), "`foreach` has no item");
            problems.push(problem.help("name items, or write a glob: `foreach = \"crates/*\"`"));
            sound = false;
        }
        sound.then_some(Self { span, source: Source::List(written.value) })
    }

    /// Whether the paths of the base are needed.
    pub(super) fn is_glob(&self) -> bool {
        matches!(self.source, Source::Glob(_))
    }

    /// The items, each with the text that its id comes from; `None` means that an error was recorded.
    pub(super) fn items(
        &self,
        paths: Option<&[String]>,
        problems: &Problems,
    ) -> Option<Vec<(String, String)>> {
        let glob = match &self.source {
            Source::List(items) => {
                let both = |item: &Placed<String>| (item.value.clone(), item.value.clone());
                return Some(items.iter().map(both).collect());
            }
            Source::Glob(glob) => glob,
        };
        let Some(paths) = paths else {
            return Some(vec![(glob.as_str().to_owned(), STAND_IN.to_owned())]);
        };
        let found = matching(glob.as_str(), paths);
        if found.is_empty() {
            problems.push(self.no_match(glob.as_str(), paths));
            return None;
        }
        let prefix = literal_folder(glob.as_str());
        let label = |path: &String| path.strip_prefix(&prefix).unwrap_or(path).to_owned();
        Some(found.iter().map(|path| (path.clone(), label(path))).collect())
    }

    fn no_match(&self, glob: &str, paths: &[String]) -> Diagnostic {
        let mut folder = literal_folder(glob);
        while !folder.is_empty() && !paths.iter().any(|path| path.starts_with(&folder)) {
            let above = folder.trim_end_matches('/').rfind('/').map_or(0, |at| at + 1);
            folder.truncate(above);
        }
        let inside = paths.iter().filter_map(|path| path.strip_prefix(&folder));
        let entries: BTreeSet<String> = inside
            .filter_map(|rest| {
                let name = rest.split('/').next().filter(|name| !name.is_empty())?;
                Some(if name.len() < rest.len() { format!("{name}/") } else { name.to_owned() })
            })
            .collect();
        let message = format!("nothing in the base matches the glob {}", quoted(glob));
        let problem = Diagnostic::error("no_items", self.span.clone(), message);
        let wanted = glob.strip_prefix(&folder).unwrap_or(glob).split('/').next();
        let names = entries.iter().map(|entry| entry.trim_end_matches('/'));
        let problem = match wanted.and_then(|wanted| closest(wanted, names)) {
            Some(meant) => problem.labelled(format!("did you mean `{folder}{meant}`?")),
            None => problem,
        };
        let more = if entries.len() > MOST_LISTED { ", …" } else { "" };
        let shown: Vec<String> =
            entries.iter().take(MOST_LISTED).map(|entry| format!("`{folder}{entry}`")).collect();
        problem.help(match shown.len() {
            0 => "the base has no files".to_owned(),
            _ => format!("there is: {}{more}", shown.join(", ")),
        })
    }
}

/// Files and folders of the paths that a glob matches as they are, in order. A glob that ends with
/// `/` matches folders only; one without wildcards only what has this very name.
fn matching(text: &str, paths: &[String]) -> Vec<String> {
    let only_folders = text.ends_with('/');
    let text = text.trim_end_matches('/');
    let Ok(glob) = Glob::parse(text) else { return Vec::new() };
    let is_name = !text.contains(['*', '?', '[', '{', '\\']);
    let mut candidates: BTreeSet<&str> = BTreeSet::new();
    for path in paths {
        if !only_folders {
            candidates.insert(path);
        }
        for (at, _) in path.rmatch_indices('/') {
            if !candidates.insert(&path[..at]) {
                break;
            }
        }
    }
    let is_meant = |path: &&str| if is_name { *path == text } else { glob.matches(path) };
    candidates.into_iter().filter(is_meant).map(str::to_owned).collect()
}

/// The folders that a glob names before its first wildcard, with a final `/`; else empty.
fn literal_folder(glob: &str) -> String {
    let end = glob.find(['*', '?', '[', '{', '\\']).unwrap_or(glob.len());
    glob[..glob[..end].rfind('/').map_or(0, |at| at + 1)].to_owned()
}

/// A `foreach` with its items, each with the text that its id comes from.
pub(super) type Items = (Foreach, Vec<(String, String)>);

/// Every task with `foreach` replaced by one for each of its items; what depends on it depends on
/// all of them. `None` means that an error was recorded.
pub(super) fn expanded(
    tasks: Vec<Task>,
    foreach: &[Option<Items>],
    problems: &Problems,
) -> Option<Vec<Task>> {
    let Some((last, _)) = foreach.iter().flatten().last() else { return Some(tasks) };
    let items = |of: &Option<Items>| of.as_ref().map_or(1, |(_, items)| items.len());
    let total: usize = foreach.iter().map(items).sum();
    if total > MOST_TASKS {
        let message =
            format!("the file stands for {total} tasks; at most {MOST_TASKS} are planned");
        let problem = Diagnostic::error("too_many_tasks", last.span.clone(), message);
        problems.push(problem.help("take fewer items: let one task do several of them"));
        return None;
    }
    let mut taken: BTreeSet<String> = tasks.iter().map(|task| task.id.to_string()).collect();
    let mut made: Vec<Task> = Vec::with_capacity(total);
    let mut ids: BTreeMap<TaskId, Vec<TaskId>> = BTreeMap::new();
    let mut sound = true;
    for (task, foreach) in tasks.into_iter().zip(foreach) {
        let Some((foreach, items)) = foreach else {
            made.push(task);
            continue;
        };
        for (item, label) in items {
            let id = free_id(task.id.as_str(), label, &mut taken)?;
            match task.for_item(id.clone(), item) {
                Ok(one) => made.push(one),
                Err(error) => {
                    problems.push(unusable(item, &error, &foreach.span));
                    sound = false;
                }
            }
            ids.entry(task.id.clone()).or_default().push(id);
        }
    }
    let mut dependencies = 0;
    for task in &mut made {
        let of = |id: &TaskId| ids.get(id).cloned();
        let named = std::mem::take(&mut task.depends_on);
        task.depends_on =
            named.into_iter().flat_map(|id| of(&id).unwrap_or_else(|| vec![id])).collect();
        dependencies += task.depends_on.len();
        let when = task.pattern.when.take();
        task.pattern.when = when.map(|when| when.over_items(&of));
        if dependencies > MOST_DEPENDENCIES {
            let message = "every item depends on every item of another `foreach`: too many pairs";
            let problem = Diagnostic::error("too_many_tasks", last.span.clone(), message);
            problems.push(problem.help("put a task between the two that depends on all of one"));
            return None;
        }
    }
    sound.then_some(made)
}

fn unusable(item: &str, error: &ClaimError, span: &Range<usize>) -> Diagnostic {
    let message = format!("with the item {} in place a glob of this task {error}", quoted(item));
    Diagnostic::error("bad_item", span.clone(), message)
}

/// `{id}.{item}` as an id that no task has: cut to length, numbered where two are equal.
fn free_id(stem: &str, label: &str, taken: &mut BTreeSet<String>) -> Option<TaskId> {
    // Room for the dot and a number up to `MOST_TASKS`.
    const NUMBER: usize = 5;
    let has_any = label.contains(|c: char| c.is_ascii_alphanumeric());
    let slug = if has_any { slugify(label) } else { "item".to_owned() };
    let stem = if stem.len() + 1 + slug.len() + NUMBER > SLUG_MAX {
        stem[..stem.len().min(LONGEST_STEM)].trim_end_matches(['.', '-', '_'])
    } else {
        stem
    };
    let room = (SLUG_MAX - NUMBER - 1).saturating_sub(stem.len());
    let slug = slug[..slug.len().min(room)].trim_end_matches(['.', '-', '_']);
    (1..=MOST_TASKS).find_map(|number| {
        let text = match number {
            1 => format!("{stem}.{slug}"),
            number => format!("{stem}.{slug}-{number}"),
        };
        let id: TaskId = text.parse().ok()?;
        taken.insert(text).then_some(id)
    })
}

#[cfg(test)]
mod tests;
