//! Integrations of scripted runs for tests: the real state machine, with merges from a script.

use std::time::Duration;

use super::scripted_run::{ScriptedRun, oid};
use crate::domain::integrate::{
    ForecastKind, Integration, IntegrationEvent, IntegrationSpec, MatrixCell, Member, MergeRemarks,
    MergeRequest, Next, Strategy, ValidationRequest, ValidationRun, ValidationVerdict, merge_order,
};
use crate::domain::run::Event;
use crate::domain::task::Priority;

impl ScriptedRun {
    /// Integrates what succeeded: pairs in `clashes` conflict, tasks in `red` fail the validation.
    pub(crate) fn integrated(
        mut self,
        clashes: &[(&str, &str)],
        red: &[&str],
        dry_run: bool,
    ) -> Self {
        self.now = self.now.after(Duration::from_secs(3600));
        let spec = self.integration_spec(clashes, dry_run);
        self.integrate(IntegrationEvent::Started { spec: Box::new(spec) });
        loop {
            self.now = self.now.after(Duration::from_millis(500));
            let current = self.state.integrations.last().unwrap();
            let facts = match current.next() {
                Next::Record(facts) => facts,
                Next::Merge(request) => vec![self.merge(&request, clashes)],
                Next::Validate(requests) => {
                    let ValidationRequest { commit, name, .. } = requests[0].clone();
                    let merged = current.merged_into(commit);
                    let failed = merged.iter().any(|task| red.contains(&task.as_str()));
                    vec![
                        IntegrationEvent::ValidationRequested { commit, name: Some(name) },
                        IntegrationEvent::ValidationFinished { commit, runs: vec![check(failed)] },
                    ]
                }
                Next::Land { old, new } => vec![
                    IntegrationEvent::LandRequested { commit: new },
                    IntegrationEvent::Landed { old, new, operation: 4, checkout: None },
                ],
                Next::Done => return self,
            };
            for fact in facts {
                self.integrate(fact);
            }
        }
    }

    pub(crate) fn integration(&self) -> &Integration {
        self.state.integrations.last().unwrap()
    }

    pub(crate) fn integrate(&mut self, event: IntegrationEvent) {
        self.record(Event::Integration { event });
    }

    fn merge(&mut self, request: &MergeRequest, clashes: &[(&str, &str)]) -> IntegrationEvent {
        let MergeRequest { onto, member, trial } = request;
        let below = self.integration().merged_into(*onto);
        let merged: Vec<String> = below.into_iter().map(ToString::to_string).collect();
        let clash = clashes.iter().any(|(a, b)| {
            let other = if member.task.as_str() == *a { b } else { a };
            [*a, *b].contains(&member.task.as_str()) && merged.iter().any(|m| m == other)
        });
        if clash {
            let hunk = "<<<<<<< main\nlet limit = 1;\n=======\nlet limit = 2;\n>>>>>>> feature";
            let paths = vec!["src/limit.rs".to_owned()];
            let integration = self.integration();
            let ejection = integration.conflict(*onto, &member.task, paths, vec![hunk.to_owned()]);
            return IntegrationEvent::Ejected { ejection, onto: Some(*onto), trial: *trial };
        }
        IntegrationEvent::Merged {
            task: member.task.clone(),
            commit: self.new_commit(),
            onto: Some(*onto),
            trial: *trial,
            remarks: MergeRemarks::default(),
            engine: None,
        }
    }

    fn integration_spec(&self, clashes: &[(&str, &str)], dry_run: bool) -> IntegrationSpec {
        let matrix: Vec<MatrixCell> = clashes
            .iter()
            .map(|(a, b)| MatrixCell {
                a: (*a).to_owned(),
                b: (*b).to_owned(),
                forecast: ForecastKind::Conflict,
                paths: vec!["src/limit.rs".to_owned()],
                note: None,
            })
            .collect();
        let (mut members, mut unfinished) = (Vec::new(), Vec::new());
        for (index, record) in self.state.tasks.iter().enumerate() {
            let task = self.state.task(index).id.clone();
            let (Some(start), Some(tip), true) =
                (record.start, record.tip, record.state.succeeded())
            else {
                unfinished.push(task);
                continue;
            };
            members.push(Member {
                branch: format!("feature/{task}"),
                task,
                start,
                tip,
                title: None,
                needs: record.needs.clone(),
                replay: self.state.is_lane(),
                priority: Priority::Medium,
            });
        }
        let (members, order_reason) = merge_order(members, &matrix);
        IntegrationSpec {
            branch: None,
            target: "main".to_owned(),
            old: oid(1),
            members,
            unfinished,
            strategy: Strategy::Merge,
            validations: self.state.spec.plan.validations.clone(),
            matrix,
            order_reason,
            engine: "git 2.47.3".to_owned(),
            dry_run,
            target_retries: 3,
            slots: 1,
            flake_runs: 20,
            keep: Vec::new(),
            arm: None,
            allow_red_base: false,
            arm_env: Vec::new(),
        }
    }
}

fn check(failed: bool) -> ValidationRun {
    ValidationRun {
        name: "workspace".to_owned(),
        verdict: if failed { ValidationVerdict::Failed } else { ValidationVerdict::Passed },
        ending: format!("exit code {}", i32::from(failed)),
        duration: Duration::from_millis(2500),
        last_lines: Vec::new(),
        tainted: Vec::new(),
        results: None,
        only: Vec::new(),
        cached: false,
        log: None,
    }
}
