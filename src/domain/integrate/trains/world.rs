//! A scripted world: a commit is the set of members that it contains, and what fails is planted.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::id::{Oid, TaskId};
use crate::domain::integrate::*;
use crate::domain::plan::Random;
use crate::domain::task::{Priority, Validation};
use crate::domain::time::Timestamp;

pub(super) fn oid(n: usize) -> Oid {
    let mut raw = [0; 20];
    raw[..8].copy_from_slice(&(n as u64 + 1).to_be_bytes());
    Oid::from_bytes(&raw).unwrap()
}

pub(super) fn id(n: usize) -> TaskId {
    format!("t{n:02}").parse().unwrap()
}

pub(super) fn member(n: usize, needs: &[usize]) -> Member {
    Member {
        task: id(n),
        start: oid(0),
        tip: oid(100 + n),
        branch: format!("feature/t{n:02}"),
        title: None,
        needs: needs.iter().copied().map(id).collect(),
        replay: false,
        priority: Priority::Medium,
    }
}

pub(super) fn members(n: usize) -> Vec<Member> {
    (0..n).map(|at| member(at, &[])).collect()
}

pub(super) fn validation(name: &str) -> Validation {
    Validation {
        name: name.into(),
        run: "true".into(),
        report: None,
        rerun: Some("only {tests}".into()),
        locks: Vec::new(),
        cache: true,
        pass: crate::domain::task::PassRule::default(),
        timeout: Duration::from_secs(1),
    }
}

pub(super) type Set = BTreeSet<usize>;

/// A test of the world: when it fails, and how often by itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Planted {
    /// It fails wherever all members of one of these sets are.
    pub(super) culprits: Vec<Set>,
    /// It fails with the target alone.
    pub(super) on_base: bool,
    /// How often it fails where it should, 0 to 1.
    pub(super) when_red: f64,
    /// How often it fails where it should not.
    pub(super) flake: f64,
    /// Members with which it is not run at all.
    pub(super) removed_by: Set,
    /// It fails with so many members, whichever they are.
    pub(super) crowd: Option<usize>,
}

impl Planted {
    pub(super) fn by(culprits: &[&[usize]]) -> Self {
        let culprits = culprits.iter().map(|set| set.iter().copied().collect()).collect();
        Self { culprits, when_red: 1.0, ..Self::default() }
    }

    pub(super) fn flaky(flake: f64) -> Self {
        Self { flake, ..Self::default() }
    }

    pub(super) fn is_red(&self, set: &Set) -> bool {
        let crowded = self.crowd.is_some_and(|crowd| set.len() >= crowd);
        self.on_base || crowded || self.culprits.iter().any(|culprits| culprits.is_subset(set))
    }
}

pub(super) struct World {
    pub(super) integration: Integration,
    pub(super) contents: BTreeMap<Oid, Set>,
    pub(super) conflicts: fn(&Set, usize) -> bool,
    pub(super) tests: Vec<Planted>,
    /// Whether a run says which tests failed.
    pub(super) tells: bool,
    /// The member that makes runs change tracked files, and how often.
    pub(super) taints: Option<(usize, f64)>,
    /// How long each run takes.
    pub(super) duration: Duration,
    /// Chosen tests are not found by their names, and nothing runs.
    pub(super) misses: bool,
    /// How often somebody else moves the target before a landing.
    pub(super) moves: usize,
    pub(super) validations: usize,
    pub(super) landed: Option<Set>,
    random: Random,
}

impl World {
    pub(super) fn new(members: Vec<Member>, tests: Vec<Planted>) -> Self {
        let spec = IntegrationSpec {
            target: "main".into(),
            old: oid(0),
            members,
            unfinished: Vec::new(),
            strategy: Strategy::Merge,
            validations: vec![validation("all")],
            matrix: Vec::new(),
            order_reason: String::new(),
            engine: "scripted".into(),
            dry_run: false,
            branch: None,
            target_retries: 3,
            slots: 1,
            flake_runs: 20,
            keep: Vec::new(),
            arm: None,
            allow_red_base: false,
            arm_env: Vec::new(),
        };
        Self {
            integration: Integration::new(spec, Timestamp(0)),
            contents: BTreeMap::from([(oid(0), Set::new())]),
            conflicts: |_, _| false,
            tests,
            tells: true,
            taints: None,
            misses: false,
            duration: Duration::ZERO,
            moves: 0,
            validations: 0,
            landed: None,
            random: Random::new(1),
        }
    }

    pub(super) fn spec(mut self, change: impl FnOnce(&mut IntegrationSpec)) -> Self {
        change(std::sync::Arc::make_mut(&mut self.integration.spec));
        self
    }

    pub(super) fn silent(mut self) -> Self {
        self.tells = false;
        self.spec(|spec| spec.validations[0].rerun = None)
    }

    pub(super) fn seeded(mut self, seed: u64) -> Self {
        self.random = Random::new(seed);
        self
    }

    pub(super) fn run(mut self) -> Self {
        for _ in 0..20_000 {
            if !self.step() {
                return self;
            }
        }
        panic!("does not end");
    }

    /// Does what comes next; `false` when it is over.
    pub(super) fn step(&mut self) -> bool {
        let events = match self.integration.next() {
            Next::Done => return false,
            Next::Record(events) => events,
            Next::Merge(request) => vec![self.merge(&request)],
            Next::Validate(requests) => {
                assert!(!requests.is_empty());
                // As many at once as there are slots, so that what is not needed is paid for, too.
                let slots = self.integration.spec.slots as usize;
                requests.iter().take(slots).map(|request| self.validate(request)).collect()
            }
            Next::Land { old, new } => vec![self.land(old, new)],
        };
        for event in events {
            self.integration.apply(&event, Timestamp(1));
        }
        true
    }

    fn merge(&mut self, request: &MergeRequest) -> IntegrationEvent {
        let MergeRequest { onto, member, trial } = request.clone();
        let number = self.number(&member.task);
        let base = &self.contents[&onto];
        if (self.conflicts)(base, number) {
            let paths = vec!["f".into()];
            let ejection = self.integration.conflict(onto, &member.task, paths, Vec::new());
            return IntegrationEvent::Ejected { ejection, onto: Some(onto), trial };
        }
        let mut set = base.clone();
        set.insert(number);
        let commit = oid(1000 + self.contents.len());
        self.contents.insert(commit, set);
        let (task, remarks) = (member.task, MergeRemarks::default());
        IntegrationEvent::Merged { task, commit, onto: Some(onto), trial, remarks, engine: None }
    }

    fn number(&self, task: &TaskId) -> usize {
        task.as_str()[1..].parse().unwrap()
    }

    fn validate(&mut self, request: &ValidationRequest) -> IntegrationEvent {
        self.validations += 1;
        let set = self.contents[&request.commit].clone();
        let (mut passed, mut failed) = (BTreeSet::new(), BTreeSet::new());
        for (number, test) in self.tests.clone().iter().enumerate() {
            let name = format!("test{number}");
            let asked = request.only.is_empty() || request.only.contains(&name);
            let missed = self.misses && !request.only.is_empty();
            if !asked || missed || !test.removed_by.is_disjoint(&set) {
                continue;
            }
            let rate = if test.is_red(&set) { test.when_red.max(test.flake) } else { test.flake };
            let red = self.random.uniform() <= rate;
            if red {
                failed.insert(name)
            } else {
                passed.insert(name)
            };
        }
        let tainted = self
            .taints
            .is_some_and(|(by, rate)| set.contains(&by) && self.random.uniform() <= rate);
        let is_red = !failed.is_empty();
        let skipped = BTreeSet::new();
        let results =
            TestResults { format: TestFormat::Junit, complete: true, passed, failed, skipped };
        let run = ValidationRun {
            name: request.name.clone(),
            verdict: if is_red { ValidationVerdict::Failed } else { ValidationVerdict::Passed },
            ending: format!("exit code {}", i32::from(is_red)),
            duration: self.duration,
            last_lines: Vec::new(),
            tainted: if tainted { vec!["f".to_owned()] } else { Vec::new() },
            results: ((is_red || !request.only.is_empty()) && self.tells).then_some(results),
            only: request.only.clone(),
            cached: false,
            log: None,
        };
        IntegrationEvent::ValidationFinished { commit: request.commit, runs: vec![run] }
    }

    fn land(&mut self, old: Oid, new: Oid) -> IntegrationEvent {
        if self.moves > 0 {
            self.moves -= 1;
            let now = oid(5000 + self.moves);
            self.contents.insert(now, Set::new());
            return self.integration.target_moved(Some(now));
        }
        self.landed = Some(self.contents[&new].clone());
        IntegrationEvent::Landed { old, new, operation: 1, checkout: None }
    }

    pub(super) fn ejected(&self) -> Vec<(String, EjectionReason)> {
        self.integration.ejected().iter().map(|e| (e.task.to_string(), e.reason)).collect()
    }

    /// Members left out because they break a validation.
    pub(super) fn blamed(&self) -> Set {
        let ejected = self.integration.ejected();
        let blamed = ejected.iter().filter(|e| e.reason == EjectionReason::Validation);
        blamed.map(|e| self.number(&e.task)).collect()
    }

    /// Whether something planted is in what landed.
    pub(super) fn landed_red(&self) -> bool {
        let Some(landed) = &self.landed else { return false };
        self.tests.iter().any(|test| !test.on_base && test.is_red(landed))
    }
}
