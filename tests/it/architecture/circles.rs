//! Folders of one folder that import one another.

use std::collections::{BTreeMap, BTreeSet};

use super::Fault;
use super::layers::own_paths;
use super::source::Source;

/// One import, by the folders it joins: the parent, the importing and the imported child.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    parent: Vec<String>,
    from: String,
    to: String,
}

/// Every import that lies on a circle, reported once for each pair of folders.
pub(crate) fn circles(sources: &[Source]) -> Vec<Fault> {
    let folders = folders(sources);
    let mut first_place = BTreeMap::new();
    for source in sources {
        for (fact, target) in own_paths(source) {
            if let Some(edge) = edge(&source.module, target, &folders) {
                first_place.entry(edge).or_insert((source, fact.line));
            }
        }
    }
    let edges: Vec<&Edge> = first_place.keys().collect();
    first_place
        .iter()
        .filter(|(edge, _)| reaches(&edges, &edge.parent, &edge.to, &edge.from))
        .map(|(edge, &(source, line))| {
            let message = format!(
                "`{}` imports `{}` of `{}`, which leads back to it",
                edge.from,
                edge.to,
                edge.parent.join("::"),
            );
            Fault::new(source, line, "circle", message)
        })
        .collect()
}

/// Modules that have modules of their own in files.
fn folders(sources: &[Source]) -> BTreeSet<&[String]> {
    sources
        .iter()
        .filter(|source| !source.test_only)
        .flat_map(|source| (1..source.module.len()).map(|depth| &source.module[..depth]))
        .collect()
}

/// The place where the two paths part, if folders stand on both sides of it.
fn edge(from: &[String], to: &[String], folders: &BTreeSet<&[String]>) -> Option<Edge> {
    let depth = from.iter().zip(to).take_while(|(a, b)| a == b).count();
    let (a, b) = (from.get(..=depth)?, to.get(..=depth)?);
    (folders.contains(a) && folders.contains(b)).then(|| Edge {
        parent: from[..depth].to_vec(),
        from: from[depth].clone(),
        to: to[depth].clone(),
    })
}

fn reaches(edges: &[&Edge], parent: &[String], from: &str, to: &str) -> bool {
    let mut seen = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        if at == to {
            return true;
        }
        let next = edges.iter().filter(|edge| edge.parent == parent && edge.from == at);
        open.extend(next.map(|edge| edge.to.as_str()).filter(|to| seen.insert(to)));
    }
    false
}

#[test]
fn a_circle_of_folders_is_a_fault_for_each_of_its_imports() {
    let tree = [
        ("src/adapters/git/mod.rs", "mod a;"),
        ("src/adapters/git/a.rs", "\nuse super::super::store::Db;"),
        ("src/adapters/store/mod.rs", "use crate::adapters::host::x;"),
        ("src/adapters/store/a.rs", ""),
        ("src/adapters/host/mod.rs", "fn f() { super::git::a() }"),
        ("src/adapters/host/a.rs", "use crate::adapters::host::b;"),
        ("src/adapters/process/mod.rs", "use crate::adapters::host::x;"),
        ("src/adapters/process/a.rs", "#[cfg(test)] use crate::adapters::process::b;"),
    ];
    let faults = super::faults_in(&tree);
    let shown: Vec<_> = faults.iter().map(|f| (f.path.as_str(), f.line, f.rule)).collect();
    assert_eq!(
        shown,
        [
            ("src/adapters/git/a.rs", 2, "circle"),
            ("src/adapters/host/mod.rs", 1, "circle"),
            ("src/adapters/store/mod.rs", 1, "circle"),
        ]
    );
}
