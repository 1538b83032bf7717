//! What agents said of their work, for people.

use super::prose::Line;
use super::section::{Block, Section, Table};
use crate::domain::run::{AgentReport, RunState};
use crate::domain::task::Work;

/// Tokens and cost of each task with an agent that told of them, over all attempts.
pub(super) fn agents(state: &RunState) -> Option<Section> {
    let mut table = Table::new(&["Task", "Agent", ">Read", ">From cache", ">Written", ">Cost"]);
    let mut all: Option<AgentReport> = None;
    for (index, record) in state.tasks.iter().enumerate() {
        let task = state.task(index);
        let (Some(report), Work::Agent { preset, .. }) = (&record.agent, &task.work) else {
            continue;
        };
        if report.tokens.is_none() && report.cost_micro_usd.is_none() {
            continue;
        }
        table.rows.push(row(task.id.as_str(), preset, report));
        all = Some(all.map_or_else(|| (**report).clone(), |before| before.followed_by(report)));
    }
    let all = all?;
    if table.rows.len() > 1 {
        table.rows.push(row("all, as far as told", "", &all));
    }
    Some(Section { heading: "Agents", blocks: vec![Block::Table(table)] })
}

fn row(name: &str, agent: &str, report: &AgentReport) -> Vec<Line> {
    let unknown = || "-".to_owned();
    let [input, cached, output] = report.tokens.map_or_else(
        || [unknown(), unknown(), unknown()],
        |tokens| [tokens.input, tokens.cached, tokens.output].map(grouped),
    );
    let cost = report.cost_micro_usd.map_or_else(unknown, dollars);
    [name.to_owned(), agent.to_owned(), input, cached, output, cost]
        .map(|cell| Line::new().text(cell))
        .to_vec()
}

/// `1234567` as `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    groups.map(|group| String::from_utf8_lossy(group)).collect::<Vec<_>>().join(",")
}

/// Cents, or four places below a dollar.
fn dollars(micro_usd: u64) -> String {
    let dollars = micro_usd as f64 / 1e6;
    if dollars < 1.0 { format!("${dollars:.4}") } else { format!("${dollars:.2}") }
}

#[cfg(test)]
mod tests {
    use super::{dollars, grouped};

    #[test]
    fn numbers_are_grouped_and_small_costs_keep_their_places() {
        let shown = [0, 999, 1000, 1_234_567].map(grouped);
        assert_eq!(shown, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([7620, 12_345_678].map(dollars), ["$0.0076", "$12.35"]);
    }
}
