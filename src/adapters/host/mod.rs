//! The machine the program runs on: its clock, size, signals, process table, locks, and the socket
//! through which other commands reach a running one. The only folder that asks the time.

pub mod approvals;
pub mod clock;
pub mod control;
pub mod crash_point;
pub mod digest;
pub mod disk;
pub mod effective_cores;
pub mod foreground;
pub mod identity;
pub mod ledger;
pub mod lock;
pub mod machine;
pub mod numbered_logs;
pub mod ports;
pub mod pressure;
pub mod private;
pub mod probe;
pub mod report_file;
pub mod room;
pub mod shortage;
pub mod signals;
pub mod temporary;
pub mod toolchain;
pub mod usage;
pub mod whole_file;

#[cfg(target_os = "linux")]
pub(in crate::adapters) mod git_at_work;
pub(in crate::adapters) mod process_table;
