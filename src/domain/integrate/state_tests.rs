//! Scripted integrations: a world where a commit is the set of tasks it contains.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::domain::id::{Oid, TaskId};
use crate::domain::task::{Priority, Validation};
use crate::domain::time::Timestamp;

fn oid(n: usize) -> Oid {
    let mut raw = [0; 20];
    raw[..8].copy_from_slice(&(n as u64 + 1).to_be_bytes());
    Oid::from_bytes(&raw).unwrap()
}

fn id(n: usize) -> TaskId {
    format!("t{n:02}").parse().unwrap()
}

fn member(n: usize, needs: &[usize]) -> Member {
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

type Set = BTreeSet<TaskId>;

struct World {
    integration: Integration,
    contents: BTreeMap<Oid, Set>,
    conflicts: fn(&Set, &TaskId) -> bool,
    red: Box<dyn Fn(&Set) -> bool>,
    /// How often somebody else moves the target before a landing.
    moves: usize,
    validations: usize,
    landed: Option<Set>,
}

impl World {
    fn new(members: Vec<Member>, red: impl Fn(&Set) -> bool + 'static) -> Self {
        let spec = IntegrationSpec {
            target: "main".into(),
            old: oid(0),
            members,
            unfinished: Vec::new(),
            strategy: super::Strategy::Merge,
            validations: vec![Validation {
                name: "all".into(),
                run: "true".into(),
                report: None,
                timeout: Duration::from_secs(1),
            }],
            matrix: Vec::new(),
            order_reason: String::new(),
            engine: "scripted".into(),
            dry_run: false,
            target_retries: 3,
        };
        Self {
            integration: Integration::new(spec, Timestamp(0)),
            contents: BTreeMap::from([(oid(0), Set::new())]),
            conflicts: |_, _| false,
            red: Box::new(red),
            moves: 0,
            validations: 0,
            landed: None,
        }
    }

    fn run(mut self) -> Self {
        for _ in 0..10_000 {
            let events = match self.integration.next() {
                Next::Done => return self,
                Next::Record(events) => events,
                Next::Merge { onto, member } => vec![self.merge(onto, &member)],
                Next::Validate { commit } => vec![self.validate(commit)],
                Next::Land { old, new } => vec![self.land(old, new)],
            };
            for event in events {
                self.integration.apply(&event, Timestamp(1));
            }
        }
        panic!("does not end");
    }

    fn merge(&mut self, onto: Oid, member: &Member) -> IntegrationEvent {
        let base = &self.contents[&onto];
        if (self.conflicts)(base, &member.task) {
            let ejection = self.integration.conflict(&member.task, vec!["f".into()], Vec::new());
            return IntegrationEvent::Ejected { ejection };
        }
        let mut set = base.clone();
        set.insert(member.task.clone());
        let commit = oid(1000 + self.contents.len());
        self.contents.insert(commit, set);
        IntegrationEvent::Merged { task: member.task.clone(), commit }
    }

    fn validate(&mut self, commit: Oid) -> IntegrationEvent {
        self.validations += 1;
        let red = (self.red)(&self.contents[&commit]);
        let run = ValidationRun {
            name: "all".into(),
            verdict: if red { ValidationVerdict::Failed } else { ValidationVerdict::Passed },
            ending: format!("exit code {}", i32::from(red)),
            duration: Duration::ZERO,
            last_lines: Vec::new(),
            tainted: Vec::new(),
        };
        IntegrationEvent::ValidationFinished { commit, runs: vec![run] }
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

    fn ejected(&self) -> Vec<(String, EjectionReason)> {
        self.integration.ejected.iter().map(|e| (e.task.to_string(), e.reason)).collect()
    }
}

fn has(set: &Set, n: usize) -> bool {
    set.contains(&id(n))
}

#[test]
fn all_green_lands_after_one_validation() {
    let world = World::new((0..4).map(|n| member(n, &[])).collect(), |_| false).run();
    assert_eq!(world.landed.unwrap().len(), 4);
    assert_eq!(world.validations, 1);
}

#[test]
fn a_culprit_is_named_and_the_rest_lands() {
    let world = World::new((0..8).map(|n| member(n, &[])).collect(), |set| has(set, 5)).run();
    assert_eq!(world.ejected(), [("t05".to_owned(), EjectionReason::Validation)]);
    assert_eq!(world.landed.unwrap().len(), 7);
    // The whole, the base, three halvings, and the rest again.
    assert_eq!(world.validations, 6);
}

#[test]
fn an_ejected_dependency_takes_its_dependents_along() {
    let members = vec![member(0, &[]), member(1, &[0]), member(2, &[0, 1]), member(3, &[])];
    let world = World::new(members, |set| has(set, 0)).run();
    assert_eq!(
        world.ejected(),
        [
            ("t00".to_owned(), EjectionReason::Validation),
            ("t01".to_owned(), EjectionReason::Dependency),
            ("t02".to_owned(), EjectionReason::Dependency),
        ]
    );
    assert_eq!(world.landed.unwrap(), Set::from([id(3)]));
}

#[test]
fn a_conflict_ejects_only_the_later_one() {
    let mut world = World::new((0..3).map(|n| member(n, &[])).collect(), |_| false);
    world.conflicts = |set, task| has(set, 0) && *task == id(1);
    let world = world.run();
    assert_eq!(world.ejected(), [("t01".to_owned(), EjectionReason::Conflict)]);
    assert_eq!(world.landed.unwrap(), Set::from([id(0), id(2)]));
}

#[test]
fn a_target_that_is_red_itself_refuses_the_landing() {
    let world = World::new(vec![member(0, &[])], |_| true).run();
    assert_eq!(world.landed, None);
    let refused = Refusal::RedBase { validations: vec!["all".into()] };
    assert_eq!(world.integration.outcome, Some(IntegrationOutcome::Refused(refused)));
}

#[test]
fn a_target_that_moved_is_merged_and_validated_again_three_times_at_most() {
    for (moves, lands) in [(3, true), (4, false)] {
        let mut world = World::new(vec![member(0, &[])], |_| false);
        world.moves = moves;
        let world = world.run();
        assert_eq!(world.landed.is_some(), lands, "{moves} moves");
        assert_eq!(world.validations, 4);
    }
}

#[test]
fn a_dry_run_merges_and_stops() {
    let mut world = World::new(vec![member(0, &[])], |_| true);
    std::sync::Arc::make_mut(&mut world.integration.spec).dry_run = true;
    let world = world.run();
    assert_eq!(world.integration.outcome, Some(IntegrationOutcome::DryRun));
    assert_eq!((world.validations, world.integration.train.len()), (0, 1));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_lands_is_green_and_closed_and_the_planted_culprits_are_out(
        n in 1..20_usize,
        needs in prop::collection::vec(any::<u32>(), 20),
        singles in prop::collection::btree_set(0..20_usize, 0..4),
        pair in prop::option::of((0..20_usize, 0..20_usize)),
    ) {
        let members: Vec<Member> = (0..n)
            .map(|i| {
                let before: Vec<usize> =
                    (0..i).filter(|j| needs[i] >> (j % 32) & 0b111 == 0b111).collect();
                member(i, &before)
            })
            .collect();
        let planted = singles.clone();
        let red = move |set: &Set| {
            planted.iter().any(|&s| has(set, s))
                || pair.is_some_and(|(a, b)| a != b && has(set, a) && has(set, b))
        };
        let check = red.clone();
        let world = World::new(members.clone(), red).run();
        if let Some(landed) = &world.landed {
            prop_assert!(!check(landed));
            for member in members.iter().filter(|m| landed.contains(&m.task)) {
                prop_assert!(member.needs.iter().all(|need| landed.contains(need)));
            }
        }
        let blamed: BTreeSet<String> = world
            .integration
            .ejected
            .iter()
            .filter(|e| e.reason == EjectionReason::Validation)
            .map(|e| e.task.to_string())
            .collect();
        for &single in singles.iter().filter(|&&s| s < n) {
            let name = id(single).to_string();
            let out = world.integration.ejected.iter().any(|e| e.task.as_str() == name);
            prop_assert!(out, "{name} must not land");
        }
        let allowed = singles.len() + usize::from(pair.is_some());
        prop_assert!(blamed.len() <= allowed, "{blamed:?} for {singles:?} and {pair:?}");
    }
}
