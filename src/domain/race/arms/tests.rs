use super::*;
use crate::domain::task::{Known, parse};

fn tasks(race: &str) -> TaskSet {
    let text = format!(
        "[race]\ncheck = \"make\"\n{race}\n[[hypothesis]]\nid = \"one\"\nrun = \"true\"\ncpus = 2.0\n\
         [[hypothesis]]\nid = \"two\"\npatch = \"two.patch\"\n[[task]]\nid = \"other\"\nrun = \"true\"\n"
    );
    race_tasks(&parse(&text, &Known::default()).tasks.value.unwrap()).unwrap()
}

#[test]
fn every_arm_waits_for_the_control_which_asks_for_what_the_greediest_arm_does() {
    let set = tasks("");
    let names: Vec<&str> = set.tasks.iter().map(|task| task.id.as_str()).collect();
    assert_eq!(names, ["control", "one", "two"], "what is no hypothesis is left to `split`");
    let [control, arms @ ..] = set.tasks.as_slice() else { panic!() };
    assert_eq!((&control.work, control.demand.cpus), (&Work::Given, 2.0));
    assert!(arms.iter().all(|arm| arm.depends_on == [control.id.clone()]));
    assert!(set.tasks.iter().all(|task| task.check.as_deref() == Some("make")));
}

#[test]
fn a_race_without_control_has_arms_only() {
    let set = tasks("control = false");
    assert!(set.tasks.iter().all(|task| task.depends_on.is_empty() && task.id.as_str() != CONTROL));
}

#[test]
fn the_check_is_held_against_what_lands_by_the_rule_of_the_race_whatever_else_is_called_race() {
    let set = tasks(
        "runs = 5\nneed = 3\n[[validate]]\nname = \"race\"\nrun = \"true\"\n\
         [[validate]]\nname = \"race-2\"\nrun = \"true\"",
    );
    let names: Vec<&str> = set.validations.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["race", "race-2", "race-3"]);
    let rules: Vec<PassRule> = set.validations.iter().map(|one| one.pass).collect();
    let own = PassRule::default();
    assert_eq!(rules, [own, own, PassRule::Outright { runs: 5, need: 3 }]);
}
