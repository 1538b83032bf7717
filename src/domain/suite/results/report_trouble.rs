//! What keeps the report of a module from being read.

use std::fmt;

use crate::domain::diagnostic::quoted;
use crate::domain::task::human_size;

/// Where a module leaves results by test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportSource<'a> {
    /// A file of its worktree, which the settings name.
    Named {
        /// The module.
        module: &'a str,
        /// From the root.
        path: &'a str,
    },
    /// The file that `{report}` in its command stands for.
    Placeholder,
}

/// Why nothing is read of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportTrouble {
    /// It is not there.
    Absent,
    /// Git tracks it, and it is what was checked out.
    AsCommitted,
    /// Something else is there, such as `a symbolic link`.
    NoFile {
        /// What.
        what: &'static str,
    },
    /// It has more bytes than `run.log_limit`.
    OverTheLimit {
        /// The limit, bytes.
        limit: u64,
    },
    /// It is there, and of no use.
    Unusable {
        /// Why.
        why: String,
    },
}

impl ReportTrouble {
    /// What there is to say of it, with the way out.
    pub fn told(&self, source: ReportSource<'_>) -> String {
        let way = match source {
            ReportSource::Named { module, .. } => format!(
                "let its command write JUnit XML there, or change `report` in {}",
                quoted(&format!("[test.modules.{module}]"))
            ),
            ReportSource::Placeholder => "let its command write JUnit XML there".to_owned(),
        };
        match self {
            Self::Absent => format!("{source} was not written: {way}"),
            Self::AsCommitted => format!(
                "{source} is still as git has it, so it says nothing of this run: name one that git \
                 does not track, or take it out of git (`git rm --cached`)"
            ),
            Self::NoFile { what } => format!("{source} is {what}, and was not read: {way}"),
            Self::OverTheLimit { limit } => format!(
                "{source} is larger than `run.log_limit` ({}), and was not read: raise that, or let \
                 its command write less",
                human_size(*limit)
            ),
            Self::Unusable { why } => format!("{source} is of no use, {why}: {way}"),
        }
    }
}

impl fmt::Display for ReportSource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named { path, .. } => write!(f, "its report {}", quoted(path)),
            Self::Placeholder => f.write_str("its report (`{report}` in its command)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_trouble_names_the_file_and_the_way_out() {
        let named = ReportSource::Named { module: "api", path: "out/r.xml" };
        let told = |trouble: ReportTrouble| trouble.told(named);
        assert_eq!(
            told(ReportTrouble::Absent),
            "its report `out/r.xml` was not written: let its command write JUnit XML there, or \
             change `report` in `[test.modules.api]`"
        );
        assert!(told(ReportTrouble::AsCommitted).contains("`git rm --cached`"));
        assert!(told(ReportTrouble::OverTheLimit { limit: 1 << 20 }).contains("`run.log_limit`"));
        let link = ReportTrouble::NoFile { what: "a symbolic link" };
        assert!(told(link.clone()).contains("`out/r.xml` is a symbolic link, and was not read"));
        assert!(!link.told(ReportSource::Placeholder).contains("test.modules"));
    }
}
