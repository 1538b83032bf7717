//! Commits as they are stored: every byte of author and message is kept.

use super::capability::Backend;
use super::error::{GitError, library};
use super::oid::{from_git2, to_git2};
use super::repo::Repo;
use crate::domain::id::Oid;

/// The parts of a commit that another commit can take over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RawCommit {
    pub(super) tree: Oid,
    pub(super) parents: Vec<Oid>,
    /// `Name <address> <seconds> <zone>`.
    pub(super) author: Vec<u8>,
    /// Of author and message; UTF-8 where there is none.
    pub(super) encoding: Option<Vec<u8>>,
    pub(super) message: Vec<u8>,
}

impl RawCommit {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (mut tree, mut parents, mut author, mut encoding) = (None, Vec::new(), None, None);
        let mut rest = bytes;
        while !rest.is_empty() {
            let end = rest.iter().position(|&byte| byte == b'\n')?;
            let line = &rest[..end];
            rest = &rest[end + 1..];
            let id = |text: &[u8]| str::from_utf8(text).ok()?.parse::<Oid>().ok();
            if line.is_empty() {
                break;
            } else if let Some(text) = line.strip_prefix(b"tree ") {
                tree = Some(id(text)?);
            } else if let Some(text) = line.strip_prefix(b"parent ") {
                parents.push(id(text)?);
            } else if let Some(text) = line.strip_prefix(b"author ") {
                author = Some(text.to_vec());
            } else if let Some(text) = line.strip_prefix(b"encoding ") {
                encoding = Some(text.to_vec());
            }
        }
        Some(Self { tree: tree?, parents, author: author?, encoding, message: rest.to_vec() })
    }

    /// The whole commit.
    pub(super) fn bytes(&self, committer: &[u8]) -> Vec<u8> {
        let mut bytes = format!("tree {}\n", self.tree).into_bytes();
        for parent in &self.parents {
            bytes.extend(format!("parent {parent}\n").bytes());
        }
        let encoding = self.encoding.as_deref();
        let lines = [
            (&b"author "[..], Some(self.author.as_slice())),
            (b"committer ", Some(committer)),
            (b"encoding ", encoding),
        ];
        for (name, value) in lines {
            let Some(value) = value else { continue };
            bytes.extend(name);
            bytes.extend(value);
            bytes.push(b'\n');
        }
        bytes.push(b'\n');
        bytes.extend(&self.message);
        bytes
    }

    /// `Name <address>` of the author, as text.
    pub(super) fn author_name(&self) -> String {
        let end = self.author.iter().rposition(|&byte| byte == b'>').map_or(0, |at| at + 1);
        String::from_utf8_lossy(&self.author[..end]).into_owned()
    }

    /// The message as text.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.message).into_owned()
    }

    /// The first line of the message, as text.
    pub(super) fn subject(&self) -> String {
        let lines = self.message.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
        let first = lines.into_iter().find(|line| !line.is_empty()).unwrap_or_default();
        String::from_utf8_lossy(first).into_owned()
    }

    /// By libgit2.
    pub(super) fn read(git: &git2::Repository, id: Oid) -> Result<Self, GitError> {
        let odb = git.odb().map_err(library("open the object store"))?;
        let object = odb.read(to_git2(id)?).map_err(library("read a commit"))?;
        Self::parse(object.data()).ok_or_else(|| misread(id))
    }

    /// By git.
    pub(super) fn load(repo: &Repo, id: Oid) -> Result<Self, GitError> {
        let bytes = repo.git("cat-file").arg("commit").arg(id.to_string()).output()?;
        Self::parse(&bytes).ok_or_else(|| misread(id))
    }

    /// By libgit2; does not wait for the disk.
    pub(super) fn write(git: &git2::Repository, bytes: &[u8]) -> Result<Oid, GitError> {
        let odb = git.odb().map_err(library("open the object store"))?;
        let written = odb.write(git2::ObjectType::Commit, bytes);
        written.map(from_git2).map_err(library("write a commit"))
    }

    /// By git; does not wait for the disk.
    pub(super) fn store(repo: &Repo, bytes: Vec<u8>) -> Result<Oid, GitError> {
        repo.git("hash-object").args(["-t", "commit", "-w", "--stdin"]).input(bytes).oid()
    }
}

impl Repo {
    /// Commits in the order of their ids.
    pub(super) fn raw_commits(&self, ids: &[Oid]) -> Result<Vec<RawCommit>, GitError> {
        match self.backend() {
            Backend::Libgit2 => {
                let git = self.objects()?;
                ids.iter().map(|id| RawCommit::read(&git, *id)).collect()
            }
            Backend::Git => ids.iter().map(|id| RawCommit::load(self, *id)).collect(),
        }
    }
}

fn misread(id: Oid) -> GitError {
    GitError::Answer { words: format!("cat-file commit {id}"), what: "no commit".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_keeps_its_bytes_and_loses_its_signature() {
        let id = "1".repeat(40);
        let head = format!("tree {id}\nparent {id}\nauthor J\u{f6} <j@x> 1 +0100\n");
        let rest = "encoding latin1\n";
        let text = "\nsubject\n\n body \n\n";
        let signed = format!(
            "{head}committer C <c@x> 2 +0000\n{rest}gpgsig -----BEGIN\n parent x\n \n -----END\n{text}"
        );
        let commit = RawCommit::parse(signed.as_bytes()).unwrap();
        assert_eq!(commit.author_name(), "J\u{f6} <j@x>");
        let again = commit.bytes(b"D <d@x> 3 +0000");
        let expected = format!("{head}committer D <d@x> 3 +0000\n{rest}{text}");
        assert_eq!(String::from_utf8(again).unwrap(), expected);
        assert_eq!(RawCommit::parse(b"tree x"), None);
    }
}
