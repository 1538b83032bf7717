//! Very many trains with all kinds of things planted in them.

use super::world::*;
use crate::domain::integrate::*;
use crate::domain::plan::Random;

/// What was planted in one train.
struct Train {
    world: World,
    /// The planted sets that can fail: all their members, and what those started from, are there.
    planted: Vec<Set>,
    describe: String,
}

fn below(random: &mut Random, n: usize) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below n")]
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let found = (random.uniform() * n as f64) as usize;
    found.min(n - 1)
}

fn train(seed: u64) -> Train {
    let mut random = Random::new(seed);
    let n = 2 + below(&mut random, 15);
    let members: Vec<Member> = (0..n)
        .map(|at| {
            let needs: Vec<usize> = (0..at).filter(|_| random.uniform() < 0.08).collect();
            member(at, &needs)
        })
        .collect();
    let mut tests = vec![Planted::default()];
    let mut planted = Vec::new();
    for _ in 0..below(&mut random, 3) {
        let size = 1 + below(&mut random, 3);
        let set: Set = (0..size).map(|_| below(&mut random, n)).collect();
        planted.push(set.clone());
        let places: Vec<usize> = set.into_iter().collect();
        tests.push(Planted::by(&[&places]));
    }
    if random.uniform() < 0.5 {
        tests.push(Planted::flaky(0.2));
    }
    if random.uniform() < 0.3 {
        tests.push(Planted { on_base: true, when_red: 1.0, ..Planted::default() });
    }
    let slots = 1 + below(&mut random, 4);
    let silent = random.uniform() < 0.2 && !tests.iter().any(|test| test.on_base);
    let describe = format!("seed {seed}: {n} members, silent {silent}, {tests:?}");
    let world = World::new(members, tests).seeded(seed ^ 0xabcd);
    let world = world.spec(|spec| spec.slots = u32::try_from(slots).unwrap());
    let world = if silent { world.silent() } else { world };
    Train { world, planted, describe }
}

/// Whether every planted set lost one, and nobody is blamed who is in none.
fn is_right(world: &World, planted: &[Set]) -> bool {
    let blamed = world.blamed();
    let gone: Set =
        world.integration.ejected().iter().map(|e| e.task.as_str()[1..].parse().unwrap()).collect();
    let cures = planted.iter().all(|set| !set.is_disjoint(&gone));
    let needless = blamed.iter().any(|one| !planted.iter().any(|set| set.contains(one)));
    cures && !needless
}

#[test]
fn no_landing_is_red_in_2000_trains_and_the_right_ones_are_blamed() {
    let (mut wrong, mut validations, trains) = (Vec::new(), 0, 2000);
    for seed in 0..trains {
        let Train { world, planted, describe } = train(seed);
        let world = world.run();
        assert!(!world.landed_red(), "landed red: {describe}");
        if let Some(landed) = &world.landed {
            for member in &world.integration.spec.members {
                let number: usize = member.task.as_str()[1..].parse().unwrap();
                let closed = member
                    .needs
                    .iter()
                    .all(|need| landed.contains(&need.as_str()[1..].parse::<usize>().unwrap()));
                assert!(!landed.contains(&number) || closed, "not closed: {describe}");
            }
        }
        validations += world.validations;
        if !is_right(&world, &planted) {
            wrong.push(format!("{describe}: blamed {:?}", world.blamed()));
        }
    }
    let right = trains as usize - wrong.len();
    println!("{right} of {trains} right, {validations} validations");
    let shown = &wrong[..wrong.len().min(8)];
    assert!(right * 100 >= trains as usize * 98, "{right} of {trains} are right; {shown:#?}");
}
