//! Scenarios of `--what-if` side by side.

use super::plan_facts::percent;
use super::prediction::{human, range};
use super::prose::Line;
use super::section::{Block, Section, Table};
use crate::domain::plan::{Binding, Compared, Verdict};

/// The section; `None` when nothing was asked.
pub(super) fn scenarios(compared: &[Compared]) -> Option<Section> {
    if compared.is_empty() {
        return None;
    }
    let in_time = compared.iter().any(|scenario| scenario.in_time.is_some());
    let mut headings = vec![">#", "Verdict", ">Landed", "95 %", ">Saved", ">Sure", "Bound by"];
    if in_time {
        headings.push(">In time");
    }
    let mut table = Table::new(&headings);
    let numbered = || compared.iter().enumerate();
    table.rows = numbered().map(|(number, scenario)| row(number, scenario, in_time)).collect();
    let sentences = numbered().map(|(number, scenario)| sentence(number, scenario)).collect();
    let blocks = vec![Block::Table(table), Block::List(sentences)];
    Some(Section { heading: "What if", blocks })
}

fn sentence(number: usize, scenario: &Compared) -> Line {
    let line = Line::new().text(format!("{number} "));
    match &scenario.changes {
        Some(changes) => line.code(changes).text(": ").join(Line::prose(&scenario.sentence)),
        None => line.text(scenario.sentence.clone()),
    }
}

fn row(number: usize, scenario: &Compared, in_time: bool) -> Vec<Line> {
    let text = |text: String| Line::new().text(text);
    let verdict = match scenario.verdict {
        Verdict::Parallel => format!("parallel {}", scenario.width),
        Verdict::Sequential => "sequential".to_owned(),
    };
    let mut row = vec![
        text(number.to_string()),
        text(verdict),
        text(human(scenario.landed.p50)),
        text(range(&scenario.landed)),
        text(saved(scenario)),
        text(percent(scenario.probability)),
        text(binding_word(scenario.binding).to_owned()),
    ];
    if in_time {
        row.push(text(scenario.in_time.map_or_else(|| "-".to_owned(), percent)));
    }
    row
}

fn saved(scenario: &Compared) -> String {
    match scenario.changes {
        None => String::new(),
        Some(_) if scenario.saving_s < 0.0 => format!("-{}", human(-scenario.saving_s)),
        Some(_) => human(scenario.saving_s),
    }
}

fn binding_word(binding: Binding) -> &'static str {
    match binding {
        Binding::CriticalPath => "path",
        Binding::Cores => "cores",
        Binding::Memory => "memory",
        Binding::Slots => "slots",
        Binding::Capacity => "capacity",
        Binding::Claims => "claims",
        Binding::Locks => "locks",
        Binding::MergeLane => "merging",
        Binding::Overhead => "overhead",
    }
}
