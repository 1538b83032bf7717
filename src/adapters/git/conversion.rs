//! Which files a checkout writes otherwise than they are stored (gitattributes(5)): line ends, `$Id$`,
//! encodings, filters. Decided once for a commit; git itself does the converting.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::blobs::BlobReader;
use super::diff::FileMode;
use super::error::{GitError, io};
use super::listing::{ListedFile, Listing};
use super::path::{as_path, quote_path};
use super::program::{Conversation, Invocation};
use super::repo::Repo;
use crate::domain::id::Oid;

/// Attributes that change what is written.
const ATTRIBUTES: [&str; 6] = ["filter", "ident", "working-tree-encoding", "text", "crlf", "eol"];

/// Parts of words without which no line of a `.gitattributes` changes what is written, unless the
/// configuration asks for other line ends.
const TELLING: [&[u8]; 4] = [b"filter", b"ident", b"encoding", b"crlf"];

/// Longest path that the system takes, in bytes.
const LONGEST_PATH: usize = 4096;

/// What a checkout of a commit needs.
#[derive(Debug)]
pub(in crate::adapters) enum Conversion {
    /// Every file is written as it is stored.
    Nothing,
    /// Some files are converted on the way.
    Some(Converted),
    /// Only a checkout by git will do.
    ByGit {
        /// Why, as a sentence without a full stop.
        reason: String,
    },
}

/// Files of a listing that are converted, and a folder with nothing but the commit's attributes.
#[derive(Debug)]
pub(in crate::adapters) struct Converted {
    files: HashSet<usize>,
    attributes: TempDir,
}

impl Conversion {
    /// Looks at attributes and configuration.
    ///
    /// # Errors
    /// Git or the file system fails.
    pub(in crate::adapters) fn load(repo: &Repo, listing: &Listing) -> Result<Self, GitError> {
        let line_ends = LineEnds::of(repo);
        let stored = AttributesFile::load_all(repo, listing)?;
        let telling = stored.iter().any(|file| tells(&file.text)) || outside_tells(repo);
        if line_ends == LineEnds::AsStored && !telling {
            return Ok(Self::Nothing);
        }
        if let Some(odd) = stored.iter().find(|file| file.is_odd()) {
            let reason = format!("`{}` is an odd file", quote_path(&odd.path));
            return Ok(Self::ByGit { reason });
        }
        let attributes = tempfile::Builder::new().prefix("wt-orch-attributes-").tempdir();
        let attributes = attributes.map_err(io("create a folder in", &std::env::temp_dir()))?;
        let converted = Converted { files: HashSet::new(), attributes };
        for file in stored {
            let path = converted.folder().join(as_path(&file.path));
            if path.as_os_str().len() >= LONGEST_PATH {
                let reason = format!("`{}` has too long a path", quote_path(&file.path));
                return Ok(Self::ByGit { reason });
            }
            let folder = path.parent().unwrap_or(&path);
            std::fs::create_dir_all(folder).map_err(io("create", folder))?;
            std::fs::write(&path, &file.text).map_err(io("write", &path))?;
        }
        let folder = converted.folder();
        std::fs::create_dir_all(&folder).map_err(io("create", &folder))?;
        converted.sort_out(repo, listing, line_ends)
    }
}

impl Converted {
    /// Whether the file of this number is converted.
    pub(in crate::adapters) fn has(&self, file: usize) -> bool {
        self.files.contains(&file)
    }

    /// A reader for one thread.
    pub(in crate::adapters) fn open(&self, repo: &Repo) -> Result<ConvertedReader, GitError> {
        let command = self.git(repo, "cat-file").args(["--batch", "--filters"]);
        let terminated = repo.program().version().at_least(2, 38);
        let talk = command.args(terminated.then_some("-z")).converse()?;
        let end = if terminated { 0 } else { b'\n' };
        let stop = format!("wt-orch-{:016x}", RandomState::new().hash_one(()));
        Ok(ConvertedReader { talk, end, stop })
    }

    /// Git with no files but the commit's attributes, and no index that others could be found in.
    fn git<'a>(&self, repo: &'a Repo, subcommand: &str) -> Invocation<'a> {
        let command = repo.git_in(subcommand, repo.common_dir(), &self.folder());
        command.env("GIT_INDEX_FILE", self.attributes.path().join("no-index"))
    }

    /// Where the commit's attributes stand, and nothing else.
    fn folder(&self) -> PathBuf {
        self.attributes.path().join("files")
    }

    fn sort_out(
        mut self,
        repo: &Repo,
        listing: &Listing,
        line_ends: LineEnds,
    ) -> Result<Conversion, GitError> {
        let paths = listing.files.iter().map(|file| &file.path);
        let output = self.git(repo, "check-attr").paths(paths).args(ATTRIBUTES).output()?;
        let fields: Vec<&[u8]> = output.split(|&byte| byte == 0).collect();
        let by_file = fields.chunks(3 * ATTRIBUTES.len());
        let lines_only = !repo.program().version().at_least(2, 38);
        let mut drivers: BTreeMap<String, usize> = BTreeMap::new();
        for (number, (file, found)) in listing.files.iter().zip(by_file).enumerate() {
            if matches!(file.mode, FileMode::Link | FileMode::Submodule) {
                continue;
            }
            let value = |at: usize| found.get(3 * at + 2).copied().unwrap_or(b"unspecified");
            let driver = String::from_utf8_lossy(value(0)).into_owned();
            if repo.settings().below(&format!("filter.{driver}.")).next().is_some() {
                *drivers.entry(driver).or_default() += 1;
            }
            let encoded = !matches!(value(2), b"unspecified" | b"unset");
            let lines = line_ends.change([value(3), value(4), value(5)]);
            if value(1) == b"set" || encoded || lines {
                if lines_only && file.path.contains(&b'\n') {
                    let reason = "a converted file has a line break in its name".to_owned();
                    return Ok(Conversion::ByGit { reason });
                }
                self.files.insert(number);
            }
        }
        if let Some((driver, count)) = drivers.into_iter().next() {
            let files = if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
            let reason = format!("the filter `{driver}` serves {files}");
            return Ok(Conversion::ByGit { reason });
        }
        Ok(if self.files.is_empty() { Conversion::Nothing } else { Conversion::Some(self) })
    }
}

/// Reads files as a checkout writes them.
#[derive(Debug)]
pub(in crate::adapters) struct ConvertedReader {
    talk: Conversation,
    end: u8,
    /// Names no object: git's answer to it ends a content, whose size git does not tell.
    stop: String,
}

impl ConvertedReader {
    /// The converted content of a file.
    ///
    /// # Errors
    /// Git cannot convert it.
    pub(in crate::adapters) fn read(&mut self, id: Oid, path: &[u8]) -> Result<Vec<u8>, GitError> {
        let mut question = format!("{id} ").into_bytes();
        question.extend_from_slice(path);
        question.push(self.end);
        question.extend_from_slice(self.stop.as_bytes());
        question.push(self.end);
        self.talk.ask(&question)?;
        let header = self.talk.line()?;
        if !header.contains(" blob ") {
            let words = format!("cat-file --filters {id} {}", as_path(path).display());
            return Err(GitError::Answer { words, what: header });
        }
        self.talk.until(format!("\n{} missing\n", self.stop).as_bytes())
    }
}

/// What the configuration says about the ends of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineEnds {
    /// Only `eol=crlf` changes them.
    AsStored,
    /// Files with the attribute `text` get CRLF.
    OfText,
    /// Files without attributes do as well.
    OfAll,
}

impl LineEnds {
    fn of(repo: &Repo) -> Self {
        let settings = repo.settings();
        let is = |name: &str, value: &str| {
            settings.last(name).is_some_and(|found| found.eq_ignore_ascii_case(value))
        };
        if is("core.autocrlf", "input") {
            Self::AsStored
        } else if settings.is_true("core.autocrlf") {
            Self::OfAll
        } else if is("core.eol", "crlf") {
            Self::OfText
        } else {
            Self::AsStored
        }
    }

    /// Whether a file with these values of `text`, `crlf` and `eol` may get other line ends.
    fn change(self, [text, crlf, eol]: [&[u8]; 3]) -> bool {
        let is_text = |value: &[u8]| !matches!(value, b"unspecified" | b"unset");
        if text == b"unset" || (text == b"unspecified" && crlf == b"unset") || eol == b"lf" {
            return false;
        }
        match self {
            _ if eol == b"crlf" => true,
            Self::AsStored => false,
            Self::OfText => is_text(text) || is_text(crlf),
            Self::OfAll => true,
        }
    }
}

/// An attributes file of the commit.
struct AttributesFile {
    path: Vec<u8>,
    /// Of a symbolic link its target.
    text: Vec<u8>,
    is_link: bool,
}

impl AttributesFile {
    fn load_all(repo: &Repo, listing: &Listing) -> Result<Vec<Self>, GitError> {
        let reader = BlobReader::open(repo)?;
        let files = listing.files.iter().filter(|file| file.name() == b".gitattributes");
        let load = |file: &ListedFile| {
            let text = reader.with(file.id, <[u8]>::to_vec)?;
            Ok(Self { path: file.path.clone(), text, is_link: file.mode == FileMode::Link })
        };
        files.filter(|file| file.mode != FileMode::Submodule).map(load).collect()
    }

    /// Whether git reads it otherwise from an index than from a folder.
    fn is_odd(&self) -> bool {
        self.is_link || self.text.starts_with(b"\xef\xbb\xbf") || self.text.contains(&0)
    }
}

/// Whether an attributes file may change what is written.
fn tells(text: &[u8]) -> bool {
    TELLING.iter().any(|part| text.windows(part.len()).any(|window| window == *part))
}

fn outside_tells(repo: &Repo) -> bool {
    // Somebody else's home is git's to find.
    let of_user = repo
        .settings()
        .last("core.attributesfile")
        .is_some_and(|path| path.starts_with('~') && !path.starts_with("~/"));
    // What git cannot read either has no effect.
    of_user
        || attributes_outside(repo)
            .iter()
            .any(|file| std::fs::read(file).is_ok_and(|text| tells(&text)))
}

/// Attributes files that may lie outside of the commit; one too many costs a closer look.
pub(in crate::adapters) fn attributes_outside(repo: &Repo) -> Vec<PathBuf> {
    let program = repo.program();
    let variable = |name: &str| program.variable(name).map(PathBuf::from);
    let mut files = vec![repo.common_dir().join("info/attributes"), "/etc/gitattributes".into()];
    let prefix = program.path().parent().and_then(Path::parent);
    files.extend(prefix.map(|prefix| prefix.join("etc/gitattributes")));
    files.push(match repo.settings().last("core.attributesfile") {
        Some(path) => match (path.strip_prefix("~/"), variable("HOME")) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => path.into(),
        },
        None => {
            let config = variable("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
            let config = config.or_else(|| variable("HOME").map(|home| home.join(".config")));
            config.unwrap_or_default().join("git/attributes")
        }
    });
    files
}
