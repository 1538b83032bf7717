use super::super::super::random::Random;
use super::*;
use crate::domain::time::Timestamp;

fn run(workflow: &str, predicted_s: f64, sd: f64, actual_s: f64) -> ObservedRun {
    ObservedRun {
        run: 0,
        workflow: workflow.to_owned(),
        width: 4,
        tasks: 9,
        predicted_s,
        sd,
        low_s: 0.0,
        high_s: 0.0,
        calibrated: false,
        overruled: false,
        actual_s,
        conflicts: None,
        branches: 0,
        at: Timestamp(0),
    }
}

#[test]
fn too_narrow_and_biased_draws_are_corrected_to_95_percent() {
    let mut random = Random::new(3);
    let mut runs = Vec::new();
    let (mut covered, mut counted) = (0, 0);
    for _ in 0..1500 {
        // Half as wide as it should be and a fifth too short.
        let actual = 100.0 * (0.2 + 0.2 * random.normal()).exp();
        let calibration = Calibration::learn(&runs, "w", Verdict::Parallel);
        let shown = calibration.interval(100.0, 0.1);
        if calibration.calibrated {
            counted += 1;
            covered += usize::from((shown.low..=shown.high).contains(&actual));
        }
        runs.push(run("w", 100.0, 0.1, actual));
    }
    let share = f64::from(u32::try_from(covered).unwrap()) / f64::from(counted);
    assert_eq!(counted, 1480);
    assert!((0.935..0.965).contains(&share), "{share}");
}

#[test]
fn before_nineteen_runs_an_interval_is_provisional_and_the_first_run_of_a_workflow_always_is() {
    let runs = |n: usize| vec![run("w", 100.0, 0.1, 105.0); n];
    let factor = |n: usize| Calibration::learn(&runs(n), "w", Verdict::Parallel).factor;
    assert!((factor(0) - 1.96).abs() < 1e-9);
    assert!((factor(1) - 4.303).abs() < 1e-9 && factor(2) < factor(1));
    assert!(!Calibration::learn(&runs(19), "w", Verdict::Parallel).calibrated);
    assert!(Calibration::learn(&runs(20), "w", Verdict::Parallel).calibrated);
    let other = Calibration::learn(&runs(60), "other", Verdict::Parallel);
    assert!(!other.calibrated && other.bias.abs() < 1e-9 && other.factor >= 1.96);
}

#[test]
fn how_runs_side_by_side_were_off_does_not_move_the_prediction_of_one_lane() {
    let side_by_side = run("w", 100.0, 0.1, 80.0);
    let lane = ObservedRun { width: 1, ..run("w", 100.0, 0.1, 125.0) };
    let mut runs = vec![side_by_side.clone(); 9];
    let bias = |runs: &[ObservedRun], way| Calibration::learn(runs, "w", way).bias;
    assert!(bias(&runs, Verdict::Parallel) < -0.1);
    assert!(bias(&runs, Verdict::Sequential).abs() < 1e-9);
    runs.extend([lane, side_by_side]);
    assert!(bias(&runs, Verdict::Parallel) < -0.1);
    assert!(bias(&runs, Verdict::Sequential) > 0.05);
}

#[test]
fn errors_without_measure_make_no_interval_without_end() {
    let runs = vec![run("w", 1e-9, 1e-9, 1e9); 20];
    let interval = Calibration::learn(&runs, "w", Verdict::Parallel).interval(60.0, 100.0);
    assert!(interval.low <= interval.p50 && interval.p50 <= interval.high);
    assert!(interval.high <= LONGEST_S, "{interval:?}");
}
