use super::*;
use crate::domain::id::Oid;
use crate::domain::report::ForecastBranch;

fn entry(a: &str, b: &str, forecast: ForecastKind, paths: &[&str]) -> MatrixEntry {
    MatrixEntry {
        a: a.to_owned(),
        b: b.to_owned(),
        forecast,
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        note: None,
        hunks: Vec::new(),
    }
}

fn words(line: &Line) -> String {
    line.spans.iter().map(super::super::prose::Span::content).collect()
}

/// All text of a report, one line for each row, sentence or line.
fn told(report: &Report) -> Vec<String> {
    let mut lines = vec![words(&report.title)];
    for block in report.sections.iter().flat_map(|section| &section.blocks) {
        match block {
            Block::Line(line) => lines.push(words(line)),
            Block::List(list) => lines.extend(list.iter().map(words)),
            Block::Table(table) => lines.extend(
                table.rows.iter().map(|row| row.iter().map(words).collect::<Vec<_>>().join("|")),
            ),
            Block::Verbatim(text) => lines.extend(text.iter().cloned()),
            Block::Commands(steps) => lines.extend(steps.iter().map(|step| step.command.clone())),
            Block::Facts(_) | Block::Subheading(_) | Block::Timeline(_) => {}
        }
    }
    lines
}

fn document(names: &[&str], matrix: Vec<MatrixEntry>) -> ForecastDocument {
    let tip = Oid::from_bytes(&[1; 20]).unwrap();
    let branch = |name: &&str| ForecastBranch { name: (*name).to_owned(), tip };
    ForecastDocument::new("libgit2".to_owned(), names.iter().map(branch).collect(), matrix)
}

#[test]
fn few_branches_are_a_grid_whatever_the_order_of_the_names_in_a_pair() {
    let matrix = vec![
        entry("b", "a", ForecastKind::Conflict, &["f"]),
        entry("a", "c", ForecastKind::SamePath, &["g"]),
        entry("b", "c", ForecastKind::Clean, &[]),
    ];
    let report = forecast_report(&document(&["a", "b", "c"], matrix), Vec::new(), Detail::Screen);
    assert_eq!(
        told(&report),
        [
            "conflict: 1 of 3 pairs collide",
            "1|a|conflict|same",
            "2|b||clean",
            "3|c||",
            "same: a and c both change, and merge, g",
            "b and a conflict in f",
        ]
    );
}

#[test]
fn many_branches_are_a_list_of_the_pairs_worth_a_look_and_a_count_of_all() {
    let names: Vec<String> = (0..20).map(|n| format!("b{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let pairs = (0..20).flat_map(|i| (i + 1..20).map(move |j| (i, j)));
    let matrix: Vec<MatrixEntry> = pairs
        .map(|(i, j)| {
            let kind = match (i, j) {
                (0, _) => ForecastKind::SamePath,
                (1, 2) => ForecastKind::Conflict,
                _ => ForecastKind::Clean,
            };
            entry(names[i], names[j], kind, &["f"])
        })
        .collect();
    let document = document(&names, matrix);
    let lines = told(&forecast_report(&document, Vec::new(), Detail::Screen));
    assert_eq!(
        lines,
        [
            "conflict: 1 of 190 pairs collide",
            "b1|b2|conflict|f",
            "pairs: 170 clean, 19 on the same paths, merging, 1 in conflict",
            "b1 and b2 conflict in f",
        ]
    );
    let full = told(&forecast_report(&document, Vec::new(), Detail::Full));
    assert_eq!(full.len(), lines.len() + 19);
}

#[test]
fn a_run_tells_of_its_conflicts_first_and_in_one_line_that_there_are_none() {
    let clean = [entry("a", "b", ForecastKind::Clean, &[])];
    let section = live_section(&["a", "b"], &clean).unwrap();
    let report = Report { title: Line::new(), sections: vec![section] };
    assert_eq!(told(&report), ["", "no conflict: the pair merges"]);
    let conflict = [entry("a", "b", ForecastKind::Conflict, &["src/x.rs"])];
    let section = live_section(&["a", "b"], &conflict).unwrap();
    let report = Report { title: Line::new(), sections: vec![section] };
    assert_eq!(told(&report)[1..], ["a and b will conflict in src/x.rs", "1|a|conflict", "2|b|"]);
    assert_eq!(live_section(&[], &[]), None);
}

#[test]
fn what_nobody_could_compare_is_no_conflict_and_not_clean() {
    let mut unknown = entry("a", "b", ForecastKind::Unknown, &[]);
    unknown.note = Some("they have no common ancestor".to_owned());
    let report = forecast_report(&document(&["a", "b"], vec![unknown]), Vec::new(), Detail::Screen);
    assert_eq!(
        told(&report),
        [
            "no conflict found, but the pair could not be compared",
            "1|a|unknown",
            "2|b|",
            "unknown: a and b: they have no common ancestor",
        ]
    );
}
