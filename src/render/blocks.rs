//! Lines and blocks of a report as text for a terminal.

use super::style::Style;
use super::table::table_lines;
use super::text::{columns, pad, visible};
use crate::domain::report::{Block, Fact, Line, Mark, Span, Step};
use crate::domain::time::{from_secs, human_duration};

/// A piece of safe text with its meaning.
pub(super) type Piece = (Option<Mark>, String);

/// How much of a block is printed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    pub(super) style: Style,
    /// Facts keep to the rows they are given.
    pub(super) brief: bool,
}

/// The pieces of a line, made safe, code in backticks.
pub(super) fn pieces(line: &Line) -> Vec<Piece> {
    let piece = |span: &Span| match span {
        Span::Text(text) => (None, visible(text)),
        Span::Code(text) => (None, format!("`{}`", visible(text))),
        Span::Marked(mark, text) => (Some(*mark), visible(text)),
    };
    line.spans.iter().map(piece).collect()
}

pub(super) fn painted((mark, text): &Piece, style: Style) -> String {
    mark.map_or_else(|| text.clone(), |mark| style.paint(mark, text))
}

/// A block as lines that fit the width where words allow it.
pub(super) fn block_lines(block: &Block, layout: Layout) -> Vec<String> {
    let style = layout.style;
    match block {
        Block::Line(line) => wrapped(line, "", "", style),
        Block::List(points) => {
            points.iter().flat_map(|point| wrapped(point, "- ", "  ", style)).collect()
        }
        Block::Facts(facts) => fact_lines(facts, layout),
        Block::Subheading(heading) => vec![style.paint(Mark::Strong, &visible(heading))],
        Block::Table(table) => table_lines(table, style),
        Block::Timeline(timeline) => {
            timeline.lines(style.width, |seconds| human_duration(from_secs(seconds)))
        }
        Block::Verbatim(lines) => lines.iter().map(|line| visible(line)).collect(),
        Block::Commands(steps) => command_lines(steps, style),
    }
}

/// Sentences at the right of what they are about. Where room is scarce those that do not fit are
/// counted instead.
fn fact_lines(facts: &[Fact], layout: Layout) -> Vec<String> {
    let widest = facts.iter().map(|fact| columns(fact.label)).max().unwrap_or(0);
    let rest = " ".repeat(widest + 2);
    let mut lines = Vec::new();
    for fact in facts {
        let first = pad(fact.label, widest + 2);
        let mut shown = Vec::new();
        for (at, line) in fact.lines.iter().enumerate() {
            let lead = if at == 0 { &first } else { &rest };
            let mut body = wrapped(line, lead, &rest, layout.style);
            let more = fact.lines.len() - at - 1;
            let next = fact.lines.get(at + 1).filter(|_| layout.brief).is_some_and(|next| {
                let next = wrapped(next, &rest, &rest, layout.style).len();
                shown.len() + body.len() + next > fact.rows
            });
            if next {
                let counted = line.clone().mark(Mark::Dim, format!(" ({more} more with -v)"));
                body = wrapped(&counted, lead, &rest, layout.style);
            }
            shown.extend(body);
            if next {
                break;
            }
        }
        lines.extend(shown);
    }
    lines
}

/// Commands are never cut or wrapped: they are there to be copied.
fn command_lines(steps: &[Step], style: Style) -> Vec<String> {
    let widest = steps.iter().map(|step| columns(&visible(&step.command))).max().unwrap_or(0);
    let beside = steps.iter().all(|step| widest + 4 + columns(&visible(&step.why)) <= style.width);
    let mut lines = Vec::new();
    for step in steps {
        let (command, why) = (visible(&step.command), format!("# {}", visible(&step.why)));
        if beside {
            let gap = " ".repeat(widest - columns(&command) + 2);
            let command = style.paint(Mark::Strong, &command);
            lines.push(format!("{command}{gap}{}", style.paint(Mark::Dim, &why)));
        } else {
            lines.push(style.paint(Mark::Dim, &why));
            lines.push(style.paint(Mark::Strong, &command));
        }
    }
    lines
}

/// The line in words that fit the width. A word that is longer stands alone and whole.
pub(super) fn wrapped(line: &Line, first: &str, rest: &str, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    let mut current = first.to_owned();
    let mut used = columns(first);
    let mut empty = true;
    for word in words(&pieces(line)) {
        let width: usize = word.iter().map(|(_, text)| columns(text)).sum();
        if !empty && used + 1 + width > style.width {
            lines.push(std::mem::replace(&mut current, rest.to_owned()));
            used = columns(rest);
            empty = true;
        }
        if !empty {
            current.push(' ');
            used += 1;
        }
        current.extend(word.iter().map(|piece| painted(piece, style)));
        used += width;
        empty = false;
    }
    lines.push(current);
    lines
}

/// Pieces between spaces.
fn words(pieces: &[Piece]) -> Vec<Vec<Piece>> {
    let mut words: Vec<Vec<Piece>> = vec![Vec::new()];
    for (mark, text) in pieces {
        for (at, part) in text.split(' ').enumerate() {
            if at > 0 {
                words.push(Vec::new());
            }
            if let Some(word) = words.last_mut().filter(|_| !part.is_empty()) {
                word.push((*mark, part.to_owned()));
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const NARROW: Style = Style { color: false, width: 12 };

    #[test]
    fn words_wrap_and_long_ones_stay_whole() {
        let line = Line::prose("see `src/a/very/long/path.rs` and others");
        assert_eq!(
            wrapped(&line, "- ", "  ", NARROW),
            ["- see", "  `src/a/very/long/path.rs`", "  and others"]
        );
    }

    #[test]
    fn colour_adds_no_width_and_takes_nothing_away() {
        let line = Line::new().mark(Mark::Bad, "failed").text(" here");
        let coloured = Style { color: true, width: 12 };
        let lines = wrapped(&line, "", "", coloured);
        assert_eq!(lines.len(), 1);
        assert_eq!(crate::render::stripped(&lines[0]), "failed here");
        assert!(lines[0].contains("\x1b["));
    }

    #[test]
    fn a_command_is_never_cut() {
        let steps = [Step::new("wt-orch integrate user-auth", "land it")];
        assert_eq!(command_lines(&steps, NARROW), ["# land it", "wt-orch integrate user-auth"]);
        let wide = Style { color: false, width: 80 };
        assert_eq!(command_lines(&steps, wide), ["wt-orch integrate user-auth  # land it"]);
    }
}
