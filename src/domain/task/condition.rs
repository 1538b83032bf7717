//! `when`: what must hold of the tasks that a task depends on. No language: facts about tasks that
//! are over, joined by `and`, `or` and `not`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::id::TaskId;

/// A condition over tasks that are over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// All of them hold.
    All(Vec<Self>),
    /// One of them holds.
    Any(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// Something is so of one task.
    Task {
        /// Which.
        task: TaskId,
        /// What.
        fact: Fact,
    },
}

/// What can be asked about a task that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// `outcome == '…'`.
    Outcome(Ended),
    /// `exit_code == N`, `< N`, `> N`; never so of a command that has none.
    ExitCode(Compared, i32),
    /// `changed == true`: there is something to land.
    Changed,
    /// `output contains '…'`: in one of the last lines that its last attempt printed.
    Output(String),
}

/// How two numbers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compared {
    /// `==`.
    Equal,
    /// `<`.
    Less,
    /// `>`.
    Greater,
}

/// How a task ended, as conditions spell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// It did its work.
    Succeeded,
    /// It did not.
    Failed,
    /// Its time ran out.
    TimedOut,
    /// It was stopped.
    Cancelled,
    /// It never started.
    Skipped,
}

impl Ended {
    /// Every word that a condition may compare an outcome with.
    pub const WORDS: [(&'static str, Self); 5] = [
        ("succeeded", Self::Succeeded),
        ("failed", Self::Failed),
        ("timed_out", Self::TimedOut),
        ("cancelled", Self::Cancelled),
        ("skipped", Self::Skipped),
    ];

    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, ended)| *ended == self).map_or("", |(word, _)| word)
    }
}

/// What is known of a task that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observed<'a> {
    /// How it ended.
    pub ended: Ended,
    /// Exit code of its last attempt, where there was one.
    pub exit_code: Option<i32>,
    /// It has something to land.
    pub changed: bool,
    /// The last lines it printed; `None` means that nobody can know yet, and any text counts as
    /// printed.
    pub output: Option<&'a [String]>,
}

impl Condition {
    /// Whether it holds. What is said of a task that is not known does not.
    pub fn holds<'a>(&self, of: &dyn Fn(&TaskId) -> Option<Observed<'a>>) -> bool {
        match self {
            Self::All(all) => all.iter().all(|one| one.holds(of)),
            Self::Any(any) => any.iter().any(|one| one.holds(of)),
            Self::Not(one) => !one.holds(of),
            Self::Task { task, fact } => of(task).is_some_and(|observed| fact.holds(&observed)),
        }
    }

    /// The condition with what is said of a task said of its `items` instead: where it succeeded,
    /// all of them did; everything else is so of at least one.
    pub fn over_items(self, items: &dyn Fn(&TaskId) -> Option<Vec<TaskId>>) -> Self {
        let each = |many: Vec<Self>| many.into_iter().map(|one| one.over_items(items)).collect();
        match self {
            Self::All(all) => Self::All(each(all)),
            Self::Any(any) => Self::Any(each(any)),
            Self::Not(one) => Self::Not(Box::new(one.over_items(items))),
            Self::Task { task, fact } => match items(&task) {
                None => Self::Task { task, fact },
                Some(items) => {
                    let of = |task| Self::Task { task, fact: fact.clone() };
                    let parts = items.into_iter().map(of).collect();
                    if fact == Fact::Outcome(Ended::Succeeded) {
                        Self::All(parts)
                    } else {
                        Self::Any(parts)
                    }
                }
            },
        }
    }

    fn is_compound(&self) -> bool {
        match self {
            Self::All(_) | Self::Any(_) => true,
            Self::Not(_) | Self::Task { .. } => false,
        }
    }
}

impl Fact {
    fn holds(&self, observed: &Observed<'_>) -> bool {
        match self {
            Self::Outcome(ended) => observed.ended == *ended,
            Self::ExitCode(compared, code) => {
                observed.exit_code.is_some_and(|found| match compared {
                    Compared::Equal => found == *code,
                    Compared::Less => found < *code,
                    Compared::Greater => found > *code,
                })
            }
            Self::Changed => observed.changed,
            Self::Output(text) => {
                observed.output.is_none_or(|lines| lines.iter().any(|line| line.contains(text)))
            }
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, parts: &[Self], word: &str| {
            for (at, part) in parts.iter().enumerate() {
                let before = if at == 0 { "" } else { word };
                let (open, close) = if part.is_compound() { ("(", ")") } else { ("", "") };
                write!(f, "{before}{open}{part}{close}")?;
            }
            Ok(())
        };
        match self {
            Self::All(all) => joined(f, all, " and "),
            Self::Any(any) => joined(f, any, " or "),
            Self::Not(one) => {
                let (open, close) = if one.is_compound() { ("(", ")") } else { ("", "") };
                write!(f, "not {open}{one}{close}")
            }
            Self::Task { task, fact } => match fact {
                Fact::Outcome(ended) => write!(f, "task.{task}.outcome == '{}'", ended.word()),
                Fact::ExitCode(compared, code) => {
                    let sign = match compared {
                        Compared::Equal => "==",
                        Compared::Less => "<",
                        Compared::Greater => ">",
                    };
                    write!(f, "task.{task}.exit_code {sign} {code}")
                }
                Fact::Changed => write!(f, "task.{task}.changed == true"),
                Fact::Output(text) => write!(f, "task.{task}.output contains '{text}'"),
            },
        }
    }
}
