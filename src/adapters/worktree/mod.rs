//! worktree (being written).
