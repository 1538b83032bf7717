//! Who wrote a range of commits, and what they said: for the one commit that takes their place.

use std::collections::HashSet;

use super::error::GitError;
use super::raw_commit::RawCommit;
use super::repo::Repo;
use super::write::FALLBACK;
use crate::domain::id::Oid;

/// The trailer that names a further author.
const CO_AUTHOR: &str = "co-authored-by";

/// What a commit in place of several must say to keep whose work it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credits {
    /// The commit whose author (name, address, date) it keeps; `None` for an empty range.
    pub author_of: Option<Oid>,
    /// The other authors, `Name <address>`, in the order of their first commit; each address once.
    pub co_authors: Vec<String>,
    /// All other trailers (`Signed-off-by: …`), each once, in order.
    pub trailers: Vec<String>,
    /// What the commits say, oldest first.
    pub messages: Vec<CommitMessage>,
}

/// What one commit says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitMessage {
    /// The commit.
    pub commit: Oid,
    /// The first line.
    pub subject: String,
    /// The paragraphs after it, without trailers.
    pub body: String,
}

impl Repo {
    /// Of the commits of `start..tip` that `onto` does not have, merges left out. The author is that
    /// of the last commit; one of ours, made for a user without a name, gives way to any other.
    ///
    /// # Errors
    /// One of them is no commit.
    pub fn credits(&self, start: Oid, tip: Oid, onto: Oid) -> Result<Credits, GitError> {
        // What was merged in from the target is somebody else's, and there already.
        let theirs: HashSet<Oid> = self.commits_between(onto, tip)?.into_iter().collect();
        let mut range = self.commits_between(start, tip)?;
        range.retain(|commit| theirs.contains(commit));
        let commits = range.iter().copied().zip(self.raw_commits(&range)?);
        let commits: Vec<(Oid, RawCommit)> =
            commits.filter(|(_, commit)| commit.parents.len() < 2).collect();
        let named = |(_, commit): &&(Oid, RawCommit)| !is_ours(&commit.author_name());
        let author = commits.iter().rev().find(named).or(commits.last());
        let mut people = People::without(author.map(|(_, commit)| commit.author_name()));
        let mut trailers: Vec<String> = Vec::new();
        let mut messages = Vec::new();
        for (id, commit) in &commits {
            people.add(commit.author_name());
            let message = Message::parse(&commit.text());
            for trailer in message.trailers {
                match trailer.split_once(':') {
                    Some((name, person)) if name.eq_ignore_ascii_case(CO_AUTHOR) => {
                        people.add(person.trim().to_owned());
                    }
                    _ if !trailers.contains(&trailer) => trailers.push(trailer),
                    _ => {}
                }
            }
            let Message { subject, body, .. } = message;
            messages.push(CommitMessage { commit: *id, subject, body });
        }
        let author_of = author.map(|(id, _)| *id);
        Ok(Credits { author_of, co_authors: people.list, trailers, messages })
    }
}

fn is_ours(person: &str) -> bool {
    address(person) == FALLBACK.1
}

/// What stands between the angle brackets, in lower case.
fn address(person: &str) -> String {
    let inner = person.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or(person, |(address, _)| address).trim().to_lowercase()
}

/// Authors beside the first, each address once.
struct People {
    known: HashSet<String>,
    list: Vec<String>,
}

impl People {
    fn without(author: Option<String>) -> Self {
        let known = author.iter().map(|author| address(author)).collect();
        Self { known, list: Vec::new() }
    }

    fn add(&mut self, person: String) {
        if !is_ours(&person) && self.known.insert(address(&person)) {
            self.list.push(person);
        }
    }
}

/// A commit's message in its parts.
struct Message {
    subject: String,
    body: String,
    trailers: Vec<String>,
}

impl Message {
    fn parse(text: &str) -> Self {
        let text = text.trim();
        let (subject, rest) = text.split_once('\n').unwrap_or((text, ""));
        let rest = rest.trim();
        let (before, last) = rest.rsplit_once("\n\n").unwrap_or(("", rest));
        let (body, trailers) = match trailers(last) {
            Some(trailers) => (before.trim_end(), trailers),
            None => (rest, Vec::new()),
        };
        Self { subject: subject.trim_end().to_owned(), body: body.to_owned(), trailers }
    }
}

/// The trailers of a paragraph that consists of nothing else.
fn trailers(paragraph: &str) -> Option<Vec<String>> {
    let mut found: Vec<String> = Vec::new();
    for line in paragraph.lines() {
        if line.starts_with([' ', '\t']) {
            // It goes on with the line before.
            let last = found.last_mut()?;
            last.push(' ');
            last.push_str(line.trim());
            continue;
        }
        let (name, value) = line.split_once(':')?;
        let is_name = |name: &str| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        if !is_name(name) || !value.starts_with(' ') {
            return None;
        }
        found.push(line.trim_end().to_owned());
    }
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests;
