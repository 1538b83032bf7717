//! Git at work, which takes its locks away only when it may end by itself or is asked to.
//!
//! Its housekeeping: whatever makes commits or fetches starts it in the background once there is
//! much to pack. No command can be blamed for that, and it can be done again at any time; but some of
//! its locks, left behind, would keep it from ever tidying up again.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use tokio::time::Instant;

use super::{Member, Urgency, system};

/// How long it may take its locks away where everything else is ended by force.
const FAREWELL: Duration = Duration::from_secs(1);

/// How long git may go on when what it was started for has ended. Asked to end, it now and then leaves
/// a lock behind, for good and in the way of everybody: one that it has just made and not yet noted.
const GIT_PATIENCE: Duration = Duration::from_millis(500);

/// What of a family is git's housekeeping.
#[derive(Debug, Default)]
pub(super) struct Housekeeping {
    /// Those that lead it: it is a process group of its own.
    leaders: HashSet<u32>,
    /// When it was first to be asked to end.
    asked_at: Option<Instant>,
    /// It is held, so that it can be seen what it does.
    is_held: bool,
}

impl Housekeeping {
    /// Learns who leads it; the command itself never does.
    pub(super) fn note(&mut self, members: &[Member], command: Option<u32>) {
        let leads = |member: &&Member| {
            member.group == member.pid
                && command != Some(member.pid)
                && is_housekeeping(&system::load_words(member.pid))
        };
        self.leaders.extend(members.iter().filter(leads).map(|member| member.pid));
    }

    /// Whether a member belongs to it.
    pub(super) fn has(&self, member: &Member) -> bool {
        self.leaders.contains(&member.group)
    }

    /// Whether a member is to be asked to end by itself before force is used.
    pub(super) fn spares(&self, member: &Member) -> bool {
        self.has(member) && self.asked_at.is_none_or(|asked| asked.elapsed() < FAREWELL)
    }

    /// Goes one step towards asking the members to end: holds them, and, when all are seen held at a
    /// harmless point, asks; else lets them go on. To be called again after a while.
    ///
    /// Git takes its locks away when it is asked to end, but for one that it has made and not yet
    /// noted, and it makes many.
    pub(super) fn ask(&mut self, members: &[&Member]) {
        if members.is_empty() {
            return;
        }
        self.asked_at.get_or_insert_with(Instant::now);
        self.is_held = !self.is_held;
        if self.is_held {
            members.iter().for_each(|member| member.signal(Signal::STOP));
            return;
        }
        if members.iter().all(|member| system::is_held_harmlessly(member.pid)) {
            members.iter().for_each(|member| member.signal(Signal::TERM));
        }
        members.iter().for_each(|member| member.signal(Signal::CONT));
    }

    /// Until when it may go on before it is asked to end: where nothing is in a hurry half of the
    /// time, so that it is not begun again and again for nothing.
    pub(super) fn may_go_on_until(urgency: Urgency) -> Instant {
        let now = Instant::now();
        if urgency.look_twice {
            now + urgency.kill_at.saturating_duration_since(now) / 2
        } else {
            now
        }
    }
}

/// How long git may go on where force is used after this time.
pub(in crate::adapters::process) fn git_patience(left: Duration) -> Duration {
    (left / 2).min(GIT_PATIENCE)
}

/// Whether a member is git, whatever it does.
pub(super) fn is_git(member: &Member) -> bool {
    system::load_names(member.pid).iter().any(|name| name == "git")
}

/// `git gc --auto`, `git maintenance run --auto`.
fn is_housekeeping(words: &[String]) -> bool {
    let [program, command, options @ ..] = words else { return false };
    Path::new(program).file_name().is_some_and(|name| name == "git")
        && matches!(command.as_str(), "gc" | "maintenance")
        && options.iter().any(|option| option == "--auto")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_starts_by_itself_is_told_from_what_somebody_asked_for() {
        let is =
            |line: &str| is_housekeeping(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert!(is("/usr/lib/git-core/git maintenance run --auto --quiet --detach"));
        assert!(is("git gc --auto --quiet"));
        assert!(!is("git gc --aggressive"));
        assert!(!is("git commit --auto"));
        assert!(!is("sh gc --auto"));
        assert!(!is("git"));
    }
}
