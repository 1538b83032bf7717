//! Answers of the git program, for repositories that libgit2 cannot open.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::diff_tree::{parse_changed_paths, parse_raw_changes};
use super::{Author, CommitFacts, Reader, is_of_tree};
use crate::adapters::git::diff::{FileMode, PathChange, RawChange};
use crate::adapters::git::error::GitError;
use crate::adapters::git::head::Head;
use crate::adapters::git::listing::Listing;
use crate::adapters::git::program::{Answer, Invocation};
use crate::adapters::git::repo::Repo;
use crate::domain::id::Oid;

/// Renames are paired where at least half of a file is the same, up to this many candidates, as
/// libgit2 does.
const RENAMES: [&str; 2] = ["-M50%", "-l1000"];

/// Any repository that git can open.
pub(super) struct Program<'a>(pub(super) &'a Repo);

impl Reader for Program<'_> {
    fn resolve_commit(&self, rev: &str) -> Result<Option<Oid>, GitError> {
        let git_dir = self.0.git_dir();
        self.commit_named(self.0.program().command("rev-parse").git_dir(git_dir), rev)
    }

    fn ref_target(&self, name: &str) -> Result<Option<Oid>, GitError> {
        let mut found = self.listed(name)?;
        found.retain(|entry| entry.name == name);
        Ok(self.peeled(found)?.pop().map(|(_, commit)| commit))
    }

    fn ref_names(&self, prefix: &str) -> Result<Vec<String>, GitError> {
        let found = self.listed_below(prefix)?.into_iter();
        Ok(found.map(|entry| entry.name).collect())
    }

    fn refs_below(&self, prefix: &str) -> Result<Vec<(String, Oid)>, GitError> {
        self.peeled(self.listed_below(prefix)?)
    }

    fn head_at(&self, git_dir: &Path) -> Result<Head, GitError> {
        let git = |subcommand| self.0.program().command(subcommand).git_dir(git_dir);
        let command = git("symbolic-ref").args(["--quiet", "HEAD"]);
        let words = command.shown();
        let answer = command.answer()?;
        match answer.code {
            Some(0) => {
                let full = String::from_utf8_lossy(&answer.stdout).trim_end().to_owned();
                let name = full.strip_prefix("refs/heads/").unwrap_or(&full).to_owned();
                Ok(match self.ref_target(&full)? {
                    Some(tip) => Head::Branch { name, tip },
                    None => Head::Unborn { name },
                })
            }
            Some(1) => match self.commit_named(git("rev-parse"), "HEAD")? {
                Some(tip) => Ok(Head::Detached { tip }),
                None => Err(GitError::Answer { words, what: "HEAD is no commit".to_owned() }),
            },
            _ => Err(failure(words, answer)),
        }
    }

    fn commit(&self, commit: Oid) -> Result<CommitFacts, GitError> {
        // Parents as git sees them: a shallow history ends where its last commit says otherwise.
        let command = self.0.git("rev-list").args(["--no-walk", "--parents", "--header"]);
        let command = command.arg(commit.to_string()).arg("--");
        let words = command.shown();
        let answer = command.output()?;
        parse_commit(&answer)
            .ok_or_else(|| GitError::Answer { words, what: "no commit".to_owned() })
    }

    fn listing(&self, commit: Oid) -> Result<Listing, GitError> {
        let root = self.commit(commit)?.tree;
        let command = self.0.git("ls-tree").args(["-r", "-t", "-z", "--full-tree"]);
        let command = command.arg(commit.to_string());
        let words = command.shown();
        Listing::parse(root, &command.output()?)
            .ok_or_else(|| GitError::Answer { words, what: "no list of files".to_owned() })
    }

    fn entry_at(&self, commit: Oid, path: &[u8]) -> Result<Option<(FileMode, Oid)>, GitError> {
        let root = self.commit(commit)?.tree;
        if !is_of_tree(path) {
            return Ok(None);
        }
        // With the folders on the way, as the list of all has them.
        let command = self.0.git("ls-tree").args(["-t", "-z", "--full-tree"]);
        let path_spec = [b":(literal)", path].concat();
        let command = command.arg(commit.to_string()).arg(OsStr::from_bytes(&path_spec));
        let words = command.shown();
        let listed = Listing::parse(root, &command.output()?)
            .ok_or_else(|| GitError::Answer { words, what: "no list of files".to_owned() })?;
        let found = listed.files.into_iter().find(|file| file.path == path);
        Ok(found.map(|file| (file.mode, file.id)))
    }

    fn file_count(&self, commit: Oid) -> Result<usize, GitError> {
        let command = self.0.git("ls-tree").args(["-r", "-z", "--full-tree"]);
        let listed = command.arg(commit.to_string()).output()?;
        let is_file =
            |entry: &&[u8]| entry.get(6..).is_some_and(|rest| rest.starts_with(b" blob "));
        Ok(listed.split(|&byte| byte == 0).filter(is_file).count())
    }

    fn is_ancestor(&self, ancestor: Oid, commit: Oid) -> Result<bool, GitError> {
        let command = self.0.git("merge-base").arg("--is-ancestor");
        let command = command.arg(ancestor.to_string()).arg(commit.to_string());
        let words = command.shown();
        let answer = command.answer()?;
        match answer.code {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => Err(failure(words, answer)),
        }
    }

    fn merge_base(&self, one: Oid, two: Oid) -> Result<Option<Oid>, GitError> {
        let command = self.0.git("merge-base").arg(one.to_string()).arg(two.to_string());
        let words = command.shown();
        let answer = command.answer()?;
        match answer.code {
            Some(0) => parse_ids(words, &answer.stdout).map(|ids| ids.first().copied()),
            Some(1) => Ok(None),
            _ => Err(failure(words, answer)),
        }
    }

    fn commits_between(&self, from: Oid, to: Oid) -> Result<Vec<Oid>, GitError> {
        let command = self.0.git("rev-list").args(["--topo-order", "--reverse"]);
        let command = command.arg(to.to_string()).arg(format!("^{from}")).arg("--");
        let words = command.shown();
        parse_ids(words, &command.output()?)
    }

    fn changed_paths(&self, old: Oid, new: Oid) -> Result<Vec<PathChange>, GitError> {
        let command = diff_tree(self.0.git("diff-tree"), old, new).args(RENAMES);
        let words = command.shown();
        parse_changed_paths(&command.output()?).ok_or_else(|| misread(words))
    }

    fn raw_changes(&self, old: Oid, new: Oid) -> Result<Vec<RawChange>, GitError> {
        raw_changes_by(self.0.git("diff-tree"), old, new)
    }

    fn blobs(&self, ids: &[Oid], limit: usize) -> Result<Vec<Option<Vec<u8>>>, GitError> {
        let sizes = self.described(ids.iter().map(Oid::to_string))?;
        let wanted: Vec<bool> = sizes
            .iter()
            .map(|found| found.as_ref().is_some_and(|o| o.kind == "blob" && o.size <= limit))
            .collect();
        let asked = ids.iter().zip(&wanted).filter(|(_, wanted)| **wanted);
        let input: String = asked.map(|(id, _)| format!("{id}\n")).collect();
        let command = self.0.git("cat-file").arg("--batch").input(input.into_bytes());
        let words = command.shown();
        let output = command.output()?;
        let mut rest = output.as_slice();
        let content = |wanted: bool| -> Option<Option<Vec<u8>>> {
            if !wanted {
                return Some(None);
            }
            let (line, tail) = split_line(rest)?;
            let size: usize = line.rsplit(' ').next()?.parse().ok()?;
            let (content, tail) = tail.split_at_checked(size)?;
            rest = tail.strip_prefix(b"\n")?;
            Some(Some(content.to_vec()))
        };
        wanted.into_iter().map(content).collect::<Option<_>>().ok_or_else(|| misread(words))
    }
}

impl<'a> Program<'a> {
    /// The commit that a revision names, `None` when there is none.
    fn commit_named(&self, command: Invocation<'a>, rev: &str) -> Result<Option<Oid>, GitError> {
        // An empty name would be HEAD, a negated one would be answered with its negation.
        if rev.is_empty() || rev.starts_with('^') {
            return Ok(None);
        }
        let command = command.args(["--verify", "--quiet", "--end-of-options", rev]);
        let words = command.shown();
        let answer = command.answer()?;
        match answer.code {
            Some(0) => {
                let found = parse_ids(words, &answer.stdout)?.into_iter();
                let commits = self.described(found.map(|id| format!("{id}^{{commit}}")))?;
                Ok(commits.into_iter().next().flatten().map(|commit| commit.id))
            }
            Some(_) => Ok(None),
            None => Err(failure(words, answer)),
        }
    }

    /// The refs whose name starts with `prefix`, which holds a slash.
    fn listed_below(&self, prefix: &str) -> Result<Vec<RefEntry>, GitError> {
        // Git takes whole folders of refs.
        let folder = prefix.rfind('/').map_or(prefix, |at| &prefix[..=at]);
        let mut found = self.listed(folder)?;
        found.retain(|entry| entry.name.starts_with(prefix));
        Ok(found)
    }

    /// The ref of this name, and all refs below it.
    fn listed(&self, name: &str) -> Result<Vec<RefEntry>, GitError> {
        let command = self.0.git("for-each-ref");
        let command = command.arg("--format=%(objectname) %(objecttype) %(refname)").arg(name);
        let words = command.shown();
        let text = command.text()?;
        let entry = |line: &str| {
            let (id, rest) = line.split_once(' ')?;
            let (kind, name) = rest.split_once(' ')?;
            let (id, name) = (id.parse().ok()?, name.to_owned());
            Some(RefEntry { name, id, is_commit: kind == "commit" })
        };
        let entries: Option<Vec<RefEntry>> = text.lines().map(entry).collect();
        entries.ok_or_else(|| misread(words))
    }

    /// The commits that refs point at, tags followed; refs to anything else are left out.
    fn peeled(&self, entries: Vec<RefEntry>) -> Result<Vec<(String, Oid)>, GitError> {
        let tags = entries.iter().filter(|entry| !entry.is_commit);
        let commits = self.described(tags.map(|tag| format!("{}^{{commit}}", tag.id)))?;
        let mut commits = commits.into_iter();
        let target = |entry: RefEntry| {
            let commit = match entry.is_commit {
                true => entry.id,
                false => commits.next()??.id,
            };
            Some((entry.name, commit))
        };
        Ok(entries.into_iter().filter_map(target).collect())
    }

    /// What objects are, in the order of their names; `None` for those that are not there.
    fn described(
        &self,
        names: impl Iterator<Item = String>,
    ) -> Result<Vec<Option<Described>>, GitError> {
        let input: String = names.map(|name| name + "\n").collect();
        if input.is_empty() {
            return Ok(Vec::new());
        }
        let command = self.0.git("cat-file").arg("--batch-check").input(input.into_bytes());
        let text = command.text()?;
        let object = |line: &str| {
            let mut words = line.split(' ');
            let (id, kind, size) = (words.next()?, words.next()?.to_owned(), words.next()?);
            Some(Described { id: id.parse().ok()?, kind, size: size.parse().ok()? })
        };
        Ok(text.lines().map(object).collect())
    }
}

/// As [`Reader::raw_changes`], asked of a `diff-tree` of a repository.
pub(in crate::adapters::git) fn raw_changes_by(
    command: Invocation<'_>,
    old: Oid,
    new: Oid,
) -> Result<Vec<RawChange>, GitError> {
    let command = diff_tree(command, old, new).arg("--no-renames");
    let words = command.shown();
    parse_raw_changes(&command.output()?).ok_or_else(|| misread(words))
}

fn diff_tree(command: Invocation<'_>, old: Oid, new: Oid) -> Invocation<'_> {
    let command = command.args(["-r", "-z", "--raw", "--no-abbrev"]);
    let command = command.args(["--no-ext-diff", "--no-textconv", "--ignore-submodules=none"]);
    command.arg(old.to_string()).arg(new.to_string())
}

/// A ref as git lists it.
struct RefEntry {
    name: String,
    id: Oid,
    is_commit: bool,
}

/// An object as `cat-file --batch-check` describes it.
struct Described {
    id: Oid,
    kind: String,
    size: usize,
}

fn failure(words: String, answer: Answer) -> GitError {
    GitError::Command { words, code: answer.code, stderr: answer.stderr }
}

fn misread(words: String) -> GitError {
    GitError::Answer { words, what: "a record of another form".to_owned() }
}

fn parse_ids(words: String, output: &[u8]) -> Result<Vec<Oid>, GitError> {
    let text = String::from_utf8_lossy(output);
    let ids: Result<Vec<Oid>, _> = text.lines().map(str::parse).collect();
    ids.map_err(|error| GitError::Answer { words, what: error.to_string() })
}

fn split_line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().position(|&byte| byte == b'\n')?;
    Some((str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 1..]))
}

/// `<commit> <parent>…`, then the commit's own text.
fn parse_commit(output: &[u8]) -> Option<CommitFacts> {
    let (first, mut rest) = split_line(output)?;
    let parents = first.split(' ').skip(1).map(str::parse).collect::<Result<_, _>>().ok()?;
    let (mut tree, mut author) = (None, None);
    while !rest.is_empty() && !rest.starts_with(b"\n") {
        let end = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
        let line = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        if let Some(id) = line.strip_prefix(b"tree ") {
            tree = str::from_utf8(id).ok()?.parse().ok();
        } else if let Some(text) = line.strip_prefix(b"author ") {
            author = parse_author(text);
        }
    }
    Some(CommitFacts { tree: tree?, parents, author: author? })
}

/// `Name <address> <seconds> <zone>`.
fn parse_author(text: &[u8]) -> Option<Author> {
    let close = text.iter().rposition(|&byte| byte == b'>')?;
    let open = text[..close].iter().position(|&byte| byte == b'<')?;
    Some(Author {
        name: text[..open].trim_ascii().to_vec(),
        address: text[open + 1..close].to_vec(),
        date: str::from_utf8(&text[close + 1..]).ok()?.trim().to_owned(),
    })
}
