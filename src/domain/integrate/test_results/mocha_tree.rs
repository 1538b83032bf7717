//! The tree of tests that mocha prints while they run.

use std::time::Duration;

use super::collected::prefix;

/// What stands between the names of a path.
const BETWEEN: &str = " › ";
/// How hooks are called that leave tests out where they fail.
const HOOKS: [&str; 4] = [
    "\"before all\" hook",
    "\"before each\" hook",
    "\"after each\" hook",
    "Uncaught error outside test",
];
const LAST_HOOK: &str = "\"after all\" hook";

/// How a test is marked.
#[derive(Debug)]
pub(super) enum Mark {
    /// And how long it took, where it was slow.
    Passed(Option<Duration>),
    /// The number under which is told why.
    Failed(u64),
    /// It was not executed.
    Pending,
}

/// Tests that are named.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// All groups: the one around it, and its name.
    groups: Vec<(Option<usize>, String)>,
    /// Those that are open, from the outside in.
    open: Vec<usize>,
    tests: Vec<Test>,
    /// The last line was a test outside of all groups.
    at_root: bool,
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) pending: u64,
}

#[derive(Debug)]
struct Test {
    group: Option<usize>,
    name: String,
    mark: Mark,
}

impl Tree {
    /// Takes a line that is indented. `false` where a name is too long.
    pub(super) fn take(&mut self, line: &str, after_blank: bool) -> bool {
        let said = line.trim_start_matches(' ');
        let level = (line.len() - said.len()) / 2;
        let was_at_root = std::mem::take(&mut self.at_root);
        if let Some((name, mark)) = self.parse_mark(said) {
            if !self.fits(level, name, &mark, after_blank) {
                return true;
            }
            self.open.truncate(level - 1);
            self.at_root = level == 1;
            let Some(name) = prefix(without_time(name)) else { return false };
            match mark {
                Mark::Passed(_) => self.passed += 1,
                Mark::Failed(_) => self.failed += 1,
                Mark::Pending => self.pending += 1,
            }
            self.tests.push(Test { group: self.open.last().copied(), name, mark });
            return true;
        }
        // What tests print may be indented, too: the first group stands behind an empty line.
        let fits =
            if level == 1 { after_blank || was_at_root } else { self.open.len() + 1 >= level };
        if !fits {
            return true;
        }
        let Some(name) = prefix(said) else { return false };
        self.open.truncate(level - 1);
        self.groups.push((self.open.last().copied(), name));
        self.open.push(self.groups.len() - 1);
        true
    }

    /// Something was left out.
    pub(super) fn forget_place(&mut self) {
        self.open.clear();
        self.at_root = false;
    }

    /// All tests with their paths, in their order.
    pub(super) fn named(&self) -> impl Iterator<Item = (String, &Mark)> {
        self.tests.iter().map(|test| {
            let mut names = vec![test.name.as_str()];
            let mut group = test.group;
            let mut bytes = 0;
            while let Some((around, name)) = group.and_then(|at| self.groups.get(at))
                && bytes < MOST
            {
                bytes += name.len();
                names.push(name);
                group = *around;
            }
            names.reverse();
            (names.join(BETWEEN), &test.mark)
        })
    }

    /// Whether it may have stopped before the end: a hook failed, or all ended with the first failure.
    pub(super) fn may_leave_out(&self) -> bool {
        let failed = |test: &Test| matches!(test.mark, Mark::Failed(_));
        let is_hook = |test: &Test| HOOKS.iter().any(|hook| test.name.contains(hook));
        let is_last = |test: &Test| failed(test) && test.name.contains(LAST_HOOK);
        if self.tests.iter().any(|test| failed(test) && is_hook(test)) {
            return true;
        }
        let mut behind = self.tests.iter().skip_while(|test| !failed(test));
        behind.next().is_some()
            && behind.all(|test| is_last(test) || matches!(test.mark, Mark::Pending))
    }

    /// Tests outside of all groups go before these, but for the hook behind all: others are printed by
    /// tests. Deeper ones may follow what was taken for a group.
    fn fits(&self, level: usize, name: &str, mark: &Mark, after_blank: bool) -> bool {
        let open = self.open.len() + 1;
        let is_hook = matches!(mark, Mark::Failed(_)) && name.starts_with(LAST_HOOK);
        // Of files that run at once, each begins from the outside.
        open == level || (open > level && (level > 1 || is_hook || after_blank))
    }

    fn parse_mark<'a>(&self, said: &'a str) -> Option<(&'a str, Mark)> {
        let (mark, name) = said.split_once(' ')?;
        let mark = match mark {
            "✔" | "✓" | "√" => Mark::Passed(time_of(name)),
            "-" => Mark::Pending,
            _ => {
                let number = mark.strip_suffix(')')?.parse::<u32>().ok()?.into();
                // They are counted; others are printed by tests.
                (number == self.failed + 1).then_some(Mark::Failed(number))?
            }
        };
        Some((name, mark))
    }
}

/// Bytes of a path that are put together; with more it is too long for an id.
const MOST: usize = 4 * 1024;

/// Path of the test with these names.
pub(super) fn path(names: &[String]) -> String {
    names.join(BETWEEN)
}

/// Whether names, joined by blanks as by older versions, are those of this path.
pub(super) fn is_path_of(path: &str, names: &[String]) -> bool {
    let spaced = path.replace(BETWEEN, " ");
    let own = without_time(&names.join(" ").replace(BETWEEN, " ")).to_owned();
    // A name in several lines ends its first line as it likes.
    own == spaced || spaced.strip_suffix(':') == Some(own.as_str())
}

/// Without ` (12ms)` at the end, or `: 12ms` as of the `list` reporter. All of them: the last may be
/// part of the name.
pub(super) fn without_time(mut name: &str) -> &str {
    while let Some((before, _)) = split_time(name) {
        name = before;
    }
    name
}

fn time_of(name: &str) -> Option<Duration> {
    split_time(name).map(|(_, time)| Duration::from_millis(time))
}

fn split_time(name: &str) -> Option<(&str, u64)> {
    let (before, time) = match name.strip_suffix("ms)") {
        Some(name) => name.rsplit_once(" (")?,
        None => name.strip_suffix("ms")?.rsplit_once(": ")?,
    };
    let time: u32 = time.parse().ok()?;
    (!before.is_empty()).then_some((before, time.into()))
}
