use super::super::{Graph, PlanRequest, build, exclusions};
use super::*;
use crate::domain::task::{Known, TaskSet, parse};

fn set(text: &str) -> TaskSet {
    parse(text, &Known::default()).tasks.value.unwrap()
}

fn rules(reads: ReadsRule) -> OrderRules {
    let serialise = Claims::parse(&["**/migrations/**", "**/*.sql"]).ok();
    OrderRules { serialise, reads }
}

/// `first → then` for an order, `a | b kind` for an exclusion, by name.
fn inferred(text: &str, reads: ReadsRule) -> Vec<String> {
    let set = set(text);
    let rules = rules(reads);
    let plan = build(&PlanRequest { rules: &rules, ..PlanRequest::of(&set) }).unwrap();
    let id = |task: usize| plan.tasks[task].task.id.as_str();
    let mut shown: Vec<String> =
        plan.orders.iter().map(|o| format!("{} → {}", id(o.first), id(o.then))).collect();
    shown.extend(plan.claims.iter().map(|c| {
        let (a, b) = (id(c.a).min(id(c.b)), id(c.a).max(id(c.b)));
        format!("{a} | {b} {:?} {}", c.kind, c.paths.join(" "))
    }));
    shown.sort();
    shown
}

fn task(id: &str, lines: &str) -> String {
    format!("[[task]]\nid = '{id}'\nrun = 'x'\ncheck = 'x'\n{lines}\n")
}

#[test]
fn tasks_that_own_migrations_exclude_one_another_and_broad_claims_do_not() {
    let text = task("a", "owns = ['db/migrations/1/**', 'src/a/**']")
        + &task("b", "owns = ['db/migrations/2.sql']")
        + &task("c", "owns = ['schema/*.sql']")
        + &task("d", "owns = ['db/**']")
        + &task("e", "owns = ['src/**']")
        + &task("f", "");
    assert_eq!(
        inferred(&text, ReadsRule::Ignore),
        [
            "a | b Serialised db/migrations/1/** db/migrations/2.sql",
            "a | c Serialised db/migrations/1/** schema/*.sql",
            "a | d Owns db/migrations/1/**",
            "a | e Owns src/a/**",
            "b | c Serialised db/migrations/2.sql schema/*.sql",
            "b | d Owns db/migrations/2.sql",
        ]
    );
}

#[test]
fn a_reader_runs_after_the_writer_unless_the_file_says_otherwise() {
    let api = task("api", "owns = ['src/api/**']");
    let docs = |lines: &str| task("docs", &format!("reads = ['src/api/**']\n{lines}"));
    assert_eq!(inferred(&(docs("") + &api), ReadsRule::Order), ["api → docs"]);
    assert_eq!(inferred(&(docs("") + &api), ReadsRule::Lock), ["api | docs Reads src/api/**"]);
    assert_eq!(inferred(&(docs("") + &api), ReadsRule::Ignore), [""; 0]);
    for rule in [ReadsRule::Order, ReadsRule::Lock] {
        assert_eq!(inferred(&(docs("depends_on = ['api']") + &api), rule), [""; 0]);
        let before = task("api", "owns = ['src/api/**']\ndepends_on = ['docs']");
        assert_eq!(inferred(&(docs("") + &before), rule), [""; 0]);
    }
}

#[test]
fn readers_in_a_circle_exclude_one_another_instead() {
    let mutual = task("a", "owns = ['a/**']\nreads = ['b/**']")
        + &task("b", "owns = ['b/**']\nreads = ['a/**']");
    assert_eq!(inferred(&mutual, ReadsRule::Order), ["a | b Reads a/** b/**"]);
    let ring = task("a", "owns = ['a/**']\nreads = ['c/**']")
        + &task("b", "owns = ['b/**']\nreads = ['a/**']")
        + &task("c", "owns = ['c/**']\nreads = ['b/**']");
    assert_eq!(inferred(&ring, ReadsRule::Order), ["a | c Reads c/**", "a → b", "b → c"]);
    // The same whatever the order of the file.
    let blocks: Vec<&str> = ring.split("[[task]]").skip(1).collect();
    let reversed: String = blocks.iter().rev().map(|block| format!("[[task]]{block}")).collect();
    assert_eq!(inferred(&reversed, ReadsRule::Order), inferred(&ring, ReadsRule::Order));
}

#[test]
fn what_is_inferred_is_never_a_circle_and_never_contradicts_the_file() {
    let mut state = 1_u64;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) % below
    };
    for _ in 0..200 {
        let text: String = (0..9)
            .map(|n| {
                let before = match n {
                    1.. if random(2) == 0 => format!("depends_on = ['t{}']\n", random(n)),
                    _ => String::new(),
                };
                let lines = format!("{before}owns = ['{n}/**']\nreads = ['{}/**']", random(9));
                task(&format!("t{n}"), &lines)
            })
            .collect();
        let tasks = set(&text).tasks;
        let mut excluded = exclusions(&tasks);
        let orders = infer(&tasks, &rules(ReadsRule::Order), &mut excluded);
        let index = |id| tasks.iter().position(|task| task.id == id).unwrap();
        let edges = tasks.iter().enumerate().flat_map(|(then, task)| {
            task.depends_on.iter().map(move |id| (index(id.clone()), then))
        });
        let all: Vec<_> = edges.chain(orders.iter().map(|o| (o.first, o.then))).collect();
        assert!(Graph::new(tasks.len(), all).is_ok(), "{text}");
    }
}

#[test]
fn a_crowd_is_kept_apart_without_listing_every_pair() {
    let crowd = |owns: fn(usize) -> String| -> String {
        let member = |n| task(&format!("t{n}"), &format!("owns = ['{}']", owns(n)));
        (0..300).map(member).collect::<String>() + &task("u", "owns = ['src/u']")
    };
    let rules = rules(ReadsRule::Order);
    for (text, claims, beside) in [
        (crowd(|_| "src/**".to_owned()), 299 + 300, true),
        (crowd(|n| format!("db/migrations/{n}.sql")), 299, false),
    ] {
        let set = set(&text);
        let plan = build(&PlanRequest { rules: &rules, ..PlanRequest::of(&set) }).unwrap();
        assert_eq!(plan.claims.len(), claims);
        let apart = |a, b| plan.problem.keeps_apart(a, b);
        assert!(apart(0, 299) && apart(7, 150) && apart(3, 300) == beside);
    }
}
