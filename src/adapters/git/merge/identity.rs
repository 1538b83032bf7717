//! Who makes the commits of a train: git is asked once.

use crate::adapters::git::error::GitError;
use crate::adapters::git::repo::Repo;
use crate::adapters::git::write::identified;
use crate::adapters::host::clock::Clock;

/// Author and committer of new commits.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    author: Signer,
    committer: Signer,
}

/// A name as commits have it.
#[derive(Debug, Clone)]
struct Signer {
    /// `Name <address>`.
    name: String,
    /// `+0100`.
    zone: String,
    /// A date that the environment asks for, in seconds.
    fixed: Option<String>,
}

impl Identity {
    pub(super) fn load(repo: &Repo) -> Result<Self, GitError> {
        Ok(Self {
            author: Signer::load(repo, "AUTHOR")?,
            committer: Signer::load(repo, "COMMITTER")?,
        })
    }

    /// `Name <address> <seconds> <zone>` of now.
    pub(super) fn author(&self, clock: &Clock) -> Vec<u8> {
        self.author.line(clock)
    }

    /// The same of whoever commits.
    pub(super) fn committer(&self, clock: &Clock) -> Vec<u8> {
        self.committer.line(clock)
    }
}

impl Signer {
    fn load(repo: &Repo, role: &str) -> Result<Self, GitError> {
        let variable = format!("GIT_{role}_IDENT");
        // Without useConfigOnly git makes an address up from the host's name.
        let command = || repo.git("var").config("user.useConfigOnly=true").arg(&variable);
        let answer = command().answer()?;
        let text = match answer.code {
            Some(0) => String::from_utf8_lossy(&answer.stdout).into_owned(),
            Some(_) | None => identified(command(), role).text()?,
        };
        let misread = || GitError::Answer { words: format!("var {variable}"), what: text.clone() };
        let (name, date) = text.trim_end().rsplit_once("> ").ok_or_else(misread)?;
        let (seconds, zone) = date.split_once(' ').ok_or_else(misread)?;
        let fixed = repo.program().variable(&format!("GIT_{role}_DATE"));
        Ok(Self {
            name: format!("{name}>"),
            zone: zone.to_owned(),
            fixed: fixed.map(|_| seconds.to_owned()),
        })
    }

    fn line(&self, clock: &Clock) -> Vec<u8> {
        let Self { name, zone, fixed } = self;
        let now = || (clock.now().0 / 1000).to_string();
        format!("{name} {} {zone}", fixed.clone().unwrap_or_else(now)).into_bytes()
    }
}
