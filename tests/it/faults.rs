//! Everything that can go wrong around a run, by the numbered list of faults: each test says which
//! faults (F1 …) it stands for, and each file holds one group of the list.

mod concurrency;
mod confined;
mod containment;
mod crash;
mod crash_landing;
mod disks;
mod full_disk;
mod hostile;
mod journal;
mod limits;
mod nested;
mod odd_files;
mod readers;
mod refs;
mod shared;
mod signals;
mod states;
mod unfinished;
mod warden;
mod worktrees;
