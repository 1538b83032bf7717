//! Reports as GitHub-flavoured Markdown.

use super::text::visible;
use crate::domain::report::{Align, Block, Fact, Line, Report, Span, Step, Table};
use crate::domain::time::{from_secs, human_duration};

/// Columns of charts.
const CHART_WIDTH: usize = 90;

/// A report as a Markdown document.
pub fn report_markdown(report: &Report) -> String {
    let mut parts = vec![format!("# {}", inline(&report.title))];
    for section in &report.sections {
        if !section.heading.is_empty() {
            parts.push(format!("## {}", escaped(section.heading)));
        }
        parts.extend(section.blocks.iter().map(block));
    }
    parts.join("\n\n") + "\n"
}

fn block(block: &Block) -> String {
    match block {
        Block::Line(line) => escaped_start(&inline(line)),
        Block::List(points) => {
            let point = |point: &Line| format!("- {}", escaped_start(&inline(point)));
            points.iter().map(point).collect::<Vec<_>>().join("\n")
        }
        Block::Facts(facts) => facts.iter().map(fact).collect::<Vec<_>>().join("\n"),
        Block::Subheading(heading) => format!("### {}", escaped(heading)),
        Block::Table(table) => table_rows(table),
        Block::Timeline(timeline) => {
            let axis = |seconds| human_duration(from_secs(seconds));
            fenced("text", &timeline.lines(CHART_WIDTH, axis))
        }
        Block::Verbatim(lines) => {
            fenced("text", &lines.iter().map(|line| visible(line)).collect::<Vec<_>>())
        }
        Block::Commands(steps) => {
            let lines = |step: &Step| [format!("# {}", visible(&step.why)), visible(&step.command)];
            fenced("sh", &steps.iter().flat_map(lines).collect::<Vec<_>>())
        }
    }
}

fn fact(fact: &Fact) -> String {
    let sentences: Vec<String> = fact.lines.iter().map(inline).collect();
    format!("- **{}**: {}", escaped(fact.label), sentences.join("; "))
}

fn table_rows(table: &Table) -> String {
    let row = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let heading = table.columns.iter().map(|column| escaped(column.heading)).collect();
    let rule = table.columns.iter().map(|column| match column.align {
        Align::Left => "---".to_owned(),
        Align::Right => "---:".to_owned(),
    });
    let mut rows = vec![row(heading), row(rule.collect())];
    rows.extend(table.rows.iter().map(|cells| row(cells.iter().map(cell).collect())));
    rows.join("\n")
}

/// A cell ends at a pipe even within code, unless a backslash stands before it.
fn cell(line: &Line) -> String {
    line.spans
        .iter()
        .map(|span| match span {
            Span::Code(text) => code(text).replace('|', "\\|"),
            Span::Text(_) | Span::Marked(..) => inline_span(span),
        })
        .collect()
}

fn inline(line: &Line) -> String {
    line.spans.iter().map(inline_span).collect()
}

fn inline_span(span: &Span) -> String {
    match span {
        Span::Text(text) => escaped(text),
        Span::Code(text) => code(text),
        Span::Marked(_, word) => format!("**{}**", escaped(word)),
    }
}

/// Text that means nothing to Markdown or HTML.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in visible(text).chars() {
        if "\\`*_[]<>|~&#$!".contains(c) {
            safe.push('\\');
        }
        safe.push(c);
    }
    safe
}

/// Characters that begin a list or an underlined heading, at the start of a line.
fn escaped_start(text: &str) -> String {
    let trimmed = text.trim_start();
    let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
    let marker = &trimmed[digits..];
    if trimmed.starts_with(['-', '+', '=', ':'])
        || digits > 0 && (marker.starts_with('.') || marker.starts_with(')'))
    {
        format!("{}\\{marker}", &trimmed[..digits])
    } else {
        trimmed.to_owned()
    }
}

/// A code span whose fence is longer than any run of backticks in it.
fn code(text: &str) -> String {
    let text = visible(text);
    if text.trim().is_empty() {
        return escaped(&text);
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

fn fenced(language: &str, lines: &[String]) -> String {
    let longest = lines.iter().map(|line| longest_run(line)).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}", lines.join("\n"))
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::report::{Mark, Section};

    #[test]
    fn text_from_outside_cannot_become_markup() {
        let hostile = "<script>|`x`| *a* [l](http://e) _b_ &amp; ~~c~~ $1$\n# h";
        let line = Line::new().text(hostile).code("a|b`c").mark(Mark::Bad, "*failed*");
        let mut table = Table::new(&["A", ">B"]);
        table.rows.push(vec![line.clone(), Line::new().code("`")]);
        let report = Report {
            title: line.clone(),
            sections: vec![Section {
                heading: "S",
                blocks: vec![
                    Block::List(vec![Line::new().text("- 1"), Line::new().text("1. x")]),
                    Block::Table(table),
                    Block::Verbatim(vec!["```".to_owned(), "\x1b[2J</pre>".to_owned()]),
                ],
            }],
        };
        insta::assert_snapshot!(report_markdown(&report), @r"
        # \<script\>\|\`x\`\| \*a\* \[l\](http://e) \_b\_ \&amp; \~\~c\~\~ \$1\$␊\# h``a|b`c``**\*failed\***

        ## S

        - \- 1
        - 1\. x

        | A | B |
        | --- | ---: |
        | \<script\>\|\`x\`\| \*a\* \[l\](http://e) \_b\_ \&amp; \~\~c\~\~ \$1\$␊\# h``a\|b`c``**\*failed\*** | `` ` `` |

        ````text
        ```
        ␛[2J</pre>
        ````
        ");
    }
}
