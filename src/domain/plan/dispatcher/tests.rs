use super::super::problem::Job;
use super::*;

fn job(rank: usize, predecessors: &[usize], successors: &[usize]) -> Job {
    Job {
        predecessors: predecessors.to_vec(),
        successors: successors.to_vec(),
        excludes: Vec::new(),
        cliques: Vec::new(),
        demands: vec![(0, 1)],
        rank,
    }
}

fn problem(jobs: Vec<Job>, capacity: u64) -> Problem {
    Problem { jobs, capacities: vec![capacity], resources: vec!["cpu".into()] }
}

fn released(problem: &Problem, width: usize) -> Dispatcher {
    let mut dispatcher = Dispatcher::new(problem, width);
    dispatcher.release();
    dispatcher
}

#[test]
fn the_most_urgent_ready_job_starts_first_and_width_is_kept() {
    let p = problem(vec![job(2, &[], &[]), job(0, &[], &[]), job(1, &[], &[])], 9);
    let mut d = released(&p, 2);
    assert_eq!(d.next(), Some(1));
    d.start(&p, 1);
    assert_eq!(d.next(), Some(2));
    d.start(&p, 2);
    assert_eq!(d.next(), None);
    d.finish(&p, 1, true);
    assert_eq!(d.next(), Some(0));
}

#[test]
fn what_depends_on_a_failed_job_never_becomes_ready() {
    let p = problem(vec![job(0, &[], &[1]), job(1, &[0], &[])], 9);
    let mut d = released(&p, 4);
    d.start(&p, 0);
    d.finish(&p, 0, false);
    assert_eq!((d.next(), d.state(1)), (None, JobState::Waiting));
}

#[test]
fn excluded_jobs_wait_for_one_another_and_others_pass_them() {
    let mut p = problem(vec![job(0, &[], &[]), job(1, &[], &[]), job(2, &[], &[])], 9);
    p.jobs[0].excludes.push(1);
    p.jobs[1].excludes.push(0);
    let mut d = released(&p, 4);
    d.start(&p, 0);
    assert_eq!(d.next(), Some(2));
}

#[test]
fn jobs_of_a_clique_run_one_after_another_by_urgency_and_others_pass_them() {
    let mut p = problem((0..4).map(|rank| job(3 - rank, &[], &[])).collect(), 9);
    for (job, cliques) in [(3, vec![0]), (2, vec![0, 1]), (0, vec![1])] {
        p.jobs[job].cliques = cliques;
    }
    let mut d = released(&p, 4);
    let mut started = Vec::new();
    while let Some(job) = d.next() {
        d.start(&p, job);
        started.push(job);
    }
    d.finish(&p, 3, true);
    assert_eq!((started, d.next()), (vec![3, 1, 0], None));
    d.finish(&p, 0, true);
    assert_eq!(d.next(), Some(2));
    assert_eq!((p.rivals(2), p.keeps_apart(0, 3)), (vec![0, 3], false));
}

#[test]
fn jobs_stored_without_cliques_are_still_kept_apart() {
    let job = r#"{"predecessors":[],"successors":[],"excludes":[1],"demands":[],"rank":0}"#;
    let job: Job = serde_json::from_str(job).unwrap();
    assert_eq!((job.excludes, job.cliques), (vec![1], vec![]));
}

#[test]
fn a_demand_above_the_capacity_runs_alone_instead_of_never() {
    let mut p = problem(vec![job(0, &[], &[]), job(1, &[], &[])], 2);
    p.jobs[0].demands = vec![(0, 5)];
    let mut d = released(&p, 4);
    assert_eq!(d.next(), Some(0));
    d.start(&p, 0);
    assert_eq!(d.next(), None);
    d.pause(&p, 0);
    assert_eq!(d.next(), Some(1));
    d.requeue(&p, 0);
    assert_eq!(d.next(), Some(0));
}

#[test]
fn another_order_of_urgency_holds_for_what_waits_until_a_reset() {
    let p = problem(vec![job(0, &[], &[]), job(1, &[], &[]), job(2, &[], &[])], 9);
    let mut d = released(&p, 1);
    d.rerank(&[2, 1, 0]);
    assert_eq!((d.next(), d.ranks()), (Some(2), &[2, 1, 0][..]));
    d.rerank(&[0]);
    assert_eq!(d.next(), Some(2));
    d.reset(&p);
    assert_eq!(d.next(), Some(0));
}

#[test]
fn jobs_limited_together_leave_room_for_others_until_the_limit_is_taken_back() {
    let p = problem((0..4).map(|rank| job(rank, &[], &[])).collect(), 9);
    let mut d = released(&p, 4);
    d.limit_together(&[0, 1, 2], Some(2));
    d.limit_together(&[0, 1, 2], Some(1));
    let mut started = Vec::new();
    while let Some(job) = d.next() {
        d.start(&p, job);
        started.push(job);
    }
    assert_eq!(started, [0, 3]);
    d.pause(&p, 0);
    assert_eq!(d.next(), Some(1));
    d.start(&p, 1);
    assert_eq!(d.next(), None);
    d.limit_together(&[0, 1, 2], None);
    assert_eq!(d.next(), Some(2));
}
