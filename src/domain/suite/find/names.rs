//! Names that no two modules share, also as ids of tasks.

use std::collections::{BTreeMap, BTreeSet};

use super::configured::key as configured_key;
use super::draft::Draft;
use crate::domain::diagnostic::{quoted, some_quoted};
use crate::domain::id::{SLUG_MAX, TaskId, slugify, stable_hash};
use crate::domain::suite::{Module, ModuleKind, SuiteRules};

/// What begins the end of the id of a part.
const PART: &str = ".part";

/// The task that runs a module as a whole. Modules that were found together have different ones.
pub fn task_id(name: &str) -> Option<TaskId> {
    slug(name).parse().ok()
}

/// The task that runs one part of a module; no other module or part has it. `number` counts from 1.
pub fn part_task_id(name: &str, number: usize) -> Option<TaskId> {
    let end = format!("{PART}{number}");
    let whole = slug(name);
    let id = match whole.len() + end.len() > SLUG_MAX {
        true => format!("{:08x}{end}", digest(name)),
        false => format!("{whole}{end}"),
    };
    id.parse().ok()
}

fn slug(name: &str) -> String {
    let slug = slugify(name);
    // `slugify` cuts what is longer: two names may begin alike.
    if slug.len() + 8 < SLUG_MAX { slug } else { format!("{:.54}-{:08x}", slug, digest(name)) }
}

/// Short, and the same everywhere.
fn digest(text: &str) -> u64 {
    stable_hash(&[text.as_bytes()]) & 0xffff_ffff
}

/// Puts together what was found and what the settings name: what these leave out goes, what they name
/// replaces what was found under that name, and names that clash are told apart.
pub(super) fn named(
    found: Vec<Draft>,
    configured: Vec<Draft>,
    rules: &SuiteRules,
    notes: &mut Vec<String>,
) -> Vec<Module> {
    let found = without_excluded(found, rules, notes);
    let drafts = overridden(found, configured, rules);
    let names = unique(&drafts, notes);
    let by_key: BTreeMap<&str, &str> = drafts
        .iter()
        .zip(&names)
        .map(|(draft, name)| (draft.key.as_str(), name.as_str()))
        .collect();
    let mut modules = Vec::new();
    for (draft, name) in drafts.iter().zip(&names) {
        let mut depends_on: BTreeSet<&str> =
            draft.uses.iter().filter_map(|key| by_key.get(key.as_str()).copied()).collect();
        let said = rules.modules.get(&draft.module.name);
        let said = said.filter(|_| draft.module.kind == ModuleKind::Configured);
        for wanted in said.into_iter().flat_map(|module| &module.depends_on) {
            match names.iter().find(|name| name.eq_ignore_ascii_case(wanted)) {
                Some(known) => {
                    depends_on.insert(known);
                }
                None => notes.push(format!(
                    "`[test.modules.{name}]` depends on {}, which is no module",
                    quoted(wanted)
                )),
            }
        }
        depends_on.remove(name.as_str());
        modules.push(Module {
            name: name.clone(),
            depends_on: depends_on.into_iter().map(str::to_owned).collect(),
            ..draft.module.clone()
        });
    }
    modules
}

/// What uses a module that is left out is touched by what touches that.
fn without_excluded(drafts: Vec<Draft>, rules: &SuiteRules, notes: &mut Vec<String>) -> Vec<Draft> {
    let is_out = |draft: &Draft, name: &str| {
        let kind = draft.module.kind.word();
        draft.module.name.eq_ignore_ascii_case(name)
            || format!("{kind}:{}", draft.module.name).eq_ignore_ascii_case(name)
            || at_folder(draft).eq_ignore_ascii_case(name)
    };
    for name in rules.exclude.iter().filter(|_| rules.discover) {
        if !drafts.iter().any(|draft| is_out(draft, name)) {
            notes.push(format!("`test.exclude` has {}, which is no module", quoted(name)));
        }
    }
    let excluded = |draft: &Draft| rules.exclude.iter().any(|name| is_out(draft, name));
    let (out, mut kept): (Vec<Draft>, Vec<Draft>) = drafts.into_iter().partition(excluded);
    for draft in &mut kept {
        let mut open: Vec<String> = draft.uses.iter().cloned().collect();
        let mut seen = BTreeSet::new();
        while let Some(key) = open.pop() {
            let gone = out.iter().find(|gone| gone.key == key);
            let Some(gone) = gone.filter(|_| seen.insert(key)) else { continue };
            draft.module.areas.extend(gone.module.areas.iter().cloned());
            draft.uses.extend(gone.uses.iter().cloned());
            open.extend(gone.uses.iter().cloned());
        }
    }
    kept
}

/// A module of the settings takes over what it does not say itself.
fn overridden(found: Vec<Draft>, mut configured: Vec<Draft>, rules: &SuiteRules) -> Vec<Draft> {
    let mut kept = Vec::new();
    let mut replaced = BTreeMap::new();
    for draft in found {
        let own = |c: &&mut Draft| c.module.name.eq_ignore_ascii_case(&draft.module.name);
        let Some(own) = configured.iter_mut().find(own) else {
            kept.push(draft);
            continue;
        };
        replaced.insert(draft.key, own.key.clone());
        let said = rules.modules.get(&own.module.name);
        if said.is_none_or(|said| said.paths.is_none()) {
            own.module.folder = draft.module.folder;
            own.module.areas = draft.module.areas;
            own.module.paths = draft.module.paths;
        }
        own.module.why = format!("{} instead of the {}", own.module.why, draft.module.why);
        own.uses.extend(draft.uses);
    }
    kept.extend(configured);
    for draft in &mut kept {
        draft.uses = std::mem::take(&mut draft.uses)
            .into_iter()
            .map(|key| replaced.get(&key).cloned().unwrap_or(key))
            .collect();
    }
    kept
}

/// A name for each draft, in their order.
fn unique(drafts: &[Draft], notes: &mut Vec<String>) -> Vec<String> {
    let mut alike: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, draft) in drafts.iter().enumerate() {
        alike.entry(slug(&draft.module.name)).or_default().push(at);
    }
    let mut names: Vec<String> = drafts.iter().map(|draft| printable(&draft.module.name)).collect();
    let is_own = |at: usize| drafts[at].key == configured_key(&drafts[at].module.name);
    let mut renamed = Vec::new();
    for (slug, places) in &alike {
        // Of several that the settings name alike the first keeps its name.
        let own = places.iter().copied().find(|at| is_own(*at));
        let of_kind = |kind| places.iter().filter(|at| drafts[**at].module.kind == kind).count();
        for &at in places {
            let kind = drafts[at].module.kind;
            if !is_part(slug) && (places.len() == 1 || own == Some(at)) {
                continue;
            }
            names[at] = match of_kind(kind) {
                _ if is_own(at) && places.len() > 1 => names[at].clone(),
                1 => format!("{}:{}", kind.word(), names[at]),
                _ => at_folder(&drafts[at]),
            };
            renamed.push(at);
        }
    }
    let mut taken: BTreeSet<String> =
        (0..drafts.len()).filter(|at| !renamed.contains(at)).map(|at| slug(&names[at])).collect();
    for &at in &renamed {
        let wanted = names[at].clone();
        let mut number = 2;
        while is_part(&slug(&names[at])) || !taken.insert(slug(&names[at])) {
            names[at] = format!("{wanted}-{number}");
            number += 1;
        }
    }
    for places in alike.values().filter(|places| places.len() > 1) {
        let told: Vec<&str> = places.iter().map(|at| names[*at].as_str()).collect();
        let plain = printable(&drafts[places[0]].module.name);
        notes.push(format!(
            "modules with the name {} are {}",
            quoted(&plain),
            some_quoted(&told, 8)
        ));
    }
    names
}

/// Whether the id of a module could be that of a part.
fn is_part(slug: &str) -> bool {
    let number = slug.rsplit_once(PART).map(|(_, number)| number);
    number.is_some_and(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()))
}

fn at_folder(draft: &Draft) -> String {
    let Module { name, folder, .. } = &draft.module;
    format!("{}@{}", printable(name), if folder.is_empty() { "root" } else { folder })
}

fn printable(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '_' } else { c }).collect()
}

#[cfg(test)]
mod tests;
