use proptest::prelude::*;

use super::*;
use crate::domain::plan::{ObservedAttempt, ObservedRun, ResourceUse};
use crate::domain::time::Timestamp;

const NOW: Timestamp = Timestamp(1_800_000_000_000);

fn observations(run: u64, seconds: f64) -> Observations {
    let attempt = ObservedAttempt {
        run,
        workflow: "auth".to_owned(),
        task: "api".to_owned(),
        work: u64::MAX,
        category: "phase build".to_owned(),
        wall_s: seconds,
        cpu_s: Some(seconds / 2.0),
        active: 1.5,
        lane_position: Some(3),
        censored: true,
        used: ResourceUse {
            peak_rss: Some(1 << 40),
            read_bytes: Some(run % (1 << 60)),
            written_bytes: None,
            processes: Some(5),
        },
        at: NOW,
    };
    let result = ObservedRun {
        run,
        workflow: "auth".to_owned(),
        width: 4,
        tasks: 7,
        predicted_s: seconds,
        sd: 0.2,
        low_s: seconds / 2.0,
        high_s: seconds * 2.0,
        calibrated: true,
        overruled: false,
        actual_s: seconds,
        conflicts: Some(1),
        branches: 6,
        at: NOW,
    };
    let imported = true;
    let used = ResourceUse::default();
    let unknown = ObservedAttempt { cpu_s: None, lane_position: None, used, ..attempt.clone() };
    Observations {
        attempts: vec![
            RecordedAttempt { attempt: 1, imported, observed: attempt },
            RecordedAttempt { attempt: 2, imported, observed: unknown },
        ],
        runs: vec![
            RecordedRun { imported, observed: result.clone() },
            RecordedRun { imported, observed: ObservedRun { conflicts: None, ..result } },
        ],
    }
}

fn problems(text: &str) -> Vec<String> {
    let problems = parse_history_export(text, NOW).unwrap_err();
    problems.iter().map(ToString::to_string).collect()
}

/// The valid document, changed.
fn changed(change: impl FnOnce(&mut serde_json::Value)) -> String {
    let mut value = serde_json::to_value(HistoryExport::new(&observations(9, 60.0))).unwrap();
    change(&mut value);
    value.to_string()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_written_is_read_back(run in any::<u64>(), seconds in 0.001..1e6_f64) {
        let observed = observations(run, seconds);
        let text = serde_json::to_string(&HistoryExport::new(&observed)).unwrap();
        let read = parse_history_export(&text, NOW).unwrap();
        prop_assert_eq!(read.attempts.len(), 2);
        for (read, written) in read.attempts.iter().zip(&observed.attempts) {
            prop_assert!((read.observed.wall_s - written.observed.wall_s).abs() < 1e-6);
            let wall_s = written.observed.wall_s;
            let cpu_s = written.observed.cpu_s;
            let same = ObservedAttempt { wall_s, cpu_s, ..read.observed.clone() };
            prop_assert_eq!(&same, &written.observed);
        }
        prop_assert_eq!(read.runs.len(), 2);
        prop_assert_eq!(read.runs[0].observed.run, run);
        prop_assert_eq!(read.runs[0].observed.conflicts, Some(1));
    }

    #[test]
    fn no_text_is_too_odd_to_be_told_what_is_wrong_with_it(text in ".{0,80}") {
        prop_assert!(parse_history_export(&text, NOW).is_err());
    }
}

#[test]
fn a_file_of_an_older_version_knows_nothing_of_resources() {
    let text = changed(|value| {
        for attempt in value["attempts"].as_array_mut().unwrap() {
            for name in ["peak_rss_bytes", "read_bytes", "written_bytes", "processes"] {
                attempt.as_object_mut().unwrap().remove(name).unwrap();
            }
        }
    });
    let read = parse_history_export(&text, NOW).unwrap();
    assert_eq!(read.attempts.len(), 2);
    assert!(read.attempts.iter().all(|one| one.observed.used == ResourceUse::default()));
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_place() {
    let text = changed(|value| {
        value["attempts"][0]["wall_s"] = (-1.0).into();
        value["attempts"][0]["task"] = "A B".into();
        value["attempts"][0]["run"] = "12".into();
        value["attempts"][1]["attempt"] = 0.into();
        value["attempts"][1]["active"] = "NaN".into();
        value["attempts"][1]["at_ms"] = (NOW.0 + 90_000_000).into();
        value["runs"][0]["predicted_s"] = 1e10.into();
        value["runs"][0]["category"] = "not read".into();
        value["runs"][1].as_object_mut().unwrap().remove("sd");
        value["runs"][1]["overruled"] = 1.into();
    });
    insta::assert_snapshot!(problems(&text).join("\n"), @r#"
    attempts[0].run is "12"; it must be 16 hexadecimal digits
    attempts[0].task has `A` where only a-z, 0-9, `.`, `_` and `-` may stand
    attempts[0].wall_s is -1.0; it must be a number from 0 to 1e9
    attempts[1].attempt is 0; it must be a whole number from 1 to 100000
    attempts[1].active is "NaN"; it must be a number from 1 to 1e5
    attempts[1].at_ms is 1800090000000; it must be a time from 1970-01-01T00:00:00Z to tomorrow, in milliseconds
    runs[0].predicted_s is 10000000000.0; it must be a number from 0 to 1e9
    runs[1].sd is missing
    runs[1].overruled is 1; it must be true or false
    "#);
    let text = changed(|value| {
        value["attempts"][0]["cpu_s"] = 1e6.into();
        value["attempts"][1]["peak_rss_bytes"] = u64::MAX.into();
        value["attempts"][1]["written_bytes"] = 0.5.into();
        value["attempts"][1]["processes"] = (-1).into();
        value["attempts"][0]["wall_s"] = 1.into();
        value["runs"][0]["low_s"] = 500.into();
        value["runs"][0]["conflicts"] = 7.into();
        value["attempts"][1]["category"] = "".into();
    });
    insta::assert_snapshot!(problems(&text).join("\n"), @r#"
    attempts[0].cpu_s is more than 4096 cores could do in `wall_s`
    attempts[1].category is ""; it must be a text of 1 to 4096 bytes
    attempts[1].peak_rss_bytes is 18446744073709551615; it must be a whole number from 0 to 1152921504606846976
    attempts[1].written_bytes is 0.5; it must be a whole number from 0 to 1152921504606846976
    attempts[1].processes is -1; it must be a whole number from 0 to 4194304
    runs[0].low_s is larger than `high_s`
    runs[0].conflicts is larger than `branches`
    "#);
}

#[test]
fn another_document_is_not_taken_for_history() {
    insta::assert_snapshot!(problems(r#"{"schema": 1, "verdict": "parallel"}"#).join("\n"), @"
    format is not `wt-orch history`
    attempts is missing, or no list
    runs is missing, or no list
    ");
    let newer = changed(|value| value["schema"] = 2.into());
    assert_eq!(problems(&newer), ["schema is 2; this wt-orch reads 1"]);
    assert_eq!(problems("[]"), ["the document is no JSON object"]);
    assert_eq!(problems("{\n  \"schema\": NaN"), ["line 2, column 13: expected value"]);
    let huge = changed(|_| {}).replace("60.0", "1e999");
    assert!(problems(&huge)[0].ends_with("number out of range"), "{:?}", problems(&huge));
}
