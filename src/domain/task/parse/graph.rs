//! Dependencies: known, not on oneself, without a cycle. Nothing here recurses over them.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::Written;
use crate::domain::diagnostic::{Diagnostic, Placed, Problems, closest, quoted};

/// Suggestions compare with every id, so only the first problems get one.
const MOST_SUGGESTIONS: usize = 100;

/// Cycles spelled out for one knot of tasks.
const MOST_CYCLES: usize = 10;

/// Tasks of a cycle that are named and pointed at; the rest of a longer one is left out.
const LONGEST_SHOWN: usize = 12;

/// Reports what is wrong with `depends_on`.
pub(super) fn check(tasks: &[Written], problems: &Problems) {
    let mut indices: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, task) in tasks.iter().enumerate() {
        if let Some(id) = &task.id {
            indices.entry(&id.value).or_insert(index);
        }
    }
    let mut suggestions = 0;
    let mut edges: Vec<Vec<(usize, &Range<usize>)>> = Vec::with_capacity(tasks.len());
    for task in tasks {
        let own = task.id.as_ref().map(|id| id.value.as_str());
        let mut targets = Vec::with_capacity(task.depends_on.len());
        for name in &task.depends_on {
            match indices.get(name.value.as_str()) {
                Some(_) if own == Some(name.value.as_str()) => {
                    let message = format!("{} depends on itself", task.subject());
                    problems.push(Diagnostic::error("self_dependency", name.span.clone(), message));
                }
                Some(&index) => targets.push((index, &name.span)),
                None => {
                    suggestions += 1;
                    let known = (suggestions <= MOST_SUGGESTIONS).then_some(&indices);
                    problems.push(unknown(name, &task.subject(), known));
                }
            }
        }
        edges.push(targets);
    }
    let plain: Vec<Vec<usize>> =
        edges.iter().map(|targets| targets.iter().map(|&(to, _)| to).collect()).collect();
    for cycle in cycles(&plain) {
        problems.push(spelled_out(&cycle, tasks, &edges));
    }
}

fn unknown(
    name: &Placed<String>,
    subject: &str,
    known: Option<&BTreeMap<&str, usize>>,
) -> Diagnostic {
    let message = format!("{subject} depends on the unknown task {}", quoted(&name.value));
    let problem = Diagnostic::error("unknown_dependency", name.span.clone(), message);
    if name.value.starts_with("gate.") {
        return problem.help("leave it out: tasks of later phases wait for a gate by themselves");
    }
    match closest(&name.value, known.into_iter().flat_map(|ids| ids.keys().copied())) {
        Some(meant) => problem.labelled(format!("did you mean `{meant}`?")),
        None => problem.help("`depends_on` lists ids of tasks of this file"),
    }
}

fn spelled_out(
    cycle: &[usize],
    tasks: &[Written],
    edges: &[Vec<(usize, &Range<usize>)>],
) -> Diagnostic {
    let name = |index: usize| tasks[index].id.as_ref().map_or("", |id| id.value.as_str());
    let mut shown: Vec<&str> = cycle.iter().map(|&task| name(task)).take(LONGEST_SHOWN).collect();
    if cycle.len() > LONGEST_SHOWN {
        shown.push("…");
        shown.extend(cycle.last().map(|&task| name(task)));
    }
    shown.extend(cycle.first().map(|&task| name(task)));
    let length = match cycle.len() {
        0..=LONGEST_SHOWN => String::new(),
        more => format!(" ({more} tasks)"),
    };
    let links = cycle.iter().zip(cycle.iter().cycle().skip(1)).take(LONGEST_SHOWN);
    let mut problem: Option<Diagnostic> = None;
    for (&from, &to) in links {
        let Some((_, span)) = edges[from].iter().find(|(target, _)| *target == to) else {
            continue;
        };
        let text = format!("`{}` waits for `{}`", name(from), name(to));
        let message = || format!("tasks wait for each other: {}{length}", shown.join(" → "));
        let span = Range::clone(span);
        problem = Some(match problem {
            None => Diagnostic::error("cycle", span, message()).labelled(text),
            Some(problem) => problem.also(span, text),
        });
    }
    let problem =
        problem.unwrap_or_else(|| Diagnostic::error("cycle", 0..0, "tasks wait for each other"));
    problem.help("remove one of these dependencies")
}

/// Cycles of a graph without self-loops, given by the targets of each node: a shortest one through
/// each edge of a knot that no earlier cycle went through. Each starts at its lowest node.
fn cycles(targets: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut graph = DiGraph::<(), (), usize>::with_capacity(targets.len(), targets.len());
    for _ in targets {
        graph.add_node(());
    }
    for (from, to) in pairs(targets) {
        graph.add_edge(NodeIndex::new(from), NodeIndex::new(to), ());
    }
    let mut knots: Vec<Vec<usize>> = kosaraju_scc(&graph)
        .into_iter()
        .filter(|knot| knot.len() > 1)
        .map(|knot| knot.into_iter().map(NodeIndex::index).collect())
        .collect();
    knots.iter_mut().for_each(|knot| knot.sort_unstable());
    knots.sort_unstable();
    let mut found = Vec::new();
    for knot in &knots {
        let members: BTreeSet<usize> = knot.iter().copied().collect();
        let mut seen: BTreeSet<(usize, usize)> = BTreeSet::new();
        let mut of_knot: BTreeSet<Vec<usize>> = BTreeSet::new();
        let inner = |&node: &usize| targets[node].iter().map(move |&to| (node, to));
        for edge in knot.iter().flat_map(inner).filter(|(_, to)| members.contains(to)) {
            if of_knot.len() >= MOST_CYCLES {
                break;
            }
            if seen.contains(&edge) {
                continue;
            }
            let Some(mut cycle) = shortest_path(targets, &members, (edge.1, edge.0)) else {
                continue;
            };
            let links = cycle.iter().copied().zip(cycle.iter().copied().cycle().skip(1));
            seen.extend(links);
            let lowest = cycle.iter().enumerate().min_by_key(|&(_, node)| *node);
            let start = lowest.map_or(0, |(at, _)| at);
            cycle.rotate_left(start);
            of_knot.insert(cycle);
        }
        found.extend(of_knot);
    }
    found
}

fn pairs(targets: &[Vec<usize>]) -> impl Iterator<Item = (usize, usize)> {
    targets.iter().enumerate().flat_map(|(from, all)| all.iter().map(move |&to| (from, to)))
}

/// A shortest path between two nodes that stays within `members`, both ends included.
fn shortest_path(
    targets: &[Vec<usize>],
    members: &BTreeSet<usize>,
    (start, end): (usize, usize),
) -> Option<Vec<usize>> {
    let mut came_from: BTreeMap<usize, usize> = BTreeMap::from([(start, start)]);
    let mut waiting = VecDeque::from([start]);
    while let Some(node) = waiting.pop_front() {
        if node == end {
            let mut path = vec![node];
            let mut at = node;
            while at != start {
                at = came_from[&at];
                path.push(at);
            }
            path.reverse();
            return Some(path);
        }
        for &next in targets[node].iter().filter(|next| members.contains(next)) {
            if let Entry::Vacant(place) = came_from.entry(next) {
                place.insert(node);
                waiting.push_back(next);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_knot_is_untied_by_its_shortest_cycles() {
        assert_eq!(cycles(&[vec![1], vec![2], vec![]]), [[0; 0]; 0]);
        assert_eq!(cycles(&[vec![1], vec![0]]), [[0, 1]]);
        assert_eq!(cycles(&[vec![1], vec![0, 2], vec![1]]), [[0, 1], [1, 2]]);
        assert_eq!(cycles(&[vec![2], vec![0], vec![1]]), [[0, 2, 1]]);
        assert_eq!(cycles(&[vec![1], vec![2], vec![0, 1], vec![0]]), [vec![0, 1, 2], vec![1, 2]]);
        assert_eq!(cycles(&[vec![1, 1], vec![0, 0]]), [[0, 1]]);
    }

    #[test]
    fn long_rings_and_dense_knots_end_soon() {
        let n = 20_000;
        let ring: Vec<Vec<usize>> = (0..n).map(|i| vec![(i + 1) % n]).collect();
        assert_eq!(cycles(&ring).len(), 1);
        let dense: Vec<Vec<usize>> =
            (0..200).map(|i| (0..200).filter(|j| *j != i).collect()).collect();
        assert_eq!(cycles(&dense).len(), MOST_CYCLES);
    }
}
