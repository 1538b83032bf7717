//! The worktrees of a run as a tree.

use std::collections::BTreeMap;

use crate::domain::run::RunState;

/// A worktree with the branches that were worked on in it.
struct Place<'a> {
    path: &'a str,
    notes: Vec<String>,
}

/// The tree below the folder that all worktrees share; `root` is the user's own checkout.
pub(super) fn layout_lines(state: &RunState, root: Option<&str>) -> Vec<String> {
    let mut places: BTreeMap<&str, Place<'_>> = BTreeMap::new();
    if let Some(root) = root {
        let note = "your checkout".to_owned();
        places.insert(root, Place { path: root, notes: vec![note] });
    }
    for (index, place) in state.spec.places.iter().enumerate() {
        let record = &state.tasks[index];
        if record.attempts == 0 {
            continue;
        }
        let from: Vec<&str> = record.from.iter().map(|(task, _)| task.as_str()).collect();
        let base = if from.is_empty() { "base".to_owned() } else { from.join(" + ") };
        let note = match &place.branch {
            Some(branch) => format!("{branch} from {base}"),
            None => format!("`{}` at {base}", state.task(index).id),
        };
        places
            .entry(&place.worktree)
            .or_insert_with(|| Place { path: &place.worktree, notes: Vec::new() })
            .notes
            .push(note);
    }
    let places: Vec<Place<'_>> = places.into_values().collect();
    tree(&places)
}

fn tree(places: &[Place<'_>]) -> Vec<String> {
    let Some(shared) = shared_folder(places) else { return Vec::new() };
    let name = |place: &Place<'_>| format!("{}/", place.path[shared.len()..].trim_matches('/'));
    let width = places.iter().map(|place| name(place).chars().count()).max().unwrap_or(0);
    let mut lines = vec![format!("{}/", shared.trim_end_matches('/'))];
    for (at, place) in places.iter().enumerate() {
        let last = at + 1 == places.len();
        let (branch, trunk) = if last { ("└── ", "    ") } else { ("├── ", "│   ") };
        let name = name(place);
        for (nth, note) in place.notes.iter().enumerate() {
            let (lead, name) = if nth == 0 { (branch, name.as_str()) } else { (trunk, "") };
            lines.push(format!("{lead}{name:width$}  {note}"));
        }
    }
    lines
}

/// The deepest folder that holds all places, without a final `/`.
fn shared_folder<'a>(places: &[Place<'a>]) -> Option<&'a str> {
    let mut shared = parent(places.first()?.path);
    for place in places {
        while !is_inside(place.path, shared) {
            shared = parent(shared);
        }
    }
    Some(shared)
}

fn parent(path: &str) -> &str {
    path.trim_end_matches('/').rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn is_inside(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(paths: &[&str]) -> String {
        let place = |path| Place { path, notes: vec!["note".to_owned()] };
        let places: Vec<Place<'_>> = paths.iter().copied().map(place).collect();
        tree(&places).join("\n")
    }

    #[test]
    fn neighbours_hang_below_the_folder_they_share() {
        insta::assert_snapshot!(drawn(&["/home/u/repo", "/home/u/repo-api", "/home/u/w/db"]), @r"
        /home/u/
        ├── repo/      note
        ├── repo-api/  note
        └── w/db/      note
        ");
    }

    #[test]
    fn worktrees_without_a_common_folder_hang_below_the_root() {
        insta::assert_snapshot!(drawn(&["/a/x", "/b/y"]), @r"
        /
        ├── a/x/  note
        └── b/y/  note
        ");
        assert_eq!(drawn(&[]), "");
        assert_eq!(drawn(&["relative"]).lines().count(), 2);
    }
}
