//! What tasks that run side by side must not share although it lies outside of their worktrees:
//! ports, names of containers, folders for temporary files.

use crate::domain::id::{TaskId, stable_hash};

/// First and last port that tasks are given. Below what most systems use for outgoing connections,
/// above what services are known by.
pub const TASK_PORTS: (u16, u16) = (20_000, 29_999);

/// Ports for a task, best first: the same ones whenever it is asked, so that a URL stays what it was
/// from run to run. Those that the system gives to outgoing connections come last.
pub fn port_candidates(
    repository: &str,
    task: &TaskId,
    ephemeral: Option<(u16, u16)>,
) -> impl Iterator<Item = u16> {
    let (first, last) = TASK_PORTS;
    let count = u64::from(last - first) + 1;
    let hash = stable_hash(&[repository.as_bytes(), b"\0", task.as_str().as_bytes()]);
    let all = move || {
        (0..count).map(move |step| {
            let offset = u16::try_from((hash % count + step) % count).unwrap_or(0);
            first + offset
        })
    };
    let shared = move |port: &u16| ephemeral.is_some_and(|(low, high)| (low..=high).contains(port));
    all().filter(move |port| !shared(port)).chain(all().filter(shared))
}

/// Name of a task's project for `docker compose`: lower-case letters, digits, `-` and `_`, beginning
/// with a letter or digit.
pub fn compose_project(repository: &str, task: &TaskId) -> String {
    let plain = |c: char| {
        let c = c.to_ascii_lowercase();
        if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }
    };
    let name: String = format!("{repository}-{task}").chars().map(plain).collect();
    let name = name.trim_start_matches(['-', '_']);
    if task.as_str().contains('.') {
        // `y.w` and `y-w` are two tasks.
        format!("{name}-{:04x}", stable_hash(&[task.as_str().as_bytes()]) >> 48)
    } else {
        name.to_owned()
    }
}

/// Name of a task's folder for temporary files: short, since sockets are made in it.
pub fn temporary_name(repository: &str, run: &str, task: &TaskId) -> String {
    const SHOWN: usize = 12;
    let id = task.as_str();
    let shown = &id[..id.len().min(SHOWN)];
    let parts = [repository.as_bytes(), b"\0", run.as_bytes(), b"\0", id.as_bytes()];
    format!("{shown}-{:08x}", stable_hash(&parts) >> 32)
}

/// Name of the run that no other run of this machine has, of letters and digits.
pub fn run_mark(repository: &str, run: &str) -> String {
    format!("{:016x}", stable_hash(&[repository.as_bytes(), b"\0", run.as_bytes()]))
}

/// Name of the folder of a run's jobserver. No task's ends like it: theirs end in eight digits.
pub fn jobs_name(repository: &str, run: &str) -> String {
    let parts = [repository.as_bytes(), b"\0", run.as_bytes()];
    format!("{:08x}-jobs", stable_hash(&parts) >> 32)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn task(id: &str) -> TaskId {
        id.parse().unwrap()
    }

    #[test]
    fn every_port_is_a_candidate_once_and_the_first_ones_do_not_change() {
        let ports = |ephemeral| port_candidates("/r", &task("api"), ephemeral).collect::<Vec<_>>();
        let all = ports(None);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 10_000);
        assert!(all.iter().all(|port| (20_000..=29_999).contains(port)));
        assert_eq!(all, ports(Some((32_768, 60_999))));
        assert_ne!(all[0], port_candidates("/r", &task("web"), None).next().unwrap());
        assert_ne!(all[0], port_candidates("/s", &task("api"), None).next().unwrap());
        let split = ports(Some((10_000, 24_999)));
        assert!(split[..5_000].iter().all(|port| *port >= 25_000));
        assert_eq!(split.len(), 10_000);
        assert_eq!(ports(Some((1, u16::MAX))), all);
    }

    #[test]
    fn names_are_what_compose_and_sockets_accept() {
        assert_eq!(compose_project("My Shop", &task("api-v2")), "my-shop-api-v2");
        let dotted = compose_project("My Shop", &task("api.v2"));
        assert!(dotted.starts_with("my-shop-api-v2-"), "{dotted}");
        assert_eq!(compose_project("_.x", &task("a")), "x-a");
        assert_eq!(compose_project("é", &task("a")), "a");
        let long = task(&"x".repeat(64));
        assert_eq!(temporary_name("/r", "run", &long).len(), 21);
        assert_ne!(
            temporary_name("/r", "one", &task("a")),
            temporary_name("/r", "two", &task("a"))
        );
    }
}
