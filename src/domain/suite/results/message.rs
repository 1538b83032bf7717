//! The line of a failure's output that says most.

/// Characters at most.
const MOST: usize = 300;

/// One line that tells why a test failed; empty where the output is.
pub fn message_in(output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    let found = after_panic(&lines)
        .or_else(|| lines.iter().copied().find_map(of_pytest))
        .or_else(|| after_traceback(&lines))
        .or_else(|| of_tap(&lines))
        .or_else(|| lines.iter().map(|line| line.trim()).find(|line| !line.is_empty()));
    found.unwrap_or_default().chars().take(MOST).collect()
}

/// `thread 'a' panicked at src/lib.rs:1:2:` stands above what it says.
fn after_panic<'a>(lines: &[&'a str]) -> Option<&'a str> {
    let at = lines.iter().position(|line| line.contains(" panicked at "))?;
    let next = lines.get(at + 1).map(|line| line.trim()).filter(|line| !line.is_empty());
    next.or_else(|| lines.get(at).map(|line| line.trim()))
}

/// `E   AssertionError: why`.
fn of_pytest(line: &str) -> Option<&str> {
    let said = line.strip_prefix("E  ")?.trim();
    (!said.is_empty()).then_some(said)
}

/// `AssertionError: why` behind a traceback of Python.
fn after_traceback<'a>(lines: &[&'a str]) -> Option<&'a str> {
    let at = lines.iter().position(|line| line.starts_with("Traceback (most recent call last)"))?;
    let behind = lines.get(at + 1..)?;
    behind.iter().copied().find(|line| !line.is_empty() && !line.starts_with(' '))
}

/// `error: 'why'`, or the first line below `error: |-`.
fn of_tap<'a>(lines: &[&'a str]) -> Option<&'a str> {
    let at = lines.iter().position(|line| line.starts_with("error: "))?;
    let said = lines.get(at)?.strip_prefix("error: ")?;
    if said.starts_with('|') || said.starts_with('>') {
        return lines.get(at + 1).map(|line| line.trim());
    }
    Some(said.trim_matches('\''))
}
