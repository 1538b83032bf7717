//! A private world for the program under test, and the means to look at what it did there.
//!
//! [`Repo`] is a temporary folder with a HOME, XDG folders, a temporary folder and one repository of
//! its own; nothing of the machine's or the user's settings reaches the programs that it starts.
//! [`Repo::wt_orch`] runs the program and gives an [`Output`]; [`Fingerprint`] tells whether
//! anything of the user's was touched.
//!
//! ```ignore
//! let repo = Repo::new();
//! repo.file("src/a.txt", "a\n").commit("first");
//! repo.file("tasks.toml", "[[task]]\nid = \"a\"\nrun = \"true\"\n");
//! let before = Fingerprint::of(&repo);
//! let plan = repo.wt_orch(&["plan", "tasks.toml", "--json"]).exit(0).stdout_json();
//! before.assert_identical(&Fingerprint::of(&repo));
//! ```

mod fingerprint;
mod invocation;
mod output;
mod redact;
mod repo;
mod sharing;
mod terminal;

pub(crate) use fingerprint::Fingerprint;
pub(crate) use invocation::{Invocation, Running};
pub(crate) use output::Output;
pub(crate) use repo::Repo;
