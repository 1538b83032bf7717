//! Single lines of pytest's output.

/// What pytest says of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Word {
    Passed,
    Failed,
    Error,
    Skipped,
    ExpectedFailure,
    UnexpectedPass,
}

impl Word {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "PASSED" => Some(Self::Passed),
            "FAILED" => Some(Self::Failed),
            "ERROR" => Some(Self::Error),
            "SKIPPED" => Some(Self::Skipped),
            "XFAIL" => Some(Self::ExpectedFailure),
            "XPASS" => Some(Self::UnexpectedPass),
            _ => None,
        }
    }
}

/// What `-v` says while tests run: `tests/a.py::test_b PASSED   [ 12%]`, or with several workers
/// `[gw0] [ 12%] PASSED tests/a.py::test_b`.
pub(super) fn parse_verbose(line: &str) -> Option<(&str, Word)> {
    if let Some(worker) = line.strip_prefix("[gw") {
        let (_, said) = worker.split_once("%] ").or_else(|| worker.split_once("] "))?;
        let (word, name) = said.split_once(' ')?;
        return Some((name, Word::parse(word)?)).filter(|(name, _)| is_test(name));
    }
    let said = without_progress(line);
    let (name, word) = match said.rsplit_once(' ') {
        Some((name, word)) if Word::parse(word).is_some() => (name, Word::parse(word)?),
        // A reason follows, which may hold anything.
        _ => ["SKIPPED", "XFAIL", "XPASS"].iter().find_map(|word| {
            let at = said.find(&format!(" {word} ("))?;
            Some((said.get(..at)?, Word::parse(word)?))
        })?,
    };
    is_test(name).then_some((name, word))
}

/// Without `  [ 12%]` or `  [ 3/20]` at the end.
fn without_progress(line: &str) -> &str {
    let before = line.strip_suffix(']').and_then(|line| line.rsplit_once(" ["));
    match before {
        Some((before, progress))
            if progress.bytes().all(|byte| byte.is_ascii_digit() || b" /%".contains(&byte)) =>
        {
            before.trim_end()
        }
        _ => line,
    }
}

/// What the short summary says of one test.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told<'a> {
    pub(super) word: Word,
    pub(super) name: &'a str,
    /// A file that could not be collected, rather than a test.
    pub(super) is_file: bool,
}

/// Reads `FAILED tests/a.py::test_b - why` and the like. Blanks and dashes can be part of a name too:
/// of all readings, one that `is_known` is taken, else the shortest whose brackets are closed.
pub(super) fn parse_summary<'a>(
    line: &'a str,
    is_known: impl Fn(&str) -> bool,
) -> Option<Told<'a>> {
    let (word, rest) = match line.strip_prefix("SUBFAILED") {
        // With what tells the parts of a test apart: `SUBFAILED[message] (i=1) tests/a.py::test_b`.
        Some(part) => {
            let end = part.rfind("] ").or_else(|| part.rfind(") "));
            (Word::Failed, part.get(end? + 2..)?)
        }
        None => {
            let (word, rest) = line.split_once(' ')?;
            (Word::parse(word)?, rest)
        }
    };
    let ends =
        || rest.match_indices(" - ").map(|(at, _)| at).take(READINGS_MAX).chain([rest.len()]);
    let readings = || ends().filter_map(|end| rest.get(..end));
    let is_closed = |name: &&str| !name.contains('[') || name.ends_with(']');
    let known = readings().find(|name| is_known(name));
    let name = known.or_else(|| readings().find(is_closed)).unwrap_or(rest);
    if is_test(name) {
        return Some(Told { word, name, is_file: false });
    }
    let is_file = word == Word::Error && !name.contains(' ');
    is_file.then_some(Told { word, name, is_file })
}

/// Places tried for the end of a name.
const READINGS_MAX: usize = 16;

fn is_test(name: &str) -> bool {
    name.contains("::") && !name.starts_with([' ', '=', '_', '-'])
}

/// Numbers of the last line, as `3 failed, 8 passed, 2 errors in 0.02s`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) passed: usize,
    pub(super) failed: usize,
    pub(super) errors: usize,
    pub(super) unexpected: usize,
    /// Not executed, or expected to fail.
    pub(super) skipped: usize,
}

impl Counts {
    pub(super) fn parse(line: &str) -> Option<Self> {
        let said = line.trim_matches('=').trim();
        let (said, time) = said.rsplit_once(" in ")?;
        // Long ones are told as minutes, too: `62.50s (0:01:02)`.
        let seconds = time.split(' ').next().and_then(|time| time.strip_suffix('s'))?;
        if seconds.parse::<f64>().is_err() {
            return None;
        }
        let mut counts = Self::default();
        if said == "no tests ran" {
            return Some(counts);
        }
        for part in said.split(", ") {
            let (number, word) = part.split_once(' ')?;
            let number: usize = number.parse::<u32>().ok()?.try_into().ok()?;
            match word {
                "passed" => counts.passed = number,
                "failed" => counts.failed = number,
                "error" | "errors" => counts.errors = number,
                "xpassed" => counts.unexpected = number,
                "skipped" | "xfailed" => counts.skipped += number,
                "deselected" | "warning" | "warnings" | "rerun" | "subtests passed"
                | "subtests skipped" | "subtests failed" | "subtests xfailed" => {}
                _ => return None,
            }
        }
        Some(counts)
    }
}

/// The title of what is told of a test that failed, from `____ TestA.test_b[x] ____`.
pub(super) fn parse_title(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches('_');
    let (title, row) = rest.strip_prefix(' ').filter(|_| rest != line)?.rsplit_once(' ')?;
    let is_title = !row.is_empty() && row.bytes().all(|byte| byte == b'_');
    // Parts of a traceback stand between `_ _ _ _`.
    (is_title && title.contains(|c| !matches!(c, '_' | ' '))).then_some(title)
}

/// The title under which a test is told of.
pub(super) fn title_of(id: &str) -> String {
    let own = id.split_once("::").map_or(id, |(_, own)| own);
    let (name, parameters) = own.split_at(own.find('[').unwrap_or(own.len()));
    format!("{}{parameters}", name.replace("::", "."))
}

/// From `0.12s call     tests/a.py::test_b`, as `--durations` says it: the test and seconds.
pub(super) fn parse_duration(line: &str) -> Option<(&str, f64)> {
    let (time, rest) = line.split_once("s ")?;
    let (phase, name) = rest.split_once(' ')?;
    let seconds: f64 = time.trim_start().parse().ok()?;
    let name = name.trim_start();
    (matches!(phase, "call" | "setup" | "teardown") && is_test(name)).then_some((name, seconds))
}

/// The test of a line that says it will be tried again.
pub(super) fn parse_rerun(line: &str) -> Option<&str> {
    let name = without_progress(line).strip_suffix(" RERUN")?;
    is_test(name).then_some(name)
}
