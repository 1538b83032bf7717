//! Which packages are in a workspace.

use std::collections::BTreeSet;

use globset::GlobBuilder;

use super::manifest::Manifest;
use super::{MANIFEST, Manifests, joined};
use crate::domain::suite::find::tree::{resolved, within};

/// A workspace, or a package that is in none.
pub(super) struct Space {
    /// Its folder.
    pub(super) root: String,
    /// Folders of its packages, sorted.
    pub(super) members: BTreeSet<String>,
    pub(super) is_workspace: bool,
}

impl Space {
    pub(super) fn single(folder: &str) -> Self {
        let members = BTreeSet::from([folder.to_owned()]);
        Self { root: folder.to_owned(), members, is_workspace: false }
    }
}

impl Manifests<'_> {
    /// The members of the workspace in a folder.
    pub(super) fn members(&self, root: &str, notes: &mut Vec<String>) -> Space {
        let none = Space { root: root.to_owned(), members: BTreeSet::new(), is_workspace: true };
        let Some(manifest) = self.sound.get(root) else { return none };
        let mut members = BTreeSet::new();
        let mut open = Vec::new();
        if manifest.name().is_some() {
            members.insert(root.to_owned());
            open.push(root.to_owned());
        }
        let rule = Membership::of(manifest, notes);
        for pattern in &rule.members {
            for folder in self.matching(manifest, pattern, notes) {
                if rule.admits(&folder) && members.insert(folder.clone()) {
                    open.push(folder);
                }
            }
        }
        while let Some(folder) = open.pop() {
            let Some(member) = self.sound.get(folder.as_str()) else { continue };
            for used in member.used_folders(Some(manifest)) {
                let package = self.sound.get(used.as_str());
                let is_below = within(&used, root).is_some();
                let of_its_own = package.is_none_or(|package| package.workspace().is_some());
                if is_below && !of_its_own && rule.admits(&used) && members.insert(used.clone()) {
                    open.push(used);
                }
            }
        }
        Space { members, ..none }
    }

    /// Folders of manifests that an item of `members` names.
    fn matching(&self, root: &Manifest, pattern: &str, notes: &mut Vec<String>) -> Vec<String> {
        let Some(path) = resolved(&root.folder, pattern) else {
            let cited = root.cited(pattern);
            notes.push(format!("{cited} of `members` leads out of the repository"));
            return Vec::new();
        };
        if !pattern.contains(['*', '?', '[']) {
            let there = self.search.tree.has(&joined(&path, MANIFEST));
            if !there {
                let cited = root.cited(pattern);
                notes.push(format!("{cited} of `members` has no {MANIFEST}"));
            }
            return if there { vec![path] } else { Vec::new() };
        }
        let glob = GlobBuilder::new(&path).literal_separator(true).build();
        let Ok(glob) = glob.map(|glob| glob.compile_matcher()) else {
            notes.push(format!("{} of `members` is no glob", root.cited(pattern)));
            return Vec::new();
        };
        let all = self.folders.iter().filter(|folder| glob.is_match(folder));
        all.map(|folder| (*folder).to_owned()).collect()
    }
}

/// `members` and `exclude` of a workspace.
struct Membership<'m> {
    members: Vec<&'m str>,
    named: Vec<String>,
    excluded: Vec<String>,
}

impl<'m> Membership<'m> {
    fn of(root: &'m Manifest, notes: &mut Vec<String>) -> Self {
        let members = root.list("members", notes);
        let folders = |list: &[&str]| -> Vec<String> {
            list.iter().filter_map(|path| resolved(&root.folder, path)).collect()
        };
        let excluded = folders(&root.list("exclude", notes));
        Self { named: folders(&members), members, excluded }
    }

    /// As cargo has it: what is excluded is in all the same if `members` names it, or a folder around
    /// it, without a glob.
    fn admits(&self, folder: &str) -> bool {
        let beneath = |list: &[String]| list.iter().any(|outer| within(folder, outer).is_some());
        !beneath(&self.excluded) || beneath(&self.named)
    }
}
