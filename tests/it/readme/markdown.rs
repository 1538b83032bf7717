//! The parts of a Markdown text that can be held to something: code blocks, tables, links.

/// A code block. Its first line is ```` ```language name ````.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block<'a> {
    pub(super) language: &'a str,
    pub(super) name: &'a str,
    pub(super) text: String,
}

/// All code blocks, in their order.
pub(super) fn blocks(markdown: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut is_open = false;
    for line in markdown.lines() {
        match (line.strip_prefix("```"), is_open) {
            (Some(info), false) => {
                let (language, name) = info.split_once(' ').unwrap_or((info, ""));
                blocks.push(Block { language, name, text: String::new() });
                is_open = true;
            }
            (Some(_), true) => is_open = false,
            (None, true) => blocks.last_mut().unwrap().text.extend([line, "\n"]),
            (None, false) => {}
        }
    }
    assert!(!is_open, "the last code block is not closed");
    blocks
}

/// The first table below a heading, as cells without backticks; its head is left out.
pub(super) fn table(markdown: &str, heading: &str) -> Vec<Vec<String>> {
    let mut lines = markdown.lines().skip_while(|line| line.trim_start_matches('#') != heading);
    assert!(lines.next().is_some(), "there is no heading `{heading}`");
    let rows = lines.skip_while(|line| !line.starts_with('|')).take_while(|l| l.starts_with('|'));
    let cells = |row: &str| {
        let cells = row.trim_matches('|').split(" | ");
        cells.map(|cell| cell.trim().replace('`', "")).collect()
    };
    rows.skip(2).map(cells).collect()
}

/// Targets of `[text](target)` outside of code blocks.
pub(super) fn links(markdown: &str) -> Vec<&str> {
    let mut is_code = false;
    let prose = markdown.lines().filter(|line| {
        is_code ^= line.starts_with("```");
        !is_code
    });
    let targets = prose.flat_map(|line| line.split("](").skip(1));
    targets.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target).collect()
}

/// The anchors that GitHub gives to the headings.
pub(super) fn anchors(markdown: &str) -> Vec<String> {
    let headings = markdown.lines().filter(|line| line.starts_with('#'));
    let words = headings.map(|line| line.trim_start_matches('#').trim().to_lowercase());
    words
        .map(|words| {
            let kept = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
            words.chars().filter(kept).collect::<String>().replace(' ', "-")
        })
        .collect()
}

#[test]
fn blocks_tables_links_and_anchors_are_found() {
    let text = "# A `b.c` d\n[x](y)\n```sh one\nrun [a](b)\n```\n## Keys\n\n\
                | k | v |\n|---|---|\n| `a` | 1 |\n| `b \\| c` | |\n\n| other |\n";
    let block = Block { language: "sh", name: "one", text: "run [a](b)\n".to_owned() };
    assert_eq!(blocks(text), [block]);
    assert_eq!(table(text, " Keys"), [["a", "1"], ["b \\| c", ""]]);
    assert_eq!(links(text), ["y"]);
    assert_eq!(anchors(text), ["a-bc-d", "keys"]);
}
