//! A repository with many branches that change a few files each, some of them the same.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use wt_orch::domain::id::Oid;

use super::Failure;

/// Files of the first commit.
pub(super) const FILES: usize = AREAS * MODULES * NAMES;
const AREAS: usize = 26;
const MODULES: usize = 10;
const NAMES: usize = 20;
/// Files that everybody has a reason to change.
const HOT: usize = 24;
/// Commits of the target after the first; branches begin at any of them.
const VERSIONS: usize = 6;

/// Makes it at `folder`, and returns the tips of its branches.
pub(super) fn make(folder: &Path, branches: usize) -> Result<Vec<Oid>, Failure> {
    run(Command::new("git").args(["init", "--quiet", "--bare"]).arg(folder))?;
    let mut stream = Stream { text: String::new(), marks: 0, random: 7 };
    stream.all(branches)?;
    let mut import = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["fast-import", "--quiet"])
        .stdin(Stdio::piped())
        .spawn()?;
    import.stdin.take().ok_or("no stdin")?.write_all(stream.text.as_bytes())?;
    if !import.wait()?.success() {
        return Err("`git fast-import` failed".into());
    }
    (0..branches)
        .map(|number| {
            let mut command = Command::new("git");
            command.arg("-C").arg(folder).args(["rev-parse", &format!("refs/heads/b{number}")]);
            let output = command.output()?;
            Ok(String::from_utf8(output.stdout)?.trim().parse()?)
        })
        .collect()
}

fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(format!("git ended with {status}").into()) }
}

/// Contents by path.
type Files = HashMap<String, Vec<String>>;

/// A stream for `git fast-import`.
struct Stream {
    text: String,
    marks: usize,
    random: u64,
}

impl Stream {
    fn below(&mut self, bound: usize) -> usize {
        let step = self.random.wrapping_mul(6_364_136_223_846_793_005);
        self.random = step.wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.random >> 33).unwrap_or(0) % bound
    }

    fn all(&mut self, branches: usize) -> Result<(), Failure> {
        let mut files = Files::new();
        for number in 0..FILES {
            let lines = 30 + self.below(220);
            let text = (0..lines).map(|line| format!("{number} {line} {}", self.below(1 << 30)));
            files.insert(path(number), text.collect());
        }
        let first: Vec<(String, Option<Vec<String>>)> =
            files.iter().map(|(path, text)| (path.clone(), Some(text.clone()))).collect();
        let mut tip = self.commit("main", None, &first)?;
        let mut versions = vec![(tip, files.clone())];
        for _ in 0..VERSIONS {
            let changes = self.changes(&mut files, 6);
            tip = self.commit("main", Some(tip), &changes)?;
            versions.push((tip, files.clone()));
        }
        for number in 0..branches {
            let (mut tip, mut files) = versions[self.below(versions.len())].clone();
            let mut left = 3 + self.below(6);
            while left > 0 {
                let count = left.min(1 + self.below(4));
                left -= count;
                let mut changes = self.changes(&mut files, count);
                if number % 10 == 9 && left == 0 {
                    // A branch in ten moves a file as well.
                    let (from, to) = (path(self.below(FILES)), format!("moved/{number}.rs"));
                    changes.retain(|(changed, _)| *changed != from);
                    changes.extend([(to, files.get(&from).cloned()), (from, None)]);
                }
                if number % 4 == 3 && left == 0 {
                    changes.push((format!("added/{number}.rs"), Some(vec![number.to_string()])));
                }
                tip = self.commit(&format!("b{number}"), Some(tip), &changes)?;
            }
        }
        Ok(())
    }

    /// A few lines of some files written anew: often of those that others change as well.
    fn changes(&mut self, files: &mut Files, count: usize) -> Vec<(String, Option<Vec<String>>)> {
        let mut changes: Vec<(String, Option<Vec<String>>)> = Vec::new();
        for _ in 0..count {
            let number = if self.below(5) == 0 { self.below(HOT) * 97 } else { self.below(FILES) };
            let path = path(number);
            let Some(mut text) = files.get(&path).cloned() else { continue };
            let at = self.below(text.len());
            for line in text.iter_mut().skip(at).take(3) {
                *line = format!("changed {}", self.below(1 << 30));
            }
            files.insert(path.clone(), text.clone());
            changes.retain(|(changed, _)| *changed != path);
            changes.push((path, Some(text)));
        }
        changes
    }

    fn commit(
        &mut self,
        branch: &str,
        from: Option<usize>,
        changes: &[(String, Option<Vec<String>>)],
    ) -> Result<usize, Failure> {
        self.marks += 1;
        let (mark, text) = (self.marks, &mut self.text);
        writeln!(text, "commit refs/heads/{branch}\nmark :{mark}")?;
        writeln!(text, "committer Ann <ann@example.org> {} +0000", 1_700_000_000 + mark)?;
        writeln!(text, "data 6\nchange")?;
        if let Some(from) = from {
            writeln!(text, "from :{from}")?;
        }
        for (path, content) in changes {
            match content {
                Some(lines) => {
                    let content = lines.join("\n") + "\n";
                    writeln!(text, "M 100644 inline {path}\ndata {}\n{content}", content.len())?;
                }
                None => writeln!(text, "D {path}")?,
            }
        }
        writeln!(text)?;
        Ok(mark)
    }
}

fn path(number: usize) -> String {
    let (area, rest) = (number / (MODULES * NAMES), number % (MODULES * NAMES));
    format!("src/area{area}/module{}/file{}.rs", rest / NAMES, rest % NAMES)
}
