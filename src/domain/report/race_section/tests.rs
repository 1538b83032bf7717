use std::time::Duration;

use super::super::document::schemas;
use super::super::race_document::{ControlFacts, from_race};
use super::*;
use crate::domain::race::fixture::rules;
use crate::domain::race::{Changes, CheckOutput, evidence};
use crate::domain::task::{Better, Metric, RaceRules, RaceStop};

const CONTROL: &str = "test ends ... FAILED\nleft: 3\ntest result: FAILED. 0 passed; 1 failed; \
                       0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n";

fn arm(id: &str, verdict: ArmVerdict, passes: u32, fails: u32) -> ArmFacts {
    let paths = ["src/lib.rs".to_owned()].into();
    let proof = |text: &str| {
        let of = |text| CheckOutput { exit_code: Some(101), text, worktree: "/w" };
        evidence(of(text), Some(of(CONTROL)))
    };
    let falsified = verdict == ArmVerdict::Falsified;
    let other = CONTROL.replace("left: 3", "left: 5").replace("0.01s", "0.4s");
    ArmFacts {
        id: id.parse().unwrap(),
        title: None,
        verdict: Some(verdict),
        reason: None,
        tally: Tally { passes, fails },
        metric: None,
        changes: Changes { paths, lines: 4, ..Changes::default() },
        changes_check: Vec::new(),
        duration: Duration::from_secs(12),
        once: Duration::from_secs(4),
        family: None,
        branch: Some(format!("wt-orch/r/{id}")),
        tip: None,
        evidence: falsified.then(|| proof(if id == "same" { CONTROL } else { &other })),
    }
}

fn facts(stop: RaceStop, arms: Vec<ArmFacts>) -> RaceFacts {
    let tally = Tally { passes: 0, fails: 4 };
    RaceFacts {
        run: "window".parse().unwrap(),
        base: "01".repeat(20).parse().unwrap(),
        rules: rules(7, 4, stop),
        control: Some(ControlFacts {
            tally,
            duration: Duration::from_secs(3),
            reason: None,
            metric: None,
            evidence: None,
        }),
        arms,
        saved: Duration::from_secs(20),
    }
}

fn won() -> RaceFacts {
    let mut right = arm("off-by-one", ArmVerdict::Proved, 4, 1);
    right.title = Some("the window is one too short".to_owned());
    let mut broken = arm("broken", ArmVerdict::Errored, 0, 0);
    broken.reason = Some("its patch does not apply".to_owned());
    facts(
        RaceStop::First,
        vec![
            right,
            arm("same", ArmVerdict::Falsified, 0, 4),
            arm("other", ArmVerdict::Falsified, 0, 4),
            arm("late", ArmVerdict::Stopped, 0, 3),
            broken,
        ],
    )
}

fn text(facts: &RaceFacts) -> String {
    format!("{}{}", cell(&race_headline(facts)), shown(race_sections(facts)))
}

fn cell(line: &Line) -> String {
    line.spans.iter().map(super::super::prose::Span::content).collect()
}

fn shown(sections: Vec<Section>) -> String {
    let mut text = String::new();
    for section in sections {
        text = format!("{text}\n# {}", section.heading);
        for block in section.blocks {
            let lines = match block {
                Block::Table(table) => {
                    let row =
                        |row: &Vec<Line>| row.iter().map(cell).collect::<Vec<_>>().join(" | ");
                    table.rows.iter().map(row).collect()
                }
                Block::List(lines) => lines.iter().map(cell).collect(),
                Block::Line(line) => vec![cell(&line)],
                Block::Verbatim(lines) => lines.into_iter().map(|l| format!("    {l}")).collect(),
                other @ (Block::Facts(_)
                | Block::Subheading(_)
                | Block::Timeline(_)
                | Block::Commands(_)) => panic!("{other:?}"),
            };
            text = format!("{text}\n{}", lines.join("\n"));
        }
    }
    text
}

#[test]
fn the_report_has_every_arm_beside_the_control_and_says_how_sure_it_is() {
    insta::assert_snapshot!(text(&won()), @"
    race window: off-by-one is proved
    # Race
    control (the base) | reproduced | 0 of 4 | 0 % to 61 % | - | - | 3.0s
    off-by-one | proved | 4 of 5 | 28 % to 100 % | 4 lines | 1 | 12s
    same | falsified | 0 of 4 | 0 % to 61 % | 4 lines | 1 | 12s
    other | falsified | 0 of 4 | 0 % to 61 % | 4 lines | 1 | 12s
    late | stopped | 0 of 3 | 0 % to 89 % | 4 lines | 1 | 12s
    broken | errored | - | - | 4 lines | 1 | 12s
    off-by-one: the window is one too short
    winner: off-by-one is the first arm that was proved; the race ended with it
    luck: an arm that is no better than those it was compared with, which passed 0 of 15 runs, is proved beside such results in at most 0.8 % of races, with 5 arms to be lucky in at most 4 %
    a right arm that passes as often as off-by-one did would miss 4 of 7 in 3.4 % of races; from so few runs it could be as many as 96 %
    stopping the others saved about 20s of work
    # Evidence
    same falsified: its check ended with exit code 101; its output is the same as the control's
    other falsified: its check ended with exit code 101; its output against the control's:
         test ends ... FAILED
        -left: 3
        +left: 5
         test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.4s
    broken errored: its patch does not apply
    ");
}

#[test]
fn while_it_runs_a_race_says_how_far_each_arm_is_and_which_can_still_win() {
    let mut facts = won();
    for (arm, (passes, fails)) in facts.arms.iter_mut().zip([(3, 1), (3, 4), (0, 0), (4, 0)]) {
        (arm.verdict, arm.tally, arm.evidence) = (None, Tally { passes, fails }, None);
    }
    insta::assert_snapshot!(shown(vec![race_progress(&facts)]), @"
    # Race
    control (the base) | reproduced | 0 of 4 | 0 % to 61 % | - | - | 3.0s
    off-by-one | open | 3 of 4 | 11 % to 100 % | 4 lines | 1 | 12s
    same | open | 3 of 7 | 11 % to 82 % | 4 lines | 1 | 12s
    other | open | - | - | 4 lines | 1 | 12s
    late | open | 4 of 4 | 39 % to 100 % | 4 lines | 1 | 12s
    broken | errored | - | - | 4 lines | 1 | 12s
    can still win: off-by-one (needs 1 of 3 more runs), other (needs 4 of 7 more runs), late (is proved)
    ");
    let missing = from_race(&facts).arms.into_iter().map(|arm| arm.passes_missing);
    assert_eq!(missing.collect::<Vec<_>>(), [Some(1), None, Some(4), Some(0), None]);
    facts.arms.retain(|arm| arm.verdict.is_some());
    assert!(shown(vec![race_progress(&facts)]).ends_with("\nno arm can win any more"));
}

#[test]
fn the_best_of_several_is_named_with_the_reason() {
    let mut facts = won();
    facts.rules = RaceRules { runs: 1, need: 1, ..rules(1, 1, RaceStop::All) };
    let better = Better::Lower;
    facts.rules.metric = Some(Metric { pattern: "(.)".to_owned(), better });
    facts.arms.truncate(2);
    for (arm, number) in facts.arms.iter_mut().zip([14.25, 12.0]) {
        arm.verdict = Some(ArmVerdict::Proved);
        arm.tally = Tally { passes: 1, fails: 0 };
        arm.metric = MetricSummary::of(&[number]);
        arm.evidence = None;
    }
    let text = text(&facts);
    assert!(text.starts_with("race window: same is proved"), "{text}");
    assert!(
        text.contains(
            "winner: same passes as often as off-by-one; its metric is better: 12 (one run) \
             against 14.25 (one run)"
        ),
        "{text}"
    );
    assert!(!text.contains("luck"), "{text}");
}

#[test]
fn a_control_that_passes_and_a_race_without_a_winner_say_so() {
    let mut facts = won();
    facts.arms.remove(0);
    assert_eq!(text(&facts).lines().next(), Some("race window: no hypothesis is proved"));
    facts.control.as_mut().unwrap().tally = Tally { passes: 4, fails: 0 };
    let text = text(&facts);
    assert!(text.starts_with("race window: not reproduced: the base passes the check"), "{text}");
}

#[test]
fn a_share_is_rounded_up_to_two_digits() {
    let shown = [0.0, 1e-9, 0.00012, 0.0131, 0.38, 0.991, 1.0].map(at_most_percent);
    assert_eq!(shown, ["0 %", "0.001 %", "0.012 %", "1.4 %", "38 %", "100 %", "100 %"]);
}

#[test]
fn the_document_has_the_promised_fields_and_fits_its_schema() {
    let document = serde_json::to_value(from_race(&won())).unwrap();
    let (_, schema) = schemas().into_iter().find(|(name, _)| *name == "race").unwrap();
    if let Err(error) = jsonschema::validate(&schema, &document) {
        panic!("{error}\n{document:#}");
    }
    assert_eq!(document["control"]["outcome"], "reproduced");
    assert_eq!(document["winner"], "off-by-one");
    let why = "`off-by-one` is the first arm that was proved; the race ended with it";
    assert_eq!(document["why"], why);
    let evidence = &document["arms"][2]["evidence"];
    assert_eq!((&evidence["more"], &evidence["more_failing"]), (&0.into(), &0.into()));
    let verdicts = document["arms"].as_array().unwrap().iter().map(|arm| arm["verdict"].clone());
    assert_eq!(
        verdicts.collect::<Vec<_>>(),
        ["proved", "falsified", "falsified", "stopped", "errored"]
    );
    let arm = document["arms"][0].as_object().unwrap();
    for field in ["id", "runs", "passes", "metric", "changed_paths", "duration_s", "branch", "tip"]
    {
        assert!(arm.contains_key(field), "{field}");
    }
    let luck = document["luck_at_most"].as_f64().unwrap();
    assert!(0.0 < luck && luck < 0.1, "{luck}");
}

#[test]
fn a_control_that_could_not_be_run_is_told_with_the_reason() {
    let mut facts = won();
    facts.arms.truncate(1);
    facts.arms[0].verdict = Some(ArmVerdict::Stopped);
    let control = facts.control.as_mut().unwrap();
    (control.tally, control.reason) = (Tally::default(), Some("its folder is gone".to_owned()));
    let text = text(&facts);
    assert!(
        text.starts_with("race window: not decided: the check came to no result on the base: its folder is gone\n"),
        "{text}"
    );
    assert!(text.contains("control (the base) | errored | - |"), "{text}");
    let document = from_race(&facts).control.unwrap();
    assert_eq!((document.outcome, document.reason.as_deref()), (None, Some("its folder is gone")));
}

#[test]
fn the_document_says_how_much_of_the_evidence_it_leaves_out() {
    let mut facts = won();
    let found = facts.arms[2].evidence.as_mut().unwrap();
    found.more_failing = 7;
    found.shown = Shown::Diff { lines: vec!["+x".to_owned()], more: 9 };
    let entry = from_race(&facts).arms.swap_remove(2).evidence.unwrap();
    assert_eq!((entry.more_failing, entry.more), (7, 9));
    assert!(text(&facts).contains("… and 9 lines more"));
}

#[test]
fn an_arm_that_changes_what_judges_it_is_marked_and_every_falsified_arm_has_a_reason() {
    let mut facts = won();
    facts.arms[0].changes_check = vec!["test.sh".to_owned()];
    facts.arms[0].changes.paths.insert("test.sh".to_owned());
    let told = text(&facts);
    let mark = "\nlook twice: off-by-one changes test.sh, which the check names\n";
    assert!(told.contains(mark), "{told}");
    // Where every arm changes it, it is what they are about.
    let mut about = facts.clone();
    about.arms.iter_mut().for_each(|arm| arm.changes.paths.extend(["test.sh".to_owned()]));
    assert!(!text(&about).contains("look twice"));
    let document = from_race(&facts);
    assert_eq!(document.arms[0].changes_check, ["test.sh"]);
    let reasons = [0, 1].map(|arm: usize| document.arms[arm].reason.as_deref());
    assert_eq!(reasons, [None, Some("its check ended with exit code 101")]);
}
