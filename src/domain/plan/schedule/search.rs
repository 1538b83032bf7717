//! First the rules, then one loop over two populations, until the bound is met or the effort spent.
//!
//! A schedule made forward gives an order for making one backward (what ends last comes first), and
//! the other way round: each such turn only moves jobs to where they have less idle time around
//! them. So forward and backward schedules are bred of one another in turn, and no schedule is spent
//! on improving a child by itself (Debels and Vanhoucke, Computers & OR 2007: bi-population).

use super::bound::lower_bound;
use super::breed::Breeder;
use super::generate::Generator;
use super::instance::{Direction, Instance};
use super::rules::{Rule, list_by};
use crate::domain::plan::effort::Effort;

/// Orders in each population.
const SIZE: usize = 20;

/// Moves on top of the usual ones for a child that is no different from a parent.
const MOVES_OF_TWIN: usize = 4;

/// Rules in the order in which they are tried: all but the third and fourth serial.
const RULES: [(Rule, Scheme); 6] = [
    (Rule::LatestFinish, Scheme::Serial),
    (Rule::LatestFinish, Scheme::Parallel),
    (Rule::LatestStart, Scheme::Serial),
    (Rule::LatestStart, Scheme::Parallel),
    (Rule::PositionalWeight, Scheme::Serial),
    (Rule::MostSuccessors, Scheme::Serial),
];

/// How a schedule is made of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Serial,
    Parallel,
}

/// The best schedule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Start of each job, by index of the caller.
    pub starts: Vec<u64>,
    /// When the last job is over.
    pub makespan: u64,
    /// No schedule is shorter.
    pub lower_bound: u64,
    /// Schedules that were made for it.
    pub made: usize,
}

/// Looks for a short schedule. At least one is made, whatever the effort. Equal arguments give equal
/// schedules as long as the effort is not bounded by time; neither the order of the jobs matters nor
/// their keys beyond their order.
pub fn search(instance: &Instance, effort: &Effort<'_>, seed: u64) -> Schedule {
    let n = instance.jobs();
    let mut search = Search {
        instance,
        effort,
        generator: Generator::new(instance),
        breeder: Breeder::new(n, seed),
        bound: lower_bound(instance),
        makespan: u64::MAX,
        starts: vec![0; n],
        forward: Vec::new(),
        backward: Vec::new(),
    };
    // Nothing follows: whoever says `None` has reached the end of the effort or the bound.
    let _end = search.apply_rules().and_then(|()| search.sample()).and_then(|()| search.evolve());
    Schedule {
        starts: instance.as_given(&search.starts),
        makespan: search.makespan,
        lower_bound: search.bound,
        made: search.generator.made,
    }
}

/// The order that a schedule gives for one in the other direction.
#[derive(Debug, Clone)]
struct Member {
    makespan: u64,
    list: Vec<u32>,
}

struct Search<'a> {
    instance: &'a Instance,
    effort: &'a Effort<'a>,
    generator: Generator<'a>,
    breeder: Breeder,
    bound: u64,
    makespan: u64,
    starts: Vec<u64>,
    /// Of schedules made forward.
    forward: Vec<Member>,
    /// Of schedules made backward.
    backward: Vec<Member>,
}

impl Search<'_> {
    fn apply_rules(&mut self) -> Option<()> {
        for (rule, scheme) in RULES {
            let list = rule.list(self.instance);
            self.justify(scheme, &list)?;
        }
        Some(())
    }

    /// Random orders around two of the rules.
    fn sample(&mut self) -> Option<()> {
        let tails = self.instance.tails(Direction::Forward);
        let behind: Vec<u64> =
            tails.iter().zip(&self.instance.durations).map(|(tail, own)| tail - own).collect();
        for _ in 0..SIZE {
            let weights = if self.breeder.below(2) == 0 { &tails } else { &behind };
            let list = list_by(self.instance, &self.breeder.swayed(weights));
            let scheme = if self.breeder.below(2) == 0 { Scheme::Serial } else { Scheme::Parallel };
            self.justify(scheme, &list)?;
        }
        Some(())
    }

    /// Forward, backward and forward again, all of which become members.
    fn justify(&mut self, scheme: Scheme, list: &[u32]) -> Option<()> {
        let first = self.make(Direction::Forward, scheme, list)?;
        let turned = self.make(Direction::Backward, Scheme::Serial, &first.list)?;
        let again = self.make(Direction::Forward, Scheme::Serial, &turned.list)?;
        self.forward.extend([first, again]);
        self.backward.push(turned);
        Some(())
    }

    fn evolve(&mut self) -> Option<()> {
        for population in [&mut self.forward, &mut self.backward] {
            population.sort_by_key(|member| member.makespan);
            population.truncate(SIZE);
        }
        loop {
            self.breed(Direction::Backward)?;
            self.breed(Direction::Forward)?;
        }
    }

    /// A child for each place in the population of a direction, of parents of the other. It takes
    /// the place unless it is worse.
    fn breed(&mut self, direction: Direction) -> Option<()> {
        for place in 0..SIZE {
            let parents = self.population(direction.turned()).len();
            let rivals = [self.breeder.below(parents), self.breeder.below(parents)];
            let swap = self.breeder.below(2) == 0;
            let parents = match direction {
                Direction::Forward => &self.backward,
                Direction::Backward => &self.forward,
            };
            let [one, two] = rivals.map(|rival| &parents[rival]);
            let won = if one.makespan <= two.makespan { one } else { two };
            let own = &parents[place];
            let (first, second) =
                if swap { (&won.list, &own.list) } else { (&own.list, &won.list) };
            let mut child = self.breeder.cross(first, second);
            let twin = child == *first || child == *second;
            let again = if twin { MOVES_OF_TWIN } else { 0 };
            self.breeder.mutate(self.instance, direction, &mut child, again);
            let child = self.make(direction, Scheme::Serial, &child)?;
            let population = self.population(direction);
            if child.makespan <= population[place].makespan {
                population[place] = child;
            }
        }
        Some(())
    }

    fn population(&mut self, direction: Direction) -> &mut Vec<Member> {
        match direction {
            Direction::Forward => &mut self.forward,
            Direction::Backward => &mut self.backward,
        }
    }

    /// Makes a schedule and keeps it if it is the best; `None` when it is to be the last one.
    fn make(&mut self, direction: Direction, scheme: Scheme, list: &[u32]) -> Option<Member> {
        let makespan = match scheme {
            Scheme::Serial => self.generator.serial(direction, list),
            Scheme::Parallel => self.generator.parallel(direction, list),
        };
        if makespan < self.makespan {
            self.makespan = makespan;
            match direction {
                Direction::Forward => self.starts.clone_from(&self.generator.start),
                Direction::Backward => {
                    let ends = self.generator.finish.iter().map(|finish| makespan - finish);
                    self.starts.clear();
                    self.starts.extend(ends);
                }
            }
        }
        if self.makespan <= self.bound || self.effort.is_spent(self.generator.made) {
            return None;
        }
        Some(Member { makespan, list: self.generator.turned(direction) })
    }
}
