use super::*;
use crate::domain::plan::Preference;
use crate::domain::report::scripted_run::{plan, task};
use crate::domain::task::Claims;

#[test]
fn graph_and_schedule_are_drawn_whatever_a_title_says() {
    let mut first = task("section", &[], 10);
    first.title = Some("\"]; click t0 <b>`#quot;`</b> %% é\n---".to_owned());
    first.locks = vec!["db".to_owned()];
    let mut second = task("2024-01-01.end", &["section"], 20);
    second.owns = Some(Claims::parse(&["src/**".to_owned()]).unwrap());
    second.locks = vec!["db".to_owned()];
    let mut third = task("graph", &[], 5);
    third.owns = Some(Claims::parse(&["src/a|b.rs".to_owned()]).unwrap());
    let plan = plan(vec![first, second, third], Preference::ParallelWith(2));
    insta::assert_snapshot!(plan_mermaid(&plan), @r#"
    ```mermaid
    flowchart LR
        t0["section<br/>#34;#93;#59; click t0 #60;b#62;#96;#35;quot#59;#96;#60;/b#62; #37;#37; #233; ---<br/>10s"]
        t1["2024-01-01.end<br/>20s"]
        t2["graph<br/>5.0s"]
        t0 --> t1
        t1 -.-|"src/a#124;b.rs"| t2
        l0(["lock db"])
        t0 -.- l0
        t1 -.- l0
        classDef critical stroke:#d33,stroke-width:3px
        class t0,t1 critical
    ```

    ```mermaid
    gantt
        title Schedule in seconds
        dateFormat x
        axisFormat %s
        · section :crit, t0, 0, 10170
        · 2024-01-01.end :crit, t1, 10170, 30170
        · graph :t2, 0, 5170
    ```
    "#);
}

#[test]
fn a_label_keeps_letters_and_numbers_everything_that_means_something() {
    assert_eq!(label("a;b#c\"é\u{1b}\n"), "a#59;b#35;c#34;#233;  ");
    assert!(label(&"x".repeat(500)).len() < 80);
}
