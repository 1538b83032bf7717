use super::*;
use crate::domain::plan::Preference;
use crate::domain::report::scripted_run::{ScriptedRun, Try, plan, task};
use crate::domain::run::{Event, Input};

/// A finished run of eight tasks, the last of which collides with all others in `paths` paths.
fn run(paths: usize) -> (ScriptedRun, Vec<Collision>) {
    let ids = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let tasks = ids.iter().map(|id| task(id, &[], 10)).collect();
    let script = ids.map(|id| (id, vec![Try::well(1.0, &["x"])]));
    let mut run = ScriptedRun::new(plan(tasks, Preference::ParallelWith(8)), &script).finished();
    let tip = |id: usize| run.state.standing_tip(id).unwrap();
    let names: Vec<String> = (0..paths).map(|path| format!("p{path:02}")).collect();
    let with =
        |other: usize| Collision::new(run.state.task(other).id.clone(), tip(other), names.clone());
    let last = run.state.index(&"h".parse().unwrap()).unwrap();
    let others = (0..ids.len()).filter(|other| *other != last);
    let mut collisions: Vec<Collision> = others.map(with).collect();
    collisions.sort_by(|one, two| one.with.cmp(&two.with));
    let (task, tip) = (run.state.task(last).id.clone(), tip(last));
    let event = Event::ConflictForeseen { task, tip, collisions: collisions.clone() };
    run.input(Input::Fact(event));
    (run, collisions)
}

#[test]
fn the_first_collisions_of_a_task_are_told_with_their_command_and_the_others_by_name() {
    let (run, collisions) = run(30);
    let sentences = collision_sentences(&run.state, &"h".parse().unwrap(), &collisions);
    assert_eq!(sentences.len(), 6);
    assert_eq!(
        sentences[0],
        "will conflict with `a` in `p00`, `p01`, `p02` and 27 more: `wt-orch forecast feature/a \
         feature/h` shows the lines"
    );
    assert_eq!(
        sentences[5],
        "will conflict with `f`, `g` as well: `wt-orch status auth` says where"
    );
}

#[test]
fn a_report_has_the_first_collisions_and_a_document_all_of_them() {
    let entries = conflict_entries(&run(30).0.state);
    assert_eq!((entries[0].paths.len(), entries[0].more_paths), (20, 10));
    let (run, _) = run(1);
    let section = foreseen_section(&run.state).unwrap();
    let [Block::List(lines), Block::Commands(steps)] = &section.blocks[..] else { panic!() };
    let text = |line: &Line| line.spans.iter().map(|span| span.content()).collect::<String>();
    assert_eq!((lines.len(), text(&lines[0])), (6, "a and h will conflict in p00".to_owned()));
    assert_eq!(text(&lines[5]), "and 2 more pairs: wt-orch status auth shows all");
    assert_eq!(steps.len(), 1);
    assert_eq!(conflict_entries(&run.state).len(), 7);
    // What runs again is nobody's concern until it has been compared.
    let mut run = run;
    run.input(Input::Retry { tasks: vec!["h".parse().unwrap()] });
    assert!(foreseen_section(&run.state).is_none());
}
