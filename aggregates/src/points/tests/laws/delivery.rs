//! How a history reaches the system: late, repeated, out of order, with sweeps in between. The shop here does what the
//! application does around the account: owners of orders, facts that wait for one, merges of both sides at once.

use std::{collections::BTreeMap, sync::Arc};

use proptest::{collection::vec, prelude::*};

use super::history::{History, Step};
use crate::{points::tests::kit::*, time::Timestamp, waiting::WaitingFact};

/// A webhook is repeated for this many hours at most: some two months.
const DELAY_HOURS_MAX: u32 = 1_500;

/// When each step is told, and when sweeps run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Delays of the deliveries of the n-th step, in hours; used again from the start when there are more steps.
    delays: Vec<Vec<u32>>,
    /// Hours after day 0 at which all accounts are settled.
    sweeps: Vec<u32>,
}

pub fn plan() -> impl Strategy<Value = Plan> {
    let delay = prop_oneof![Just(0), 0..48_u32, 0..DELAY_HOURS_MAX];
    (vec(vec(delay, 1..4), 1..24), vec(0..2_500_u32, 0..5)).prop_map(|(delays, sweeps)| Plan { delays, sweeps })
}

enum Delivery {
    Step(Step),
    Sweep,
}

impl Plan {
    pub fn deliver(&self, history: &History) -> Shop {
        let hours = |hours: u32| i64::from(hours) * 3_600;
        let mut deliveries: Vec<(Timestamp, Delivery)> = Vec::new();
        for ((at, step), delays) in history.steps().into_iter().zip(self.delays.iter().cycle()) {
            deliveries
                .extend(delays.iter().map(|delay| (at.plus_seconds(hours(*delay)), Delivery::Step(step.clone()))));
        }
        deliveries.extend(self.sweeps.iter().map(|at| (day(0).plus_seconds(hours(*at)), Delivery::Sweep)));
        deliveries.sort_by_key(|(at, _)| *at);
        let mut shop = Shop::of(history);
        for (at, delivery) in deliveries {
            shop.now = at;
            match delivery {
                Delivery::Step(Step::Fact { customer, fact }) => shop.hear(customer, fact),
                Delivery::Step(Step::Merge { loser, winner }) => shop.merge(loser, winner),
                Delivery::Sweep => shop.sweep(),
            }
        }
        shop
    }
}

enum Owner {
    Waiting(Vec<WaitingFact>),
    Account(Person),
}

pub struct Shop {
    pub now: Timestamp,
    pub accounts: BTreeMap<Person, Story>,
    owners: BTreeMap<String, Owner>,
}

impl Shop {
    fn of(history: &History) -> Self {
        let program = Arc::new(history.program());
        let people = [1, 2, 3].map(|number| (Person(number), Story::of(Person(number), Arc::clone(&program))));
        Shop { now: day(0), accounts: people.into(), owners: BTreeMap::new() }
    }

    /// Follows merges to whoever answers for `person` now.
    fn resolve(&self, person: Person) -> Person {
        match self.accounts[&person].account.merged_into {
            Some(into) => self.resolve(*self.accounts.keys().find(|heir| heir.id() == into).expect("a known person")),
            None => person,
        }
    }

    fn hear(&mut self, customer: Option<Person>, fact: WaitingFact) {
        let owner = self.owners.remove(order_of(&fact)).unwrap_or(Owner::Waiting(Vec::new()));
        let order = order_of(&fact).to_owned();
        let owner = match (owner, customer) {
            (Owner::Account(person), _) => {
                self.tell(person, vec![fact]);
                Owner::Account(person)
            }
            (Owner::Waiting(mut facts), None) => {
                facts.push(fact);
                Owner::Waiting(facts)
            }
            (Owner::Waiting(mut facts), Some(person)) => {
                facts.push(fact);
                self.tell(person, facts);
                Owner::Account(person)
            }
        };
        self.owners.insert(order, owner);
    }

    fn tell(&mut self, person: Person, facts: Vec<WaitingFact>) {
        let (person, now) = (self.resolve(person), self.now);
        self.accounts.get_mut(&person).expect("a known person").on(now).hear(facts).then_done();
    }

    fn merge(&mut self, loser: Person, winner: Person) {
        let (loser, winner) = (self.resolve(loser), self.resolve(winner));
        if loser == winner {
            return;
        }
        let mut leaving = self.accounts.remove(&loser).expect("a known person");
        self.accounts.get_mut(&winner).expect("a known person").on(self.now).absorb(&mut leaving).then_done();
        self.accounts.insert(loser, leaving);
    }

    fn sweep(&mut self) {
        for story in self.accounts.values_mut() {
            story.on(self.now).settle().then_done();
        }
    }
}
