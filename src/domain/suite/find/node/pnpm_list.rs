//! `packages` of a `pnpm-workspace.yaml`: a list of plain or quoted texts, as one item a line or in
//! brackets. Anything else that YAML has is told, not guessed.

/// The patterns, and what cannot be read: a line and why.
pub(super) fn parse(text: &str) -> (Vec<String>, Vec<String>) {
    let mut patterns = Vec::new();
    let mut faults = Vec::new();
    let mut lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    let found = lines.by_ref().find_map(|(at, line)| Some((at, of_packages(line)?)));
    let Some((start, rest)) = found else { return (patterns, faults) };
    let mut take = |at: usize, item: &str| match scalar(item) {
        Some(text) => patterns.push(text),
        None => faults.push(format!("{}: this item of `packages` cannot be read", at + 1)),
    };
    if let Some(inner) = rest.strip_prefix('[') {
        let mut inner = inner.to_owned();
        while !inner.contains(']') {
            let Some((_, line)) = lines.next() else { break };
            inner.push_str(without_comment(line));
        }
        let inner = inner.split(']').next().unwrap_or_default();
        for item in inner.split(',').filter(|item| !item.trim().is_empty()) {
            take(start, item.trim());
        }
        return (patterns, faults);
    }
    if !rest.is_empty() {
        take(start, "");
        return (patterns, faults);
    }
    for (at, line) in lines {
        let bare = without_comment(line).trim();
        if bare.is_empty() {
            continue;
        }
        match bare.strip_prefix('-') {
            Some(item) if item.starts_with(char::is_whitespace) => take(at, item.trim()),
            Some(_) => take(at, ""),
            None if line.starts_with(char::is_whitespace) => take(at, ""),
            None => break,
        }
    }
    (patterns, faults)
}

/// What follows the key `packages` on its line.
fn of_packages(line: &str) -> Option<String> {
    let keys = ["packages", "'packages'", "\"packages\""];
    let rest = keys.iter().find_map(|key| line.strip_prefix(key))?.trim_start();
    Some(without_comment(rest.strip_prefix(':')?).trim().to_owned())
}

fn without_comment(line: &str) -> &str {
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '#') if before.is_whitespace() => return &line[..at],
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
        before = c;
    }
    line
}

fn scalar(item: &str) -> Option<String> {
    for quote in ['\'', '"'] {
        if let Some(rest) = item.strip_prefix(quote) {
            let text = rest.strip_suffix(quote)?;
            return (!text.contains([quote, '\\'])).then(|| text.to_owned());
        }
    }
    let special = |c: char| "&*!|>{}[]%@`#?,".contains(c);
    let plain = !item.is_empty() && !item.starts_with(special) && !item.contains(": ");
    plain.then(|| item.to_owned())
}
